/** The node's one port: HTTP for clients, and the links of other nodes. */
import type { Server, WebSocketHandler } from "bun";
import type { Connections } from "./connections.ts";

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
  readonly idleTimeoutMs: number;
  readonly connections: Connections;
  /** Undefined where no links are taken: at a controller. */
  readonly peers?: PeerSockets<Data>;
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
/** Beyond the longest request: its answer must not be cut off by the idle time. */
const IDLE_MARGIN_MS = 10_000;
/** The app looks at the length itself and answers 413 in JSON; Bun's own answer has no body. */
const REQUEST_BYTES_MAX = Number.MAX_SAFE_INTEGER;

/** No request becomes a socket. */
const NO_SOCKETS = { message() {} };

/** Starts to listen; throws PortError if it can't. */
export function listen<Data>(options: ListenOptions<Data>): Server<Data> {
  const { host, port, peers, connections, fetch } = options;
  try {
    const server = Bun.serve<Data>({
      hostname: host,
      port,
      development: false,
      // Else a second node on this port would take half of the connections without a word.
      reusePort: false,
      idleTimeout: idleSeconds(options),
      maxRequestBodySize: REQUEST_BYTES_MAX,
      websocket: peers?.handlers ?? NO_SOCKETS,
      fetch(received, server) {
        const request = withHost(received);
        // Before anything else: however many clients there are, nodes must find each other.
        if (peers && isPath(request.url, peers.path) && request.headers.has("upgrade")) {
          const refusal = connections.refuseLink();
          if (refusal !== undefined) return refusal;
          if (peers.upgrade(received, server)) return undefined;
        }
        return connections.refuseRequest(request) ?? fetch(request);
      },
    });
    connections.watch(server);
    return server;
  } catch (error) {
    throw new PortError(host, port, error);
  }
}

/** A request without a usable Host header has a URL without a host, which routers can't read. */
function withHost(request: Request): Request {
  if (!request.url.startsWith("/")) return request;
  return new Request(`http://localhost${request.url}`, request);
}

/** 0, for never, where a request may take longer than the server can count. */
function idleSeconds(options: { requestMsMax: number; idleTimeoutMs: number }): number {
  const { requestMsMax, idleTimeoutMs } = options;
  const seconds = Math.ceil(Math.max(idleTimeoutMs, requestMsMax + IDLE_MARGIN_MS) / 1000);
  return seconds > IDLE_SECONDS_MAX ? 0 : seconds;
}

/** Whether a request's URL is exactly this path; a key may end like it. */
function isPath(url: string, path: string): boolean {
  return (
    url.endsWith(path) && url.indexOf("/", url.indexOf("://") + 3) === url.length - path.length
  );
}
