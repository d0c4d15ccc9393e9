/**
 * A leader whose write quorum changes. After every step of a random schedule each set of nodes that
 * might carry a takeover is looked at: it must know every committed write.
 */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Entry } from "../../../src/core/entry.ts";
import { Leader } from "../../../src/core/leader.ts";
import {
  QUORUM_KEY,
  type QuorumState,
  quorumOf,
  settledQuorum,
} from "../../../src/core/quorum-entry.ts";
import { Replica } from "../../../src/core/replica.ts";

/** A leader and what each follower holds. */
class Changing {
  readonly leader: Leader<string>;
  readonly #firstQuorum: number;
  /** By follower, sequences. */
  readonly held: Set<number>[];
  readonly #replica = new Replica();
  readonly #entries: Entry[] = [];
  readonly #committed = new Set<number>();

  constructor(followers: number, writeQuorum: number, inherited?: QuorumState) {
    this.#firstQuorum = writeQuorum;
    this.held = Array.from({ length: followers }, () => new Set<number>());
    this.leader = new Leader({
      epoch: 1,
      replica: this.#replica,
      sequence: 0,
      inherited: 0,
      followerCount: followers,
      quorum: inherited ?? settledQuorum(writeQuorum),
      pageBudget: 1_000,
    });
    this.held.forEach((_, follower) => {
      this.leader.joined(follower, { usable: true, synced: true, watermark: 0, pagedTo: 0 });
    });
  }

  get quorum(): [number, number, number] {
    const { writes, takeovers, target } = this.leader.quorum;
    return [writes, takeovers, target];
  }

  write(): void {
    this.#accepted(this.leader.accept({ key: "key", value: "1", nowMs: 0, waiter: "client" }));
  }

  change(target: number, force = false): void {
    this.#accepted(this.leader.changeQuorum({ target, force, nowMs: 0 }));
  }

  /** The follower takes this sequence in and says so. */
  hold(follower: number, sequence: number): void {
    const held = this.held[follower] as Set<number>;
    if (sequence > this.leader.sequence) {
      return;
    }
    held.add(sequence);
    let watermark = 0;
    while (held.has(watermark + 1)) {
      watermark += 1;
    }
    const above = [...held].filter((each) => each > watermark);
    const said = { synced: true, watermark, pagedTo: 0, above, beat: 0 };
    this.#settled(this.leader.acknowledged(follower, said));
  }

  /** These followers hold all there is. */
  level(...followers: number[]): void {
    for (const follower of followers) {
      for (let sequence = 1; sequence <= this.leader.sequence; sequence++) {
        this.hold(follower, sequence);
      }
    }
  }

  /** A committed write that some set of nodes would not know, though it may carry a takeover. */
  lost(): string | undefined {
    const nodes = this.held.length + 1;
    for (let set = 1; set < 1 << nodes; set++) {
      const members = Array.from({ length: nodes }, (_, at) => at).filter((at) => (set >> at) % 2);
      const takeovers = Math.min(...members.map((node) => this.#quorumAt(node).takeovers));
      const missed = [...this.#committed].find((sequence) =>
        members.every((node) => !this.#holds(node, sequence)),
      );
      if (members.length >= nodes - takeovers && missed !== undefined) {
        return `${members} carry a takeover and don't know ${missed}`;
      }
    }
    return undefined;
  }

  /** Node 0 leads. */
  #holds(node: number, sequence: number): boolean {
    return node === 0 || (this.held[node - 1] as Set<number>).has(sequence);
  }

  #quorumAt(node: number): QuorumState {
    const known = this.#entries.findLast(
      ({ key, sequence }) => key === QUORUM_KEY && this.#holds(node, sequence),
    );
    return quorumOf(known, this.#firstQuorum);
  }

  #accepted(entry: Entry): void {
    this.#entries.push(entry);
    this.#settled(this.leader.persisted(entry.sequence));
  }

  #settled(writes: readonly { readonly sequence: number }[]): void {
    for (const { sequence } of writes) {
      this.#committed.add(sequence);
    }
    const entry = this.leader.settleQuorum(0);
    if (entry !== undefined) {
      this.#accepted(entry);
    }
  }
}

describe("a change of the quorum", () => {
  test("quorum: raised, a write needs it at once and takeovers later (N=5, W=1)", () => {
    const group = new Changing(4, 1);
    group.write();
    group.change(3);
    expect(group.quorum).toEqual([3, 1, 3]);
    group.level(0, 1);
    expect(group.quorum).toEqual([3, 1, 3]);
    group.level(2);
    expect(group.quorum).toEqual([3, 3, 3]);
  });

  test("quorum: raised, but writes before it lack copies (N=5, W=1)", () => {
    const group = new Changing(4, 1);
    group.write();
    group.level(0);
    group.change(3);
    for (const follower of [0, 1, 2]) {
      group.hold(follower, 2);
    }
    // The change itself has three copies; the write before it has one.
    expect(group.leader.commitWatermark).toBe(2);
    expect(group.quorum).toEqual([3, 1, 3]);
    group.hold(1, 1);
    group.hold(2, 1);
    expect(group.quorum).toEqual([3, 3, 3]);
  });

  test("quorum: lowered, writes need the old one until it is committed (N=5, W=3)", () => {
    const group = new Changing(4, 3);
    group.change(1);
    expect(group.quorum).toEqual([3, 1, 1]);
    group.level(0, 1);
    expect(group.quorum).toEqual([3, 1, 1]);
    group.level(2);
    expect(group.quorum).toEqual([1, 1, 1]);
  });

  test("quorum: raised with too few followers and taken back (N=5, W=1)", () => {
    const group = new Changing(4, 1);
    group.change(4);
    group.level(0, 1);
    expect(group.quorum).toEqual([4, 1, 4]);
    group.change(1);
    expect(group.quorum).toEqual([1, 1, 1]);
    group.write();
    group.level(0);
    expect(group.leader.commitWatermark).toBe(3);
  });

  test("quorum: lowered and, before that is committed, raised a little (N=6, W=4)", () => {
    const group = new Changing(5, 4);
    group.change(2);
    group.change(3);
    // Whoever has not heard of either assumes four copies of everything.
    expect(group.quorum).toEqual([4, 2, 3]);
    group.level(0, 1, 2);
    expect(group.quorum).toEqual([4, 2, 3]);
    group.level(3);
    expect(group.quorum).toEqual([3, 3, 3]);
  });

  test("quorum: a raise that another leader began is taken back (N=5, W=1)", () => {
    const group = new Changing(4, 1, { writes: 3, takeovers: 1, target: 3 });
    group.change(1);
    // That leader may have ended it: a takeover may count on three copies already.
    expect(group.quorum).toEqual([3, 1, 1]);
    group.level(0, 1, 2);
    expect(group.quorum).toEqual([1, 1, 1]);
  });

  test("quorum: forced down, it holds at once and others can follow (N=5, W=4)", () => {
    const group = new Changing(4, 4);
    group.change(1, true);
    expect(group.quorum).toEqual([1, 1, 1]);
    group.level(0);
    expect(group.leader.commitWatermark).toBe(1);
    group.change(2);
    expect(group.quorum).toEqual([2, 1, 2]);
    group.level(0, 1);
    expect(group.quorum).toEqual([2, 2, 2]);
  });

  test("quorum: nothing is settled by a follower that is not synced (N=2, W=1)", () => {
    const group = new Changing(1, 1);
    group.leader.left(0);
    group.leader.joined(0, { usable: false, synced: false, watermark: 0, pagedTo: 0 });
    group.change(0);
    const said = { synced: false, watermark: 1, pagedTo: 1, above: [], beat: 0 };
    group.leader.acknowledged(0, said);
    expect(group.leader.settleQuorum(0)).toBeUndefined();
  });
});

type Step =
  | { readonly kind: "write" }
  | { readonly kind: "change"; readonly target: number }
  | { readonly kind: "hold"; readonly follower: number; readonly sequence: number }
  | { readonly kind: "level"; readonly follower: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("write" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("change" as const), target: fc.nat(4) }) },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("hold" as const),
      follower: fc.nat(3),
      sequence: fc.integer({ min: 1, max: 15 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("level" as const), follower: fc.nat(3) }) },
);

describe("changes of the quorum", () => {
  const run = (force: boolean) => {
    const schedule = fc.record({
      followers: fc.integer({ min: 1, max: 4 }),
      writeQuorum: fc.nat(4),
      steps: fc.array(step, { maxLength: 60, size: "max" }),
    });
    const property = fc.property(schedule, ({ followers, writeQuorum, steps }) => {
      const group = new Changing(followers, Math.min(writeQuorum, followers));
      for (const each of steps) {
        if (each.kind === "write") {
          group.write();
        } else if (each.kind === "change") {
          group.change(Math.min(each.target, followers), force);
        } else if (each.kind === "hold") {
          group.hold(each.follower % followers, each.sequence);
        } else {
          group.level(each.follower % followers);
        }
        const lost = group.lost();
        if (lost !== undefined) {
          throw new Error(lost);
        }
      }
      group.level(...group.held.keys());
      const { writes, takeovers, target } = group.leader.quorum;
      expect([writes, takeovers]).toEqual([target, target]);
    });
    return fc.check(property, { numRuns: 1_000, endOnFailure: true });
  };

  test("leave no set of nodes that may take over without every committed write", () => {
    const found = run(false);
    if (found.failed) {
      throw new Error(`${found.errorInstance}\n${fc.defaultReportMessage(found)}`);
    }
  });

  test("lose writes when each of them is forced", () => {
    expect(String(run(true).errorInstance)).toMatch(/carry a takeover/);
  });
});
