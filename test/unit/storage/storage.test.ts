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

describeStorage("the storage on disk", {
  durable: true,
  newPlace: () => {
    const directory = newDirectory();
    return { open: () => openSqliteStorage({ directory, nodeId: "node" }) };
  },
});
