/** A node without followers and without a network, for measuring what lies in front of it. */
import { systemClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { Node } from "../../src/node/node.ts";
import { NodeService } from "../../src/node/service.ts";
import { createMemoryStorage } from "../../src/storage/memory.ts";
import { createMemoryNetwork } from "../../src/transport/memory-network.ts";

/** A real leader with write quorum 0: a write is answered at the end of the turn. */
export function startLoneNode(): { readonly service: NodeService; stop(): void } {
  const node = new Node({
    settings: {
      nodeId: "leader",
      address: "http://127.0.0.1:1",
      cluster: "bench",
      role: "leader",
      followers: [],
      writeQuorum: 0,
      minDelayMs: 0,
      maxDelayMs: 0,
      replicationTimeoutMs: 1_000,
      linkQueueBytes: 1024,
      pendingBytes: 1024 ** 2,
    },
    clock: systemClock,
    random: systemRandom,
    network: createMemoryNetwork(systemClock),
    storage: createMemoryStorage(),
    logger: silentLogger,
  });
  node.start();
  return { service: new NodeService(node), stop: () => node.stop() };
}
