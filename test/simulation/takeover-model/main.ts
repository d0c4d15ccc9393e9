/**
 * `bun test/simulation/takeover-model/main.ts [--runs N] [--from SEED] [--sizes 3,4,5,6] [--steps
 * N]` runs N schedules for every size and write quorum, then those that are written down. It ends
 * with code 1 at the first violation. `--size N --quorum N --seed N` replays one, `--written NAME`
 * one that is written down. With `--define KVNODE_SHORTCUT='"NAME"'` it looks for that mistake.
 */
import { parseArgs } from "node:util";
import { SHORTCUT } from "../../../src/core/shortcut.ts";
import { run } from "./schedule.ts";
import { Violation } from "./truth.ts";
import { WRITTEN } from "./written.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "500" },
    from: { type: "string", default: "0" },
    sizes: { type: "string", default: "3,4,5,6" },
    steps: { type: "string", default: "200" },
    seed: { type: "string" },
    size: { type: "string" },
    quorum: { type: "string" },
    written: { type: "string" },
  },
});

const print = (line: string) => void process.stdout.write(`${line}\n`);
const steps = Number(values.steps);

if (values.written !== undefined) {
  process.exitCode = play(values.written, print);
} else if (values.seed !== undefined) {
  const [size, writeQuorum] = [Number(values.size), Number(values.quorum)];
  const { violation } = run({ size, writeQuorum, seed: Number(values.seed), steps, trace: print });
  print(violation ?? "all held");
} else {
  process.exitCode =
    search() || WRITTEN.map(({ name }) => play(name)).find((code) => code > 0) || 0;
}

/** One that is written down; 1 where something was violated. */
function play(name: string, trace?: (line: string) => void): number {
  try {
    WRITTEN.find((written) => written.name === name)?.run(trace);
    return 0;
  } catch (error) {
    if (!(error instanceof Violation)) {
      throw error;
    }
    print(`${SHORTCUT ?? "VIOLATED"}: ${error.message}; by the written schedule ${name}`);
    return 1;
  }
}

/** Seed by seed through all groups; ends at the first violation. */
function search(): number {
  const groups = values.sizes.split(",").flatMap((size) => {
    const quorums = Array.from({ length: Number(size) - 1 }, (_, index) => index + 1);
    return quorums.map((writeQuorum) => ({ size: Number(size), writeQuorum }));
  });
  const from = Number(values.from);
  let [runs, acknowledged, takeovers] = [0, 0, 0];
  for (let seed = from; seed < from + Number(values.runs); seed++) {
    for (const group of groups) {
      const outcome = run({ ...group, seed, steps });
      runs += 1;
      acknowledged += outcome.acknowledged;
      takeovers += outcome.takeovers;
      if (outcome.violation !== undefined) {
        const { size, writeQuorum } = group;
        const replay = `--size ${size} --quorum ${writeQuorum} --seed ${seed} --steps ${steps}`;
        print(`${SHORTCUT ?? "VIOLATED"}: ${outcome.violation}; after ${runs} runs: ${replay}`);
        return 1;
      }
    }
  }
  const sums = `${runs} runs, ${acknowledged} writes acknowledged, ${takeovers} takeovers`;
  print(`${SHORTCUT ?? "no shortcut"}: nothing found in ${sums}`);
  return 0;
}
