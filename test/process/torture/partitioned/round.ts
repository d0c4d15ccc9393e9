/**
 * One round: clients write and read all the time at any workers, something befalls the cluster,
 * everything runs again, and then it is looked at.
 */
import type { Operation } from "../../../linearizability/history.ts";
import { waitUntil } from "../../../support/wait-until.ts";
import { Load } from "../load.ts";
import { AnyWorker } from "./any-worker.ts";
import { Calm } from "./calm.ts";
import { judge } from "./judge.ts";
import { MISFORTUNES } from "./misfortunes.ts";
import { isCalm, type RoundPlan } from "./plan.ts";
import { PROGRESS_MS_MAX, type Scene, Stage } from "./stage.ts";

const KEYS = 24;
/** A call may wait for a primary and then for its answer, each as long as REPLICATION_TIMEOUT. */
const CLIENT_MS_MAX = 5_000;

export interface RoundResult {
  /** Sentences on what is wrong; none if all is well. */
  readonly wrong: readonly string[];
  readonly history: readonly Operation[];
}

export class Round {
  readonly #scene: Scene;
  readonly #plan: RoundPlan;
  readonly #stage: Stage;

  constructor(scene: Scene, plan: RoundPlan, label: string) {
    const { crew, ledger, tally, random, acknowledgers, present } = scene;
    this.#scene = scene;
    this.#plan = plan;
    const calm = new Calm(crew, tally);
    const route = new AnyWorker({
      random,
      workers: () => [...present],
      answered: (answered, asked) => {
        calm.note(answered, asked);
        const fault = acknowledgers.note(answered);
        if (fault !== undefined) this.#stage.faults.push(fault);
      },
    });
    const bounds = { keys: KEYS, timeoutMs: CLIENT_MS_MAX };
    const load = new Load({ label, route, random, ledger, tally, ...bounds });
    this.#stage = new Stage({ scene, load, route, calm, alone: plan.length === 1 });
  }

  async run(): Promise<RoundResult> {
    const { load, calm, faults, reads } = this.#stage;
    const { crew } = this.#scene;
    const wrong: string[] = [];
    let over = false;
    try {
      await load.progress(30, PROGRESS_MS_MAX);
      if (isCalm(this.#plan)) await this.#stage.calmNow();
      const ends = [];
      for (const misfortune of this.#plan) {
        ends.push(await MISFORTUNES[misfortune](this.#stage));
        await this.#stage.moment(150);
      }
      for (const end of ends.reverse()) await end();
      await this.#recover();
      await load.progress(30, PROGRESS_MS_MAX);
      wrong.push(...(await calm.end()));
      over = true;
    } catch (error) {
      wrong.push(`no progress: ${error instanceof Error ? error.message : String(error)}`);
    }
    const history = [...(await load.stop()), ...reads];
    wrong.push(...load.faults, ...faults, ...crew.logs.faults.splice(0));
    if (!over) return { wrong, history };
    try {
      const { keys } = load;
      wrong.push(...(await judge({ scene: this.#scene, history, keys })));
    } catch (error) {
      wrong.push(`not to be judged: ${error instanceof Error ? error.message : String(error)}`);
    }
    return { wrong, history };
  }

  /** Everything runs that should, and all copies are where they should be. */
  async #recover(): Promise<void> {
    const { crew, present } = this.#scene;
    // What was ended by a full disk comes back by itself nowhere but here.
    await waitUntil(
      () => {
        for (const life of [crew.controller, ...present]) life.start();
        return [crew.controller, ...present].every(({ awake }) => awake);
      },
      { what: "everybody to run", timeoutMs: PROGRESS_MS_MAX },
    );
    await this.#stage.placed();
    crew.logs.mayEnd = undefined;
  }
}
