/** What people get wrong when they set a group up, and what they put in by hand. */
import { describe, expect, test } from "bun:test";
import { kvErrorOf } from "../../support/kv-error.ts";
import { MemoryCluster } from "../../support/memory-cluster.ts";

describe("a follower that is listed under two names", () => {
  test("counts once: a quorum of two needs two nodes", async () => {
    const group = new MemoryCluster({ followers: 2, writeQuorum: 2 });
    const first = group.follower(0);
    first.start();
    group.network.listen("http://alias", (link) => first.node.accept(link));
    const followers = [first.settings.address, "http://alias"];
    group.leader.start({ followers });
    await group.clock.advance(10_000);
    const error = await kvErrorOf(() => group.write("key", "1"));
    expect(error).toMatchObject({ code: "not_enough_replicas", outcome: "refused" });
    expect(error.details).toEqual({ connected: 1, required: 2 });
  });

  test("is of use under its other name when the first one leads nowhere any more", async () => {
    const group = new MemoryCluster({ followers: 1, writeQuorum: 1 });
    const first = group.follower(0);
    first.start();
    group.network.listen("http://alias", (link) => first.node.accept(link));
    group.leader.start({ followers: [first.settings.address, "http://alias"] });
    await group.untilHolds(() => group.synced === 1);
    first.stop();
    await group.untilHolds(() => group.synced === 0);
    first.start({ address: "http://elsewhere" });
    await group.untilHolds(() => group.synced === 1, 10_000);
    await group.outcome(group.write("key", "1"));
  });
});

describe("an entry made by hand", () => {
  test("stays at a blank follower that is synced for the first time", async () => {
    const group = new MemoryCluster({ followers: 1, writeQuorum: 1 });
    const follower = group.follower(0);
    follower.start();
    await group.outcome(follower.service.replicateByHand({ key: "mine", value: "1" }));
    await group.outcome(follower.service.replicateByHand({ key: "theirs", value: "1" }));
    group.leader.start();
    await group.untilHolds(() => group.synced === 1);
    await group.outcome(group.write("theirs", "2"));
    expect(follower.service.readLocal("mine")).toMatchObject({ epoch: 0, value: "1" });
    expect(follower.service.readLocal("theirs")).toMatchObject({ epoch: 1, value: "2" });
  });
});

describe("a stranger who names a generation where nobody appoints", () => {
  test("keeps the leader from nothing", async () => {
    const group = new MemoryCluster({ followers: 1, writeQuorum: 1 });
    await group.start();
    const hello = { cluster: "test", node: "x", instance: "x", address: "http://x" };
    const link = group.network.connect(group.leader.settings.address, {
      opened: () => {
        link.send({ type: "hello", ...hello });
        link.send({ type: "inquire", group: 0, copy: 0, generation: 9 });
      },
      message: () => {},
      closed: () => {},
    });
    for (let round = 0; round < 20; round++) {
      await group.clock.advance(10);
      await group.outcome(group.write("key", String(round)));
    }
  });
});
