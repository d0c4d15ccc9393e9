/**
 * What a local cluster of a leader and its followers consists of. Every node's settings are checked
 * here, before the first process starts.
 */
import { formatDuration } from "../../base/duration.ts";
import { invariant } from "../../base/invariant.ts";
import { FOLLOWERS_MAX } from "../../config/address.ts";
import type { GroupNodeSettings } from "../../config/settings.ts";
import { readSettings } from "../../config.ts";
import { CommandError, EXIT } from "../exit-code.ts";
import {
  type Environment,
  type NodePlan,
  planNode,
  refusePortsOutside,
  sharedEnvironment,
} from "./node-plan.ts";

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

export interface ClusterPlan {
  readonly leader: NodePlan;
  readonly followers: readonly NodePlan[];
  /** The leader's settings as it will understand them. */
  readonly settings: GroupNodeSettings;
}

const DEFAULT_MIN_MS = 0.1;
const DEFAULT_MAX_MS = 1;

/** Plans a cluster; throws SettingError or CommandError for what can't work. */
export function planCluster(options: ClusterOptions, environment: Environment): ClusterPlan {
  const { host, port, followers } = options;
  refusePortsOutside(port, followers, `A leader on ${port} and ${followers} followers behind it`);
  if (followers > FOLLOWERS_MAX) {
    throw new CommandError(`Allowed are at most ${FOLLOWERS_MAX} followers.`, EXIT.usage);
  }
  const common = withDelays(sharedEnvironment(options.settings, environment));
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

/** The lab's default delays, which bend to the one that was given. */
export function withDelays(shared: Record<string, string>): Record<string, string> {
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

/** Settings of a node that has the role of a leader or a follower. */
function readGroupSettings(env: Environment): GroupNodeSettings {
  const { settings } = readSettings({ env });
  invariant(settings.role === "leader" || settings.role === "follower", "a group has these roles");
  return settings;
}
