/** The tables of a run, for a terminal, for files and for a page. */
import { markdownTable } from "../markdown.ts";
import { count } from "../quorum/describe.ts";
import { terminalTable } from "../terminal-table.ts";
import { at, type CommitCosts } from "./fsync.ts";
import { type Compared, compare, type Parts, type Results } from "./results.ts";

const COST_COLUMNS = ["part", "cost"];
const COMPARED_COLUMNS = [
  ...["mode", "connections", "predicted /s", "measured /s", "lowest–highest"],
  ...["measured / predicted", "limit"],
  ...["without own work /s", "µs predicted", "µs measured", "entries a message"],
  ...["entries a commit", "p50 ms"],
];
const SHARE_COLUMNS = ["mode", "connections", "part", "µs"];

/** The tables of a run. */
export function describeResults(results: Results): string {
  return [
    terminalTable(COST_COLUMNS, costRows(results.parts), "left"),
    terminalTable(COMPARED_COLUMNS, compare(results).map(comparedRow), "left"),
  ].join("\n\n");
}

/** `summary.md`; the plot is there where something was compared. */
export function summaryMarkdown(results: Results): string {
  const compared = compare(results);
  return [
    "# What this machine allows",
    "",
    "Made by `npm run bench:limit -- --out docs/limit`; `bench/DESIGN.md` says how, and " +
      "`bench/limit/model.ts` is the model with its derivation.",
    "",
    ...[...results.environment].map(([name, text]) => `- ${name}: ${text}`),
    "",
    ...(compared.length > 0 ? ["![limit](limit.png)", ""] : []),
    "## What the parts cost alone",
    "",
    ...markdownTable(COST_COLUMNS, costRows(results.parts)),
    "",
    "## Predicted and measured",
    "",
    "The prediction is the lowest bound of the model, and `limit` says which that is; “without " +
      "own work” is the same for a node of nothing but Bun’s HTTP and sockets, with the same " +
      "messages.",
    "",
    ...markdownTable(COMPARED_COLUMNS, compared.map(comparedRow)),
    "",
    "## All bounds, operations per second",
    "",
    ...markdownTable(
      ["mode", "connections", ...boundNames(compared)],
      compared.map((each) => [
        ...[each.mode, String(each.clients)],
        ...boundNames(compared).map((name) => rate(each.predicted.bounds.get(name))),
      ]),
    ),
    "",
    "## Processor time for one operation, predicted by part and measured by process",
    "",
    ...markdownTable(SHARE_COLUMNS, compared.flatMap(shareRows)),
    "",
  ].join("\n");
}

function boundNames(compared: readonly Compared[]): string[] {
  return [...new Set(compared.flatMap(({ predicted }) => [...predicted.bounds.keys()]))];
}

function rate(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? "–" : count(value);
}

/** `costs.csv`, and the first table. */
export function costRows({ sync, raw, links, http, entries }: Parts): string[][] {
  const micros = (value: number) => `${value.toFixed(2)} µs`;
  const ms = (value: number) => `${value.toFixed(3)} ms`;
  const commit = (costs: CommitCosts, each: number) =>
    `${ms(at(costs.ms, each))}, ${micros(at(costs.cpuMicros, each))} of processor time`;
  return [
    ["4 KiB written and synced (fdatasync), p50", ms(sync.bareMs)],
    ["the same, six processes at once", `${count(sync.togetherPerSecond)} syncs/s together`],
    ["commit of 1 entry, as a node does it", commit(sync.commit, 1)],
    ["commit of 20 entries", commit(sync.commit, 20)],
    ["the same of 1, straight into SQLite (WAL, FULL)", commit(sync.sqliteCommit, 1)],
    ["the same of 20", commit(sync.sqliteCommit, 20)],
    ["100 bytes there and back, plain TCP, p50", ms(raw.p50Ms)],
    ["the same: processor time of each end (one send, one receive)", both(raw, micros)],
    ["WebSocket message and its answer, 5 links at once, p50", ms(links.p50Ms)],
    ["the same: processor time at the leader’s end", micros(links.leaderMicros)],
    ["the same: processor time at a follower’s end", micros(links.followerMicros)],
    ["each KiB more in a message: at the leader’s end", micros(links.leaderMicrosPerKib)],
    ["each KiB more in a message: at a follower’s end", micros(links.followerMicrosPerKib)],
    ["entry into bytes, once at the leader", micros(entries.encodeMicros)],
    ["five followers’ acknowledgements of an entry counted", micros(entries.countMicros)],
    ["entry out of bytes and into a follower’s replica", micros(entries.takeMicros)],
    ...http.flatMap(({ server, clients, put, get }) =>
      [
        { name: "PUT", cost: put },
        { name: "GET", cost: get },
      ].map(({ name, cost }) => [
        `${server}, ${name}, ${clients} connections`,
        `${micros(cost.serverMicros)} at the server, ${micros(cost.driverMicros)} at the driver, ` +
          `${count(cost.perSecond)}/s`,
      ]),
    ),
  ];
}

function both(raw: { nearMicros: number; farMicros: number }, text: (value: number) => string) {
  return `${text(raw.nearMicros)}, ${text(raw.farMicros)}`;
}

function comparedRow(compared: Compared): string[] {
  const { mode, clients, measured, spread, predicted, without, traffic } = compared;
  const { sentMessages, followers, leaderCommits } = traffic;
  const reads = mode === "reads";
  return [
    ...[mode, String(clients), count(predicted.perSecond), count(measured.perSecond)],
    `${count(spread[0])}–${count(spread[1])}`,
    ...[(measured.perSecond / predicted.perSecond).toFixed(2), predicted.limit],
    count(without.perSecond),
    ...[microsPredicted(predicted).toFixed(1), microsMeasured(measured).toFixed(1)],
    sentMessages === 0 || reads ? "–" : (followers / sentMessages).toFixed(1),
    leaderCommits === 0 ? "–" : (1 / leaderCommits).toFixed(1),
    measured.p50Ms.toFixed(3),
  ];
}

/** Processor time of all processes for one operation. */
function microsPredicted({ shares }: Compared["predicted"]): number {
  return [...shares.values()].reduce((sum, each) => sum + each, 0);
}

function microsMeasured(measured: Compared["measured"]): number {
  return measured.driverMicros + measured.leaderMicros + measured.followersMicros;
}

function shareRows({ mode, clients, measured, predicted }: Compared): string[][] {
  const row = (part: string, micros: number) => [mode, String(clients), part, micros.toFixed(2)];
  const { driverMicros, leaderMicros, followersMicros } = measured;
  return [
    ...[...predicted.shares]
      .filter(([, micros]) => micros > 0)
      .map(([part, micros]) => row(`predicted: ${part}`, micros)),
    row("predicted: all", microsPredicted(predicted)),
    row("measured: driver", driverMicros),
    row("measured: leader", leaderMicros),
    row("measured: followers, all", followersMicros),
    row("measured: all", microsMeasured(measured)),
  ];
}

/** The rows of `limit.csv`, head first. */
export function limitRows(compared: readonly Compared[]): (string | number)[][] {
  return [
    [
      ...["mode", "connections", "predicted_per_s", "measured_per_s", "limit"],
      ...["without_own_work_per_s", "measured_p50_ms", "driver_us", "leader_us", "followers_us"],
      ...["sent_messages", "received_messages", "sent_kib", "leader_commits", "follower_commits"],
    ],
    ...compared.map(({ mode, clients, measured, predicted, without, traffic }) => [
      ...[mode, clients, predicted.perSecond.toFixed(1), measured.perSecond.toFixed(1)],
      ...[predicted.limit, without.perSecond.toFixed(1), measured.p50Ms.toFixed(3)],
      ...[measured.driverMicros.toFixed(2), measured.leaderMicros.toFixed(2)],
      ...[measured.followersMicros.toFixed(2), traffic.sentMessages.toFixed(4)],
      ...[traffic.receivedMessages.toFixed(4), traffic.sentKib.toFixed(4)],
      ...[traffic.leaderCommits.toFixed(4), traffic.followerCommits.toFixed(4)],
    ]),
  ];
}
