/** When a round is over and everything runs again: is everything as it was promised? */
import { checkLinearizable } from "../../linearizability/check.ts";
import type { Operation } from "../../linearizability/history.ts";
import type { Ledger, Standing } from "./ledger.ts";
import type { Member, Members } from "./members.ts";
import type { Tally } from "./tally.ts";

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
  readonly tally: Tally;
}

/** Sentences on all that is wrong; none if all is well. */
export async function judge(round: Case): Promise<readonly string[]> {
  const { members, ledger, history, tally } = round;
  const wrong: string[] = [];
  const listings = await Promise.all(members.all.map(listOf));
  const [first = new Map<string, Standing>()] = listings;
  listings.forEach((listing, number) => {
    wrong.push(...differences(first, listing, `node0 and node${number}`));
  });
  wrong.push(...judgeKeys(listings, ledger, tally));
  for (const { kind, key, value, outcome } of history) {
    if (kind !== "read" || outcome !== "ok" || !ledger.isRefused(value)) continue;
    tally.visibleRefused += 1;
    wrong.push(`visible refused: a client has read ${value} at ${key}, which was refused`);
  }
  const verdict = checkLinearizable([...history, ...(await finalReads(round))]);
  if (verdict.linearizable !== true) wrong.push(verdict.explanation);
  return wrong;
}

/** A key that is wrong at several nodes counts once. */
function judgeKeys(
  listings: readonly ReadonlyMap<string, Standing>[],
  ledger: Ledger,
  tally: Tally,
): string[] {
  const wrong = new Map<string, string>();
  for (const [number, listing] of listings.entries()) {
    for (const key of new Set([...ledger.keys, ...listing.keys()])) {
      const standing = listing.get(key) ?? { value: undefined, version: undefined };
      const judged = ledger.judge(key, standing);
      if (judged === undefined || wrong.has(key)) continue;
      if (judged.finding === "lost") tally.lost += 1;
      else tally.visibleRefused += 1;
      wrong.set(key, `${judged.finding} at node${number}: ${judged.sentence}`);
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

function differences(
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
function finalReads({ leader, keys }: Case): Promise<Operation[]> {
  return Promise.all(
    keys.map(async (key): Promise<Operation> => {
      const invokedAtMs = performance.now();
      const path = `/kv/${encodeURIComponent(key)}?level=linearizable`;
      const answer = await leader.ask("GET", path);
      const { value } = (await answer.json()) as { value?: unknown };
      if (answer.status !== 200 && answer.status !== 404) {
        throw new Error(
          `a linearizable read of ${key} at the leader was answered ${answer.status}`,
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
