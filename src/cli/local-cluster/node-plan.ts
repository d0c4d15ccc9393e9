/** What one process of a local cluster gets: a name, an address and its environment. */
import { join, resolve } from "node:path";
import { defaultAddress } from "../../config/address.ts";
import type { Role } from "../../config/role.ts";
import { SETTINGS, type SettingName, settingNames } from "../../config/table.ts";
import { CommandError, EXIT } from "../exit-code.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface NodePlan {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  /** The whole environment of its process. */
  readonly env: Readonly<Record<string, string>>;
}

/** What tells nodes apart: never taken from the environment of the cluster's command. */
const OWN: readonly SettingName[] = [
  ...(["ROLE", "NODE_ID", "HOST", "PORT", "ADDRESS", "FOLLOWERS"] as const),
  ...(["CONTROLLER", "WORKERS"] as const),
];

/** A node's plan; `common` is for every node, its DATA_DIR the cluster's own directory. */
export function planNode(
  id: string,
  place: { host: string; port: number; role: Role },
  common: Readonly<Record<string, string>>,
): NodePlan {
  const { host, port, role } = place;
  const own = { ROLE: role, NODE_ID: id, HOST: host, PORT: String(port) };
  const { DATA_DIR: directory } = common;
  // An empty one is left for the settings to refuse.
  const data = directory?.trim() ? { DATA_DIR: join(resolve(directory), id) } : {};
  const env = { ...common, ...own, ...data };
  return { id, port, address: defaultAddress(host, port), env };
}

/**
 * The environment without what tells nodes apart, under each setting's first name; `settings` are
 * those of the command's flags.
 */
export function sharedEnvironment(
  settings: Environment,
  environment: Environment,
): Record<string, string> {
  const shared: Record<string, string> = {};
  for (const [name, text] of Object.entries(environment)) {
    if (text !== undefined) shared[name] = text;
  }
  for (const name of settingNames()) {
    const aliases = SETTINGS[name].aliases;
    const flag = settings[name];
    if (flag !== undefined || OWN.includes(name)) {
      for (const alias of [name, ...aliases]) delete shared[alias];
    }
    if (flag !== undefined) shared[name] = flag;
  }
  shared.LOG_FORMAT = "json";
  return shared;
}

/** Throws CommandError where the first port and `others` behind it are not all ports. */
export function refusePortsOutside(port: number, others: number, what: string): void {
  if (port >= 1 && port + others <= 65_535) return;
  throw new CommandError(`${what} need ports from 1 to 65535.`, EXIT.usage);
}

/** The settings that a person needs to start one of the nodes again by hand. */
export function settingsOf({ env }: NodePlan): string {
  const names = ["ROLE", "NODE_ID", "HOST", "PORT", "FOLLOWERS", "CONTROLLER"];
  const others = settingNames().filter((name) => !names.includes(name) && name !== "LOG_FORMAT");
  return [...names, ...others]
    .filter((name) => env[name] !== undefined && env[name] !== "")
    .map((name) => `${name}=${quoteForShell(env[name] ?? "")}`)
    .join(" ");
}

function quoteForShell(text: string): string {
  return /^[\w@%+=:,./[\]-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
