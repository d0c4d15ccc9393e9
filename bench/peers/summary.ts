/** `summary.md`: the page of a run. */
import { median } from "simple-statistics";
import { markdownTable } from "../markdown.ts";
import { REPLICAS } from "./deployments/deployment.ts";
import type { Results } from "./results.ts";
import { type Section, sectionsOf } from "./tables.ts";

/** A sentence for each plot. */
const PLOT_TEXTS: Readonly<Record<string, string>> = {
  throughput:
    "Writes a second by number of connections; whiskers from the worst to the best round.",
  latency: "How long a write takes from 20 connections: median and 99th percentile.",
  quorum: "Writes a second by how many nodes beside the leader must confirm, 20 connections.",
  values: "Writes a second by the size of a value, 20 connections.",
  reads: "Reads at the leader, over all nodes, and nine reads for each write, 20 connections.",
  processor:
    "Processor time of all processes of a system for each write: where driver and nodes share a " +
    "machine it decides how many writes a second there can be.",
  memory: "What resident memory grew by for each key.",
};

/** What a reader must know to judge the figures. */
const NOTES: readonly string[] = [
  "One driver asks each system over its own protocol, from as many connections, with the same " +
    "keys and values, one system at a time; points and systems are shuffled in each round, and a " +
    "ratio is always taken within one round. Before each measured load runs a short one that is " +
    "not counted.",
  "The loop is closed: each connection sends its next request when its answer has come. So a " +
    "latency says how long so many clients wait for one another, not how long somebody would who " +
    "comes while a system stands still.",
  `Redis has 1 master and ${REPLICAS} replicas in memory, appendonly off and save off; a write ` +
    "is SET and WAIT k in one packet, and counts as served when k replicas have confirmed.",
  "etcd is asked at its leader, and every member writes to its disk before it confirms. A " +
    "majority confirms: of 5 members the leader and 2 more, where kvnode waits for its own disk " +
    "and those of 3 followers. Its reads are serializable, answered by the member that is asked, " +
    "as kvnode’s and Redis’s are.",
  "The reports are rebuilt from the code in their texts (`bench/peers/reports/`), with their " +
    "simulated delays at zero, as kvnode’s is.",
  "Processor time is user and system time of all processes of a system, followers included, " +
    "divided by what was served.",
];

/** `plots` are the names of those that were drawn. */
export function summaryMarkdown(results: Results, plots: readonly string[]): string {
  const [wanted, ...others] = sectionsOf(results);
  return [
    "# kvnode beside Redis, etcd and two reports",
    "",
    "Made by `bun run bench:peers --out docs/peers`; `bench/DESIGN.md` says how.",
    "",
    ...[...results.environment].map(([name, text]) => `- ${name}: ${text}`),
    ...results.missing.map((line) => `- ${line}`),
    "",
    ...[...NOTES, ...idleNote(results)].flatMap((note) => [note, ""]),
    ...(wanted === undefined ? [] : markdownOf(wanted)),
    ...plots.flatMap((name) => [`![${name}](${name}.png)`, "", PLOT_TEXTS[name] ?? "", ""]),
    ...others.flatMap(markdownOf),
  ].join("\n");
}

function idleNote({ runs }: Results): string[] {
  if (runs.length === 0) return [];
  const percent = 100 * median(runs.map(({ idleShare }) => idleShare));
  return [
    "All systems run throughout; those that were not asked took, heartbeats and timers, " +
      `${percent.toFixed(0)} % of one core (median; \`measurements.csv\` has it for each load).`,
  ];
}

function markdownOf({ title, columns, rows }: Section): string[] {
  return [`## ${title}`, "", ...markdownTable(columns, rows), ""];
}
