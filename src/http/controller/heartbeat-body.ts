/**
 * A heartbeat as it comes: from a worker of this program, whole and strict; or as report 004 has
 * it, an id and an address, where all else gets a default. Fields that nobody knows are ignored.
 */
import {
  type CopyReport,
  type FollowerReport,
  HEARTBEAT_PROTOCOL,
  type Heartbeat,
  type LeadReport,
} from "../../node/heartbeat.ts";
import { invalidRequest } from "../body.ts";

/** What a heartbeat that says nothing of it means, as a worker's settings do. */
const DEFAULT_SETTINGS = { partitions: 64, replicas: 3, writeQuorum: 2 };

/** As the settings bound them. */
const PARTITIONS_MAX = 65_536;
const REPLICAS_MAX = 31;
const NAME = /^[A-Za-z0-9._-]{1,64}$/;
const ADDRESS_CHARACTERS_MAX = 300;
/** Members and learners of one partition are fewer; what is heard is kept. */
const FOLLOWERS_MAX = 1_000;

type Fields = Readonly<Record<string, unknown>>;

/** Reads a JSON text; throws `invalid_request` that names the field. */
export function readHeartbeat(text: string): Heartbeat {
  const fields = asFields(parse(text), "The heartbeat");
  const protocol = fields.protocol ?? HEARTBEAT_PROTOCOL;
  if (protocol !== HEARTBEAT_PROTOCOL) {
    throw invalidRequest(
      `This controller speaks version ${HEARTBEAT_PROTOCOL} of the heartbeat, and the worker ` +
        `${show(protocol)}; run the same kvnode on both.`,
      { field: "protocol" },
    );
  }
  return {
    protocol: HEARTBEAT_PROTOCOL,
    id: nameIn(fields, "id"),
    address: addressIn(fields),
    cluster: fields.cluster == null ? "" : nameIn(fields, "cluster"),
    instance: textIn(fields, "instance", ""),
    clusterId: fields.clusterId == null ? undefined : textIn(fields, "clusterId", ""),
    settings: settingsIn(fields),
    mapVersion: wholeIn(fields, "mapVersion", { most: Number.MAX_SAFE_INTEGER, none: 0 }),
    stopping: booleanIn(fields, "stopping", false),
    copies: listIn(fields, "copies", PARTITIONS_MAX).map(copyOf),
    complete: booleanIn(fields, "complete", false),
  };
}

function parse(text: string): unknown {
  if (text.trim() === "") {
    throw invalidRequest('The body is empty; send {"id": …, "address": …}.');
  }
  try {
    return JSON.parse(text);
  } catch {
    throw invalidRequest('The body is not JSON; send {"id": …, "address": …}.');
  }
}

function nameIn(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === "string" && NAME.test(value)) return value;
  throw wrong(name, "1 to 64 letters, digits, dots, hyphens and underscores", value);
}

/** `http://host:port` as workers write it of themselves. */
function addressIn(fields: Fields): string {
  const value = fields.address;
  const text = typeof value === "string" ? value.replace(/\/$/, "") : "";
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const bare =
    url?.protocol === "http:" &&
    /^http:\/\/[^/\\?#@\s]+$/i.test(text) &&
    url.hostname !== "" &&
    url.port !== "0" &&
    text.length <= ADDRESS_CHARACTERS_MAX;
  if (bare) return text;
  throw wrong("address", "the worker's own URL, such as http://worker1:8001", value);
}

function settingsIn(fields: Fields): Heartbeat["settings"] {
  if (fields.settings == null) return DEFAULT_SETTINGS;
  const given = asFields(fields.settings, 'The field "settings"');
  const read = (name: keyof typeof DEFAULT_SETTINGS, most: number) =>
    wholeIn(given, name, { least: 1, most, none: DEFAULT_SETTINGS[name] });
  return {
    partitions: read("partitions", PARTITIONS_MAX),
    replicas: read("replicas", REPLICAS_MAX),
    writeQuorum: read("writeQuorum", REPLICAS_MAX),
  };
}

function copyOf(value: unknown): CopyReport {
  const fields = asFields(value, "A report in copies");
  return {
    partition: wholeIn(fields, "partition", { most: PARTITIONS_MAX - 1 }),
    copy: wholeIn(fields, "copy", { most: Number.MAX_SAFE_INTEGER }),
    blank: booleanIn(fields, "blank"),
    synced: wholeIn(fields, "synced", { most: Number.MAX_SAFE_INTEGER }),
    leads: fields.leads == null ? undefined : leadOf(fields.leads),
  };
}

function leadOf(value: unknown): LeadReport {
  const fields = asFields(value, "leads");
  return {
    generation: wholeIn(fields, "generation", { most: Number.MAX_SAFE_INTEGER }),
    epoch: numberIn(fields, "epoch"),
    open: booleanIn(fields, "open"),
    founded: booleanIn(fields, "founded"),
    possibleLosses: wholeIn(fields, "possibleLosses", { most: Number.MAX_SAFE_INTEGER }),
    followers: listIn(fields, "followers", FOLLOWERS_MAX).map(followerOf),
  };
}

function followerOf(value: unknown): FollowerReport {
  const fields = asFields(value, "A report in followers");
  return {
    worker: nameIn(fields, "worker"),
    copy: wholeIn(fields, "copy", { most: Number.MAX_SAFE_INTEGER }),
    connected: booleanIn(fields, "connected"),
    synced: booleanIn(fields, "synced"),
    lagEntries: numberIn(fields, "lagEntries"),
  };
}

function asFields(value: unknown, what: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw invalidRequest(`${what} must be a JSON object, and is ${show(value)}.`);
}

function listIn(fields: Fields, name: string, most: number): readonly unknown[] {
  const value = fields[name] ?? [];
  if (Array.isArray(value) && value.length <= most) return value;
  throw wrong(name, `a list of at most ${most}`, value);
}

function textIn(fields: Fields, name: string, none: string): string {
  const value = fields[name] ?? none;
  if (typeof value === "string" && value.length <= 64) return value;
  throw wrong(name, "a text of at most 64 characters", value);
}

function booleanIn(fields: Fields, name: string, none?: boolean): boolean {
  const value = fields[name] ?? none;
  if (typeof value === "boolean") return value;
  throw wrong(name, "true or false", value);
}

function numberIn(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  throw wrong(name, "a number from 0 up", value);
}

interface Bounds {
  readonly least?: number;
  readonly most: number;
  /** What a missing field means; undefined: it may not be missing. */
  readonly none?: number;
}

function wholeIn(fields: Fields, name: string, { least = 0, most, none }: Bounds): number {
  const value = fields[name] ?? none;
  if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) {
    return Number(value);
  }
  throw wrong(name, `a whole number from ${least} to ${most}`, value);
}

function wrong(field: string, allowed: string, value: unknown) {
  return invalidRequest(`The field "${field}" must be ${allowed}, and is ${show(value)}.`, {
    field,
  });
}

/** What came, short enough for a sentence. */
function show(value: unknown): string {
  if (value === undefined) return "missing";
  const text = JSON.stringify(value);
  return text.length > 64 ? `${text.slice(0, 64)}…` : text;
}
