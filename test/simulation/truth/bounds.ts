/** Looked at now and then: what is bounded, and what only grows. */
import type { NodeStatus } from "../../../src/http/service.ts";
import type { Parameters } from "../parameters.ts";
import type { Rule } from "./violation.ts";

/** What only grows while a process lives. */
interface Highest {
  readonly epoch: number;
  promised: number;
  commitWatermark: number;
}

export class Bounds {
  readonly #queueBytesMax: number;
  readonly #broken: (rule: Rule, message: string) => void;
  readonly #highest = new Map<string, Highest>();

  readonly #foreseen = new Set<string>();

  constructor(parameters: Parameters, broken: (rule: Rule, message: string) => void) {
    const { linkQueueBytes, clients, nodes } = parameters;
    // What one turn brings and one page of catch-up may come on top, and some greetings.
    const entryBytes = 3 * clients.valueLength + 200;
    const turnBytes = 4 * entryBytes * (clients.keys + clients.count) + 4_000 * nodes;
    this.#queueBytesMax = linkQueueBytes + turnBytes;
    this.#broken = broken;
  }

  /** The group has formed: what a node has said by now of an earlier one means nothing here. */
  formed(statuses: readonly NodeStatus[]): void {
    for (const sentence of statuses.flatMap(({ possibleLoss }) => possibleLoss)) {
      this.#foreseen.add(sentence);
    }
  }

  /** `name` is another one at each start of a node. */
  look(name: string, status: NodeStatus): void {
    for (const { node, queueBytes } of status.followers) {
      if (queueBytes > this.#queueBytesMax) {
        this.#broken("bounds", `${name} has ${queueBytes} bytes under way to ${node}`);
      }
    }
    const { promised, epoch, commitWatermark, possibleLoss } = status;
    const highest = this.#highest.get(name) ?? { promised: 0, epoch: 0, commitWatermark: 0 };
    if (promised < highest.promised) {
      this.#broken("grows", `${name} has promised ${highest.promised} and then ${promised}`);
    }
    // A new leader may not know how far the last one had committed.
    if (epoch === highest.epoch && commitWatermark < highest.commitWatermark) {
      const { commitWatermark: before } = highest;
      this.#broken("grows", `${name} knew ${before} as committed and then ${commitWatermark}`);
    }
    this.#highest.set(name, { promised, epoch, commitWatermark });
    const unforeseen = possibleLoss.filter((sentence) => !this.#foreseen.has(sentence));
    if (unforeseen.length > 0) {
      this.#broken("loss", `${name} says: ${unforeseen.join(" ")}`);
    }
  }
}
