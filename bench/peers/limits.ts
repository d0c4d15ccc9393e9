/** How fast the driver is where the server costs nothing: no figure can be above that. */
import { measureDriverLimit } from "../load/driver-limit.ts";
import type { Way } from "./contestants.ts";
import { BASE, type Point } from "./plan.ts";

const PROTOCOLS = ["kvnode", "redis"] as const;

export interface DriverLimitSeen {
  readonly protocol: (typeof PROTOCOLS)[number];
  readonly load: "writes" | "reads";
  readonly connections: number;
  readonly perSecond: number;
  /** Of its own processor time. */
  readonly driverMicros: number;
  /** wrk's reads of the same server; undefined where it is missing or does not speak that. */
  readonly wrkPerSecond: number | undefined;
}

/** One after the other, for both protocols at the base points. */
export async function measureLimits(
  connections: readonly number[],
  { seconds, signal }: { seconds: number; signal: AbortSignal },
): Promise<DriverLimitSeen[]> {
  const limits: DriverLimitSeen[] = [];
  for (const protocol of PROTOCOLS) {
    for (const clients of connections) {
      for (const load of ["writes", "reads"] as const) {
        if (signal.aborted) return limits;
        const seen = await measureDriverLimit({
          ...{ protocol, clients, seconds, valueBytes: BASE.valueBytes },
          readShare: load === "reads" ? 1 : 0,
        });
        const { perSecond, driverMicrosPerOperation: driverMicros } = seen;
        const wrkPerSecond = load === "reads" ? seen.wrkPerSecond : undefined;
        limits.push({
          ...{ protocol, load, connections: clients },
          perSecond,
          driverMicros,
          wrkPerSecond,
        });
      }
    }
  }
  return limits;
}

/** Operations a second that the driver can do at this point; undefined where nobody measured it. */
export function limitAt(
  limits: readonly DriverLimitSeen[],
  way: Way,
  point: Point,
): number | undefined {
  if (point.valueBytes !== BASE.valueBytes) return undefined;
  return limits.find(
    ({ protocol, load, connections }) =>
      protocol === way && load === point.load && connections === point.connections,
  )?.perSecond;
}
