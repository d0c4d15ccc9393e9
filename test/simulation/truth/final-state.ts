/**
 * When all has healed and all is quiet: is every acknowledged write there? Said of one key at a
 * time, in a sentence that a person can follow; the linearizability checker, which looks at the
 * whole history, then says the same of what this overlooks.
 */
import { compareVersions } from "../../../src/core/version.ts";
import { type LoggedOperation, nameOf } from "./operation-log.ts";

/** What was lost at this key, or undefined. `final` is the value in the end. */
export function findLoss(
  key: string,
  final: string | undefined,
  operations: readonly LoggedOperation[],
): string | undefined {
  const changes = operations.filter((each) => each.key === key && each.kind !== "read");
  const acknowledged = changes.filter(({ outcome, version }) => outcome === "ok" && version);
  const last = acknowledged.reduce<LoggedOperation | undefined>(
    (newest, each) => (newest === undefined || isNewer(each, newest) ? each : newest),
    undefined,
  );
  if (last === undefined) {
    return undefined;
  }
  const lost = `${last.kind} ${nameOf(last.value)} of ${textOf(last)} was acknowledged`;
  if (final === undefined) {
    const mayBeRemoved = changes.some(
      (each) => each.kind === "delete" && each.outcome !== "refused" && !isOlder(each, last),
    );
    return mayBeRemoved ? undefined : `${lost}, and the key is absent`;
  }
  const standing = changes.find(({ value }) => value === final);
  return standing === undefined || isOlder(standing, last)
    ? `${lost}, and the key shows the older ${nameOf(final)}`
    : undefined;
}

function isNewer(one: LoggedOperation, other: LoggedOperation): boolean {
  return one.version !== undefined && other.version !== undefined
    ? compareVersions(one.version, other.version) > 0
    : false;
}

/** A change that nobody ever saw may be of any version. */
function isOlder(one: LoggedOperation, other: LoggedOperation): boolean {
  return one !== other && isNewer(other, one);
}

function textOf({ version }: LoggedOperation): string {
  return version === undefined ? "?" : `${version.epoch}.${version.sequence}`;
}
