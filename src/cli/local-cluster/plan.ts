/**
 * What a local cluster consists of: for each node a name, an address and its environment. Every
 * node's settings are checked here, before the first process starts.
 */
import { join, resolve } from "node:path";
import { formatDuration } from "../../base/duration.ts";
import { invariant } from "../../base/invariant.ts";
import { defaultAddress, FOLLOWERS_MAX } from "../../config/address.ts";
import type { GroupNodeSettings } from "../../config/settings.ts";
import { SETTINGS, type SettingName, settingNames } from "../../config/table.ts";
import { readSettings } from "../../config.ts";
import { CommandError, EXIT } from "../exit-code.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface ClusterOptions {
  readonly followers: number;
  /** The leader's port; the followers take the next ones. */
  readonly port: number;
  readonly host: string;
  /**
   * Settings for every node by variable, from the command's flags. DATA_DIR is the cluster's own
   * directory: each node gets one of its own in it.
   */
  readonly settings: Environment;
}

export interface NodePlan {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  /** The whole environment of its process. */
  readonly env: Readonly<Record<string, string>>;
}

export interface ClusterPlan {
  readonly leader: NodePlan;
  readonly followers: readonly NodePlan[];
  /** The leader's settings as it will understand them. */
  readonly settings: GroupNodeSettings;
}

/** What tells nodes apart: never taken from the environment of the cluster's command. */
const OWN: readonly SettingName[] = [
  ...(["ROLE", "NODE_ID", "HOST", "PORT", "ADDRESS", "FOLLOWERS"] as const),
  ...(["CONTROLLER", "WORKERS"] as const),
];

const DEFAULT_MIN_MS = 0.1;
const DEFAULT_MAX_MS = 1;

/** Plans a cluster; throws SettingError or CommandError for what can't work. */
export function planCluster(options: ClusterOptions, environment: Environment): ClusterPlan {
  const { host, port, followers } = options;
  const last = port + followers;
  if (port < 1 || last > 65_535) {
    throw new CommandError(
      `A leader on ${port} and ${followers} followers behind it need ports from 1 to 65535.`,
      EXIT.usage,
    );
  }
  if (followers > FOLLOWERS_MAX) {
    throw new CommandError(`Allowed are at most ${FOLLOWERS_MAX} followers.`, EXIT.usage);
  }
  const common = withDelays(sharedEnvironment(options, environment));
  const follower = (index: number): NodePlan =>
    planNode(`follower${index + 1}`, { host, port: port + 1 + index, role: "follower" }, common);
  const followerPlans = Array.from({ length: followers }, (_, index) => follower(index));
  const leader = planNode(
    "leader",
    { host, port, role: "leader" },
    {
      ...common,
      FOLLOWERS: followerPlans.map(({ address }) => address).join(","),
    },
  );
  for (const { env } of followerPlans) readSettings({ env });
  return { leader, followers: followerPlans, settings: readGroupSettings(leader.env) };
}

/** Settings of a node that was given the role of a leader or a follower. */
function readGroupSettings(env: Environment): GroupNodeSettings {
  const { settings } = readSettings({ env });
  invariant(settings.role === "leader" || settings.role === "follower", "a group has these roles");
  return settings;
}

/** The settings that a person needs to start one of the nodes again by hand. */
export function settingsOf({ env }: NodePlan): string {
  const names = ["ROLE", "NODE_ID", "HOST", "PORT", "FOLLOWERS"];
  const others = settingNames().filter((name) => !names.includes(name) && name !== "LOG_FORMAT");
  return [...names, ...others]
    .filter((name) => env[name] !== undefined && env[name] !== "")
    .map((name) => `${name}=${quoteForShell(env[name] ?? "")}`)
    .join(" ");
}

function quoteForShell(text: string): string {
  return /^[\w@%+=:,./[\]-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function planNode(
  id: string,
  place: { host: string; port: number; role: GroupNodeSettings["role"] },
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

/** The environment without what tells nodes apart, under each setting's first name. */
function sharedEnvironment(
  options: ClusterOptions,
  environment: Environment,
): Record<string, string> {
  const shared: Record<string, string> = {};
  for (const [name, text] of Object.entries(environment)) {
    if (text !== undefined) shared[name] = text;
  }
  for (const name of settingNames()) {
    const aliases = SETTINGS[name].aliases;
    const flag = options.settings[name];
    if (flag !== undefined || OWN.includes(name)) {
      for (const alias of [name, ...aliases]) delete shared[alias];
    }
    if (flag !== undefined) shared[name] = flag;
  }
  shared.LOG_FORMAT = "json";
  return shared;
}

/** The cluster's default delays, which bend to the one that was given. */
function withDelays(shared: Record<string, string>): Record<string, string> {
  const { MIN_DELAY: min, MAX_DELAY: max } = shared;
  if (min !== undefined && max !== undefined) return shared;
  const settings = readGroupSettings({ MIN_DELAY: min, MAX_DELAY: max });
  const minMs = min === undefined ? DEFAULT_MIN_MS : settings.minDelayMs;
  const maxMs = max === undefined ? DEFAULT_MAX_MS : settings.maxDelayMs;
  return {
    ...shared,
    MIN_DELAY: formatDuration(max === undefined ? minMs : Math.min(minMs, maxMs)),
    MAX_DELAY: formatDuration(min === undefined ? maxMs : Math.max(minMs, maxMs)),
  };
}
