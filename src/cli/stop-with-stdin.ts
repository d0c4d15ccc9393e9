/**
 * A child of `kvnode cluster` ends when its parent does, however the parent ended: the parent holds
 * the other end of the child's standard input, and the system closes that also after a SIGKILL.
 */

/** Set by the parent; not for people. */
export const STOP_WITH_STDIN = "KVNODE_STOP_WITH_STDIN";

/**
 * Calls `stop` once when the standard input closes; does nothing unless the variable is set. The
 * function that it gives back lets go of the input, which would keep the process alive.
 */
export function stopWithStdin(stop: () => void): () => void {
  if (process.env[STOP_WITH_STDIN] !== "1") return () => {};
  let done = false;
  const stopOnce = (): void => {
    if (done) return;
    done = true;
    stop();
  };
  const { stdin } = process;
  stdin.on("end", stopOnce).on("close", stopOnce).on("error", stopOnce).resume();
  return () => {
    done = true;
    stdin.destroy();
  };
}
