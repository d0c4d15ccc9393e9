/** On what and with what was measured: a figure without its machine says nothing. */
import { arch, cpus, loadavg, platform, release, totalmem } from "node:os";

/** The machine and the runtime, a line each; `nodes` says what the nodes are. */
export function describeEnvironment(nodes: string): Map<string, string> {
  const processors = cpus();
  const gigabytes = (totalmem() / 2 ** 30).toFixed(1);
  const model = processors[0]?.model.trim() ?? "unknown processor";
  return new Map([
    ["Machine", `${model}, ${processors.length} cores for nodes and driver, ${gigabytes} GiB`],
    ["System", `${platform()} ${release()} ${arch()}, Bun ${Bun.version}`],
    ["Nodes", nodes],
    ["Load before the first run", `${(loadavg()[0] ?? 0).toFixed(2)} (1 minute)`],
    ["Date", new Date().toISOString()],
  ]);
}

/** The same, told on standard error too. */
export function announceEnvironment(nodes: string): Map<string, string> {
  const environment = describeEnvironment(nodes);
  for (const [name, text] of environment) console.error(`${name}: ${text}`);
  return environment;
}
