/** Clients that misbehave on purpose: many connections that send little, late or nothing. */
import type { Socket } from "bun";

export interface SlowClients {
  /** How many are still connected. */
  open(): number;
  /** All that has come back on each connection, as text. */
  readonly received: readonly string[];
  /** Sends the same bytes on every connection that is still open. */
  send(text: string): void;
  close(): void;
}

/** Opens so many connections to a port of this machine; each sends the text that `first` gives. */
export async function openSlowClients(
  port: number,
  count: number,
  first: (index: number) => string,
): Promise<SlowClients> {
  const sockets = new Set<Socket<number>>();
  const received: string[] = Array.from({ length: count }, () => "");
  const handlers = {
    data(socket: Socket<number>, chunk: Buffer) {
      received[socket.data] += chunk.toString("latin1");
    },
    end(socket: Socket<number>) {
      sockets.delete(socket);
      socket.end();
    },
    close(socket: Socket<number>) {
      sockets.delete(socket);
    },
    error(socket: Socket<number>) {
      sockets.delete(socket);
    },
  };
  for (let index = 0; index < count; index++) {
    const socket = await Bun.connect<number>({
      hostname: "127.0.0.1",
      port,
      data: index,
      socket: handlers,
    });
    sockets.add(socket);
    socket.write(first(index));
  }
  return {
    open: () => sockets.size,
    received,
    send(text) {
      for (const socket of sockets) socket.write(text);
    },
    close() {
      for (const socket of [...sockets]) socket.terminate();
    },
  };
}
