/**
 * Reads the settings of one node from flags and environment by the table in config/table.ts, and
 * checks what no setting can check alone. Flags win over the environment.
 */
import { formatBytes } from "./base/bytes.ts";
import { formatDuration } from "./base/duration.ts";
import { defaultAddress } from "./config/address.ts";
import { refusePartitionedMode } from "./config/not-built-yet.ts";
import { NotAllowed, quoteGiven, type Setting, SettingError } from "./config/setting.ts";
import { flagOf, SETTINGS, type SettingName, settingNames } from "./config/table.ts";

const MIB = 1024 ** 2;

type Parsed = {
  -readonly [Name in SettingName]?: (typeof SETTINGS)[Name] extends Setting<infer T> ? T : never;
};

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";
export type LogFormat = "pretty" | "json";

/** How one node runs, checked: nothing behind this looks at the environment again. */
export interface Settings {
  readonly role: "leader" | "follower";
  readonly nodeId: string;
  readonly host: string;
  /** 0: take a free one, and then see withListeningPort. */
  readonly port: number;
  /** `http://host:port`, what others are told. */
  readonly address: string;
  /** `http://host:port` each, without doubles; a follower's own list means nothing. */
  readonly followers: readonly string[];
  /** At a leader at most the number of followers. */
  readonly writeQuorum: number;
  readonly minDelayMs: number;
  /** At least minDelayMs. */
  readonly maxDelayMs: number;
  readonly replicationTimeoutMs: number;
  /** Undefined: in memory. */
  readonly dataDirectory: string | undefined;
  readonly cluster: string;
  readonly maxValueBytes: number;
  readonly linkQueueBytes: number;
  /** Of writes that wait for their quorum; above it they are refused. */
  readonly pendingBytes: number;
  /** Of clients. */
  readonly maxConnections: number;
  readonly idleTimeoutMs: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
}

export interface SettingSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By the variable's name or an alias of it, as `--write-quorum` gives WRITE_QUORUM. */
  readonly flags?: Readonly<Record<string, string | undefined>>;
  /** Whether a person looks at the log; decides LOG_FORMAT's default. */
  readonly terminal?: boolean;
}

export interface ReadSettings {
  readonly settings: Settings;
  /** Every setting as it was understood, by variable, for the start line of the log. */
  readonly described: Readonly<Record<SettingName, string>>;
}

/** Reads and checks every setting; throws SettingError for the first wrong one. */
export function readSettings(sources: SettingSources): ReadSettings {
  refusePartitionedMode(sources.env);
  const parsed: Parsed = {};
  for (const name of settingNames()) parseOne(name, sources, parsed);
  return settle(parsed, sources.terminal ?? false);
}

/** The settings once the port is known that PORT=0 has found; others are given back as they are. */
export function withListeningPort(settings: Settings, port: number): Settings {
  if (settings.port === port) return settings;
  const byDefault = settings.address === defaultAddress(settings.host, settings.port);
  const address = byDefault ? defaultAddress(settings.host, port) : settings.address;
  return { ...settings, port, address };
}

interface Given {
  /** As the person wrote it: `NODE_TYPE`, `--role`. */
  readonly label: string;
  readonly text: string;
}

function parseOne(name: SettingName, sources: SettingSources, parsed: Parsed): void {
  const row = SETTINGS[name] as Setting<unknown>;
  const given = findGiven([name, ...row.aliases], sources);
  if (given === undefined) return;
  const text = given.text.trim();
  try {
    if (text === "" && !row.emptyAllowed) {
      throw new NotAllowed(
        `it is empty: give it a value or leave it out (default ${row.defaultText})`,
      );
    }
    (parsed as Record<string, unknown>)[name] = row.parse(text);
  } catch (error) {
    if (!(error instanceof NotAllowed)) throw error;
    throw new SettingError(`${showGiven(given)} is not allowed: ${error.message}.`);
  }
}

/** The value of the first kind that has one, flags before environment; aliases must agree. */
function findGiven(names: readonly string[], sources: SettingSources): Given | undefined {
  for (const [values, label] of [
    [sources.flags ?? {}, flagOf],
    [sources.env, String],
  ] as const) {
    const given: Given[] = [];
    for (const name of names) {
      const text = values[name];
      if (text !== undefined) given.push({ label: label(name), text });
    }
    const [first, ...others] = given;
    if (first === undefined) continue;
    const other = others.find(({ text }) => text.trim() !== first.text.trim());
    if (other === undefined) return first;
    throw new SettingError(
      `${showGiven(first)} and ${showGiven(other)} mean the same setting and differ: give one.`,
    );
  }
  return undefined;
}

/** As it would be typed: `PORT="x"`, `--port "x"`. */
function showGiven({ label, text }: Given): string {
  return label.startsWith("--") ? `${label} ${quoteGiven(text)}` : `${label}=${quoteGiven(text)}`;
}

/** Defaults, and what no setting can check alone. */
function settle(parsed: Parsed, terminal: boolean): ReadSettings {
  const role = parsed.ROLE ?? "leader";
  const host = parsed.HOST ?? "0.0.0.0";
  const port = parsed.PORT ?? 5000;
  const address = parsed.ADDRESS ?? defaultAddress(host, port);
  const followers = parsed.FOLLOWERS ?? [];
  if (role === "leader") checkNotOwnFollower(followers, port, address);
  const quorum = settleQuorum(role, followers.length, parsed.WRITE_QUORUM);
  const delay = settleDelay(parsed.MIN_DELAY, parsed.MAX_DELAY);
  const settings: Settings = {
    role,
    nodeId: parsed.NODE_ID ?? role,
    host,
    port,
    address,
    followers,
    writeQuorum: quorum.value,
    minDelayMs: delay.minMs,
    maxDelayMs: delay.maxMs,
    replicationTimeoutMs: parsed.REPLICATION_TIMEOUT ?? 2_000,
    dataDirectory: parsed.DATA_DIR,
    cluster: parsed.CLUSTER ?? "kvnode",
    maxValueBytes: parsed.MAX_VALUE_BYTES ?? MIB,
    linkQueueBytes: parsed.LINK_QUEUE_BYTES ?? 16 * MIB,
    pendingBytes: parsed.PENDING_BYTES ?? 64 * MIB,
    maxConnections: parsed.MAX_CONNECTIONS ?? 4_096,
    idleTimeoutMs: parsed.IDLE_TIMEOUT ?? 30_000,
    logLevel: parsed.LOG_LEVEL ?? "info",
    logFormat: parsed.LOG_FORMAT ?? (terminal ? "pretty" : "json"),
  };
  const described = describeSettings(settings);
  described.WRITE_QUORUM += quorum.note;
  described.MAX_DELAY += delay.note;
  return { settings, described };
}

function describeSettings(settings: Settings): Record<SettingName, string> {
  return {
    ROLE: settings.role,
    NODE_ID: settings.nodeId,
    HOST: settings.host,
    PORT: String(settings.port),
    ADDRESS: settings.address,
    FOLLOWERS: settings.followers.join(",") || "none",
    WRITE_QUORUM: String(settings.writeQuorum),
    MIN_DELAY: formatDuration(settings.minDelayMs),
    MAX_DELAY: formatDuration(settings.maxDelayMs),
    REPLICATION_TIMEOUT: formatDuration(settings.replicationTimeoutMs),
    DATA_DIR: settings.dataDirectory ?? "none: in memory",
    CLUSTER: settings.cluster,
    MAX_VALUE_BYTES: formatBytes(settings.maxValueBytes),
    LINK_QUEUE_BYTES: formatBytes(settings.linkQueueBytes),
    PENDING_BYTES: formatBytes(settings.pendingBytes),
    MAX_CONNECTIONS: String(settings.maxConnections),
    IDLE_TIMEOUT: formatDuration(settings.idleTimeoutMs),
    LOG_LEVEL: settings.logLevel,
    LOG_FORMAT: settings.logFormat,
  };
}

function checkNotOwnFollower(followers: readonly string[], port: number, address: string): void {
  const own = followers.find(
    (follower) =>
      follower === address ||
      (LOOPBACK.includes(follower.replace(/:\d+$/, "")) && follower.endsWith(`:${port}`)),
  );
  if (own === undefined) return;
  throw new SettingError(
    `FOLLOWERS is not allowed: ${own} is this leader itself; give each node a port of its own.`,
  );
}

const LOOPBACK = ["http://127.0.0.1", "http://localhost", "http://[::1]"];

const DEFAULT_QUORUM = 3;

/** A quorum that was asked for is never lowered in silence; only the default bends. */
function settleQuorum(
  role: Settings["role"],
  followers: number,
  asked: number | undefined,
): { value: number; note: string } {
  const value = asked ?? DEFAULT_QUORUM;
  if (role === "follower" || value <= followers) return { value, note: "" };
  if (asked !== undefined) {
    throw new SettingError(
      `WRITE_QUORUM="${asked}" is not allowed: allowed is a whole number from 0 to ${followers}, ` +
        `the number of followers in FOLLOWERS.`,
    );
  }
  const note = ` (the default ${DEFAULT_QUORUM} is more than the followers there are)`;
  return { value: followers, note };
}

/** Only a shortest delay given means a constant one; only a longest, one from 0 up. */
function settleDelay(
  minMs: number | undefined,
  maxMs: number | undefined,
): { minMs: number; maxMs: number; note: string } {
  if (maxMs === undefined) {
    const note = minMs ? " (the same as MIN_DELAY, as no other was given)" : "";
    return { minMs: minMs ?? 0, maxMs: minMs ?? 0, note };
  }
  if ((minMs ?? 0) <= maxMs) return { minMs: minMs ?? 0, maxMs, note: "" };
  throw new SettingError(
    `MIN_DELAY="${formatDuration(minMs ?? 0)}" is not allowed: allowed is at most MAX_DELAY, ` +
      `which is ${formatDuration(maxMs)}.`,
  );
}
