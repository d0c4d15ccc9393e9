/** Settings: whatever stands in a variable is understood, or refused in one line that names it. */
import fc from "fast-check";
import { SettingError } from "../../src/config/setting.ts";
import { SETTINGS, settingNames } from "../../src/config/table.ts";
import { type ReadSettings, readSettings } from "../../src/config.ts";

/** Variables with their texts. */
export type Texts = Readonly<Record<string, string>>;

export interface SettingsCase {
  readonly env: Texts;
  readonly flags: Texts;
}

/** A line longer than this nobody reads. */
const LINE_LENGTH_MAX = 700;

const names = settingNames().flatMap((name) => [name, ...SETTINGS[name].aliases]);
const name = fc.constantFrom(...names, "CONTROLLER", "WORKERS");

/** Texts that some setting takes, and what is nearly such a text. */
const plausible = fc.constantFrom(
  ...["leader", "follower", "controller", "0", "1", "5", "30", "31", "65535", "65536", "-1", "1e3"],
  ...["0.1ms", "2s", "1h", "2 s", "1 fortnight", "1µs", ".5", "5.", "0.01", "1MiB", "64kib", "1.5"],
  ...["127.0.0.1", "0.0.0.0", "::", "[::1]", "localhost", "a b", "http://a:1", "a:0", "a:80", "a"],
  ...["f1:1,f2:1", "f1:1,f1:1", '["f1:1"]', "[1]", "[", '["a\\nb:1"]', '["f1:1", ""]', ",", "a:1,"],
  ...["json", "pretty", "DEBUG", "info", "true", "null", "undefined", "NaN", "Infinity", "\u2028"],
);
const text = fc.oneof(
  { weight: 3, arbitrary: plausible },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
  { weight: 1, arbitrary: fc.tuple(plausible, plausible).map(([a, b]) => a + b) },
  { weight: 1, arbitrary: fc.array(plausible, { maxLength: 5 }).map((all) => all.join(",")) },
  {
    weight: 1,
    arbitrary: fc.array(fc.string(), { maxLength: 5 }).map((all) => JSON.stringify(all)),
  },
  { weight: 1, arbitrary: fc.nat(5).map((power) => "9".repeat(10 ** power)) },
);
const texts = fc.dictionary(name, text, { maxKeys: 4 });

export const arbitrarySettings: fc.Arbitrary<SettingsCase> = fc.record({
  env: texts,
  flags: fc.oneof(
    { weight: 3, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: fc.dictionary(fc.constantFrom(...names), text, { maxKeys: 2 }) },
  ),
});

/**
 * Reads them: the refusal's line, or undefined where they were understood. Throws what is wrong.
 */
export function refusalOf({ env, flags }: SettingsCase): string | undefined {
  let read: ReadSettings;
  try {
    read = readSettings({ env, flags });
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    checkLine(error.message);
    return error.message;
  }
  for (const value of Object.values(read.settings)) {
    if (typeof value === "number" && !(value >= 0 && Number.isFinite(value))) {
      throw new Error(`a number was understood as ${value}: ${JSON.stringify(read.settings)}`);
    }
  }
  return undefined;
}

/** Throws unless it is one line that names a variable or its flag. */
export function checkLine(line: string): void {
  const flags = names.map((each) => `--${each.toLowerCase().replaceAll("_", "-")}`);
  const named = [...names, "CONTROLLER", ...flags].some((each) => line.includes(each));
  if (!named) throw new Error(`no variable is named: ${line}`);
  if (/[\p{Cc}\u2028\u2029]/u.test(line)) throw new Error(`not one line: ${JSON.stringify(line)}`);
  if (!line.endsWith(".")) throw new Error(`not a sentence: ${line}`);
  if (line.length > LINE_LENGTH_MAX) throw new Error(`a line of ${line.length} characters`);
}
