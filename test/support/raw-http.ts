/** HTTP as bytes on a socket, for what no proper client sends. */
import { connect } from "node:net";

/**
 * Sends the bytes and resolves with all that comes back until the other end closes, or, with
 * `hangUpAfterMs`, hangs up itself after that time.
 */
export function sendRaw(
  port: number,
  bytes: string | Uint8Array,
  options: { readonly hangUpAfterMs?: number } = {},
): Promise<string> {
  return new Promise((resolve) => {
    let received = "";
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(bytes);
      const { hangUpAfterMs } = options;
      if (hangUpAfterMs !== undefined) setTimeout(() => socket.destroy(), hangUpAfterMs);
    });
    socket.on("data", (data) => {
      received += data.toString("latin1");
    });
    // A reset is an answer too: what came before it counts.
    socket.on("error", () => {});
    socket.on("close", () => resolve(received));
  });
}

/** The status of a raw answer, or 0 where there was none. */
export function statusOf(raw: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(raw)?.[1] ?? 0);
}
