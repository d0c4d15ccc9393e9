/**
 * How fast the driver is where the server costs next to nothing, and what an operation costs it:
 * a figure that comes near is one of the driver and not of what it measures.
 */
import {
  ANSWERED_PROTOCOLS,
  type AnsweredProtocol,
  type FixedAnswersOptions,
} from "./fixed-answers.ts";
import { LoadProcess } from "./load-process.ts";
import { keyOf } from "./workload.ts";
import { runWrk } from "./wrk.ts";

export interface DriverLimitOptions {
  readonly protocol: AnsweredProtocol;
  readonly clients: number;
  readonly seconds: number;
  /** Default 100. */
  readonly valueBytes?: number;
  /** Default 0: writes. */
  readonly readShare?: number;
}

export interface DriverLimit {
  readonly perSecond: number;
  readonly driverMicrosPerOperation: number;
  /** wrk's reads of the same server; undefined where it is missing or does not speak that. */
  readonly wrkPerSecond: number | undefined;
  readonly wrkMicrosPerOperation: number | undefined;
}

const WARM_UP_SECONDS_MAX = 1;
const KEYS = 1_000;
const VALUE_BYTES_DEFAULT = 100;

/** Runs the driver, and then wrk, against a server in a process of its own. */
export async function measureDriverLimit(options: DriverLimitOptions): Promise<DriverLimit> {
  const { protocol, clients, seconds, readShare = 0 } = options;
  const { valueBytes = VALUE_BYTES_DEFAULT } = options;
  const server = await startFixedAnswers({ protocol, valueBytes });
  const driver = new LoadProcess();
  try {
    const result = await driver.run({
      ...{ clients, seconds, warmUpSeconds: Math.min(seconds, WARM_UP_SECONDS_MAX) },
      protocol: ANSWERED_PROTOCOLS[protocol],
      targets: [{ hostname: "127.0.0.1", port: server.port }],
      workload: { keys: KEYS, valueBytes, readShare },
    });
    const url = `http://127.0.0.1:${server.port}/kv/${keyOf(0)}`;
    const wrk =
      protocol === "redis" ? undefined : await runWrk({ url, connections: clients, seconds });
    return {
      perSecond: result.servedPerSecond,
      driverMicrosPerOperation: (1e6 * result.driverCpuSeconds) / result.served,
      wrkPerSecond: wrk?.perSecond,
      wrkMicrosPerOperation: wrk?.microsPerOperation,
    };
  } finally {
    await driver.stop();
    await server.stop();
  }
}

/** Starts the server that answers at once, in a process of its own. */
export async function startFixedAnswers(
  options: FixedAnswersOptions,
): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const port = Promise.withResolvers<number>();
  const script = `${import.meta.dir}/fixed-answers-main.ts`;
  const child = Bun.spawn([process.execPath, script], {
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    detached: true,
    ipc: (message: number) => port.resolve(message),
    onExit: () => port.reject(new Error("The server of fixed answers has ended.")),
  });
  child.send(options);
  return {
    port: await port.promise,
    async stop() {
      child.kill();
      await child.exited;
    },
  };
}
