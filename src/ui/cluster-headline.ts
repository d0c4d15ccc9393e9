/** One sentence on how a cluster is, the first thing that the page says. */
import type { ControllerStatus } from "./controller-status.ts";
import { count, list } from "./words.ts";

export interface Headline {
  readonly tone: "ok" | "warn" | "bad";
  readonly title: string;
  /** What it means, or what to do; may be empty. */
  readonly sentence: string;
}

/** What stands out, the worst first. */
export function clusterHeadline(status: ControllerStatus): Headline {
  const { workers, partitions, problem } = status;
  if (problem !== undefined) {
    return { tone: "bad", title: "The controller can't decide anything.", sentence: problem };
  }
  if (workers.length === 0) {
    return {
      tone: "warn",
      title: "No worker has registered yet.",
      sentence: "Start workers with CONTROLLER set to this page's address.",
    };
  }
  const lost = partitions.filter((each) => each.state === "lost");
  if (lost.length > 0) {
    const missing = [...new Set(lost.flatMap((each) => each.missing))].sort();
    const needs = missing.length === 0 ? "" : ` They need ${list(missing)} back.`;
    return {
      tone: "bad",
      title: `${count(lost.length, "partition")} can't be written.`,
      sentence: `More copies are missing than the write quorum covers.${needs}`,
    };
  }
  const down = workers.filter((worker) => worker.status === "down").map((worker) => worker.id);
  const away = down.length === 0 ? "" : `${list(down)} ${down.length === 1 ? "is" : "are"} down.`;
  const work = statesInWords(status);
  if (away !== "" || work !== "") {
    const served = `Others have taken over: ${copiesInWords(status)}.`;
    const sentence = work === "" ? served : work;
    return { tone: "warn", title: away === "" ? "At work." : away, sentence };
  }
  if (partitions.length === 0) {
    const wait = `${count(workers.length, "worker")} registered; partitions are placed soon.`;
    return { tone: "warn", title: "Starting.", sentence: wait };
  }
  return { tone: "ok", title: "All is well.", sentence: `${capital(copiesInWords(status))}.` };
}

/** `all 64 partitions have 3 copies, on 4 workers`. */
function copiesInWords({ partitions, cluster, workers }: ControllerStatus): string {
  const up = workers.filter((worker) => worker.status !== "down").length;
  const copies = count(Math.min(cluster.replicas, up), "copy", "copies");
  return `all ${count(partitions.length, "partition")} have ${copies}, on ${count(up, "worker")}`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** `16 partitions taking over, 3 catching up.`, in the order of urgency; empty: all ok. */
function statesInWords({ partitions }: ControllerStatus): string {
  const numbers = new Map<string, number>();
  for (const { state } of partitions) {
    if (state !== "ok") numbers.set(state, (numbers.get(state) ?? 0) + 1);
  }
  const parts = [...numbers]
    .toSorted(([one], [other]) => urgency(one) - urgency(other))
    .map(([state, number]) => `${count(number, "partition")} ${state}`);
  return parts.length === 0 ? "" : `${parts.join(", ")}.`;
}

const BY_URGENCY = ["taking over", "under-replicated", "catching up", "moving"];

function urgency(state: string): number {
  const index = BY_URGENCY.indexOf(state);
  return index < 0 ? BY_URGENCY.length : index;
}
