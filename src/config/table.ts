/**
 * The one table of settings: the parser, the help and the README's table come from it. A setting is
 * an environment variable or the flag of the same name (`WRITE_QUORUM`, `--write-quorum`).
 */
import {
  FOLLOWERS_MAX,
  parseAddress,
  parseAddressList,
  parseHost,
  WORKERS_MAX,
} from "./address.ts";
import { GROUP_ROLES, PARTITIONED_ROLES, ROLES } from "./role.ts";
import {
  parseChoice,
  parseDelay,
  parseDirectory,
  parseName,
  parseRate,
  parseSize,
  parseTimeout,
  parseWhole,
  setting,
} from "./setting.ts";

const KIB = 1024;
const MIB = 1024 ** 2;

/** Longest simulated delay, in ms. */
export const DELAY_MS_MAX = 60_000;

/**
 * Each costs memory at every worker and a row at the controller; with a thousand workers there are
 * still 65 for each of them.
 */
export const PARTITIONS_MAX = 65_536;

/** A primary and as many followers as a leader may have. */
export const REPLICAS_MAX = FOLLOWERS_MAX + 1;

/** Who keeps copies of keys, and so has links. */
const COPIES = [...GROUP_ROLES, "worker"] as const;

/** Every setting, in the order in which help and README show them. */
export const SETTINGS = {
  ROLE: setting({
    aliases: ["NODE_TYPE"],
    placeholder: "role",
    defaultText: "leader; worker where CONTROLLER is set",
    meaning:
      "leader (accepts writes) or follower of a group; controller or worker of a partitioned " +
      "cluster.",
    parse: parseChoice(ROLES),
  }),
  NODE_ID: setting({
    aliases: ["ID"],
    placeholder: "name",
    defaultText: "the role",
    meaning: "The node's name in answers, logs and tables.",
    parse: parseName,
  }),
  HOST: setting({
    aliases: [],
    placeholder: "host",
    defaultText: "0.0.0.0",
    meaning: "The interface to listen on; 0.0.0.0 is every one.",
    parse: parseHost,
  }),
  PORT: setting({
    aliases: [],
    placeholder: "port",
    defaultText: "5000",
    meaning: "The one port for clients and for other nodes; 0 takes a free one.",
    parse: parseWhole(0, 65_535),
  }),
  ADDRESS: setting({
    aliases: [],
    placeholder: "url",
    defaultText: "http://HOST:PORT",
    meaning:
      "Where clients and other nodes reach this node. Where HOST is 0.0.0.0 the default says " +
      "127.0.0.1, so set it wherever nodes run on several machines or in containers " +
      "(http://leader:5000).",
    parse: parseAddress,
  }),
  FOLLOWERS: setting({
    aliases: ["FOLLOWER_URLS"],
    placeholder: "list",
    defaultText: "none",
    meaning:
      "The leader's followers, with which a group begins: a list by commas or a JSON array, with " +
      `or without http://, at most ${FOLLOWERS_MAX}.`,
    roles: GROUP_ROLES,
    parse: parseAddressList(FOLLOWERS_MAX),
    emptyAllowed: true,
  }),
  WRITE_QUORUM: setting({
    aliases: [],
    placeholder: "count",
    defaultText: "3; worker 2",
    meaning:
      "How many followers must confirm a write before its client is answered, from 0 to the " +
      "number of followers. With fewer than 3 followers the default is all of them. It counts " +
      "when a group begins; later PATCH /config turns it. In a partitioned cluster: how many " +
      "copies, the primary's own included, from 1 to REPLICAS, for good.",
    parse: parseWhole(0, FOLLOWERS_MAX),
  }),
  CONTROLLER: setting({
    aliases: [],
    placeholder: "url",
    defaultText: "none",
    meaning: "The controller to which a worker belongs (http://controller:8000).",
    roles: ["worker"],
    parse: parseAddress,
  }),
  WORKERS: setting({
    aliases: [],
    placeholder: "list",
    defaultText: "none",
    meaning:
      "Whom a controller expects at its first start, so that it places the partitions when they " +
      "are there: a list as FOLLOWERS. Others may come at any time.",
    roles: ["controller"],
    parse: parseAddressList(WORKERS_MAX),
    emptyAllowed: true,
  }),
  REPLICAS: setting({
    aliases: [],
    placeholder: "count",
    defaultText: "3",
    meaning:
      "How many copies of each key a partitioned cluster keeps, the primary's included. " +
      "REPLICAS, PARTITIONS and WRITE_QUORUM hold for the whole cluster, from its first start " +
      "on: the controller's where it has them, else the first worker's.",
    roles: PARTITIONED_ROLES,
    parse: parseWhole(1, REPLICAS_MAX),
  }),
  PARTITIONS: setting({
    aliases: [],
    placeholder: "count",
    defaultText: "64",
    meaning: "Into how many parts the keys of a partitioned cluster are divided.",
    roles: PARTITIONED_ROLES,
    parse: parseWhole(1, PARTITIONS_MAX),
  }),
  HEARTBEAT_INTERVAL: setting({
    aliases: [],
    placeholder: "duration",
    defaultText: "1s",
    meaning: "How often a worker says that it lives; a bare number is seconds.",
    roles: PARTITIONED_ROLES,
    parse: parseTimeout(10, 60_000),
  }),
  HEARTBEAT_TIMEOUT: setting({
    aliases: [],
    placeholder: "duration",
    defaultText: "6s",
    meaning:
      "How long a worker may be silent before the controller takes it for down, more than " +
      "HEARTBEAT_INTERVAL; a bare number is seconds.",
    roles: PARTITIONED_ROLES,
    parse: parseTimeout(20, 600_000),
  }),
  CHECK_INTERVAL: setting({
    aliases: [],
    placeholder: "duration",
    defaultText: "2s",
    meaning: "How often the controller looks for workers that are down; a bare number is seconds.",
    roles: ["controller"],
    parse: parseTimeout(10, 60_000),
  }),
  REBALANCE_PARTITIONS: setting({
    aliases: [],
    placeholder: "count",
    defaultText: "4",
    meaning:
      "How many partitions may be moving for balance at once. Copies that were lost are made " +
      "again first, so many at once at each worker.",
    roles: ["controller"],
    parse: parseWhole(1, PARTITIONS_MAX),
  }),
  REBALANCE_RATE: setting({
    aliases: [],
    placeholder: "size",
    defaultText: "32MiB",
    meaning: "Bytes a second that a worker sends to copies which are being brought up to date.",
    roles: ["worker"],
    parse: parseRate(64 * KIB, 16_384 * MIB),
  }),
  MIN_DELAY: setting({
    aliases: [],
    placeholder: "duration",
    defaultText: "0ms",
    meaning: "Shortest simulated network delay of each copy; a bare number is milliseconds.",
    roles: COPIES,
    parse: parseDelay(DELAY_MS_MAX),
  }),
  MAX_DELAY: setting({
    aliases: [],
    placeholder: "duration",
    defaultText: "MIN_DELAY",
    meaning: "Longest simulated network delay of each copy, at most 60s.",
    roles: COPIES,
    parse: parseDelay(DELAY_MS_MAX),
  }),
  REPLICATION_TIMEOUT: setting({
    aliases: ["REPL_TIMEOUT", "REQUEST_TIMEOUT"],
    placeholder: "duration",
    defaultText: "2s",
    meaning:
      "How long a write waits for its quorum before it is answered as indeterminate, and a call " +
      "at a worker for a primary before it is refused; a bare number is seconds.",
    parse: parseTimeout(1, 600_000),
  }),
  DATA_DIR: setting({
    aliases: [],
    placeholder: "directory",
    defaultText: "none: in memory; controller ./kvnode-data/NODE_ID",
    meaning:
      "The directory of this node's database, made if it is not there, one for each node. " +
      "Without it a node that ends has lost what it held; a controller always has one.",
    parse: parseDirectory,
  }),
  CLUSTER: setting({
    aliases: [],
    placeholder: "name",
    defaultText: "kvnode",
    meaning: "Nodes of another cluster's name are refused.",
    parse: parseName,
  }),
  MAX_VALUE_BYTES: setting({
    aliases: [],
    placeholder: "size",
    defaultText: "1MiB",
    meaning: "Largest value, as bytes of JSON text.",
    parse: parseSize(1, 64 * MIB),
  }),
  LINK_QUEUE_BYTES: setting({
    aliases: [],
    placeholder: "size",
    defaultText: "16MiB",
    meaning:
      "Bytes under way to one follower that it has not confirmed; one that is further behind " +
      "is served by catch-up. Where too few others are left a write is refused (503 overloaded).",
    roles: COPIES,
    parse: parseSize(64 * KIB, 1024 * MIB),
  }),
  PENDING_BYTES: setting({
    aliases: [],
    placeholder: "size",
    defaultText: "64MiB",
    meaning:
      "Bytes of writes that wait for their quorum, and of large bodies that are being received; " +
      "above it a write is refused at once (503 overloaded).",
    parse: parseSize(64 * KIB, 16_384 * MIB),
  }),
  MAX_CONNECTIONS: setting({
    aliases: [],
    placeholder: "count",
    defaultText: "4096",
    meaning:
      "Connections of clients. With more of them open, idle ones are closed; with more requests " +
      "under way, the next is refused (503 overloaded). Other nodes do not count.",
    parse: parseWhole(1, 1_000_000),
  }),
  IDLE_TIMEOUT: setting({
    aliases: [],
    placeholder: "duration",
    defaultText: "30s",
    meaning:
      "How long a connection may be idle and a request may take; where that is less than " +
      "REPLICATION_TIMEOUT and 10s, those hold. A bare number is seconds.",
    parse: parseTimeout(1_000, 255_000),
  }),
  LOG_LEVEL: setting({
    aliases: [],
    placeholder: "level",
    defaultText: "info",
    meaning: "debug, info, warn, error or silent.",
    parse: parseChoice(["debug", "info", "warn", "error", "silent"]),
  }),
  LOG_FORMAT: setting({
    aliases: [],
    placeholder: "format",
    defaultText: "pretty on a terminal, else json",
    meaning: "pretty (for people) or json (one object a line).",
    parse: parseChoice(["pretty", "json"]),
  }),
};

export type SettingName = keyof typeof SETTINGS;

/** Names of all settings, in the table's order. */
export function settingNames(): readonly SettingName[] {
  return Object.keys(SETTINGS) as SettingName[];
}

/** `WRITE_QUORUM` → `--write-quorum`. */
export function flagOf(variable: string): string {
  return `--${variable.toLowerCase().replaceAll("_", "-")}`;
}

/** The README's table of settings, in markdown. */
export function settingsTable(): string {
  const rows = settingNames().map((name) => {
    const { aliases, defaultText, meaning } = SETTINGS[name];
    const also =
      aliases.length > 0 ? ` (${aliases.map((alias) => `\`${alias}\``).join(", ")})` : "";
    return `| \`${name}\`${also} | ${defaultText} | ${meaning} |`;
  });
  return ["| variable (alias) | default | meaning |", "|---|---|---|", ...rows, ""].join("\n");
}
