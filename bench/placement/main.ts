/** What planning a large cluster costs: `bun bench/placement/main.ts [WORKERS [PARTITIONS]]`. */
import Table from "cli-table3";
import { measurePlacement } from "./measure.ts";

const workers = Number(process.argv[2] ?? 1_000);
const partitions = Number(process.argv[3] ?? 100_000);

const head = [`${workers} workers, ${partitions} partitions × 3`, ""];
const table = new Table({ head, style: { head: [], border: [] } });
for (const { what, figure } of measurePlacement(workers, partitions)) {
  table.push([what, figure]);
}
console.log(table.toString());
