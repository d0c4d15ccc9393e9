/**
 * A child of `kvnode cluster` ends when its parent does, however the parent ended: the parent holds
 * the other end of the child's standard input, and the system closes that also after a SIGKILL.
 */

/** Set by the parent; not for people. */
export const STOP_WITH_STDIN = "KVNODE_STOP_WITH_STDIN";

/** Calls `stop` once when the standard input closes; does nothing unless the variable is set. */
export function stopWithStdin(stop: () => void): void {
  if (process.env[STOP_WITH_STDIN] !== "1") return;
  let stopped = false;
  const stopOnce = (): void => {
    if (stopped) return;
    stopped = true;
    stop();
  };
  process.stdin.on("end", stopOnce).on("close", stopOnce).on("error", stopOnce).resume();
}
