/** `kvnode drain`: empties a worker of a partitioned cluster, so that it can be taken away. */
import type { Command } from "commander";
import { addClientOptions, type ClientOptions } from "./client-options.ts";
import { CommandError, EXIT } from "./exit-code.ts";
import { NodeClient, refusal } from "./node-client.ts";
import { colors, count, printJson, printLine, printNote } from "./output.ts";
import { findPartitioned, readCluster, type WorkerAnswer } from "./partitioned/cluster-status.ts";

interface DrainOptions extends ClientOptions {
  readonly undo?: boolean;
  readonly detach?: boolean;
}

const DEFAULT_CONTROLLER = "http://127.0.0.1:8000";
const POLL_MS = 250;
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
      `${options.node} belongs to a leader/follower group, where nothing can be drained: name the ` +
        "controller of a partitioned cluster by --node URL.",
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
  let told = { partitions: Number.NaN, atMs: 0 };
  for (;;) {
    const now = await workerNow(controller, worker);
    if (now === undefined || now.partitions === 0) {
      if (json) return printJson({ worker, draining: true, partitions: 0 });
      return printLine(`${worker} is empty and can be stopped.`);
    }
    if (now.status === "up") throw new CommandError(`The drain of ${worker} was undone.`, EXIT.no);
    const atMs = performance.now();
    if (now.partitions !== told.partitions || atMs - told.atMs > REMIND_MS) {
      const copies = count(now.partitions, "copy", "copies");
      const still = now.partitions === told.partitions ? ", as before" : "";
      printNote(
        `${worker} still keeps ${copies}${still}${colors.dim(" (Ctrl-C: go on without me)")}`,
      );
      told = { partitions: now.partitions, atMs };
    }
    await Bun.sleep(POLL_MS);
  }
}

/** Undefined once the controller does not know it any more. */
async function workerNow(
  controller: NodeClient,
  worker: string,
): Promise<WorkerAnswer | undefined> {
  const { status } = await readCluster(controller);
  return status.workers.find(({ id }) => id === worker);
}
