/** What a crash or a bad disk leaves of the log, and what is found where copies do not fit. */
import { expect, spyOn, test } from "bun:test";
import { copyFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import fc from "fast-check";
import { StorageError } from "../../../src/core/storage.ts";
import { BLOCK_BYTES, DirectFile } from "../../../src/storage/direct-file.ts";
import { FAST_ROOT, temporaryDirectories } from "../../support/temporary-directory.ts";
import { commitAll, copyTo, keptIn, logsIn, open, remove, SPANS } from "./node-files.ts";
import { changeOf, entriesOf, type Kept, StorageModel } from "./storage-model.ts";

const newDirectory = temporaryDirectories(FAST_ROOT);
const copyOf = (directory: string) => copyTo(newDirectory(), directory);

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

interface Block {
  readonly file: number;
  readonly start: number;
  readonly bytes: Buffer;
}

/** What a write has changed in the log. */
function changedBlocks(before: string, after: string): Block[] {
  return logsIn(before).flatMap((path, file) => {
    const old = readFileSync(path);
    const now = readFileSync(logsIn(after)[file] ?? "");
    const starts = Array.from({ length: now.length / BLOCK_BYTES }, (_, at) => at * BLOCK_BYTES);
    return starts
      .map((start) => ({ file, start, bytes: now.subarray(start, start + BLOCK_BYTES) }))
      .filter(({ start, bytes }) => !bytes.equals(old.subarray(start, start + BLOCK_BYTES)));
  });
}

/** What a crash leaves of a write of which these blocks came through. */
function tornCopy(before: string, blocks: readonly Block[]): string {
  const copy = copyOf(before);
  for (const { file, start, bytes } of blocks) {
    const path = logsIn(copy)[file] ?? "";
    const torn = readFileSync(path);
    bytes.copy(torn, start);
    writeFileSync(path, torn);
  }
  return copy;
}

test("a record that got to the disk in part is as if it had not been written", () => {
  const { write } = DirectFile.prototype;
  let torn = 0;
  for (const span of SPANS) {
    const directory = newDirectory();
    const storage = open(directory, span);
    const model = new StorageModel();
    const spy = spyOn(DirectFile.prototype, "write");
    // Before a file has its size there is nothing in what is written to it.
    spy.mockImplementation(function (this: DirectFile, bytes, position) {
      const before = copyOf(directory);
      write.call(this, bytes, position);
      if (bytes.length > 32 * BLOCK_BYTES) return;
      const blocks = changedBlocks(before, directory);
      for (let lost = 0; lost < blocks.length; lost++) {
        for (const there of [blocks.toSpliced(lost, 1), blocks.slice(0, lost)]) {
          const copy = tornCopy(before, there);
          expect(keptIn(copy)).toEqual(model.kept());
          torn += 1;
          remove(copy);
        }
      }
      remove(before);
    });
    for (let commit = 0; commit < 10; commit++) {
      const changes = [changeOf(entriesOf(`k${commit % 5}-`, 1 + ((commit * 7) % 19)), commit)];
      storage.commit(changes);
      model.commit(changes);
    }
    spy.mockRestore();
    storage.close();
  }
  expect(torn).toBeGreaterThan(100);
}, 60_000);

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
