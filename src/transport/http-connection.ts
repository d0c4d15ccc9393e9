/**
 * One connection to another node's HTTP port, for one request at a time.
 *
 * The runtime's own client is not used for what a client may not have sent twice: when a connection
 * that was kept alive closes under a request, it sends the request again by itself, and then nobody
 * can tell a request that was never sent from one that was carried out. Here a request is `unsent`
 * or it is on its way once, and then it has an answer or is `lost`.
 */
import type { Socket } from "bun";

/** What became of one request. */
export type Exchange =
  | { readonly kind: "answer"; readonly status: number; readonly body: string }
  | { readonly kind: "unsent" }
  | { readonly kind: "lost" };

const HEAD_END = Buffer.from("\r\n\r\n");
const STATUS_LINE = /^HTTP\/1\.1 (\d{3})/;
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;
const CLOSES = /\r\nconnection: *close/i;
/** These never have a body. */
const BODILESS = new Set([204, 304]);

interface Head {
  readonly status: number;
  readonly bodyStart: number;
  readonly bodyBytes: number;
  readonly last: boolean;
}

interface UnderWay {
  readonly settle: (exchange: Exchange) => void;
  readonly timer: ReturnType<typeof setTimeout>;
  /** What is still to be written. */
  rest: Uint8Array | undefined;
}

export class HttpConnection {
  #socket: Socket | undefined;
  #underWay: UnderWay | undefined;
  #received: Buffer[] = [];
  #receivedBytes = 0;
  #head: Head | undefined;
  #closed = false;
  /** When its last answer had come, by `performance.now()`. */
  idleSinceMs = performance.now();

  /** Undefined where no connection comes about in time. */
  static async open(address: string, timeoutMs: number): Promise<HttpConnection | undefined> {
    const { hostname, port } = new URL(address);
    const connection = new HttpConnection();
    const { promise: opened, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), timeoutMs);
    const connecting = Bun.connect({
      hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
      port: Number(port || 80),
      socket: {
        open: (socket) => {
          socket.setNoDelay(true);
          connection.#socket = socket;
          resolve(true);
        },
        data: (_socket, bytes) => connection.#take(bytes),
        drain: () => void connection.#writeRest(),
        close: () => connection.#end(),
        end: () => connection.close(),
        error: () => connection.close(),
        connectError: () => resolve(false),
      },
    });
    connecting.catch(() => resolve(false));
    const isOpen = await opened;
    clearTimeout(timer);
    if (isOpen) {
      return connection;
    }
    // It may still come about, when nobody waits for it any more.
    connecting.then(
      (socket) => socket.end(),
      () => {},
    );
    return undefined;
  }

  get usable(): boolean {
    return !this.#closed && this.#underWay === undefined;
  }

  /** Sends a whole request; the connection must be usable. */
  exchange(request: Uint8Array, timeoutMs: number): Promise<Exchange> {
    const { promise, resolve: settle } = Promise.withResolvers<Exchange>();
    const timer = setTimeout(() => this.close(), timeoutMs);
    this.#underWay = { settle, timer, rest: request };
    if (!this.#writeRest()) {
      this.#settle({ kind: "unsent" });
      this.close();
    }
    return promise;
  }

  close(): void {
    const socket = this.#socket;
    this.#end();
    socket?.terminate();
  }

  /** False where the socket took nothing and never will. */
  #writeRest(): boolean {
    const underWay = this.#underWay;
    const socket = this.#socket;
    if (underWay?.rest === undefined || socket === undefined) {
      return socket !== undefined;
    }
    const written = socket.write(underWay.rest);
    if (written < 0) {
      return false;
    }
    underWay.rest = written < underWay.rest.length ? underWay.rest.subarray(written) : undefined;
    return true;
  }

  #take(bytes: Buffer): void {
    if (this.#underWay === undefined) {
      // Nobody has asked: whatever it is, the next answer would not be where it belongs.
      this.close();
      return;
    }
    this.#received.push(bytes);
    this.#receivedBytes += bytes.length;
    this.#head ??= this.#readHead();
    const head = this.#head;
    if (head === undefined || this.#receivedBytes < head.bodyStart + head.bodyBytes) {
      return;
    }
    const whole = this.#whole();
    const { status, bodyStart, bodyBytes, last } = head;
    const body = whole.toString("utf8", bodyStart, bodyStart + bodyBytes);
    const isExact = this.#receivedBytes === bodyStart + bodyBytes;
    this.#received = [];
    this.#receivedBytes = 0;
    this.#head = undefined;
    this.idleSinceMs = performance.now();
    this.#settle({ kind: "answer", status, body });
    if (last || !isExact) {
      this.close();
    }
  }

  #readHead(): Head | undefined {
    const whole = this.#whole();
    const end = whole.indexOf(HEAD_END);
    if (end < 0) {
      return undefined;
    }
    const text = whole.toString("latin1", 0, end + 2);
    const status = Number(STATUS_LINE.exec(text)?.[1] ?? 0);
    const length = CONTENT_LENGTH.exec(text)?.[1];
    if (status < 200 || (length === undefined && !BODILESS.has(status))) {
      // No node answers such a call like that.
      this.close();
      return undefined;
    }
    const bodyStart = end + HEAD_END.length;
    return { status, bodyStart, bodyBytes: Number(length ?? 0), last: CLOSES.test(text) };
  }

  #whole(): Buffer {
    const [first] = this.#received;
    if (first !== undefined && this.#received.length === 1) {
      return first;
    }
    const whole = Buffer.concat(this.#received, this.#receivedBytes);
    this.#received = [whole];
    return whole;
  }

  #end(): void {
    this.#closed = true;
    this.#settle({ kind: "lost" });
  }

  #settle(exchange: Exchange): void {
    const underWay = this.#underWay;
    if (underWay !== undefined) {
      this.#underWay = undefined;
      clearTimeout(underWay.timer);
      underWay.settle(exchange);
    }
  }
}
