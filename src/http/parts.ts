/** What the features of the HTTP surface are given. */
import type { Logger } from "../base/log.ts";
import type { BodyLimits } from "./body.ts";
import type { Connections } from "./connections.ts";
import type { Metrics } from "./metrics.ts";
import type { KvService } from "./service.ts";
import type { Writes } from "./writes.ts";

export interface HttpParts extends BodyLimits {
  readonly service: KvService;
  readonly writes: Writes;
  /** Where others reach this node; undefined where nobody can. */
  readonly address: string | undefined;
  readonly metrics: Metrics;
  /** Undefined where no server listens. */
  readonly connections: Connections | undefined;
  readonly logger: Logger;
  /** At a worker: for the requests that another one has sent on, see forwarded.ts. */
  readonly sentHere?: HttpParts;
  /** How long a follower waits for its leader's answer to a linearizable read. */
  readonly forwardTimeoutMs: number;
}
