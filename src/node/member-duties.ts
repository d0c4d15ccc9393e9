/**
 * What a member owes to those who lead or want to: it says what it knows, promises, notes, gives
 * what it holds, follows, and refuses what is older than its promise. Whatever it answers is stored
 * first.
 */
import type { Logger } from "../base/log.ts";
import { generationOf } from "../core/epoch.ts";
import type { GroupIdentity, GroupRecord } from "../core/group-record.ts";
import { promise, see, withNotes } from "../core/promises.ts";
import type { Replica } from "../core/replica.ts";
import { SHORTCUT } from "../core/shortcut.ts";
import type { PromiseAnswer } from "../core/takeover.ts";
import type { FlowMessage, GroupFollower } from "./group-follower.ts";
import type { Journal } from "./journal.ts";
import type {
  AskMessage,
  DialerMessage,
  FetchMessage,
  LeadMessage,
  NoteMessage,
} from "./messages.ts";
import type { Link } from "./network.ts";

/** About how many UTF-16 units of text one page for a candidate carries. */
const PAGE_BUDGET = 256 * 1024;

/** What the duties need of the replica that they belong to. */
export interface DutyHost {
  readonly record: GroupRecord;
  readonly follower: GroupFollower;
  readonly replica: Replica;
  readonly leads: boolean;
  facts(): PromiseAnswer;
  update(record: GroupRecord): void;
  schedule(): void;
  /** Calls back once all that was updated is stored. */
  afterwards(call: () => void): void;
  /** This epoch was promised or is led by another: whatever is older ends here. */
  giveWay(epoch: number): void;
  /**
   * Another node is to lead this generation: calls back once what this one accepted, if it leads,
   * is settled, or after a while.
   */
  settle(generation: number, settled: () => void): void;
}

export interface MemberDutiesOptions {
  readonly group: number;
  readonly address: string;
  readonly journal: Journal;
  readonly logger: Logger;
  readonly host: DutyHost;
}

export class MemberDuties {
  readonly #options: MemberDutiesOptions;
  readonly #host: DutyHost;
  #leaderAddress: string | null = null;
  /** Links about which the log has been told: a peer can't fill it by repeating itself. */
  readonly #complainedOf = new WeakSet<Link>();
  /** What the leader has sent in this turn. */
  #inbox: { readonly link: Link; readonly message: FlowMessage }[] = [];

  constructor(options: MemberDutiesOptions) {
    this.#options = options;
    this.#host = options.host;
  }

  /** URL of the leader that this node hears or last heard. */
  get leaderAddress(): string | null {
    return this.#leaderAddress;
  }

  message(link: Link, address: string, message: DialerMessage): void {
    switch (message.type) {
      case "inquire":
        // Where nobody appoints there are no generations, whatever a stranger says.
        this.#host.settle(this.#host.record.copy > 0 ? message.generation : 0, () => {
          this.#host.afterwards(() => this.#sayHere(link, 0));
        });
        return;
      case "lead":
        this.#heardLeader(link, address, message);
        return;
      case "ask":
        this.#asked(link, message);
        return;
      case "fetch":
        this.#host.afterwards(() => this.#give(link, message));
        return;
      case "note":
        this.#note(link, message);
        return;
      default:
        this.#inbox.push({ link, message });
        this.#host.schedule();
    }
  }

  /**
   * Takes in what came in this turn, right before it is stored: nobody may read here what a crash
   * could still take away.
   */
  takeIn(): void {
    const inbox = this.#inbox;
    if (inbox.length === 0) {
      return;
    }
    this.#inbox = [];
    for (const { link, message } of inbox) {
      if (!this.#host.follower.message(link, message)) {
        this.#fences(link, message.epoch);
      }
    }
  }

  #heardLeader(link: Link, address: string, message: LeadMessage): void {
    const { journal } = this.#options;
    const { epoch, identity, slot } = message;
    const host = this.#host;
    if (journal.failure !== undefined) {
      link.close("the disk of this node fails");
      return;
    }
    if (this.#isForeign(identity)) {
      if (this.#isNew(link)) {
        this.#options.logger.error("leader.foreign", {
          leader: address,
          reason: "this node holds data of another group; start it without that to have it join",
        });
      }
      host.afterwards(() => this.#sayHere(link, epoch));
      return;
    }
    const followed = host.follower.leadership?.epoch ?? 0;
    if (this.#fences(link, epoch) || isOutside(message)) {
      return;
    }
    if (followed > epoch && SHORTCUT !== "no-fence") {
      const { group } = this.#options;
      link.send({ type: "fenced", group, epoch, promised: followed });
      return;
    }
    host.giveWay(epoch);
    if (host.leads) {
      return;
    }
    const { record } = host;
    const blank = host.follower.core.blank;
    const changed = blank || record.slot !== slot || message.copy > 0;
    const known = changed ? { ...record, identity, slot } : record;
    const severed = Math.max(known.severed, message.severed);
    host.update({ ...(blank ? known : see(known, epoch)), severed });
    const keeps = host.follower.core.standing.synced < severed ? 0 : message.vouched;
    host.follower.follow({ link, epoch, address }, keeps);
    this.#leaderAddress = address;
    host.afterwards(() => this.#sayHere(link, epoch));
  }

  #asked(link: Link, message: AskMessage): void {
    const { epoch, identity, candidate, memory, blank, slot } = message;
    const host = this.#host;
    if (this.#isForeign(identity) || isOutside(message)) {
      return;
    }
    const ask = { epoch, blank: blank ? { slot: candidate, memory } : undefined };
    const promised = promise(host.record, ask);
    if (promised === undefined) {
      this.#fences(link, epoch);
      return;
    }
    host.update(host.follower.core.blank ? { ...promised, identity, slot } : promised);
    if (SHORTCUT !== "no-fence") {
      host.giveWay(epoch);
    }
    host.afterwards(() => {
      if (!this.#fences(link, epoch)) {
        const { group } = this.#options;
        const { number } = message;
        link.send({ type: "promise", group, epoch, number, facts: host.facts() });
      }
    });
  }

  /** A candidate that has this node's promise takes what it needs of its entries. */
  #give(link: Link, { epoch, above }: FetchMessage): void {
    const { group } = this.#options;
    const { record, replica } = this.#host;
    if (this.#fences(link, epoch) || record.promised !== epoch) {
      return;
    }
    const entries = replica.above(above, Number.POSITIVE_INFINITY, PAGE_BUDGET);
    const upTo = entries[entries.length - 1]?.sequence ?? above;
    const last = replica.above(upTo, Number.POSITIVE_INFINITY, 1).length === 0;
    const { memory } = record;
    link.send({ type: "fetched", group, epoch, memory, above, upTo, last, entries });
  }

  #note(link: Link, { epoch, slot, memory, sequence }: NoteMessage): void {
    const host = this.#host;
    const { leadership } = host.follower;
    // Only of the leader that it follows: to anybody else a note would be a way to depose one.
    if (this.#fences(link, epoch) || leadership?.link !== link || leadership.epoch !== epoch) {
      return;
    }
    if (!host.follower.core.blank) {
      host.update(withNotes(see(host.record, epoch), [{ slot, memory, epoch, sequence }]));
    }
    host.afterwards(() => {
      if (!this.#fences(link, epoch)) {
        const { group } = this.#options;
        const { blank } = host.facts();
        link.send({ type: "noted", group, epoch, slot, memory, blank });
      }
    });
  }

  #sayHere(link: Link, epoch: number): void {
    const { group, address } = this.#options;
    const { record, follower, leads } = this.#host;
    link.send({
      type: "here",
      group,
      epoch,
      copy: record.copy,
      identity: record.identity,
      promised: record.promised,
      facts: this.#host.facts(),
      building: leads ? undefined : follower.core.standing.building,
      leader: leads ? address : (follower.leadership?.address ?? ""),
    });
  }

  /** True, and the sender is told, if this epoch is over for this node. */
  #fences(link: Link, epoch: number): boolean {
    const { promised, copy } = this.#host.record;
    if (epoch >= promised || SHORTCUT === "no-fence") {
      return false;
    }
    if (this.#isNew(link)) {
      const fields = { epoch: generationOf(epoch), promised: generationOf(promised) };
      // Where a controller appoints, leaders end in the normal course of things.
      this.#options.logger[copy > 0 ? "info" : "warn"]("leader.fenced", fields);
    }
    link.send({ type: "fenced", group: this.#options.group, epoch, promised });
    return true;
  }

  /** The first complaint about this link? */
  #isNew(link: Link): boolean {
    const isNew = !this.#complainedOf.has(link);
    this.#complainedOf.add(link);
    return isNew;
  }

  #isForeign(identity: GroupIdentity): boolean {
    const { record, follower, leads } = this.#host;
    const blank = !leads && follower.core.blank;
    return !blank && record.identity?.life !== identity.life;
  }
}

/** Where nobody appoints, a slot is a place among the members. */
function isOutside({ copy, slot, identity }: LeadMessage | AskMessage): boolean {
  return copy === 0 && slot >= identity.members.length;
}
