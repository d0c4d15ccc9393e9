/** The person at the command line: promotes nodes, and turns the quorum. */
import { type Random, randomBelow } from "../../../src/base/random.ts";
import type { Member, Members } from "./members.ts";
import type { Tally } from "./tally.ts";

/** A node gives up a takeover by itself before that. */
const PROMOTE_MS_MAX = 15_000;

export class Operator {
  readonly #members: Members;
  readonly #random: Random;
  readonly #tally: Tally;

  constructor(members: Members, random: Random, tally: Tally) {
    this.#members = members;
    this.#random = random;
    this.#tally = tally;
  }

  /** Promotes any follower that is fit for it; the one that leads then, or undefined. */
  async promote(except: readonly (Member | undefined)[] = []): Promise<Member | undefined> {
    const fit: Member[] = [];
    for (const member of this.#members.awake) {
      const status = await member.status();
      if (status === undefined || status.role === "leader" || status.blank) continue;
      if (!except.includes(member)) fit.push(member);
    }
    const chosen = fit[randomBelow(this.#random, fit.length)];
    if (chosen === undefined) return undefined;
    let promoted = false;
    try {
      const answer = await chosen.ask("POST", "/admin/promote", {}, PROMOTE_MS_MAX);
      promoted = answer.ok;
      await answer.arrayBuffer();
    } catch {
      // It was killed meanwhile, or never answered.
    }
    if (promoted) this.#tally.promotions += 1;
    else this.#tally.refusedPromotions += 1;
    return promoted ? chosen : undefined;
  }

  /** Asks the leader for another write quorum; true if it holds now. */
  async turnQuorum(leader: Member, writeQuorum: number): Promise<boolean> {
    try {
      const answer = await leader.ask("PATCH", "/config", { writeQuorum });
      await answer.arrayBuffer();
      return answer.ok;
    } catch {
      return false;
    }
  }
}
