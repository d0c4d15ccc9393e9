/**
 * Settings of the design that this version can't honour yet. To take one for something else in
 * silence (a leader instead of a worker, memory instead of a disk) would be worse than no start.
 */
import { NotAllowed, parseChoice, quoteGiven, SettingError } from "./setting.ts";

const parseBuiltRole = parseChoice(["leader", "follower"]);

/** leader or follower; the partitioned mode's roles get a sentence of their own. */
export function parseRole(text: string): "leader" | "follower" {
  if (/^(controller|worker)$/i.test(text)) {
    throw new NotAllowed(
      "this version has no partitioned mode yet, so allowed are leader, follower",
    );
  }
  return parseBuiltRole(text);
}

/** CONTROLLER without ROLE means a worker, which this version is not. */
export function refusePartitionedMode(env: Readonly<Record<string, string | undefined>>): void {
  const controller = env.CONTROLLER;
  if (controller === undefined || controller.trim() === "") return;
  throw new SettingError(
    `CONTROLLER=${quoteGiven(controller)} is not allowed: this version has no partitioned ` +
      "mode yet; leave it out.",
  );
}
