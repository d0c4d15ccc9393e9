/**
 * `bun test/simulation/partitioned/schedules/play.ts [NAME…]` plays schedules of a cluster with
 * nothing else going wrong, all unless told, and prints for each the rule that was broken, `kept`
 * if none was (`--story`: and what happened). With `--define KVNODE_SHORTCUT='"NAME"'` one of them
 * breaks a promise.
 */
import { formatTrace } from "../../trace.ts";
import { MISFORTUNES } from "../misfortunes/names.ts";
import { runClusterSeed } from "../run.ts";
import { CLUSTER_SCHEDULES, type ClusterScheduleName } from "./schedules.ts";

const SEED = 1;

const asked = process.argv.slice(2);
const tells = asked.includes("--story");
const named = asked.filter((each) => each !== "--story") as ClusterScheduleName[];
const names = named.length > 0 ? named : (Object.keys(CLUSTER_SCHEDULES) as ClusterScheduleName[]);
const rates = Object.fromEntries(Object.keys(MISFORTUNES).map((name) => [name, 0])) as Record<
  keyof typeof MISFORTUNES,
  number
>;
for (const schedule of names) {
  const change = { rates, ambush: 0, faultsMs: 500 };
  const { violation, lines } = runClusterSeed({ seed: SEED, schedule, change, keepsTrace: tells });
  const broken = violation === undefined ? "kept" : `${violation.rule}\n  ${violation.message}`;
  for (const line of formatTrace(lines, false)) {
    process.stdout.write(`${line}\n`);
  }
  process.stdout.write(`${schedule}: ${broken}\n`);
}
