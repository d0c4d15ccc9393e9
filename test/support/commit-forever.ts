/**
 * A process that only stores: `bun commit-forever.ts DIRECTORY`. It commits transaction after
 * transaction, each of ten new entries and the record, and prints a transaction's number once it is
 * on disk. It runs until somebody ends it.
 */
import { blankRecord } from "../../src/core/group-record.ts";
import { openSqliteStorage } from "../../src/storage/sqlite.ts";

const ENTRIES = 10;

const storage = openSqliteStorage({ directory: process.argv[2] ?? "", nodeId: "the-other" });
let first = 1;
for (const { record } of storage.load()) first = record.watermark + 1;
for (let transaction = first; ; transaction++) {
  const entries = Array.from({ length: ENTRIES }, (_, index) => ({
    key: `${index}-of-${transaction}`,
    value: JSON.stringify("x".repeat(100 * index)),
    epoch: 1,
    sequence: transaction,
  }));
  const record = { ...blankRecord("memory"), watermark: transaction };
  storage.commit([{ group: 0, entries, record }]);
  process.stdout.write(`${transaction}\n`);
}
