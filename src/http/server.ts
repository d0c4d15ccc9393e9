/** The node's one port: HTTP for clients, and the links of other nodes. */
import type { Server, WebSocketHandler } from "bun";

/** Takes over the requests that become links between nodes. */
export interface PeerSockets<Data> {
  readonly path: string;
  readonly handlers: WebSocketHandler<Data>;
  /** True if the request has become a link. */
  upgrade(request: Request, server: Server<Data>): boolean;
}

export interface ListenOptions<Data> {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** How long a request may take before its connection counts as idle. */
  readonly requestMsMax: number;
  readonly peers: PeerSockets<Data>;
  readonly fetch: (request: Request) => Response | Promise<Response>;
}

/** Nobody listens on that port yet, or this machine does not let us: `message` says what to do. */
export class PortError extends Error {
  constructor(host: string, port: number, cause: unknown) {
    const code = (cause as { code?: string } | null)?.code;
    super(
      code === "EADDRINUSE"
        ? `port ${port} is taken by another process; stop it or choose another PORT.`
        : `can't listen on ${host}:${port} (${code ?? String(cause)}); check HOST and PORT.`,
    );
    this.name = "PortError";
  }
}

/** Bun closes a connection after at most this many seconds without traffic. */
const IDLE_SECONDS_MAX = 255;
const IDLE_SECONDS_MIN = 30;
/** The app looks at the length itself and answers 413 in JSON; Bun's own answer has no body. */
const REQUEST_BYTES_MAX = Number.MAX_SAFE_INTEGER;

/** Starts to listen; throws PortError if it can't. */
export function listen<Data>(options: ListenOptions<Data>): Server<Data> {
  const { host, port, peers, fetch, requestMsMax } = options;
  const idleSeconds = Math.ceil(requestMsMax / 1000) + 10;
  try {
    return Bun.serve<Data>({
      hostname: host,
      port,
      development: false,
      // Else a second node on this port would take half of the connections without a word.
      reusePort: false,
      idleTimeout: Math.min(IDLE_SECONDS_MAX, Math.max(IDLE_SECONDS_MIN, idleSeconds)),
      maxRequestBodySize: REQUEST_BYTES_MAX,
      websocket: peers.handlers,
      fetch(request, server) {
        if (request.url.endsWith(peers.path) && peers.upgrade(request, server)) {
          return undefined;
        }
        return fetch(request);
      },
    });
  } catch (error) {
    throw new PortError(host, port, error);
  }
}
