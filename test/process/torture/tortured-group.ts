/** One group through many rounds, with the directory that all of it leaves behind. */
import { cpSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Random, randomBelow } from "../../../src/base/random.ts";
import { waitUntil } from "../../support/wait-until.ts";
import type { FillableDisk } from "./fillable-disk.ts";
import { Ledger } from "./ledger.ts";
import { Members } from "./members.ts";
import { describePlan, type RoundPlan } from "./plan.ts";
import { Round, type Scene } from "./round.ts";
import type { Tally } from "./tally.ts";

const START_MS_MAX = 20_000;
/** The member whose disk can be filled. */
const SMALL_DISK_AT = 4;

export interface TorturedGroupOptions {
  /** Exists; everything of this group goes there. */
  readonly directory: string;
  readonly durable: boolean;
  readonly random: Random;
  readonly tally: Tally;
  /** One node's, if there are disks; unmounted at the end. */
  readonly disk: FillableDisk | undefined;
}

export class TorturedGroup {
  readonly #directory: string;
  readonly #scene: Scene;
  #rounds = 0;

  constructor(options: TorturedGroupOptions) {
    const { directory, durable, random, tally, disk } = options;
    this.#directory = directory;
    const elsewhere = new Map(disk === undefined ? [] : [[SMALL_DISK_AT, disk.directory]]);
    const members = new Members({ directory, durable, env: drawSettings(random), elsewhere });
    const member = members.all[SMALL_DISK_AT];
    const fillable = disk !== undefined && member !== undefined ? { member, disk } : undefined;
    this.#scene = { members, fillable, ledger: new Ledger(), tally, random };
  }

  async start(): Promise<void> {
    const { members } = this.#scene;
    const [first, ...others] = members.all;
    // A group that begins before all can answer says that somebody was left out.
    members.start(others);
    const listening = () => Promise.all(others.map((each) => each.ask("GET", "/health")));
    await waitUntil(listening, { what: "the followers to listen", timeoutMs: START_MS_MAX });
    first?.start();
    await waitUntil(
      async () => {
        const answers = await Promise.all(members.all.map((each) => each.ask("GET", "/ready")));
        return answers.every(({ ok }) => ok);
      },
      { what: "the group to be ready", timeoutMs: START_MS_MAX },
    );
  }

  /** Sentences on what is wrong after a round of this plan; none if all is well. */
  async round(plan: RoundPlan): Promise<readonly string[]> {
    this.#rounds += 1;
    const label = `round${this.#rounds}`;
    const { wrong, history } = await new Round(this.#scene, plan, label).run();
    if (wrong.length > 0) {
      const story = [`round ${this.#rounds}: ${describePlan(plan)}`, ...wrong].join("\n");
      writeFileSync(join(this.#directory, "wrong.txt"), `${story}\n`);
      writeFileSync(join(this.#directory, "history.json"), JSON.stringify(history));
    }
    return wrong;
  }

  /** Ends all nodes; keeps the directory, with every disk's content, where `keep` is set. */
  async end(keep: boolean): Promise<void> {
    const { members, fillable, tally } = this.#scene;
    await members.end();
    const { takeovers, deposed } = members.counts();
    tally.takeovers += takeovers;
    tally.deposed += deposed;
    if (fillable !== undefined) {
      const { disk, member } = fillable;
      const kept = join(this.#directory, member.id);
      if (keep && existsSync(disk.directory)) cpSync(disk.directory, kept, { recursive: true });
      disk.unmount();
    }
    if (!keep) rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Settings under which other things happen: copies that overtake, links that fall behind. */
function drawSettings(random: Random): Readonly<Record<string, string>> {
  const delays = [{}, { MIN_DELAY: "0.1ms", MAX_DELAY: "3ms" }];
  const queues = [{}, { LINK_QUEUE_BYTES: "64KiB" }];
  return {
    REPLICATION_TIMEOUT: "500ms",
    ...delays[randomBelow(random, delays.length)],
    ...queues[randomBelow(random, queues.length)],
  };
}
