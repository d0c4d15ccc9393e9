/** The log lines of a partitioned cluster, as the cluster's command shows them. */
import { colors, printable } from "../output.ts";
import { parseRecord, type Shown, showLogLine } from "./log-lines.ts";

/** What a person wants to see as it happens; each move of each partition is too much. */
const NEWS = /^cluster\.(worker_\w+|drain\w*|undrain\w*|takeover|lost|found)$/;

/** A lead that moves is the controller's decision, and it is the controller that tells of it. */
const PLANNED = new Set(["leader.lost", "leader.deposed"]);

/** As showLogLine, with what the controller decides. */
export function showPartitionedLine(node: string, line: string, shown: Shown): string | undefined {
  if (shown === "everything") return showLogLine(node, line, shown);
  const record = parseRecord(line);
  const event = String(record?.event ?? record?.msg ?? "");
  if (PLANNED.has(event)) return undefined;
  if (shown === "errors" || !NEWS.test(event)) return showLogLine(node, line, shown);
  return `${colors.dim(`${node} |`)} ${printable(String(record?.message ?? event))}`;
}
