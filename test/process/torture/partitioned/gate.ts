/** The way from one worker to the controller, which can be shut while both of them run. */
import { connect, createServer, type Server, type Socket } from "node:net";

export class Gate {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #shut = false;

  /** Listens on `port`, and passes on what comes to the controller's. */
  constructor(port: number, controllerPort: number) {
    this.url = `http://127.0.0.1:${port}`;
    this.#server = createServer((socket) => {
      if (this.#shut) {
        socket.destroy();
        return;
      }
      const onward = connect(controllerPort, "127.0.0.1");
      this.#keep(socket, onward);
      this.#keep(onward, socket);
      socket.pipe(onward).pipe(socket);
    });
    this.#server.listen(port, "127.0.0.1");
    // It keeps nobody from ending.
    this.#server.unref();
  }

  shut(): void {
    this.#shut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  open(): void {
    this.#shut = false;
  }

  end(): void {
    this.shut();
    this.#server.close();
  }

  #keep(socket: Socket, other: Socket): void {
    this.#sockets.add(socket);
    // A controller that is not there is nothing to worry about.
    socket.on("error", () => other.destroy());
    socket.on("close", () => {
      this.#sockets.delete(socket);
      other.destroy();
    });
  }
}
