/** What Redis takes for the same keys and values, in a process of its own without replicas. */
import { freePorts, HOST } from "../cluster/node-process.ts";
import { residentBytes } from "../cluster/process-use.ts";
import { PeerGroup } from "../peers/deployments/peer-group.ts";
import { NEEDS } from "../peers/packages.ts";
import { BenchError } from "../quorum/bench-error.ts";
import { type AxisPoint, isSeen } from "./axis.ts";
import type { Bench } from "./run-axis.ts";

export interface RedisMemory {
  readonly keys: number;
  readonly valueBytes: number;
  readonly bytesPerKey: number;
}

/** What one key takes of Redis at this point of the keys; undefined where too little is known. */
export function redisAt(redis: readonly RedisMemory[], point: AxisPoint): number | undefined {
  const { axis, keys, valueBytes } = point;
  if (axis !== "data" || !isSeen(point)) return undefined;
  return redis.find((each) => each.keys === keys && each.valueBytes === valueBytes)?.bytesPerKey;
}

const NAME = "redis";
const FILL_CLIENTS = 100;
const FILL_SECONDS_MAX = 600;

/** Undefined where Redis is not installed. */
export async function measureRedisMemory(
  of: { readonly keys: number; readonly valueBytes: number },
  { driver, logDirectory, signal }: Pick<Bench, "driver" | "logDirectory" | "signal">,
): Promise<RedisMemory | undefined> {
  if (!NEEDS.redis.there()) return undefined;
  const { keys, valueBytes } = of;
  const [port = 0] = freePorts(1);
  const group = new PeerGroup(logDirectory);
  const target = { hostname: HOST, port };
  const protocol = { name: "redis", replicas: 0 } as const;
  const load = (asked: number) =>
    driver.run(
      {
        ...{ protocol, targets: [target], clients: Math.min(FILL_CLIENTS, asked) },
        ...{ seconds: FILL_SECONDS_MAX, workload: { keys: asked, valueBytes, fill: true } },
      },
      { signal },
    );
  try {
    await group.start({
      name: NAME,
      words: [
        ...["redis-server", "--bind", HOST, "--port", String(port)],
        ...["--save", "", "--appendonly", "no"],
      ],
    });
    // One write, so that the empty one has done all that it does only once.
    await group.until("Redis ready", async () => (await load(1)).served === 1);
    const empty = residentBytes(group.processId(NAME));
    const { served, complaint } = await load(keys);
    if (served < keys) throw new BenchError(`Redis did not take all keys: ${complaint}`);
    const filled = residentBytes(group.processId(NAME));
    return { keys, valueBytes, bytesPerKey: (filled - empty) / keys };
  } finally {
    await group.stop();
  }
}
