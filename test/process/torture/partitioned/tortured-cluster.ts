/** One cluster through many rounds, with the directory that all of it leaves behind. */
import { cpSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "../../../../src/base/random.ts";
import { waitUntil } from "../../../support/wait-until.ts";
import { writeBallast } from "../ballast.ts";
import type { FillableDisk } from "../fillable-disk.ts";
import { Ledger } from "../ledger.ts";
import { Acknowledgers } from "./acknowledgers.ts";
import { Crew, type Settings } from "./crew.ts";
import { misplaced } from "./placing.ts";
import { describePlan, type RoundPlan } from "./plan.ts";
import { Round } from "./round.ts";
import type { Scene } from "./stage.ts";
import type { ClusterTally } from "./tally.ts";

const START_MS_MAX = 30_000;
/** The worker whose disk can be filled. */
const SMALL_DISK_AT = "worker3";

export interface TorturedClusterOptions {
  /** Exists; everything of this cluster goes there. */
  readonly directory: string;
  readonly random: Random;
  readonly tally: ClusterTally;
  /** One worker's, if there is one; unmounted at the end. */
  readonly disk: FillableDisk | undefined;
  readonly settings: Settings;
}

export class TorturedCluster {
  readonly #directory: string;
  readonly #scene: Scene;
  #rounds = 0;

  constructor({ directory, random, tally, disk, settings }: TorturedClusterOptions) {
    this.#directory = directory;
    const elsewhere = new Map(disk === undefined ? [] : [[SMALL_DISK_AT, disk.directory]]);
    const crew = new Crew({ directory, settings, elsewhere });
    const worker = crew.worker(SMALL_DISK_AT);
    this.#scene = {
      crew,
      fillable: disk !== undefined && worker !== undefined ? { worker, disk } : undefined,
      ledger: new Ledger(),
      acknowledgers: new Acknowledgers(crew.settings.partitions),
      tally,
      random,
      present: new Set(crew.regular),
      generations: new Map(),
    };
  }

  get crew(): Crew {
    return this.#scene.crew;
  }

  /** As people read of it. */
  get story(): string {
    const { partitions, replicas, writeQuorum, durable } = this.#scene.crew.settings;
    const where = durable ? "disks" : "in memory";
    return `${where}, ${partitions} partitions, ${writeQuorum} of ${replicas}`;
  }

  async start(): Promise<void> {
    const { crew, ledger } = this.#scene;
    const { replicas, partitions } = crew.settings;
    crew.controller.start();
    for (const worker of crew.regular) worker.start();
    const up = crew.regular.map(({ id }) => id);
    let last: string | undefined = "the controller does not answer";
    const placed = async () => {
      const status = await crew.status();
      if (status !== undefined) last = misplaced(status, { up, replicas, partitions });
      return last === undefined;
    };
    const what = "the cluster to be placed";
    await waitUntil(placed, { what, timeoutMs: START_MS_MAX }).catch((error: Error) => {
      throw new Error(`${error.message} (${last})`);
    });
    const [first] = crew.regular;
    if (crew.settings.ballast && first !== undefined) await writeBallast(first, ledger, "ballast");
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
      writeFileSync(join(this.#directory, "status.json"), await this.#statuses());
    }
    return wrong;
  }

  /** What every node says of itself, as JSON. */
  async #statuses(): Promise<string> {
    const { all } = this.#scene.crew;
    const statuses = all.map(async (life) => {
      const answer = await life.ask("GET", "/status").catch(() => undefined);
      return [life.id, (await answer?.json()) ?? null] as const;
    });
    return JSON.stringify(Object.fromEntries(await Promise.all(statuses)), null, 1);
  }

  /** Ends all nodes; keeps the directory, with every disk's content, where `keep` is set. */
  async end(keep: boolean): Promise<void> {
    const { crew, fillable } = this.#scene;
    await crew.end();
    if (fillable !== undefined) {
      const { disk, worker } = fillable;
      const kept = join(this.#directory, worker.id);
      if (keep && existsSync(disk.directory)) cpSync(disk.directory, kept, { recursive: true });
      disk.unmount();
    }
    if (!keep) rmSync(this.#directory, { recursive: true, force: true });
  }
}
