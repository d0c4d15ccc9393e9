/** Sends followers the pages of catch-up, one under way to each; to learners at the node's pace. */
import type { Clock } from "../base/clock.ts";
import type { Note } from "../core/group-record.ts";
import type { CatchUpPage, Leader } from "../core/leader.ts";
import type { CopySender } from "./copy-sender.ts";
import type { Pace } from "./pace.ts";
import type { PeerLinks } from "./peer-links.ts";

export interface PageSenderOptions {
  readonly group: number;
  readonly leader: Leader<unknown>;
  readonly links: PeerLinks;
  readonly copies: CopySender;
  readonly pace: Pace;
  readonly clock: Clock;
  /** Bytes under way to one follower beyond which nothing more is queued for it. */
  readonly linkQueueBytes: number;
  isLearner(follower: number): boolean;
  /** Those that go with the last page. */
  notes(): readonly Note[];
}

export class PageSender {
  readonly #options: PageSenderOptions;
  /** Learners whose next page waits for its time. */
  readonly #waiting = new Set<number>();
  #stopped = false;

  constructor(options: PageSenderOptions) {
    this.#options = options;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** The next page, if one is due. */
  send(follower: number): void {
    const { pace, clock, isLearner } = this.#options;
    if (!isLearner(follower)) {
      this.#sendNow(follower);
    } else if (pace.waitMs === 0) {
      pace.sent(this.#sendNow(follower));
    } else if (!this.#waiting.has(follower)) {
      this.#waiting.add(follower);
      clock.after(pace.waitMs, () => {
        this.#waiting.delete(follower);
        if (!this.#stopped && isLearner(follower)) {
          this.send(follower);
        }
      });
    }
  }

  /** One that had too much under way and has taken in most of it goes on. */
  breathe(follower: number): void {
    const { leader, copies, linkQueueBytes } = this.#options;
    const behind = leader.followers[follower]?.behind === true;
    if (behind && copies.queueBytes(follower) <= linkQueueBytes / 4) {
      leader.caughtBreath(follower);
    }
  }

  /** Returns about how many bytes that was. */
  #sendNow(follower: number): number {
    const { group, leader, links, notes } = this.#options;
    const page = leader.nextPage(follower);
    if (page === undefined) {
      return 0;
    }
    links.peers[follower]?.send({
      type: "page",
      group,
      epoch: leader.epoch,
      page,
      notes: page.last ? notes() : [],
    });
    return sizeOf(page);
  }
}

/** About how many bytes of keys and values. */
function sizeOf({ entries }: CatchUpPage): number {
  return entries.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);
}
