/** What every serving process shares: its settings, its signals, and how its server ends. */
import type { Server } from "bun";
import type { Logger } from "../base/log.ts";
import { CommandError, EXIT } from "../cli/exit-code.ts";
import type { ReadSettings } from "../config.ts";
import { ClusterSettingError } from "../controller/identity.ts";
import { StorageError } from "../core/storage.ts";
import type { Connections } from "../http/connections.ts";
import { PortError } from "../http/server.ts";
import { OtherClusterError } from "../worker/other-cluster.ts";

/** For the answers that are written last; connections that clients keep open are closed then. */
const LAST_ANSWERS_MS = 100;

/** What a node of one role is started with. */
export interface Asked<S> {
  readonly asked: S;
  readonly described: ReadSettings["described"];
  readonly logger: Logger;
}

/** A port, a directory or a setting that can't be used is the person's to mend, not a fault. */
export function orRefuse<T>(start: () => T): T {
  try {
    return start();
  } catch (error) {
    const theirs = [PortError, StorageError, ClusterSettingError, OtherClusterError].some(
      (kind) => error instanceof kind,
    );
    if (theirs) throw new CommandError((error as Error).message, EXIT.usage);
    throw error;
  }
}

/** SIGTERM or Ctrl-C, once. */
export function nextStopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.once(signal, resolve);
    }
  });
}

/** Lets the last answers out, and closes what is still open then. */
export async function endServer<D>(server: Server<D>, connections: Connections): Promise<void> {
  connections.stop();
  await Promise.race([server.stop(), Bun.sleep(LAST_ANSWERS_MS)]);
  await server.stop(true);
}
