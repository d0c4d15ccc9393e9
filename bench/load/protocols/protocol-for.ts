/** The protocol that a specification names. */
import type { ProtocolSpec } from "../load-spec.ts";
import type { Protocol } from "../protocol.ts";
import { etcdGrpc } from "./etcd-grpc.ts";
import { etcdGateway, KVNODE, REPORT_000, REPORT_002 } from "./http-json.ts";
import { redis } from "./redis.ts";

/** Of WAIT, and shorter than the driver's own time-out, so that its answer is heard. */
const WAIT_MS_DEFAULT = 4_000;

/** See the file's head. */
export function protocolFor(spec: ProtocolSpec): Protocol {
  switch (spec.name) {
    case "kvnode":
      return KVNODE;
    case "redis":
      return redis({ replicas: spec.replicas, waitMs: spec.waitMs ?? WAIT_MS_DEFAULT });
    case "etcd-grpc":
      return etcdGrpc({ serializable: spec.serializable ?? false });
    case "etcd-gateway":
      return etcdGateway({ serializable: spec.serializable ?? false });
    case "report-000":
      return REPORT_000;
    case "report-002":
      return REPORT_002;
  }
}
