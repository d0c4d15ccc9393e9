/** Runs one real leader or follower from its settings until it is told to stop. */
import { systemClock } from "../base/clock.ts";
import { systemRandom } from "../base/random.ts";
import type { GroupNodeSettings } from "../config/settings.ts";
import { Node } from "../node/node.ts";
import { NodeService } from "../node/service.ts";
import { DRAIN_MS, servePeerNode } from "./peer-node.ts";
import type { Asked } from "./process.ts";

/** Throws CommandError where the port, the directory or a setting can't be used. */
export function serveGroupNode(options: Asked<GroupNodeSettings>): Promise<void> {
  const { asked, logger } = options;
  return servePeerNode({
    ...options,
    requestMsMax: asked.replicationTimeoutMs,
    create: (parts) => {
      const node = new Node({ ...parts, clock: systemClock, random: systemRandom, logger });
      return {
        accept: node.accept,
        service: new NodeService(node),
        start: () => node.start(),
        end: async () => {
          await node.drain(DRAIN_MS);
          node.stop();
        },
      };
    },
  });
}
