/** One member of a group, as the others see it. */
export interface Member {
  /** What tells it from the other members. */
  readonly slot: number;
  /** URL of its node. */
  readonly address: string;
}

/** Of a group that nobody appoints: a member's slot is its place. */
export function inPlace(addresses: readonly string[]): readonly Member[] {
  return addresses.map((address, slot) => ({ slot, address }));
}
