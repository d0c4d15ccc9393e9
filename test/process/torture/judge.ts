/** When a round is over and everything runs again: is everything as it was promised? */
import { checkLinearizable } from "../../linearizability/check.ts";
import type { Operation } from "../../linearizability/history.ts";
import type { Counts } from "./counts.ts";
import type { Ledger, Standing } from "./ledger.ts";
import type { Life } from "./life.ts";
import type { Member, Members } from "./members.ts";

const LIST_LIMIT = 1_000;

export interface Case {
  readonly members: Members;
  readonly leader: Member;
  /** Of the whole group, since it began. */
  readonly ledger: Ledger;
  /** Of this round, complete: nobody asks any more. */
  readonly history: readonly Operation[];
  /** All keys of the history. */
  readonly keys: readonly string[];
  readonly tally: Counts;
}

/** What one node holds. */
export interface Holding {
  /** The node's id. */
  readonly node: string;
  readonly listing: ReadonlyMap<string, Standing>;
  /** The keys that it is to hold, or to know as deleted. */
  readonly keys: readonly string[];
}

/** Sentences on all that is wrong; none if all is well. */
export async function judge(round: Case): Promise<readonly string[]> {
  const { members, ledger, history, tally, leader, keys } = round;
  const listings = await Promise.all(members.all.map(listOf));
  const [first = new Map<string, Standing>()] = listings;
  const different = listings.flatMap((listing, number) => {
    return differences(first, listing, `node0 and node${number}`);
  });
  const holdings = members.all.map(({ id: node }, number) => {
    return { node, listing: listings[number] ?? new Map(), keys: ledger.keys };
  });
  const last = await finalReads(keys, () => leader);
  return [
    ...different,
    ...judgeHoldings(holdings, ledger, tally),
    ...judgeHistory([...history, ...last], ledger, tally),
  ];
}

/** What was read, by itself: nothing that was refused, and linearizable. */
export function judgeHistory(
  history: readonly Operation[],
  ledger: Ledger,
  tally: Counts,
): string[] {
  const wrong: string[] = [];
  for (const { kind, key, value, outcome } of history) {
    if (kind !== "read" || outcome !== "ok" || !ledger.isRefused(value)) continue;
    tally.visibleRefused += 1;
    wrong.push(`visible refused: a client has read ${value} at ${key}, which was refused`);
  }
  const verdict = checkLinearizable(history);
  if (verdict.linearizable !== true) wrong.push(verdict.explanation);
  return wrong;
}

/** What the nodes hold against the ledger; a key that is wrong at several nodes counts once. */
export function judgeHoldings(
  holdings: readonly Holding[],
  ledger: Ledger,
  tally: Counts,
): string[] {
  const wrong = new Map<string, string>();
  for (const { node, listing, keys } of holdings) {
    for (const key of new Set([...keys, ...listing.keys()])) {
      const standing = listing.get(key) ?? { value: undefined, version: undefined };
      const judged = ledger.judge(key, standing);
      if (judged === undefined || wrong.has(key)) continue;
      if (judged.finding === "lost") tally.lost += 1;
      else tally.visibleRefused += 1;
      wrong.set(key, `${judged.finding} at ${node}: ${judged.sentence}`);
    }
  }
  return [...wrong.values()];
}

/** What one node holds by itself, without its leader. */
async function listOf(member: Member): Promise<Map<string, Standing>> {
  const found = new Map<string, Standing>();
  let after = "";
  for (;;) {
    const query = `limit=${LIST_LIMIT}${after === "" ? "" : `&after=${encodeURIComponent(after)}`}`;
    const answer = await member.ask("GET", `/kv?${query}`);
    const { items, next } = (await answer.json()) as {
      items: { key: string; value: unknown; version: string }[];
      next: string | null;
    };
    for (const { key, value, version } of items) {
      found.set(key, { value: JSON.stringify(value), version });
    }
    if (next === null) return found;
    after = next;
  }
}

/** Sentences on keys that stand otherwise at one node than at another. */
export function differences(
  one: ReadonlyMap<string, Standing>,
  other: ReadonlyMap<string, Standing>,
  who: string,
): string[] {
  const keys = [...new Set([...one.keys(), ...other.keys()])];
  const different = keys.filter(
    (key) =>
      one.get(key)?.value !== other.get(key)?.value ||
      one.get(key)?.version !== other.get(key)?.version,
  );
  if (different.length === 0) return [];
  return [`${who} differ at ${different.length} keys, such as ${different[0]}`];
}

/** A linearizable read of every key, as operations of one more client. */
export function finalReads(
  keys: readonly string[],
  at: (key: string) => Life,
): Promise<Operation[]> {
  return Promise.all(
    keys.map(async (key): Promise<Operation> => {
      const invokedAtMs = performance.now();
      const node = at(key);
      const answer = await node.ask("GET", `/kv/${encodeURIComponent(key)}?level=linearizable`);
      const { value } = (await answer.json()) as { value?: unknown };
      if (answer.status !== 200 && answer.status !== 404) {
        throw new Error(
          `a linearizable read of ${key} at ${node.id} was answered ${answer.status}`,
        );
      }
      return {
        client: -1,
        key,
        kind: "read",
        value: answer.status === 200 ? JSON.stringify(value) : undefined,
        invokedAtMs,
        returnedAtMs: performance.now(),
        outcome: "ok",
      };
    }),
  );
}
