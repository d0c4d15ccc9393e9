/**
 * `bun test/simulation/schedules/play.ts [NAME…]` plays schedules with nothing else going wrong,
 * all unless told, and prints for each the rule that was broken, `kept` if none was. With `--define
 * KVNODE_SHORTCUT='"NAME"'` one of them breaks a promise.
 */
import { MISFORTUNES } from "../misfortunes/names.ts";
import { runSeed } from "../run.ts";
import { SCHEDULES, type ScheduleName } from "./schedules.ts";

const SEED = 1;

const named = process.argv.slice(2) as ScheduleName[];
const names = named.length > 0 ? named : (Object.keys(SCHEDULES) as ScheduleName[]);
const rates = Object.fromEntries(Object.keys(MISFORTUNES).map((name) => [name, 0])) as Record<
  keyof typeof MISFORTUNES,
  number
>;
for (const schedule of names) {
  const change = { rates, ambush: 0, faultsMs: 500 };
  const { violation } = runSeed({ seed: SEED, schedule, change });
  const broken = violation === undefined ? "kept" : `${violation.rule}\n  ${violation.message}`;
  process.stdout.write(`${schedule}: ${broken}\n`);
}
