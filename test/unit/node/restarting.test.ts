/**
 * Nodes with a disk that start again: what they have, who leads, and what settings mean by then.
 */
import { afterEach, describe, expect, test } from "bun:test";
import { type LogFields, silentLogger } from "../../../src/base/log.ts";
import type { NodeSettings } from "../../../src/node/node.ts";
import { KeptStorages } from "../../support/kept-storages.ts";
import { kvErrorOf } from "../../support/kv-error.ts";
import { MemoryCluster } from "../../support/memory-cluster.ts";
import { FAST_ROOT, temporaryDirectories } from "../../support/temporary-directory.ts";

const newDirectory = temporaryDirectories(FAST_ROOT);
const opened: KeptStorages[] = [];

afterEach(() => {
  for (const storages of opened.splice(0)) storages.closeAll();
});

/** A group with disks that has formed; `differ` takes what its nodes say about their settings. */
async function withDisks(followers: number, writeQuorum: number) {
  const storages = new KeptStorages(newDirectory());
  opened.push(storages);
  const differ: string[] = [];
  const warn = (event: string, fields?: LogFields) => {
    if (event === "settings.differ") differ.push(String(fields?.reason));
  };
  const logger = { ...silentLogger, warn };
  const createStorage = storages.create;
  const group = new MemoryCluster({ followers, writeQuorum, createStorage, logger });
  await group.start();
  return { group, storages, differ };
}

const membersOf = (group: MemoryCluster) => [group.leader, ...group.followers];

function stopAll(group: MemoryCluster): void {
  for (const member of membersOf(group)) member.stop();
}

describe("a group whose nodes have disks", () => {
  test("has everything after all of them ended at once, and is led in a new epoch", async () => {
    const { group } = await withDisks(5, 3);
    for (let index = 0; index < 20; index++) {
      await group.outcome(group.write(`key${index}`, String(index)));
    }
    await group.outcome(group.leader.service.remove("key0"));
    stopAll(group);
    for (const member of membersOf(group)) member.start();
    await group.untilHolds(() => group.leader.service.readiness().ready);
    await group.untilEqual();
    const { service } = group.leader;
    expect(service.readLocal("key0")?.value).toBeUndefined();
    for (let index = 1; index < 20; index++) {
      expect(service.readLocal(`key${index}`)?.value).toBe(String(index));
    }
    expect(service.status().epoch).toBeGreaterThan(1);
    const { entry } = await group.outcome(group.write("key0", "again"));
    expect(entry.epoch).toBeGreaterThan(1);
    expect(entry.sequence).toBeGreaterThan(21);
    expect(service.status().possibleLoss).toEqual([]);
  });

  test("is led again by who led last once enough of them are back (N=6, W=3)", async () => {
    const { group } = await withDisks(5, 3);
    await group.outcome(group.write("key", "1"));
    await group.untilEqual();
    stopAll(group);
    group.leader.start();
    group.follower(0).start();
    await group.clock.advance(20_000);
    const error = await kvErrorOf(() => group.write("key", "2"));
    expect(error).toMatchObject({ code: "unsafe", outcome: "refused" });
    expect(error.details.missing).toContain("http://follower2");
    expect(group.leader.service.readLocal("key")?.value).toBe("1");
    group.follower(1).start();
    await group.untilHolds(() => group.leader.service.status().role === "leader");
    group.follower(2).start();
    await group.untilHolds(() => group.leader.service.readiness().ready);
    await group.outcome(group.write("key", "2"));
  });

  test("a leader that starts again leads in a new epoch, though all others stayed", async () => {
    const { group } = await withDisks(2, 2);
    for (let epoch = 1; epoch < 4; epoch++) {
      await group.untilHolds(() => group.leader.service.readiness().ready);
      const { entry } = await group.outcome(group.write("key", String(epoch)));
      group.leader.stop();
      group.leader.start();
      await group.untilHolds(() => group.leader.service.readiness().ready);
      expect(group.leader.service.status().epoch).toBeGreaterThan(entry.epoch);
      expect(group.leader.service.readLocal("key")?.value).toBe(String(epoch));
    }
  });

  test("a node whose directory is gone is blank, and gets everything from the others", async () => {
    const { group, storages } = await withDisks(2, 2);
    await group.outcome(group.write("key", "1"));
    group.follower(0).stop();
    storages.lose("follower1");
    group.follower(0).start();
    expect(group.follower(0).service.status().blank).toBe(true);
    const error = await kvErrorOf(() => group.follower(0).service.readLocal("key"));
    expect(error.code).toBe("recovering");
    await group.untilEqual();
    expect(group.follower(0).service.readLocal("key")?.value).toBe("1");
  });
});

describe("a node that starts with other settings than its group has", () => {
  async function startedWith(change: Partial<NodeSettings>) {
    const { group, differ } = await withDisks(2, 1);
    await group.outcome(group.write("key", "1"));
    group.leader.stop();
    group.leader.start(change);
    await group.untilHolds(() => group.leader.service.readiness().ready);
    await group.clock.advance(5_000);
    return { group, differ };
  }

  test("warns of another write quorum, once, and keeps the group's", async () => {
    const { group, differ } = await startedWith({ writeQuorum: 2 });
    expect(group.leader.service.config().writeQuorum).toBe(1);
    expect(differ).toEqual([
      "WRITE_QUORUM is 2: that changes nothing, a group keeps the write quorum that it has, 1. " +
        "Turn it with PATCH /config.",
    ]);
  });

  test("warns of other followers, and keeps the group's", async () => {
    const followers = ["http://follower1", "http://follower3"];
    const { group, differ } = await startedWith({ followers });
    const members = ["http://leader", "http://follower1", "http://follower2"];
    expect(group.leader.service.status().members).toEqual(members);
    expect(differ).toHaveLength(1);
    expect(differ[0]).toContain("name http://follower3, not in this group");
    expect(differ[0]).toContain("leave out http://follower2, in this group");
    expect(differ[0]).toContain(members.join(", "));
  });

  test("says nothing where they are the same, or what the quorum was turned to", async () => {
    const { group, differ } = await startedWith({});
    await group.outcome(group.leader.service.configure({ writeQuorum: 2 }));
    await group.untilEqual();
    group.leader.stop();
    group.leader.start({ writeQuorum: 2 });
    await group.clock.advance(5_000);
    expect(differ).toEqual([]);
  });

  test("in memory, warns as soon as it has taken over from the others", async () => {
    const differ: string[] = [];
    const warn = (event: string) => void differ.push(event);
    const logger = { ...silentLogger, warn };
    const group = new MemoryCluster({ followers: 2, writeQuorum: 1, logger });
    await group.start();
    group.leader.stop();
    group.leader.start({ writeQuorum: 2 });
    await group.untilHolds(() => group.leader.service.readiness().ready);
    await group.clock.advance(1_000);
    expect(group.leader.service.config().writeQuorum).toBe(1);
    expect(differ.filter((event) => event === "settings.differ")).toHaveLength(1);
  });
});
