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
  const messagesSent = new Counter({
    name: "kvnode_link_sent_messages_total",
    help: "Messages to other nodes of the cluster; what a turn says to one of them is one.",
    registers,
  });
  const messagesReceived = new Counter({
    name: "kvnode_link_received_messages_total",
    help: "Messages from other nodes of the cluster.",
    registers,
  });
  const out = { bytes: 0, messages: 0 };
  const come = { bytes: 0, messages: 0 };
  return {
    sent(bytes) {
      out.bytes += bytes;
      out.messages += 1;
    },
    received(bytes) {
      come.bytes += bytes;
      come.messages += 1;
    },
    set() {
      setTo(sent, out.bytes);
      setTo(messagesSent, out.messages);
      setTo(received, come.bytes);
      setTo(messagesReceived, come.messages);
    },
  };
}

function setTo(counter: Counter, value: number): void {
  counter.reset();
  counter.inc(value);
}
