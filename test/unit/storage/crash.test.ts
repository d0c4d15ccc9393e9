/**
 * What a crash or a bad disk leaves: the files as they were at any moment, a WAL without its end, a
 * process killed in the middle of a commit, a bit that has flipped.
 */
import { expect, test } from "bun:test";
import {
  copyFileSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import fc from "fast-check";
import { type GroupChange, StorageError } from "../../../src/core/storage.ts";
import { BLOCK_BYTES } from "../../../src/storage/direct-file.ts";
import { openSqliteStorage } from "../../../src/storage/sqlite.ts";
import { FAST_ROOT, temporaryDirectories } from "../../support/temporary-directory.ts";
import { waitUntil } from "../../support/wait-until.ts";
import {
  arbitraryChanges,
  changeOf,
  entriesOf,
  type Kept,
  keptBy,
  StorageModel,
} from "./storage-model.ts";

const newDirectory = temporaryDirectories(FAST_ROOT);

/** The log of every node, and such that are soon full and folded all the time. */
const SPANS = [undefined, 600, 4_000] as const;

const open = (directory: string, spanBytesMax?: number) =>
  openSqliteStorage({
    ...{ directory, nodeId: "node" },
    ...(spanBytesMax === undefined ? {} : { spanBytesMax }),
  });
const databaseIn = (directory: string) => join(directory, "kvnode.db");
const walIn = (directory: string) => join(directory, "kvnode.db-wal");
const logsIn = (directory: string) =>
  ["kvnode.log-0", "kvnode.log-1"].map((name) => join(directory, name));
const filesOf = (directory: string) => [
  ...[databaseIn(directory), walIn(directory)],
  ...logsIn(directory),
];

const remove = (directory: string) => rmSync(directory, { recursive: true });

/** The files of a directory as a crash at this moment would leave them, somewhere else. */
function copyOf(directory: string): string {
  const copy = newDirectory();
  for (const [index, path] of filesOf(copy).entries()) {
    const original = filesOf(directory)[index] ?? "";
    if (existsSync(original)) copyFileSync(original, path);
  }
  return copy;
}

function keptIn(directory: string): Kept {
  const storage = open(directory);
  try {
    return keptBy(storage.load());
  } finally {
    storage.close();
  }
}

/** Commits one after another; `after` gets what must be there by then, first of all nothing. */
function commitAll(
  directory: string,
  commits: readonly (readonly GroupChange[])[],
  after: (kept: Kept) => void,
  spanBytesMax?: number,
): void {
  const storage = open(directory, spanBytesMax);
  const model = new StorageModel();
  after(model.kept());
  for (const changes of commits) {
    storage.commit(changes);
    model.commit(changes);
    after(model.kept());
  }
  storage.close();
}

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

/** For the log, or for the tables alone. */
const arbitraryWays = fc.array(fc.constantFrom(true, true, false), {
  ...{ minLength: 1, maxLength: 14 },
});

test("a database that is older than its log is refused, or gets all that the log has", () => {
  let refused = 0;
  fc.assert(
    fc.property(arbitraryWays, fc.constantFrom(...SPANS), (ways, span) => {
      const directory = newDirectory();
      const commits = ways.map((logged, at) => [
        logged
          ? changeOf(entriesOf(`k${at}-`, 1 + (at % 3)), at)
          : { ...changeOf([], at), group: 1, incoming: entriesOf("i", 1) },
      ]);
      const older: string[] = [];
      let states: Kept[] = [];
      let known = "";
      const look = (kept: Kept) => {
        const logs = logsIn(directory).filter((log) => existsSync(log));
        const now = String(Bun.hash(Buffer.concat(logs.map((log) => readFileSync(log)))));
        // What the tables alone have got since then is not in the log.
        states = now === known ? [...states, kept] : [kept];
        known = now;
        older.push(copyOf(directory));
        for (const before of older.filter((each) => existsSync(logsIn(each)[0] ?? ""))) {
          const copy = copyOf(before);
          for (const log of logs) copyFileSync(log, join(copy, basename(log)));
          try {
            expect(states).toContainEqual(keptIn(copy));
          } catch (error) {
            if (!(error instanceof StorageError)) throw error;
            refused += 1;
          }
          remove(copy);
        }
      };
      commitAll(directory, commits, look, span);
      for (const each of [directory, ...older]) remove(each);
    }),
    { numRuns: 20 },
  );
  expect(refused).toBeGreaterThan(0);
}, 60_000);

/** A directory with nothing but the log behind its first commit, and what was there by each. */
function leaveLog(commits: number): { readonly directory: string; readonly states: Kept[] } {
  const used = newDirectory();
  const storage = open(used);
  const model = new StorageModel();
  const states: Kept[] = [];
  for (let commit = 0; commit < commits; commit++) {
    const changes = [changeOf(entriesOf(`k${commit}-`, commit + 1), commit)];
    storage.commit(changes);
    model.commit(changes);
    states.push(model.kept());
  }
  const directory = copyOf(used);
  storage.close();
  return { directory, states };
}

/** Bytes of the log's first file that were written to. */
function usedLogBytes(directory: string): number {
  const bytes = readFileSync(logsIn(directory)[0] ?? "");
  return bytes.findLastIndex((byte) => byte !== 0) + 1;
}

test("a log without its end holds the commits before the tear, each of them whole", () => {
  const { directory, states } = leaveLog(6);
  const bytes = usedLogBytes(directory);
  let last = 0;
  const step = Math.ceil(bytes / 40);
  for (let cut = 0; cut <= bytes + step + BLOCK_BYTES; cut += step) {
    const copy = copyOf(directory);
    truncateSync(logsIn(copy)[0] ?? "", cut);
    const kept = keptIn(copy);
    const state = states.findIndex((each) => Bun.deepEquals(each, kept));
    expect(state).toBeGreaterThanOrEqual(last);
    last = state;
    remove(copy);
  }
  expect(last).toBe(states.length - 1);
});

test("a bit that has flipped in the log is found, or hides no more than the last commit", () => {
  const { directory, states } = leaveLog(6);
  const log = readFileSync(logsIn(directory)[0] ?? "");
  const bytes = usedLogBytes(directory);
  let refused = 0;
  fc.assert(
    fc.property(fc.nat(bytes - 1), fc.nat(7), (at, bit) => {
      const copy = copyOf(directory);
      const damaged = Buffer.from(log);
      damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << bit), at);
      writeFileSync(logsIn(copy)[0] ?? "", damaged);
      try {
        expect([states.at(-1), states.at(-2)]).toContainEqual(keptIn(copy));
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        expect(error.message).toContain("the log is not what was written");
        refused += 1;
      }
      remove(copy);
    }),
    { numRuns: 200 },
  );
  expect(refused).toBeGreaterThan(50);
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
