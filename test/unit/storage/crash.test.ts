/**
 * What a crash or a bad disk leaves: the files as they were at any moment, a WAL without its end, a
 * process killed in the middle of a commit, a bit that has flipped.
 */
import { expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import fc from "fast-check";
import { StorageError } from "../../../src/core/storage.ts";
import { FAST_ROOT, temporaryDirectories } from "../../support/temporary-directory.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { commitAll, copyTo, databaseIn, keptIn, open, remove, SPANS, walIn } from "./node-files.ts";
import { arbitraryChanges, changeOf, entriesOf, type Kept } from "./storage-model.ts";

const newDirectory = temporaryDirectories(FAST_ROOT);
const copyOf = (directory: string) => copyTo(newDirectory(), directory);

const arbitraryCommits = fc.array(arbitraryChanges, { minLength: 1, maxLength: 12 });

test("the files at any moment hold all that was committed, and nothing else", () => {
  fc.assert(
    fc.property(arbitraryCommits, fc.constantFrom(...SPANS), (commits, span) => {
      const directory = newDirectory();
      const look = (kept: Kept) => {
        const copy = copyOf(directory);
        expect(keptIn(copy)).toEqual(kept);
        remove(copy);
      };
      commitAll(directory, commits, look, span);
      remove(directory);
    }),
    { numRuns: 60 },
  );
}, 60_000);

test("a WAL without its end holds the commits before the tear, each of them whole", () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(arbitraryCommits, share, (commits, share) => {
      const directory = newDirectory();
      const states: { readonly walBytes: number; readonly kept: Kept }[] = [];
      let copy = "";
      const look = (kept: Kept) => {
        if (copy !== "") remove(copy);
        copy = copyOf(directory);
        const walBytes = existsSync(walIn(copy)) ? statSync(walIn(copy)).size : 0;
        states.push({ walBytes, kept });
      };
      // Without a log: where there is one, it is overwritten once the WAL has what was in it.
      commitAll(directory, commits, look, 0);
      const walBytes = Math.floor((states.at(-1)?.walBytes ?? 0) * share);
      if (existsSync(walIn(copy))) truncateSync(walIn(copy), walBytes);
      const expected = states.findLast((state) => state.walBytes <= walBytes);
      expect(keptIn(copy)).toEqual(expected?.kept ?? []);
      remove(copy);
      remove(directory);
    }),
    { numRuns: 60 },
  );
}, 60_000);

test("a bit that has flipped is found or changes nothing", () => {
  const directory = newDirectory();
  const storage = open(directory);
  storage.commit([changeOf(entriesOf("key", 200), 200)]);
  storage.commit([{ ...changeOf([]), group: 3, incoming: entriesOf("i", 20) }]);
  storage.commit([
    { group: 3, adopt: true },
    { group: 0, forgotten: ["key7"] },
  ]);
  storage.close();
  const kept = keptIn(directory);
  const sound = readFileSync(databaseIn(directory));
  let refused = 0;
  fc.assert(
    fc.property(fc.nat(sound.length - 1), fc.nat(7), (at, bit) => {
      const damaged = newDirectory();
      const bytes = Buffer.from(sound);
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);
      writeFileSync(databaseIn(damaged), bytes);
      try {
        expect(keptIn(damaged)).toEqual(kept);
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        expect(error.message).toMatch(/^[^\n]*kvnode\.db[^\n]*\.$/);
        refused += 1;
      }
      remove(damaged);
    }),
    { numRuns: Number(process.env.FLIPS ?? 300) },
  );
  expect(refused).toBeGreaterThan(10);
}, 60_000);

test("a process that is killed leaves whole transactions, and all it has reported", async () => {
  const directory = newDirectory();
  let last = 0;
  for (const reports of [1, 40, 200]) {
    last = await commitUntilKilled(directory, last + reports);
    const [group] = keptIn(directory);
    const watermark = group?.record.watermark ?? 0;
    expect(watermark).toBeGreaterThanOrEqual(last);
    const keys = new Set(group?.entries.map(({ key }) => key));
    expect(keys.size).toBe(10 * watermark);
    for (let transaction = 1; transaction <= watermark; transaction++) {
      for (let index = 0; index < 10; index++) expect(keys).toContain(`${index}-of-${transaction}`);
    }
  }
}, 60_000);

/** Kills a committing process that has reported this transaction; gives the last reported. */
async function commitUntilKilled(directory: string, transaction: number): Promise<number> {
  const script = resolve(import.meta.dir, "../../support/commit-forever.ts");
  const child = Bun.spawn([process.execPath, script, directory], { stdout: "pipe" });
  let said = "";
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) said += decoder.decode(chunk, { stream: true });
  })();
  try {
    const reached = () => lastLine(said) >= transaction;
    await waitUntil(reached, { what: `transaction ${transaction}`, intervalMs: 1 });
  } finally {
    child.kill("SIGKILL");
    await child.exited;
    await reading;
  }
  return lastLine(said);
}

function lastLine(said: string): number {
  return Number(said.split("\n").at(-2) ?? 0);
}
