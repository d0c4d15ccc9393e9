/** What goes over the links to other nodes, in plain numbers until somebody asks. */
import { Counter, type Registry } from "prom-client";

/** Takes note of messages to and from other nodes, in bytes as they leave and come. */
export interface LinkMeter {
  sent(bytes: number): void;
  received(bytes: number): void;
}

/** The metrics of the links; `set` hands over what was counted. */
export function defineLinks(registry: Registry): LinkMeter & { set(): void } {
  const registers = [registry];
  const sent = new Counter({
    name: "kvnode_link_sent_bytes_total",
    help: "Bytes of messages to other nodes of the cluster, without the network's own.",
    registers,
  });
  const received = new Counter({
    name: "kvnode_link_received_bytes_total",
    help: "Bytes of messages from other nodes of the cluster, without the network's own.",
    registers,
  });
  let sentBytes = 0;
  let receivedBytes = 0;
  return {
    sent(bytes) {
      sentBytes += bytes;
    },
    received(bytes) {
      receivedBytes += bytes;
    },
    set() {
      sent.reset();
      sent.inc(sentBytes);
      received.reset();
      received.inc(receivedBytes);
    },
  };
}
