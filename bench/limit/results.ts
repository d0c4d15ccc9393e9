/** What a run has found, and what the model makes of it. */
import { max, median, min } from "simple-statistics";
import type { EntryCosts } from "./entry.ts";
import { at, type SyncCosts } from "./fsync.ts";
import type { HttpCost, Server } from "./http.ts";
import {
  type PartCosts,
  type Prediction,
  predictReads,
  predictWrites,
  type Traffic,
  withoutOwnWork,
} from "./model.ts";
import type { LinkCosts, RoundTrip } from "./round-trip.ts";
import { FOLLOWERS, type Mode, type ModeRun } from "./run-modes.ts";

export interface Parts {
  readonly sync: SyncCosts;
  readonly raw: RoundTrip;
  readonly links: LinkCosts;
  readonly http: readonly HttpCost[];
  readonly entries: EntryCosts;
}

export interface Results {
  /** What was measured and on what, one line each: name and text. */
  readonly environment: ReadonlyMap<string, string>;
  readonly cores: number;
  readonly parts: Parts;
  readonly runs: readonly ModeRun[];
}

/** A mode at a number of connections: medians of its rounds, and what the model says of it. */
export interface Compared {
  readonly mode: Mode;
  readonly clients: number;
  readonly measured: Omit<ModeRun, "mode" | "clients" | "traffic">;
  /** Operations a second of the worst round and the best. */
  readonly spread: readonly [number, number];
  readonly traffic: Traffic;
  readonly predicted: Prediction;
  /** Of a node that does nothing itself, see model.ts. */
  readonly without: Prediction;
}

/** Every mode at every number of connections, in the order in which they were measured. */
export function compare({ parts, runs, cores }: Results): Compared[] {
  const points = runs.filter(
    ({ mode, clients }, index) =>
      runs.findIndex((run) => run.mode === mode && run.clients === clients) === index,
  );
  return points.map(({ mode, clients }) => {
    const own = runs.filter((run) => run.mode === mode && run.clients === clients);
    const of = (pick: (run: ModeRun) => number) => median(own.map(pick));
    const traffic = middleTraffic(own);
    const costs = costsAt(parts, clients, traffic);
    const machine = { cores, clients };
    const predict = (these: PartCosts) =>
      mode === "reads" ? predictReads(these, machine) : predictWrites(these, traffic, machine);
    return {
      ...{ mode, clients, traffic },
      spread: [min(own.map((run) => run.perSecond)), max(own.map((run) => run.perSecond))],
      measured: {
        perSecond: of((run) => run.perSecond),
        p50Ms: of((run) => run.p50Ms),
        driverMicros: of((run) => run.driverMicros),
        leaderMicros: of((run) => run.leaderMicros),
        followersMicros: of((run) => run.followersMicros),
      },
      predicted: predict(costs),
      without: predict(withoutOwnWork(costs)),
    };
  });
}

function middleTraffic(runs: readonly ModeRun[]): Traffic {
  const of = (pick: (traffic: Traffic) => number) =>
    median(runs.map(({ traffic }) => pick(traffic)));
  return {
    followers: FOLLOWERS,
    sentMessages: of((traffic) => traffic.sentMessages),
    receivedMessages: of((traffic) => traffic.receivedMessages),
    sentKib: of((traffic) => traffic.sentKib),
    leaderCommits: of((traffic) => traffic.leaderCommits),
    followerCommits: of((traffic) => traffic.followerCommits),
  };
}

/** The parts as the model wants them; commits with as many entries as these had. */
export function costsAt(parts: Parts, clients: number, traffic: Traffic): PartCosts {
  const { sync, raw, links, http, entries } = parts;
  const call = (server: Server) => {
    const found = http.find((each) => each.server === server && each.clients === clients);
    if (found === undefined) throw new Error(`${server} was not measured at ${clients} clients`);
    return found;
  };
  const bare = call("Bun.serve");
  const node = call("lone node");
  const durable = traffic.leaderCommits > 0;
  const perCommit = durable ? 1 / traffic.leaderCommits : 0;
  const perFollowerCommit = durable ? FOLLOWERS / traffic.followerCommits : 0;
  return {
    ...{ driverPut: bare.put.driverMicros, driverGet: bare.get.driverMicros },
    ...{ nodePut: node.put.serverMicros, nodeGet: node.get.serverMicros },
    ...{ barePut: bare.put.serverMicros, bareGet: bare.get.serverMicros },
    encodeEntry: entries.encodeMicros,
    countAcknowledgements: entries.countMicros,
    takeEntry: entries.takeMicros,
    ...{ leaderMessage: links.leaderMicros, followerMessage: links.followerMicros },
    ...{ leaderKib: links.leaderMicrosPerKib, followerKib: links.followerMicrosPerKib },
    roundTrip: 1_000 * raw.p50Ms,
    commit: durable ? 1_000 * at(sync.commit.ms, perCommit) : 0,
    commitCpu: durable ? at(sync.commit.cpuMicros, perCommit) : 0,
    followerCommitCpu: durable ? at(sync.commit.cpuMicros, perFollowerCommit) : 0,
    syncsPerSecond: sync.togetherPerSecond,
  };
}
