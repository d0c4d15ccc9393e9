/** A server that is handed the head of each request, and may answer with any bytes. */
import { createServer, type Socket } from "node:net";

export interface RawServer {
  readonly port: number;
  stop(): void;
}

/** Listens on a free port of 127.0.0.1; `asked` is called once for each connection. */
export function rawServer(asked: (socket: Socket, head: string) => void): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    let head = "";
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (data: Buffer) => {
      const complete = head.includes("\r\n\r\n");
      if (complete) return;
      head += data.toString("latin1");
      if (head.includes("\r\n\r\n")) asked(socket, head);
    });
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve({
        port: typeof address === "object" && address !== null ? address.port : 0,
        stop() {
          for (const socket of sockets) socket.destroy();
          server.close();
        },
      });
    });
  });
}
