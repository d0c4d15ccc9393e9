/** The contract of the storage port, for memory and for SQLite. */
import { createMemoryStorage } from "../../../src/storage/memory.ts";
import { openSqliteStorage } from "../../../src/storage/sqlite.ts";
import { FAST_ROOT, temporaryDirectories } from "../../support/temporary-directory.ts";
import { describeStorage } from "./storage-contract.ts";

const newDirectory = temporaryDirectories(FAST_ROOT);

describeStorage("the storage in memory", {
  durable: false,
  newPlace: () => ({ open: createMemoryStorage }),
});

/** From no log to one that is folded all the time, and the one of every node. */
for (const spanBytesMax of [0, 600, 4_000, undefined]) {
  const log = spanBytesMax === undefined ? "" : `, with spans of ${spanBytesMax} bytes`;
  const bounded = spanBytesMax === undefined ? {} : { spanBytesMax };
  describeStorage(`the storage on disk${log}`, {
    durable: true,
    newPlace: () => {
      const directory = newDirectory();
      return { open: () => openSqliteStorage({ directory, nodeId: "node", ...bounded }) };
    },
  });
}
