/** What the features of a controller's HTTP surface are given. */
import type { Logger } from "../../base/log.ts";
import type { BodyLimits } from "../body.ts";
import type { Connections } from "../connections.ts";
import type { ControllerMetrics } from "./metrics.ts";
import type { ControllerService } from "./service.ts";

export interface ControllerParts extends BodyLimits {
  readonly service: ControllerService;
  readonly metrics: ControllerMetrics;
  /** Undefined where no server listens. */
  readonly connections: Connections | undefined;
  readonly logger: Logger;
  /** How long a worker may take to begin its answer to a call that is passed on to it. */
  readonly forwardTimeoutMs: number;
}
