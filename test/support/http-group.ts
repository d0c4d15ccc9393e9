/**
 * A group of real nodes in the test's own process: real HTTP servers, real links between them, the
 * real node. Only the executable's command line is left out.
 */

import { systemClock } from "../../src/base/clock.ts";
import { type LogFields, type Logger, silentLogger } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { createApp } from "../../src/http/app.ts";
import { Connections } from "../../src/http/connections.ts";
import { listen } from "../../src/http/server.ts";
import { Node } from "../../src/node/node.ts";
import { NodeService } from "../../src/node/service.ts";
import { createMemoryStorage } from "../../src/storage/memory.ts";
import {
  createPeerSockets,
  createWebSocketNetwork,
  PEER_PATH,
} from "../../src/transport/web-socket-network.ts";
import { waitUntil } from "./wait-until.ts";

export const MAX_VALUE_BYTES = 64 * 1024;

/** For large bodies that are being received. */
export const PENDING_BYTES = 1024 * 1024;

const CONNECTIONS_MAX = 4_096;
const IDLE_TIMEOUT_MS = 30_000;
const MEBIBYTE = 1024 * 1024;

export interface HttpNode {
  readonly id: string;
  readonly url: string;
  readonly port: number;
  /** What it logged at the level error. */
  readonly errors: string[];
  /** The paths that the app answers, as its routes say them. */
  readonly routes: readonly { readonly method: string; readonly path: string }[];
  stop(): Promise<void>;
}

export interface HttpGroup {
  readonly leader: HttpNode;
  readonly followers: readonly HttpNode[];
  /** The leader and its followers. */
  readonly nodes: readonly HttpNode[];
  stop(): Promise<void>;
}

export interface HttpGroupOptions {
  readonly followers: number;
  readonly writeQuorum: number;
  readonly replicationTimeoutMs?: number;
}

/** Starts a leader and its followers in memory, without delay; resolves when all are ready. */
export async function startHttpGroup(options: HttpGroupOptions): Promise<HttpGroup> {
  const ids = Array.from({ length: options.followers }, (_, index) => `follower${index + 1}`);
  const followers = ids.map((id) => startHttpNode({ ...options, id, addresses: undefined }));
  const addresses = followers.map((follower) => follower.url);
  const leader = startHttpNode({ ...options, id: "leader", addresses });
  const nodes = [leader, ...followers];
  await Promise.all(nodes.map((node) => waitUntilReady(node)));
  return {
    leader,
    followers,
    nodes,
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

/** Starts one node on a free port; without addresses a follower. It may not be ready yet. */
export function startHttpNode(options: {
  readonly id: string;
  readonly addresses: readonly string[] | undefined;
  readonly writeQuorum: number;
  readonly replicationTimeoutMs?: number;
}): HttpNode {
  const { id, addresses, writeQuorum, replicationTimeoutMs = 2000 } = options;
  const errors: string[] = [];
  const logger: Logger = {
    ...silentLogger,
    error: (event: string, fields?: LogFields) => {
      errors.push(`${event} ${JSON.stringify(fields ?? {})}`);
    },
  };
  let fetch: (request: Request) => Response | Promise<Response>;
  let node: Node;
  const peers = createPeerSockets((link) => node.accept(link));
  const connections = new Connections({ connectionsMax: CONNECTIONS_MAX, logger });
  const server = listen({
    host: "127.0.0.1",
    port: 0,
    requestMsMax: replicationTimeoutMs,
    idleTimeoutMs: IDLE_TIMEOUT_MS,
    connections,
    peers: { ...peers, path: PEER_PATH },
    fetch: (request) => fetch(request),
  });
  const port = server.port ?? 0;
  const url = `http://127.0.0.1:${port}`;
  node = new Node({
    settings: {
      nodeId: id,
      address: url,
      cluster: "kvnode",
      role: addresses === undefined ? "follower" : "leader",
      followers: addresses ?? [],
      writeQuorum,
      minDelayMs: 0,
      maxDelayMs: 0,
      replicationTimeoutMs,
      linkQueueBytes: 16 * MEBIBYTE,
      pendingBytes: 64 * MEBIBYTE,
    },
    clock: systemClock,
    random: systemRandom,
    network: createWebSocketNetwork(),
    storage: createMemoryStorage(),
    logger,
  });
  const app = createApp({
    service: new NodeService(node),
    logger,
    address: url,
    maxValueBytes: MAX_VALUE_BYTES,
    pendingBytes: PENDING_BYTES,
    connections,
    forwardTimeoutMs: replicationTimeoutMs,
    version: "0.0.0",
  });
  fetch = app.fetch;
  node.start();
  const stop = async () => {
    node.stop();
    connections.stop();
    await server.stop(true);
  };
  return { id, url, port, errors, routes: app.routes, stop };
}

async function waitUntilReady(node: HttpNode): Promise<void> {
  await waitUntil(async () => (await fetch(`${node.url}/ready`)).ok, {
    what: `${node.id} to be ready`,
  });
}

/** Waits until every node has the leader's digest, and gives it. */
export async function waitUntilEqual(group: HttpGroup): Promise<string> {
  return await waitUntil(
    async () => {
      const texts = await Promise.all(
        group.nodes.map(async (node) => await (await fetch(`${node.url}/digest`)).text()),
      );
      return texts.every((text) => text === texts[0]) ? texts[0] : undefined;
    },
    { what: "all nodes to be equal" },
  );
}
