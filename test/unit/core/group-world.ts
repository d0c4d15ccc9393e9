/**
 * One leader and its followers with nothing between them but queues that a test turns by hand: a
 * small world in which every order of events that the real shells can bring about can be had, and
 * some more.
 *
 * After every step it checks what must always hold, and names the check that failed:
 *
 * - `covers`: a synced follower holds, for every sequence up to its watermark, that entry or a
 *   newer one of the same key. Catches a watermark that jumps too early, one that is the highest
 *   seen instead of contiguous, and a page that leaves something out.
 * - `acknowledges`: what a follower says that it holds it does hold at that moment. Catches words
 *   about an earlier state of the follower, and words of one that is not synced.
 * - `counts`: whom the leader counted as a holder of a committed write did say so, in this memory
 *   of its, while it held it. Catches a leader that counts a range too much, or counts a lost
 *   memory.
 * - `rises`: a reader of one key at one follower never sees an older version than before, nor a
 *   removed key come back. Catches copies applied as they come, and tombstones dropped too early.
 * - `commits`: the commit watermark is contiguous. Catches "the highest committed".
 */
import type { Entry } from "../../../src/core/entry.ts";
import { Follower } from "../../../src/core/follower.ts";
import { type Acknowledgement, type CatchUpPage, Leader } from "../../../src/core/leader.ts";
import type { PendingWrite } from "../../../src/core/pending-writes.ts";
import { settledQuorum } from "../../../src/core/quorum-entry.ts";
import { Replica } from "../../../src/core/replica.ts";

const EPOCH = 1;
/** Two or three small entries. */
const PAGE_BUDGET = 60;

interface News {
  readonly epoch: number;
  readonly sequence: number;
  readonly commitWatermark: number;
  readonly stableWatermark: number;
  readonly beat: number;
}

type Down =
  | { readonly type: "entries"; readonly entries: readonly Entry[] }
  | { readonly type: "page"; readonly page: CatchUpPage }
  | { readonly type: "news"; readonly news: News };

/** Faults built in on purpose, to see that the checks find them. */
export interface Sabotage {
  page?(page: CatchUpPage): CatchUpPage;
  said?(said: Acknowledgement): Acknowledgement;
  news?(news: News, leader: Leader<string>): News;
  /** Copies of a connection that was lost still arrive on the next one. */
  readonly keepsOldCopies?: boolean;
}

/** A follower, its link to the leader, and what the checks remember of it. */
class Seat {
  follower = new Follower(() => new Replica());
  state: "away" | "greeting" | "connected" = "away";
  /** What it said as it was greeted. */
  standing = this.follower.standing;
  /** Copies that the network delays. */
  held: Entry[] = [];
  down: Down[] = [];
  up: Acknowledgement[] = [];
  /** What this memory of it truly held when it last spoke. */
  spokenFor = new Set<number>();
  /** The newest version of each key that a reader has seen here. */
  seen = new Map<string, Entry>();
}

export class GroupWorld {
  readonly leader: Leader<string>;
  readonly seats: readonly Seat[];
  readonly #replica = new Replica();
  readonly #sabotage: Sabotage;
  /** Every entry there ever was; the one of sequence s stands at s − 1. */
  readonly #history: Entry[] = [];
  readonly #committed = new Set<number>();
  /** Tombstones up to here may have been dropped. */
  #stable = 0;
  #turn: Entry[] = [];
  #beat = 0;

  constructor(options: { followers: number; writeQuorum: number; sabotage?: Sabotage }) {
    this.#sabotage = options.sabotage ?? {};
    this.seats = Array.from({ length: options.followers }, () => new Seat());
    this.leader = new Leader({
      epoch: EPOCH,
      replica: this.#replica,
      sequence: 0,
      inherited: 0,
      followerCount: options.followers,
      quorum: settledQuorum(options.writeQuorum),
      pageBudget: PAGE_BUDGET,
    });
  }

  write(key: string, value: string | undefined): void {
    const entry = this.leader.accept({ key, value, nowMs: 0, waiter: key });
    this.#history.push(entry);
    this.#turn.push(entry);
  }

  /** The leader's turn ends: copies go out, its own storage has them. */
  endTurn(): void {
    const entries = this.#turn;
    this.#turn = [];
    this.seats.forEach((seat, index) => {
      const progress = this.leader.followers[index];
      if (progress?.connected === true && !progress.behind) {
        seat.held.push(...entries);
      }
    });
    this.#settled(this.leader.persisted(this.leader.sequence));
  }

  /** The network lets one delayed copy go; with `twice` it will let it go once more. */
  letGo(index: number, pick: number, twice: boolean): void {
    const seat = this.#seat(index);
    const at = pick % Math.max(1, seat.held.length);
    const entry = seat.held[at];
    if (entry !== undefined && seat.state === "connected") {
      if (!twice) {
        seat.held.splice(at, 1);
      }
      seat.down.push({ type: "entries", entries: [entry] });
    }
  }

  /** The follower takes the next frame in. */
  takeIn(index: number): void {
    const { follower, down } = this.#seat(index);
    const next = down.shift();
    if (next?.type === "entries") {
      follower.takeEntries(EPOCH, next.entries);
    } else if (next?.type === "page") {
      follower.takePage(EPOCH, next.page);
    } else if (next?.type === "news") {
      follower.takeNews(next.news);
    }
    this.#checkFollower(index);
  }

  /** The follower's turn ends. */
  say(index: number): void {
    const seat = this.#seat(index);
    const said = seat.follower.takeAcknowledgement();
    if (said === undefined || seat.state === "away") {
      return;
    }
    const spoken = this.#sabotage.said?.(said) ?? said;
    if (spoken.synced) {
      for (const { sequence } of this.#history) {
        if (this.#holds(seat, sequence)) {
          seat.spokenFor.add(sequence);
        } else {
          const says = sequence <= spoken.watermark || spoken.above.includes(sequence);
          check(!says, `acknowledges: follower ${index} says it holds ${sequence}`);
        }
      }
    }
    seat.up.push(spoken);
  }

  /** The leader hears the follower's next word; one that was behind may have caught breath. */
  hear(index: number, breathes: boolean): void {
    const seat = this.#seat(index);
    const said = seat.up.shift();
    if (said === undefined || seat.state !== "connected") {
      return;
    }
    this.#settled(this.leader.acknowledged(index, said));
    if (this.leader.followers[index]?.behind === true && breathes) {
      this.leader.caughtBreath(index);
    }
    this.#sendPage(index);
  }

  /** Beats go out, and with them what may be forgotten. */
  beat(): void {
    this.#beat += 1;
    const news: News = {
      epoch: EPOCH,
      sequence: this.leader.sequence,
      commitWatermark: this.leader.commitWatermark,
      stableWatermark: this.leader.stableWatermark,
      beat: this.#beat,
    };
    const spoken = this.#sabotage.news?.(news, this.leader) ?? news;
    this.#stable = Math.max(this.#stable, spoken.stableWatermark);
    for (const seat of this.seats) {
      if (seat.state !== "away") {
        seat.down.push({ type: "news", news: spoken });
      }
    }
    this.#replica.dropTombstones(spoken.stableWatermark);
  }

  cut(index: number): void {
    const seat = this.#seat(index);
    seat.state = "away";
    seat.down = [];
    seat.up = [];
    if (this.#sabotage.keepsOldCopies !== true) {
      seat.held = [];
    }
    this.leader.left(index);
  }

  /** The follower's process is replaced by one that remembers nothing. */
  restartBlank(index: number): void {
    this.cut(index);
    const seat = this.#seat(index);
    seat.follower = new Follower(() => new Replica());
    seat.seen.clear();
  }

  /** A connection, first half: the leader's greeting reaches the follower. */
  greet(index: number): void {
    const seat = this.#seat(index);
    if (seat.state === "away") {
      seat.state = "greeting";
      seat.standing = seat.follower.standing;
      seat.follower.ledBy(EPOCH);
    }
  }

  /** A connection, second half: the follower's answer reaches the leader. */
  join(index: number): void {
    const seat = this.#seat(index);
    if (seat.state !== "greeting") {
      return;
    }
    const { standing } = seat;
    const { synced, watermark, building } = standing;
    seat.state = "connected";
    if (synced === EPOCH) {
      const held = { usable: true, synced: true, watermark, pagedTo: watermark };
      this.leader.joined(index, held);
    } else if (building?.epoch === EPOCH) {
      this.leader.joined(index, { usable: true, synced: false, ...building });
    } else {
      seat.spokenFor.clear();
      this.leader.joined(index, { usable: false, synced: false, watermark: 0, pagedTo: 0 });
    }
    this.#sendPage(index);
  }

  connect(index: number): void {
    this.greet(index);
    this.join(index);
  }

  fallBehind(index: number): void {
    if (this.#seat(index).state === "connected") {
      this.leader.fellBehind(index);
    }
  }

  /** Delivers all that is under way between the leader and this follower, both ways. */
  settle(index: number): void {
    const seat = this.#seat(index);
    if (seat.state !== "connected") {
      return;
    }
    while (seat.held.length + seat.down.length + seat.up.length > 0) {
      this.letGo(index, 0, false);
      this.takeIn(index);
      this.say(index);
      this.hear(index, true);
    }
  }

  /** Connects whoever is away and delivers everything there is; then all must be the same. */
  heal(): void {
    for (let round = 0; round < 10_000 && !this.#settledDown(); round++) {
      this.endTurn();
      this.beat();
      for (let index = 0; index < this.seats.length; index++) {
        this.connect(index);
        this.settle(index);
      }
    }
    check(this.#settledDown(), "ends: everybody is synced and nothing is under way");
    check(this.leader.commitWatermark === this.leader.sequence, "ends: everything is committed");
    const digest = this.#replica.digest().toHex();
    this.seats.forEach(({ follower }, index) => {
      check(follower.replica.digest().toHex() === digest, `ends: follower ${index} is equal`);
      check(follower.replica.tombstones === 0, `ends: follower ${index} forgot its tombstones`);
    });
    check(this.#replica.tombstones === 0, "ends: the leader forgot its tombstones");
  }

  #settledDown(): boolean {
    const { sequence } = this.leader;
    return (
      this.#replica.tombstones === 0 &&
      this.seats.every(({ follower, state }, index) => {
        const progress = this.leader.followers[index];
        const level = follower.standing.watermark === sequence && progress?.watermark === sequence;
        const told = follower.replica.tombstones === 0 && !progress?.behind;
        return state === "connected" && follower.synced && level && told;
      })
    );
  }

  #sendPage(index: number): void {
    const page = this.leader.nextPage(index);
    if (page !== undefined) {
      this.#seat(index).down.push({ type: "page", page: this.#sabotage.page?.(page) ?? page });
    }
  }

  #settled(writes: readonly PendingWrite<string>[]): void {
    for (const { sequence, required, acks, holders } of writes) {
      this.#committed.add(sequence);
      check(acks >= required, `counts: ${sequence} has its quorum`);
      let counted = 0;
      this.seats.forEach(({ spokenFor }, index) => {
        if ((holders & (2 << index)) !== 0) {
          counted += 1;
          check(spokenFor.has(sequence), `counts: follower ${index} has said it holds ${sequence}`);
        }
      });
      check(counted === acks, `counts: each holder of ${sequence} once`);
    }
    for (let sequence = 1; sequence <= this.leader.commitWatermark; sequence++) {
      check(this.#committed.has(sequence), `commits: ${sequence} is below the commit watermark`);
    }
  }

  #checkFollower(index: number): void {
    const seat = this.#seat(index);
    const { follower, seen } = seat;
    if (follower.synced) {
      for (let sequence = 1; sequence <= follower.standing.watermark; sequence++) {
        check(this.#holds(seat, sequence), `covers: follower ${index} holds ${sequence}`);
      }
    }
    for (const key of new Set(this.#history.map((entry) => entry.key))) {
      const before = seen.get(key);
      const now = follower.replica.get(key);
      if (now === undefined) {
        check(before?.value === undefined, `rises: ${key} does not vanish from follower ${index}`);
      } else {
        const back = before !== undefined && now.sequence < before.sequence;
        check(!back, `rises: ${key} at follower ${index}`);
        seen.set(key, now);
      }
    }
  }

  /** This entry or a newer one of its key; or nothing, where that newer one was a tombstone. */
  #holds({ follower }: Seat, sequence: number): boolean {
    const { key } = this.#history[sequence - 1] as Entry;
    const standing = follower.replica.get(key);
    if (standing !== undefined) {
      return standing.sequence >= sequence;
    }
    return this.#history
      .slice(sequence - 1, this.#stable)
      .some((entry) => entry.key === key && entry.value === undefined);
  }

  #seat(index: number): Seat {
    return this.seats[index] as Seat;
  }
}

function check(holds: boolean, what: string): void {
  if (!holds) {
    throw new Error(what);
  }
}
