/** Tables for a terminal. */
import Table from "cli-table3";

/** All columns on one side. */
export function terminalTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  side: "left" | "right",
): string {
  const table = new Table({
    head: [...head],
    colAligns: head.map(() => side),
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}
