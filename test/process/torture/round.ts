/**
 * One round: clients write and read all the time, somebody is killed hard, something happens beside
 * it, everything is started again, and then it is looked at.
 */
import { type Random, randomBelow } from "../../../src/base/random.ts";
import type { Operation } from "../../linearizability/history.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { writeBallast } from "./ballast.ts";
import type { FillableDisk } from "./fillable-disk.ts";
import { judge } from "./judge.ts";
import { LeaderSearch } from "./leader-search.ts";
import type { Ledger } from "./ledger.ts";
import { anyMoment, Load } from "./load.ts";
import { type Member, type Members, WRITE_QUORUM } from "./members.ts";
import { Operator } from "./operator.ts";
import type { FollowerEnd, LeaderEnd, RoundPlan } from "./plan.ts";
import type { Tally } from "./tally.ts";

/** In this time a group whose nodes all run again must be as it was. */
const RECOVERY_MS_MAX = 20_000;
const PROGRESS_MS_MAX = 10_000;
/** Memory mode: where the one that led has lost its memory, somebody has to be promoted. */
const LEADERLESS_MS_MAX = 3_000;
const DEATHS_IN_CATCH_UP = 3;
const NOTICE_MS_MAX = 1_500;

export interface Scene {
  readonly members: Members;
  /** One member's disk that can be filled, where there is one. */
  readonly fillable: { readonly member: Member; readonly disk: FillableDisk } | undefined;
  readonly ledger: Ledger;
  readonly tally: Tally;
  readonly random: Random;
}

export interface RoundResult {
  /** Sentences on what is wrong; none if all is well. */
  readonly wrong: readonly string[];
  readonly history: readonly Operation[];
}

export class Round {
  readonly #scene: Scene;
  readonly #plan: RoundPlan;
  readonly #label: string;
  readonly #load: Load;
  readonly #operator: Operator;
  /** Who has to lead in the end, as far as that is certain. */
  #expected: Member | undefined;
  /** Undoes what happened beside. */
  #undo: () => Promise<void> | void = () => {};

  constructor(scene: Scene, plan: RoundPlan, label: string) {
    const { members, ledger, tally, random } = scene;
    this.#scene = scene;
    this.#plan = plan;
    this.#label = label;
    this.#operator = new Operator(members, random, tally);
    const route = new LeaderSearch(members.urls, random);
    this.#load = new Load({ label, route, random, ledger, tally });
  }

  async run(): Promise<RoundResult> {
    const { members } = this.#scene;
    const wrong: string[] = [];
    let leader: Member | undefined;
    try {
      await this.#load.progress(30, PROGRESS_MS_MAX);
      await this.#beside(await this.#leader());
      await anyMoment(this.#scene.random, 150);
      await this.#strike(await this.#leader());
      await this.#undo();
      leader = await this.#recover();
      await this.#load.progress(30, PROGRESS_MS_MAX);
    } catch (error) {
      wrong.push(`no progress: ${error instanceof Error ? error.message : String(error)}`);
    }
    const history = await this.#load.stop();
    wrong.push(...this.#load.faults, ...members.logs.faults.splice(0));
    if (leader !== undefined) {
      try {
        wrong.push(...(await this.#look(leader, history)));
      } catch (error) {
        wrong.push(`not to be judged: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return { wrong, history };
  }

  #leader(): Promise<Member> {
    return waitUntil(() => this.#scene.members.leader(), {
      what: "a leader",
      timeoutMs: RECOVERY_MS_MAX,
    });
  }

  #followers(leader: Member): Member[] {
    return this.#scene.members.awake.filter((member) => member !== leader);
  }

  /** Whose disk is full in this round. */
  get #full(): Member | undefined {
    return this.#plan.beside === "a disk is full" ? this.#scene.fillable?.member : undefined;
  }

  #anyOf(members: readonly Member[]): Member {
    return members[randomBelow(this.#scene.random, members.length)] as Member;
  }

  async #beside(leader: Member): Promise<void> {
    const { members, fillable, random, tally } = this.#scene;
    this.#expected = leader;
    switch (this.#plan.beside) {
      case "nothing":
        return;
      case "a follower stops for a while": {
        const stopped = this.#anyOf(this.#followers(leader));
        stopped.pause();
        this.#undo = () => stopped.resume();
        return;
      }
      case "the leader stops and is replaced":
        await this.#replaceStopped(leader);
        return;
      case "the quorum changes": {
        // In memory mode no more nodes are lost at once than the lowest quorum covers.
        const least = members.durable ? 1 : 2;
        const change = this.#operator.turnQuorum(leader, least + randomBelow(random, 6 - least));
        this.#undo = async () => {
          if (await change) tally.quorumChanges += 1;
        };
        return;
      }
      case "a disk is full":
        if (fillable === undefined) return;
        members.logs.mayEnd = fillable.member.id;
        fillable.disk.fill();
        tally.fullDisks += 1;
        this.#undo = () => fillable.disk.free();
        if (await saysThatItsDiskFails(fillable.member)) tally.noticedFullDisks += 1;
        return;
    }
  }

  /** The leader's process stands still, another one takes over, and the old one finds out. */
  async #replaceStopped(leader: Member): Promise<void> {
    leader.pause();
    const promoted = await this.#operator.promote([leader]);
    // Clients go over to the new one, and when the old one wakes up it finds what others asked it.
    if (promoted !== undefined) await this.#load.progress(20, PROGRESS_MS_MAX);
    await anyMoment(this.#scene.random, 600);
    leader.resume();
    this.#expected = promoted;
    if (promoted === undefined) return;
    await waitUntil(
      async () => {
        const status = await leader.status();
        return status?.role === "follower" && status.leader === promoted.url;
      },
      { what: `${leader.id}, which led, to follow ${promoted.id}`, timeoutMs: PROGRESS_MS_MAX },
    );
  }

  async #strike(leader: Member): Promise<void> {
    const { tally } = this.#scene;
    if (this.#plan.victim === "leader") {
      tally.leaderKills += 1;
      await this.#strikeLeader(leader, this.#plan.end);
    } else {
      tally.followerKills += 1;
      await this.#strikeFollower(leader, this.#plan.end);
    }
  }

  async #strikeLeader(leader: Member, end: LeaderEnd): Promise<void> {
    const { members, random, tally } = this.#scene;
    // Without memory and without ROLE=leader it only follows when it is back.
    this.#expected = members.durable || leader.number === 0 ? leader : undefined;
    switch (end) {
      case "returns":
        await leader.kill();
        await anyMoment(random, 400);
        leader.start();
        return;
      case "is replaced":
        await leader.kill();
        await this.#replace(leader);
        await anyMoment(random, 400);
        leader.start();
        return;
      case "races a promotion":
        await leader.kill();
        leader.start();
        await anyMoment(random, 1_500);
        await this.#replace(leader);
        this.#expected = undefined;
        return;
      case "falls with a follower": {
        const other = this.#anyOf(this.#followers(leader));
        await Promise.all([leader.kill(), other.kill()]);
        tally.followerKills += 1;
        await anyMoment(random, 400);
        members.start();
        return;
      }
      case "falls with everybody":
        await Promise.all(members.all.map((member) => member.kill()));
        tally.followerKills += members.all.length - 1;
        for (const member of shuffled(random, members.all)) {
          member.start();
          await anyMoment(random, 80);
        }
        return;
      case "loses its disk":
        await leader.kill();
        // The one with ROLE=leader takes over from the others' copies, any other one only follows.
        if (leader.number !== 0 || random.next() < 0.5) {
          if ((await this.#replace(leader)) === undefined) return;
        }
        leader.loseDisk();
        leader.start();
        return;
    }
  }

  async #strikeFollower(leader: Member, end: FollowerEnd): Promise<void> {
    const { members, random, tally } = this.#scene;
    // On a full disk nobody catches up.
    const full = end === "dies again in the middle of catch-up" ? this.#full : undefined;
    const victim = this.#anyOf(this.#followers(leader).filter((each) => each !== full));
    switch (end) {
      case "returns":
        await victim.kill();
        await anyMoment(random, 400);
        victim.start();
        return;
      case "dies again in the middle of catch-up":
        await victim.kill();
        await this.#dieInCatchUp(leader, victim);
        victim.start();
        return;
      case "falls with another": {
        const other = this.#anyOf(this.#followers(leader).filter((each) => each !== victim));
        await Promise.all([victim.kill(), other.kill()]);
        tally.followerKills += 1;
        await anyMoment(random, 400);
        members.start();
        return;
      }
      case "loses its disk":
        await victim.kill();
        victim.loseDisk();
        await anyMoment(random, 400);
        victim.start();
        return;
      case "misses a promotion":
        await victim.kill();
        await this.#replace(leader);
        victim.start();
        return;
    }
  }

  /** Has somebody else lead. */
  async #replace(leader: Member): Promise<Member | undefined> {
    const promoted = await this.#operator.promote([leader, this.#full]);
    this.#expected = promoted ?? this.#expected;
    return promoted;
  }

  async #dieInCatchUp(leader: Member, victim: Member): Promise<void> {
    const { ledger, tally, random } = this.#scene;
    await writeBallast(leader, ledger, this.#label);
    for (let death = 0; death < DEATHS_IN_CATCH_UP; death++) {
      victim.start();
      await waitUntil(async () => (await leader.follower(victim.url))?.connected, {
        what: `${victim.id} to hear its leader`,
        timeoutMs: PROGRESS_MS_MAX,
        intervalMs: 1,
      });
      await anyMoment(random, 20);
      const synced = (await leader.follower(victim.url))?.synced;
      await victim.kill();
      tally.followerKills += 1;
      if (synced !== false) return;
      tally.deathsInCatchUp += 1;
    }
  }

  /** Everything runs again; resolves with the leader when all are ready. */
  async #recover(): Promise<Member> {
    const { members } = this.#scene;
    const startedAtMs = performance.now();
    let last = "";
    const leader = await waitUntil(
      async () => {
        members.start();
        const leading = await members.leader();
        if (leading === undefined) {
          last = "nobody leads";
          const late = performance.now() - startedAtMs > LEADERLESS_MS_MAX;
          if (late && !members.durable && this.#expected === undefined) await this.#replaceLost();
          return undefined;
        }
        last = `${leading.id} leads, but not with quorum ${WRITE_QUORUM}`;
        if (!(await this.#operator.turnQuorum(leading, WRITE_QUORUM))) return undefined;
        const answers = await Promise.all(members.all.map((each) => each.ask("GET", "/ready")));
        const texts = await Promise.all(answers.map((answer) => answer.text()));
        last = texts.filter((_, index) => answers[index]?.ok !== true).join(", ");
        return answers.every(({ ok }) => ok) ? leading : undefined;
      },
      { what: "all nodes to be ready again", timeoutMs: RECOVERY_MS_MAX },
    ).catch((error: Error) => {
      throw new Error(`${error.message} (${last})`);
    });
    members.logs.mayEnd = undefined;
    return leader;
  }

  async #replaceLost(): Promise<void> {
    this.#expected = await this.#operator.promote();
  }

  /** All writes have ended: is all as it should be? */
  async #look(leader: Member, history: readonly Operation[]): Promise<readonly string[]> {
    const { members, ledger, tally } = this.#scene;
    const wrong: string[] = [];
    if (this.#expected !== undefined && this.#expected !== leader) {
      wrong.push(`${this.#expected.id} should lead, and ${leader.id} does`);
    }
    await waitUntil(
      async () => {
        const answers = await Promise.all(members.all.map((each) => each.ask("GET", "/digest")));
        const digests = await Promise.all(answers.map((answer) => answer.text()));
        return new Set(digests).size === 1;
      },
      { what: "all nodes to be equal", timeoutMs: PROGRESS_MS_MAX },
    ).catch((error: Error) => wrong.push(error.message));
    for (const member of members.all) {
      const { possibleLoss = [] } = (await member.status()) ?? {};
      wrong.push(...possibleLoss.map((sentence) => `${member.id} says: ${sentence}`));
    }
    const { keys } = this.#load;
    wrong.push(...(await judge({ members, leader, ledger, history, keys, tally })));
    return wrong;
  }
}

/** Resolves to whether it has said so in its readiness before long: a log may have room left. */
async function saysThatItsDiskFails(member: Member): Promise<boolean> {
  const asked = async () =>
    (await (await member.ask("GET", "/ready")).text()).includes('"storage_failed"');
  const options = { what: "the full disk to be noticed", timeoutMs: NOTICE_MS_MAX };
  return await waitUntil(asked, options).catch(() => false);
}

function shuffled<Item>(random: Random, items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, place: random.next() }))
    .sort((one, other) => one.place - other.place)
    .map(({ item }) => item);
}
