/**
 * Reads the settings of one node from flags and environment by the table in config/table.ts, and
 * checks what no setting can check alone. Flags win over the environment.
 */
import { defaultAddress } from "./config/address.ts";
import { concerns, type Described, describeSettings } from "./config/describe.ts";
import type { Parsed } from "./config/parsed.ts";
import { NotAllowed, quoteGiven, type Setting, SettingError } from "./config/setting.ts";
import type { CommonSettings, Settings } from "./config/settings.ts";
import { settle } from "./config/settle.ts";
import { flagOf, SETTINGS, type SettingName, settingNames } from "./config/table.ts";

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
  readonly described: Described;
  /** The settings that a person has given; the others are as they are by default. */
  readonly given: ReadonlySet<SettingName>;
  /** A sentence for each setting that was given and means nothing to a node of this role. */
  readonly ignored: readonly string[];
}

/** Reads and checks every setting; throws SettingError for the first wrong one. */
export function readSettings(sources: SettingSources): ReadSettings {
  const parsed: Parsed = {};
  const given = new Map<SettingName, Given>();
  for (const name of settingNames()) {
    const found = parseOne(name, sources, parsed);
    if (found !== undefined) given.set(name, found);
  }
  const settled = settle(parsed, sources.terminal ?? false);
  const { role } = settled.settings;
  const ignored = [...given]
    .filter(([name]) => !concerns(name, role))
    .map(([, each]) => `${showGiven(each)} means nothing to a ${role}: leave it out.`);
  return {
    settings: settled.settings,
    described: describeSettings(settled),
    given: new Set(given.keys()),
    ignored,
  };
}

/** The settings once the port is known that PORT=0 has found; others are given back as they are. */
export function withListeningPort<S extends CommonSettings>(settings: S, port: number): S {
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

/** Gives back what was given, undefined where nothing was. */
function parseOne(name: SettingName, sources: SettingSources, parsed: Parsed): Given | undefined {
  const row = SETTINGS[name] as Setting<unknown>;
  const given = findGiven([name, ...row.aliases], sources);
  if (given === undefined) return undefined;
  const text = given.text.trim();
  try {
    if (text === "" && !row.emptyAllowed) {
      throw new NotAllowed(
        `it is empty: give it a value or leave it out (default ${row.defaultText})`,
      );
    }
    (parsed as Record<string, unknown>)[name] = row.parse(text);
    return given;
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
