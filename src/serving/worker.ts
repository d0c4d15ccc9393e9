/** Runs one real worker from its settings until it is told to stop. */
import { systemClock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import type { WorkerSettings } from "../config/settings.ts";
import type { ReadSettings } from "../config.ts";
import type { Storage } from "../core/storage.ts";
import type { Network } from "../node/network.ts";
import { createHttpController } from "../transport/http-controller.ts";
import { createHttpForward } from "../transport/http-forward.ts";
import { Worker } from "../worker/worker.ts";
import { DRAIN_MS, servePeerNode } from "./peer-node.ts";
import type { Asked } from "./process.ts";

/** How long a worker that is told to stop waits until others lead what it led. */
const LEAVE_MS = 5_000;
/** A primary may take the whole time-out to say what went wrong; its answer is the better one. */
const FORWARD_MARGIN_MS = 500;

/** A heartbeat that is not answered must not cost the next one its time. */
const HEARTBEAT_ANSWER_MS = { least: 500, most: 2_000 };

/** Throws CommandError where the port, the directory or a setting can't be used. */
export async function serveWorker(
  options: Asked<WorkerSettings> & Pick<ReadSettings, "given">,
): Promise<void> {
  const { asked, given, logger } = options;
  const partitionsGiven = given.has("PARTITIONS");
  await servePeerNode({
    ...options,
    // A call waits for a primary, and then for its answer.
    requestMsMax: 2 * asked.replicationTimeoutMs + FORWARD_MARGIN_MS,
    create: (parts) => {
      const worker = createWorker({ ...parts, partitionsGiven, logger });
      return {
        accept: worker.accept,
        service: worker.service,
        start: () => worker.start(),
        end: async () => {
          await worker.leave(LEAVE_MS);
          await worker.drain(DRAIN_MS);
          worker.stop();
        },
      };
    },
  });
}

function createWorker(of: {
  readonly settings: WorkerSettings;
  readonly partitionsGiven: boolean;
  readonly network: Network;
  readonly storage: Storage;
  readonly logger: Logger;
}): Worker {
  const { settings, partitionsGiven, network, storage, logger } = of;
  const { nodeId, controller, heartbeatIntervalMs, replicationTimeoutMs } = settings;
  const { least, most } = HEARTBEAT_ANSWER_MS;
  const answerMs = Math.min(most, Math.max(least, 2 * heartbeatIntervalMs));
  return new Worker({
    settings: { ...settings, partitionsGiven },
    clock: systemClock,
    random: systemRandom,
    network,
    storage,
    logger,
    controller: createHttpController({ address: controller, timeoutMs: answerMs }),
    forward: createHttpForward({ nodeId, timeoutMs: replicationTimeoutMs + FORWARD_MARGIN_MS }),
  });
}
