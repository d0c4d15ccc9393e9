/** One node of a local cluster as a child process. */
import { RUNTIME_ENVIRONMENT } from "../../base/runtime-environment.ts";
import { STOP_WITH_STDIN } from "../stop-with-stdin.ts";
import { forEachLine } from "./log-lines.ts";
import type { NodePlan } from "./node-plan.ts";
import { selfCommand } from "./self-command.ts";

/** How a child ended. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A running node; its log lines go to `takeLine` until it ends. */
export class ChildNode {
  readonly plan: NodePlan;
  readonly pid: number;
  /** Resolves when the process has ended and its last line was taken. */
  readonly ended: Promise<ChildEnd>;
  #running = true;
  readonly #kill: (signal: NodeJS.Signals) => void;

  constructor(plan: NodePlan, takeLine: (node: string, line: string) => void) {
    // Its name also in the list of processes, so that `pkill -f follower2` finds it.
    const child = Bun.spawn([...selfCommand(), "serve", "--node-id", plan.id], {
      env: { ...RUNTIME_ENVIRONMENT, ...plan.env, [STOP_WITH_STDIN]: "1" },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
      // A group of its own: Ctrl-C reaches the parent alone, and that stops the nodes in order.
      detached: true,
    });
    this.plan = plan;
    this.pid = child.pid;
    this.#kill = (signal) => child.kill(signal);
    const take = (line: string): void => takeLine(plan.id, line);
    const lines = [forEachLine(child.stdout, take), forEachLine(child.stderr, take)];
    this.ended = child.exited.then(async () => {
      this.#running = false;
      await Promise.all(lines);
      const signal = child.signalCode;
      return { code: child.exitCode, signal: signal === null ? null : String(signal) };
    });
  }

  get running(): boolean {
    return this.#running;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#running) this.#kill(signal);
  }
}
