/** Connections to other nodes' HTTP ports that are kept for the next request. */
import { type Exchange, HttpConnection } from "./http-connection.ts";

/** Requests under way to one node; more of them wait for their turn. */
const CONNECTIONS_MAX = 128;
/** A server closes idle connections after ten seconds at the earliest: use none that may be. */
const IDLE_MS_MAX = 4_000;
const LOOK_EVERY_MS = 1_000;
const CONNECT_TIMEOUT_MS = 1_000;

/** For whoever waits for a turn; undefined: there is none in time. */
type Turn = (connection: HttpConnection | "open one" | undefined) => void;

class Peer {
  readonly idle: HttpConnection[] = [];
  readonly waiting = new Set<Turn>();
  /** Opened or being opened. */
  open = 0;
}

export class HttpPool {
  readonly #peers = new Map<string, Peer>();
  readonly #timer = setInterval(() => this.#closeIdle(), LOOK_EVERY_MS);

  constructor() {
    this.#timer.unref();
  }

  /** Sends one request, never twice; `unsent` also where no connection was free in time. */
  async exchange(address: string, request: Uint8Array, timeoutMs: number): Promise<Exchange> {
    const peer = this.#peerOf(address);
    const connection = this.#takeIdle(peer) ?? (await this.#nextFree(peer, address, timeoutMs));
    if (connection === undefined) {
      return { kind: "unsent" };
    }
    const exchange = await connection.exchange(request, timeoutMs);
    this.#giveBack(peer, connection);
    return exchange;
  }

  /** Closes what is idle and keeps nothing any more. */
  close(): void {
    clearInterval(this.#timer);
    for (const peer of this.#peers.values()) {
      for (const connection of peer.idle.splice(0)) {
        connection.close();
      }
    }
  }

  #peerOf(address: string): Peer {
    let peer = this.#peers.get(address);
    if (peer === undefined) {
      peer = new Peer();
      this.#peers.set(address, peer);
    }
    return peer;
  }

  /** The one that was used last, so that those that are not needed grow old. */
  #takeIdle(peer: Peer): HttpConnection | undefined {
    for (let connection = peer.idle.pop(); connection; connection = peer.idle.pop()) {
      if (connection.usable && performance.now() - connection.idleSinceMs < IDLE_MS_MAX) {
        return connection;
      }
      connection.close();
      peer.open -= 1;
    }
    return undefined;
  }

  async #nextFree(peer: Peer, address: string, timeoutMs: number) {
    const turn = peer.open < CONNECTIONS_MAX ? "open one" : await nextTurn(peer, timeoutMs);
    if (turn !== "open one") {
      return turn;
    }
    peer.open += 1;
    const patienceMs = Math.min(CONNECT_TIMEOUT_MS, timeoutMs);
    const connection = await HttpConnection.open(address, patienceMs);
    if (connection === undefined) {
      this.#gone(peer);
    }
    return connection;
  }

  #giveBack(peer: Peer, connection: HttpConnection): void {
    if (!connection.usable) {
      this.#gone(peer);
      return;
    }
    const next = takeFirst(peer.waiting);
    if (next === undefined) {
      peer.idle.push(connection);
    } else {
      next(connection);
    }
  }

  #gone(peer: Peer): void {
    peer.open -= 1;
    takeFirst(peer.waiting)?.("open one");
  }

  #closeIdle(): void {
    const latestMs = performance.now() - IDLE_MS_MAX;
    for (const peer of this.#peers.values()) {
      // The oldest stand first.
      while ((peer.idle[0]?.idleSinceMs ?? Number.POSITIVE_INFINITY) < latestMs) {
        peer.idle.shift()?.close();
        peer.open -= 1;
      }
    }
  }
}

function nextTurn(peer: Peer, timeoutMs: number): Promise<Parameters<Turn>[0]> {
  return new Promise((resolve) => {
    const turn: Turn = (connection) => {
      clearTimeout(timer);
      resolve(connection);
    };
    const timer = setTimeout(() => {
      peer.waiting.delete(turn);
      resolve(undefined);
    }, timeoutMs);
    peer.waiting.add(turn);
  });
}

function takeFirst<T>(set: Set<T>): T | undefined {
  for (const first of set) {
    set.delete(first);
    return first;
  }
  return undefined;
}
