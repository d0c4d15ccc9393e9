/**
 * FOLLOWERS and WRITE_QUORUM say how a group begins; afterwards it goes by what it keeps itself.
 * Who starts a node with others must hear that they change nothing.
 */

/** What a node is told with which to begin a group, or what a group goes by. */
export interface GroupSettings {
  /** URLs. */
  readonly members: readonly string[];
  readonly writeQuorum: number;
}

/** A sentence for each setting that is not what the group goes by. */
export function settingsThatDiffer(told: GroupSettings, group: GroupSettings): string[] {
  const sentences: string[] = [];
  const strangers = told.members.filter((address) => !group.members.includes(address));
  const leftOut = group.members.filter((address) => !told.members.includes(address));
  if (strangers.length > 0 || leftOut.length > 0) {
    const differences = [
      ...(strangers.length > 0 ? [`name ${strangers.join(", ")}, not in this group`] : []),
      ...(leftOut.length > 0 ? [`leave out ${leftOut.join(", ")}, in this group`] : []),
    ];
    sentences.push(
      `ADDRESS and FOLLOWERS ${differences.join(", and ")}: that changes nothing, a group keeps ` +
        `the members with which it began, ${group.members.join(", ")}. Start its nodes at these ` +
        "addresses; for a group of others, start all of them without data.",
    );
  }
  if (told.writeQuorum !== group.writeQuorum) {
    sentences.push(
      `WRITE_QUORUM is ${told.writeQuorum}: that changes nothing, a group keeps the write quorum ` +
        `that it has, ${group.writeQuorum}. Turn it with PATCH /config.`,
    );
  }
  return sentences;
}
