/** `kvnode drain`: empties a worker of a partitioned cluster, so that it can be taken away. */
import type { Command } from "commander";
import { addClientOptions, type ClientOptions } from "./client-options.ts";
import { CommandError, EXIT } from "./exit-code.ts";
import { NodeClient, refusal } from "./node-client.ts";
import { count, printJson, printLine, printNote } from "./output.ts";
import { type ClusterStatus, findPartitioned, readCluster } from "./partitioned/cluster-status.ts";

interface DrainOptions extends ClientOptions {
  readonly undo?: boolean;
  readonly detach?: boolean;
}

const DEFAULT_CONTROLLER = "http://127.0.0.1:8000";
const POLL_MS = 250;
const TELL_MS = 1_000;
/** A drain that gets no further says so again after this time. */
const REMIND_MS = 10_000;

/** Adds the command to the program. */
export function addDrain(program: Command): void {
  const command = program
    .command("drain")
    .argument("<worker>", "its name, as kvnode status shows it")
    .summary("empty a worker of a partitioned cluster")
    .description(
      "Other workers take over all that the worker keeps, one partition after the other, while " +
        "reads and writes go on; it waits until the worker is empty and can be stopped for good. " +
        "The controller remembers it: Ctrl-C ends the waiting, not the drain. --undo gives the " +
        "worker its share again.",
    )
    .option("--undo", "the worker takes its share again")
    .option("--detach", "do not wait until it is empty")
    .action(drain);
  const examples = ["kvnode drain worker2", "kvnode drain worker2 --undo"];
  addClientOptions(command, examples, 10_000, DEFAULT_CONTROLLER);
}

async function drain(worker: string, options: DrainOptions): Promise<void> {
  const cluster = await findPartitioned(new NodeClient(options.node, options.timeout));
  if (cluster === undefined) {
    throw new CommandError(
      `${options.node} belongs to a leader/follower group, where nothing can be drained: name ` +
        "the controller of a partitioned cluster by --node URL.",
      EXIT.usage,
    );
  }
  const { controller } = cluster;
  const reply = await controller.request({
    method: "POST",
    path: "/admin/drain",
    body: JSON.stringify(options.undo ? { worker, undo: true } : { worker }),
  });
  if (!reply.ok) throw refusal(reply);
  if (options.undo) {
    if (options.json) return printJson({ worker, draining: false });
    return printLine(`${worker} takes its share again; see kvnode status.`);
  }
  if (options.detach) {
    if (options.json) return printJson({ worker, draining: true });
    return printLine(`${worker} is being emptied; see kvnode status.`);
  }
  await waitUntilEmpty(controller, worker, options.json ?? false);
}

async function waitUntilEmpty(
  controller: NodeClient,
  worker: string,
  json: boolean,
): Promise<void> {
  printNote(`${worker} is being emptied. Ctrl-C ends the waiting, not the drain.`);
  let told = { copies: Number.NaN, atMs: Number.NEGATIVE_INFINITY };
  for (;;) {
    const { status } = await readCluster(controller);
    const copies = copiesLeft(status, worker);
    if (copies === 0) {
      if (json) return printJson({ worker, draining: true, copies });
      return printLine(`${worker} is empty and can be stopped.`);
    }
    if (status.workers.find(({ id }) => id === worker)?.status === "up") {
      throw new CommandError(`The drain of ${worker} was undone.`, EXIT.no);
    }
    const silentMs = performance.now() - told.atMs;
    if (silentMs > (copies === told.copies ? REMIND_MS : TELL_MS)) {
      const stuck = whyStuck(status, worker) ?? (copies === told.copies ? ", as before" : "");
      printNote(`${worker} still keeps ${count(copies, "copy", "copies")}${stuck}.`);
      told = { copies, atMs: performance.now() };
    }
    await Bun.sleep(POLL_MS);
  }
}

/** Copies go to workers that have none of that partition; there may be too few of them. */
function whyStuck({ cluster, workers }: ClusterStatus, worker: string): string | undefined {
  const able = workers.filter(({ id, status }) => id !== worker && status === "up").length;
  const replicas = cluster?.replicas ?? 0;
  if (able >= replicas) return undefined;
  return (
    ": it waits for another worker, since each key is kept in " +
    `${count(replicas, "copy", "copies")} and ${able} of the others can take one`
  );
}

/**
 * Of how many partitions it keeps a copy that may be needed: a former member's too, as long as the
 * ones that follow have not taken over. One that is down gives nothing any more.
 */
function copiesLeft({ workers, partitions }: ClusterStatus, worker: string): number {
  const known = workers.find(({ id }) => id === worker);
  if (known === undefined || known.status === "down") return known?.partitions ?? 0;
  return partitions.filter(({ members }) => members.some(({ id }) => id === worker)).length;
}
