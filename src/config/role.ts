/** What a node may be started as. */

export const ROLES = ["leader", "follower", "controller", "worker"] as const;

/** As ROLE says: of a group, or of a partitioned cluster. */
export type Role = (typeof ROLES)[number];

/** The roles of a leader/follower group. */
export const GROUP_ROLES = ["leader", "follower"] as const satisfies readonly Role[];

/** The roles of a partitioned cluster. */
export const PARTITIONED_ROLES = ["controller", "worker"] as const satisfies readonly Role[];
