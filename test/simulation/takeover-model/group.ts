/** The members of the model and what is between them; what happens next is the schedule's. */
import type { Random } from "../../../src/base/random.ts";
import { QUORUM_KEY, quorumOf } from "../../../src/core/quorum-entry.ts";
import { Member } from "./member.ts";
import type { Message } from "./messages.ts";
import { type Letter, Network } from "./network.ts";
import { Truth } from "./truth.ts";

export class Group {
  readonly truth = new Truth((epoch) => {
    return this.members.some(({ holding }) => holding.record.synced === epoch);
  });
  readonly network: Network;
  readonly members: readonly Member[];
  /** Told of everything that happens. */
  readonly #trace: (line: string) => void;
  /** By `to * size + from`, the newest life that was heard. */
  readonly #heardLife: number[] = [];

  constructor(options: {
    size: number;
    writeQuorum: number;
    /** Slots that were not there on the first day. */
    absent?: readonly number[];
    trace?: (line: string) => void;
  }) {
    const { size, absent = [] } = options;
    this.#trace = options.trace ?? (() => {});
    this.network = new Network(size);
    this.members = Array.from({ length: size }, (_, slot) => {
      return new Member({
        slot,
        members: size,
        firstQuorum: options.writeQuorum,
        truth: this.truth,
        send: (to, message) => this.#post(slot, to, message),
      });
    });
    for (const member of this.members) {
      member.begin(!absent.includes(member.slot));
    }
    const leading = this.members[0]?.leading;
    for (const { slot, holding } of this.members.slice(1)) {
      if (!holding.blank) {
        leading?.admissions.begin(slot, holding.record.memory);
        leading?.admissions.synced(slot, holding.record.memory);
        leading?.joined(slot);
      }
    }
    // They are there already.
    leading?.admissions.take(options.writeQuorum);
  }

  get blankCount(): number {
    return this.members.filter(({ holding }) => holding.blank).length;
  }

  /** So many may have lost their memory: the least that anybody assumes, or will once it hears. */
  get promise(): number {
    const told = this.members.flatMap(({ holding, leading }) => {
      const leads = leading === undefined ? [] : [leading.quorum.takeovers];
      return holding.blank ? leads : [...leads, holding.quorum.takeovers];
    });
    const underWay = this.network.letters.flatMap(({ message }) => {
      const states = message.type === "sync" || message.type === "fetched" ? message.state : null;
      const item = message.type === "append" ? message.item : states?.get(QUORUM_KEY);
      return item?.value === undefined ? [] : [quorumOf({ ...item, value: item.value }, 0)];
    });
    return Math.min(...told, ...underWay.map(({ takeovers }) => takeovers));
  }

  mayLoseMemory(member: Member): boolean {
    return member.holding.blank || this.blankCount + 1 <= this.promise;
  }

  say(line: string): void {
    this.#trace(line);
  }

  /** Delivers one message, whichever; false where it waits at a cut. */
  deliverAny(random: Random): boolean {
    const letter = this.network.draw(random);
    if (letter !== undefined) {
      this.deliver(letter);
    }
    return letter !== undefined;
  }

  deliver({ from, fromLife, to, toLife, message }: Letter): void {
    const member = this.members[to];
    const pair = to * this.members.length + from;
    const heard = this.#heardLife[pair] ?? 0;
    // A link that was replaced is read no more: who has answered for himself is certain.
    const replaced = message.type === "noted" && fromLife < heard;
    if (member === undefined || member.life !== toLife || replaced) {
      return;
    }
    this.#heardLife[pair] = Math.max(heard, fromLife);
    this.#trace(`${from} → ${to} ${describe(message)}`);
    member.take(from, message);
  }

  #post(from: number, to: number, message: Message): void {
    const [sender, receiver] = [this.members[from], this.members[to]];
    if (sender !== undefined && receiver !== undefined && from !== to) {
      const [fromLife, toLife] = [sender.life, receiver.life];
      this.network.post({ from, fromLife, to, toLife, message });
    }
  }
}

function describe(message: Message): string {
  return JSON.stringify(message, (_, value) => {
    return value instanceof Map ? [...value.values()].map(({ key }) => key).join("") : value;
  });
}
