/** The links that all groups of a node share, and what each group sees of them. */
import { beforeEach, describe, expect, test } from "bun:test";
import type { Logger } from "../../../src/base/log.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { createSeededRandom } from "../../../src/base/random.ts";
import { LinkPool } from "../../../src/node/link-pool.ts";
import type { Member } from "../../../src/node/member.ts";
import type { GroupMessage, HelloMessage, PeerMessage } from "../../../src/node/messages.ts";
import type { Link, LinkEvents } from "../../../src/node/network.ts";
import { PeerLinks } from "../../../src/node/peer-links.ts";
import { createMemoryNetwork } from "../../../src/transport/memory-network.ts";
import { MemoryCluster } from "../../support/memory-cluster.ts";
import { StallableNetwork } from "../../support/stallable-network.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const BEAT_EVERY_MS = 500;
const HELLO: HelloMessage = {
  ...{ type: "hello", cluster: "test", node: "w1", instance: "one", address: "http://w1" },
};

/** The other end: greets and answers pings, as a node does, and keeps what else it hears. */
class OtherNode {
  readonly address: string;
  readonly links: Link[] = [];
  readonly heard: PeerMessage[] = [];
  closed = 0;
  /** Says that so much less has arrived. */
  lostBytes = 0;

  constructor(network: StallableNetwork, name: string, instance = name) {
    this.address = `http://${name}`;
    const hello = { ...HELLO, node: name, instance, address: this.address };
    network.listen(this.address, (link) => this.#accept(link, hello));
  }

  say(message: PeerMessage): void {
    this.links.at(-1)?.send(message);
  }

  #accept(link: Link, hello: HelloMessage): LinkEvents {
    this.links.push(link);
    return {
      message: (message) => {
        if (message.type === "hello") {
          link.send(hello);
        } else if (message.type === "ping") {
          link.send({ type: "pong", receivedBytes: link.receivedBytes - this.lostBytes });
        } else {
          this.heard.push(message);
        }
      },
      closed: () => {
        this.closed += 1;
      },
    };
  }
}

/** One group's links, and what it was told. */
class TestGroup {
  readonly links: PeerLinks;
  readonly told: string[] = [];
  readonly heard: GroupMessage[] = [];

  constructor(pool: LinkPool, group: number, members: readonly Member[]) {
    this.links = new PeerLinks({
      ...{ group, members, slot: 0, pool },
      events: {
        peerUp: (index) => this.told.push(`up ${index}`),
        peerDown: (index) => this.told.push(`down ${index}`),
        peerMessage: (_, message) => this.heard.push(message),
      },
    });
  }

  get connected(): boolean[] {
    return this.links.peers.map(({ connected }) => connected);
  }
}

const fenced = (group: number) => ({ type: "fenced", group, epoch: 1, promised: 2 }) as const;
const fetch = (group: number) => ({ type: "fetch", group, epoch: 1, above: 0 }) as const;

let clock: VirtualClock;
let network: StallableNetwork;
let pool: LinkPool;
let other: OtherNode;
let complaints: unknown[];

beforeEach(() => {
  clock = new VirtualClock();
  network = new StallableNetwork(createMemoryNetwork(clock), clock);
  complaints = [];
  const logger: Logger = { ...silentLogger, error: (...said) => complaints.push(said) };
  const random = createSeededRandom(1);
  pool = new LinkPool({ hello: HELLO, network, clock, random, logger });
  clock.every(BEAT_EVERY_MS, () => pool.beat());
  other = new OtherNode(network, "w2");
});

/** A group with the other node as its one peer, started. */
function groupOf(group: number, ...addresses: string[]): TestGroup {
  const peers = addresses.length > 0 ? addresses : [other.address];
  const members = [HELLO.address, ...peers].map((address, slot) => ({ address, slot }));
  const made = new TestGroup(pool, group, members);
  made.links.start();
  return made;
}

describe("groups that want the same node", () => {
  test("share one link, and each is told when it is up", async () => {
    const groups = Array.from({ length: 1_024 }, (_, group) => groupOf(group));
    await clock.advance(100);
    expect(other.links).toHaveLength(1);
    expect(pool.size).toBe(1);
    expect(groups.every(({ told }) => told.join() === "up 0")).toBe(true);
  });

  test("hear what names them and nothing else", async () => {
    const [one, two] = [groupOf(1), groupOf(2)];
    await clock.advance(100);
    other.say(fenced(2));
    other.say(fenced(3));
    await clock.advance(1);
    expect(one.heard).toEqual([]);
    expect(two.heard).toEqual([fenced(2)]);
  });

  test("find it connected when it is up already, and are not told of it", async () => {
    groupOf(1);
    await clock.advance(100);
    const late = groupOf(2);
    expect(late.connected).toEqual([true]);
    late.links.peers[0]?.send(fetch(2));
    await clock.advance(100);
    expect(late.told).toEqual([]);
    expect(other.heard).toEqual([fetch(2)]);
  });

  test("keep it when one of them has given it up, and the other end is told", async () => {
    const [one, two] = [groupOf(1), groupOf(2)];
    await clock.advance(100);
    one.links.stop();
    await clock.advance(10_000);
    expect(other.heard).toEqual([{ type: "leave", group: 1 }]);
    expect(other.closed).toBe(0);
    other.say(fenced(1));
    other.say(fenced(2));
    await clock.advance(1);
    expect(one.heard).toEqual([]);
    expect(two.heard).toEqual([fenced(2)]);
    expect(two.told).toEqual(["up 0"]);
  });

  test("have it closed a moment after the last has given it up", async () => {
    groupOf(1).links.stop();
    const two = groupOf(2);
    await clock.advance(100);
    two.links.stop();
    await clock.advance(500);
    expect(other.closed).toBe(0);
    const three = groupOf(3);
    expect(three.connected).toEqual([true]);
    three.links.stop();
    await clock.advance(5_000);
    expect({ links: other.links.length, closed: other.closed }).toEqual({ links: 1, closed: 1 });
    expect(pool.size).toBe(0);
  });

  test("are all told when it is down, and when it is up again", async () => {
    const [one, two] = [groupOf(1), groupOf(2)];
    await clock.advance(100);
    network.cut(other.address);
    await clock.advance(100);
    expect([one.told, two.told]).toEqual([
      ["up 0", "down 0", "up 0"],
      ["up 0", "down 0", "up 0"],
    ]);
  });
});

describe("a node that gives no sign of life", () => {
  test("is taken for gone within 3.5 s, though no group has anything to say", async () => {
    const one = groupOf(1);
    await clock.advance(10_100);
    network.stall(other.address);
    await clock.advance(3_500);
    expect(one.connected).toEqual([false]);
    expect(one.told).toEqual(["up 0", "down 0"]);
  });

  test("is up again when it goes on", async () => {
    const one = groupOf(1);
    await clock.advance(100);
    network.stall(other.address);
    await clock.advance(20_000);
    network.resume(other.address);
    await clock.advance(5_000);
    expect(one.connected).toEqual([true]);
  });

  test("is left alone as long as it answers pings", async () => {
    const one = groupOf(1);
    await clock.advance(60_000);
    expect(one.told).toEqual(["up 0"]);
    expect(other.links).toHaveLength(1);
  });

  test("is asked only where it says nothing else", async () => {
    groupOf(1);
    await clock.advance(100);
    const before = other.links[0]?.receivedBytes ?? 0;
    const cancel = clock.every(400, () => other.say(fenced(1)));
    await clock.advance(10_000);
    expect(other.links[0]?.receivedBytes).toBe(before);
    cancel();
    await clock.advance(1_000);
    expect(other.links[0]?.receivedBytes).toBeGreaterThan(before);
  });

  test("is dialled again when something was lost on the way", async () => {
    const one = groupOf(1);
    await clock.advance(100);
    other.lostBytes = 1;
    await clock.advance(1_100);
    other.lostBytes = 0;
    await clock.advance(1_000);
    expect(one.told.slice(0, 3)).toEqual(["up 0", "down 0", "up 0"]);
    expect(one.connected).toEqual([true]);
  });
});

describe("a node that answers pings but nothing of one group", () => {
  test("is asked anew by that group alone", async () => {
    const [one, two] = [groupOf(1), groupOf(2)];
    await clock.advance(100);
    one.links.peers[0]?.send(fetch(1));
    const cancel = clock.every(BEAT_EVERY_MS, () => {
      one.links.checkSilence();
      two.links.checkSilence();
    });
    await clock.advance(3_000);
    expect(one.told).toEqual(["up 0"]);
    await clock.advance(2_000);
    cancel();
    expect(one.told).toEqual(["up 0", "down 0", "up 0"]);
    expect(two.told).toEqual(["up 0"]);
    expect(other.heard).toEqual([fetch(1), { type: "leave", group: 1 }]);
    expect(other.links).toHaveLength(1);
  });

  test("has time for what it has not received yet", async () => {
    const one = groupOf(1);
    await clock.advance(100);
    network.stall(other.address);
    one.links.peers[0]?.send(fetch(1));
    clock.every(BEAT_EVERY_MS, () => one.links.checkSilence());
    await clock.advance(2_500);
    network.resume(other.address);
    await clock.advance(2_500);
    expect(one.told).toEqual(["up 0"]);
  });
});

describe("bytes under way", () => {
  test("are those of all groups, and pings show that they have arrived", async () => {
    const [one, two] = [groupOf(1), groupOf(2)];
    await clock.advance(100);
    one.links.peers[0]?.send(fetch(1));
    expect(two.links.peers[0]?.outstandingBytes).toBeGreaterThan(20);
    await clock.advance(1_000);
    expect(one.links.peers[0]?.outstandingBytes).toBe(0);
    expect(two.links.peers[0]?.outstandingBytes).toBe(0);
  });
});

describe("a peer that is sent away", () => {
  test("by the one group that wants it is dialled again in a good while", async () => {
    const one = groupOf(1);
    await clock.advance(100);
    one.links.peers[0]?.reject("of no use");
    expect(one.connected).toEqual([false]);
    await clock.advance(900);
    expect({ links: other.links.length, closed: other.closed }).toEqual({ links: 1, closed: 1 });
    await clock.advance(1_100);
    expect(one.told).toEqual(["up 0", "down 0", "up 0"]);
    expect(other.links).toHaveLength(2);
  });

  test("by one of two groups stays with the other, and is up again in a good while", async () => {
    const [one, two] = [groupOf(1), groupOf(2)];
    await clock.advance(100);
    one.links.peers[0]?.reject("of no use");
    expect(one.connected).toEqual([false]);
    one.links.peers[0]?.send(fetch(1));
    other.say(fenced(1));
    await clock.advance(900);
    expect(one.told).toEqual(["up 0", "down 0"]);
    expect(one.heard).toEqual([]);
    expect(other.heard).toEqual([{ type: "leave", group: 1 }]);
    await clock.advance(1_100);
    expect(one.told).toEqual(["up 0", "down 0", "up 0"]);
    expect(two.told).toEqual(["up 0"]);
    expect(other.links).toHaveLength(1);
  });

  test("is up again no sooner where the link is a new one meanwhile", async () => {
    const [one, two] = [groupOf(1), groupOf(2)];
    await clock.advance(100);
    one.links.peers[0]?.reject("of no use");
    network.cut(other.address);
    await clock.advance(800);
    expect(one.told).toEqual(["up 0", "down 0"]);
    expect(two.told).toEqual(["up 0", "down 0", "up 0"]);
    await clock.advance(1_200);
    expect(one.connected).toEqual([true]);
  });

  test("is complained of once for each reason, until it is of use", async () => {
    const [one] = [groupOf(1), groupOf(2)];
    await clock.advance(100);
    const peer = one.links.peers[0];
    for (let round = 0; round < 3; round++) {
      peer?.reject("of no use");
      await clock.advance(3_000);
    }
    expect(complaints).toHaveLength(1);
    peer?.confirmed(1);
    peer?.reject("of no use");
    expect(complaints).toHaveLength(2);
  });

  test("is so where it is a node that the group has under another address already", async () => {
    const twin = new OtherNode(network, "alias", "w2");
    const one = groupOf(1, other.address, twin.address);
    await clock.advance(100);
    expect(one.connected.filter(Boolean)).toHaveLength(1);
    const late = groupOf(2, other.address, twin.address);
    expect(late.connected.filter(Boolean).length).toBeLessThan(2);
    await clock.advance(100);
    expect(late.connected.filter(Boolean)).toHaveLength(1);
  });

  test("is so where it is this node itself", async () => {
    const self = new OtherNode(network, "myself", HELLO.instance);
    const one = groupOf(1, self.address);
    await clock.advance(100);
    expect(one.connected).toEqual([false]);
    expect(one.told).toEqual(["down 0"]);
  });
});

describe("a group's peers", () => {
  const members = [0, 7, 1_000].map((slot) => ({ slot, address: `http://w${slot}` }));

  test("have slots that need not be without gaps", () => {
    const { links } = new TestGroup(pool, 1, members);
    expect(links.peers.map(({ address }) => address)).toEqual(["http://w7", "http://w1000"]);
    expect([links.slotOf(0), links.slotOf(1), links.slotOf(2)]).toEqual([7, 1_000, -1]);
    expect([links.indexOf(0), links.indexOf(7), links.indexOf(1_000)]).toEqual([-1, 0, 1]);
    expect(links.at(0)).toBeUndefined();
    expect(links.at(1_000)).toBe(links.peers[1]);
  });

  test("may be more at the end, and are used from then on", async () => {
    const one = groupOf(1);
    await clock.advance(100);
    const third = new OtherNode(network, "w3");
    const index = one.links.add({ slot: 9, address: third.address });
    expect({ index, slot: one.links.slotOf(index) }).toEqual({ index: 1, slot: 9 });
    await clock.advance(100);
    expect(one.told).toEqual(["up 0", "up 1"]);
    expect(one.links.add({ slot: 10, address: third.address })).toBe(2);
  });

  test("stay at their places when one is removed, which is never heard of again", async () => {
    const third = new OtherNode(network, "w3");
    const one = groupOf(1, other.address, third.address);
    await clock.advance(100);
    one.links.remove(0);
    one.links.peers[0]?.send(fetch(1));
    one.links.peers[1]?.send(fetch(1));
    await clock.advance(5_000);
    expect(one.connected).toEqual([false, true]);
    expect(one.links.indexOf(1)).toBe(-1);
    expect(one.links.indexOf(2)).toBe(1);
    expect(one.told.toSorted()).toEqual(["up 0", "up 1"]);
    expect(other.heard).toEqual([{ type: "leave", group: 1 }]);
    expect(other.closed).toBe(1);
    expect(third.heard).toEqual([fetch(1)]);
  });

  test("may be removed and come back with another index", async () => {
    const one = groupOf(1);
    await clock.advance(100);
    one.links.remove(0);
    const index = one.links.add({ slot: 1, address: other.address });
    expect({ index, at: one.links.indexOf(1) }).toEqual({ index: 1, at: 1 });
    expect(one.connected).toEqual([false, true]);
    other.say(fenced(1));
    await clock.advance(1);
    expect(one.heard).toEqual([fenced(1)]);
  });
});

describe("a node that stops", () => {
  test("closes every link at once and dials nobody again", async () => {
    const one = groupOf(1, other.address, "http://nobody");
    await clock.advance(100);
    pool.stop();
    one.links.stop();
    await clock.advance(10_000);
    expect({ links: other.links.length, closed: other.closed }).toEqual({ links: 1, closed: 1 });
    groupOf(2);
    await clock.advance(10_000);
    expect(other.links).toHaveLength(1);
  });
});

describe("a real node", () => {
  test("keeps the link of one who only pings, and ends that of one who is silent", async () => {
    const cluster = new MemoryCluster({ followers: 1, writeQuorum: 0 });
    const follower = cluster.follower(0);
    follower.start();
    const random = createSeededRandom(1);
    const { clock: time, network: way } = cluster;
    const parts = { hello: HELLO, network: way, clock: time, random, logger: silentLogger };
    const dialler = new LinkPool(parts);
    const members = [HELLO.address, follower.settings.address];
    const idle = new TestGroup(
      dialler,
      5,
      members.map((address, slot) => ({ address, slot })),
    );
    const stopPinging = time.every(BEAT_EVERY_MS, () => dialler.beat());
    idle.links.start();
    await time.advance(60_000);
    expect(idle.told).toEqual(["up 0"]);
    stopPinging();
    await time.advance(3_600);
    expect(idle.told).toEqual(["up 0", "down 0", "up 0"]);
    follower.stop();
    dialler.stop();
  });

  test("follows nobody any more once its leader has left the group", async () => {
    const cluster = new MemoryCluster({ followers: 2, writeQuorum: 1 });
    await cluster.start();
    const [first] = cluster.followers;
    expect(first?.node.group.follower.leadership).toBeDefined();
    cluster.leader.node.group.links?.stop();
    await cluster.clock.advance(10);
    expect(first?.node.group.follower.leadership).toBeUndefined();
  });
});
