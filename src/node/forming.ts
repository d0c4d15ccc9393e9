/**
 * How a leader without memory finds out whether its group is new: it hears its followers out, with
 * patience at first, and says why not as long as it may not begin.
 */
import type { Cancel, Clock } from "../base/clock.ts";
import { KvError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { type Answer, decideFormation, type Formation } from "../core/formation.ts";
import { notEnoughReplicas } from "./not-enough-replicas.ts";
import type { PeerConnection } from "./peer-connection.ts";

/** So long it waits for all followers before it is content with the quorum. */
const PATIENCE_MS = 1_000;

export interface FormingOptions {
  readonly peers: readonly PeerConnection[];
  readonly lab: { readonly writeQuorum: number };
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Forming {
  readonly #options: FormingOptions;
  readonly #answers: Answer[];
  #patient = true;
  #cancelPatience: Cancel = () => {};

  constructor(options: FormingOptions) {
    this.#options = options;
    this.#answers = options.peers.map(() => "none");
  }

  /** Followers that have answered, by their number. */
  get answered(): number[] {
    return this.#answers.flatMap((answer, follower) => (answer === "none" ? [] : [follower]));
  }

  /** `changed` is called when its patience is over. */
  start(changed: () => void): void {
    this.#cancelPatience = this.#options.clock.after(PATIENCE_MS, () => {
      this.#patient = false;
      changed();
    });
  }

  stop(): void {
    this.#cancelPatience();
  }

  heard(follower: number, blank: boolean): void {
    this.#answers[follower] = blank ? "blank" : "remembers";
  }

  lost(follower: number): void {
    this.#answers[follower] = "none";
  }

  /** May the group begin now? Where somebody remembers, the log says so. */
  mayStart(): boolean {
    const formation = this.#decide();
    if (formation.step === "stay") {
      this.#options.logger.warn("group.recovering", { remembering: this.#names(formation) });
    }
    return formation.step === "start";
  }

  /** Why nothing can be written or confirmed yet. */
  refusal(): KvError {
    const formation = this.#decide();
    if (formation.step !== "stay") {
      const blank = this.#answers.filter((answer) => answer === "blank").length;
      return notEnoughReplicas(blank, this.#options.lab.writeQuorum);
    }
    const remembering = this.#names(formation);
    return new KvError({
      code: "recovering",
      message:
        `This leader has no memory and ${remembering.join(", ")} still hold data of an earlier ` +
        "one; to begin anew restart them too.",
      outcome: "refused",
      details: { remembering },
    });
  }

  #decide(): Formation {
    const { writeQuorum } = this.#options.lab;
    return decideFormation({ answers: this.#answers, writeQuorum, patient: this.#patient });
  }

  #names({ remembering }: Extract<Formation, { step: "stay" }>): string[] {
    const { peers } = this.#options;
    return remembering.map((follower) => peers[follower]?.peer?.node ?? "?");
  }
}
