/**
 * A schedule that is written down: each message that arrives is named, all others stay under way.
 */
import { Group } from "./group.ts";
import type { Member } from "./member.ts";
import type { Message } from "./messages.ts";

export class Scene {
  readonly group: Group;

  constructor(options: { size: number; writeQuorum: number; trace?: (line: string) => void }) {
    this.group = new Group(options);
  }

  member(slot: number): Member {
    const member = this.group.members[slot];
    if (member === undefined) {
      throw new Error(`no member ${slot}`);
    }
    return member;
  }

  /** The newest message of this kind between these two arrives; false where there is none. */
  deliver(from: number, to: number, type: Message["type"]): boolean {
    const letter = this.group.network.takeLast((one) => {
      const alive = one.toLife === this.member(to).life;
      return alive && one.from === from && one.to === to && one.message.type === type;
    });
    if (letter !== undefined) {
      this.group.deliver(letter);
    }
    return letter !== undefined;
  }

  /** These answer the candidate, and it fetches what it needs of them. */
  answer(candidate: number, givers: readonly number[]): void {
    for (const giver of givers) {
      this.#ask(candidate, giver);
    }
    for (const { slot: source } of this.group.members) {
      if (this.deliver(candidate, source, "fetch")) {
        this.deliver(source, candidate, "fetched");
      }
    }
  }

  /** This one takes over with these promises. */
  takeOver(candidate: number, epoch: number, givers: readonly number[]): void {
    this.member(candidate).campaign(epoch);
    this.answer(candidate, givers);
    if (this.member(candidate).leading?.epoch !== epoch) {
      throw new Error(`${candidate} does not lead ${epoch}`);
    }
  }

  /** The leader meets a follower; a blank one is noted by these and only then synced. */
  follow(leader: number, follower: number, noters: readonly number[] = []): void {
    this.member(leader).reach(follower);
    this.deliver(leader, follower, "hello");
    this.deliver(follower, leader, "here");
    for (const noter of noters) {
      this.deliver(leader, noter, "note");
      this.deliver(noter, leader, "noted");
    }
    this.deliver(leader, follower, "sync");
    this.deliver(follower, leader, "synced");
  }

  /** The leader writes, and these acknowledge. */
  write(leader: number, key: string, followers: readonly number[]): void {
    const { truth } = this.group;
    const before = truth.acknowledged;
    this.member(leader).write(key);
    for (const follower of followers) {
      this.deliver(leader, follower, "append");
      this.deliver(follower, leader, "ack");
    }
    if (truth.acknowledged === before) {
      throw new Error(`the write of ${leader} is not acknowledged`);
    }
  }

  #ask(candidate: number, giver: number): void {
    if (!this.deliver(candidate, giver, "ask")) {
      throw new Error(`${candidate} does not ask ${giver}`);
    }
    this.deliver(giver, candidate, "promise");
  }
}
