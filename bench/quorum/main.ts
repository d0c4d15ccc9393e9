/** `bun run bench`: measures what the write quorum costs and buys. `--help` says more. */
import { join } from "node:path";
import { nodeCommand } from "../cluster/node-process.ts";
import { EXIT_INTERRUPTED, endOnSignals, runToEnd } from "../ending.ts";
import { Analysis } from "./analysis.ts";
import { BenchError, EXIT_USAGE } from "./bench-error.ts";
import { describeConsistency, differ } from "./consistency.ts";
import { describeEnvironment } from "./environment.ts";
import { type Knobs, Lab } from "./lab.ts";
import { type BenchOptions, OWN_FOLLOWERS, readOptions } from "./options.ts";
import { startOwnCluster } from "./own-cluster.ts";
import { describeResults } from "./summary.ts";
import { writeResults } from "./write-results.ts";

const EXIT_DIFFERENT = 1;

/** A cluster to measure, and how to leave it. */
interface Subject {
  readonly lab: Lab;
  readonly name: string;
  leave(): Promise<void>;
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) return 0;
  const signal = endOnSignals();
  const subject = await takeSubject(options);
  try {
    return await analyse(subject, options, signal);
  } finally {
    await subject.leave();
  }
}

async function takeSubject(options: BenchOptions): Promise<Subject> {
  if (options.target !== undefined) {
    const lab = await Lab.of(options.target, options.followers);
    const before = await lab.knobs();
    return { lab, name: `running cluster at ${options.target}`, leave: () => lab.turn(before) };
  }
  const cluster = await startOwnCluster({
    followers: OWN_FOLLOWERS,
    writeQuorum: Math.max(...options.quorums),
    minDelayMs: options.minDelayMs ?? 0,
    maxDelayMs: options.maxDelayMs ?? 0,
    logDirectory: join(options.out, "logs"),
  });
  const lab = new Lab(cluster.leader, cluster.followers);
  const processes = `processes ${cluster.processIds.join(" ")}`;
  console.error(
    `${nodeCommand().name}: leader ${cluster.leader}, ${OWN_FOLLOWERS} followers, ${processes}`,
  );
  return { lab, name: nodeCommand().name, leave: cluster.stop };
}

async function analyse(
  { lab, name }: Subject,
  options: BenchOptions,
  signal: AbortSignal,
): Promise<number> {
  const knobs = await knobsOf(lab, options);
  const analysis = new Analysis({
    lab,
    setting: { ...options, ...knobs, followers: lab.followers.length },
    environment: describeEnvironment(name),
    signal,
  });
  try {
    await analysis.run();
  } finally {
    // Also after an error in the middle: hours of measuring must not be lost with it.
    await writeResults(options.out, analysis.results());
  }
  console.log(describeResults(analysis.results()));
  const { consistency } = analysis;
  if (consistency !== undefined) console.log(`\n${describeConsistency(consistency)}`);
  console.log(`\nTables and plots: ${options.out}`);
  if (consistency === undefined) return EXIT_INTERRUPTED;
  return differ(consistency.followers) ? EXIT_DIFFERENT : 0;
}

/** The delays to measure with: the asked ones, else those that the cluster has. */
async function knobsOf(
  lab: Lab,
  options: BenchOptions,
): Promise<Pick<Knobs, "minDelayMs" | "maxDelayMs">> {
  const most = Math.max(...options.quorums);
  if (most > lab.followers.length) {
    throw new BenchError(
      `--quorums asks for ${most}, and the cluster has ${lab.followers.length} followers ` +
        "to confirm.",
      EXIT_USAGE,
    );
  }
  const held = await lab.knobs();
  return {
    minDelayMs: options.minDelayMs ?? held.minDelayMs,
    maxDelayMs: options.maxDelayMs ?? held.maxDelayMs,
  };
}

await runToEnd(main);
