/** A disk that takes nothing, as clients and people see it: what is refused, and how it ends. */
import { afterEach, describe, expect, test } from "bun:test";
import { KeptStorages } from "../../support/kept-storages.ts";
import { kvErrorOf } from "../../support/kv-error.ts";
import { type Member, MemoryCluster } from "../../support/memory-cluster.ts";
import { FAST_ROOT, temporaryDirectories } from "../../support/temporary-directory.ts";

const newDirectory = temporaryDirectories(FAST_ROOT);
const opened: KeptStorages[] = [];

afterEach(() => {
  for (const storages of opened.splice(0)) storages.closeAll();
});

async function withDisks(writeQuorum: number) {
  const storages = new KeptStorages(newDirectory());
  opened.push(storages);
  const group = new MemoryCluster({ followers: 2, writeQuorum, createStorage: storages.create });
  await group.start();
  await group.outcome(group.write("key", "1"));
  await group.untilEqual();
  return { group, storages };
}

async function expectUnreadable({ service }: Member): Promise<void> {
  for (const read of [
    () => service.readLocal("key"),
    () => service.list({ prefix: "", after: null, limit: 10 }),
    () => [...service.entries()],
  ]) {
    const error = await kvErrorOf(read);
    expect(error).toMatchObject({ code: "storage_failed", status: 503 });
    expect(error.message).toContain("make room on it");
  }
  expect(service.readiness()).toMatchObject({ ready: false, error: "storage_failed" });
}

describe("a leader whose disk fails", () => {
  test("calls what waits indeterminate, refuses the rest, and goes on by itself", async () => {
    const { group, storages } = await withDisks(2);
    storages.fail("leader");
    const waiting = await group.outcome(kvErrorOf(() => group.write("key", "2")));
    expect(waiting).toMatchObject({
      ...{ code: "storage_failed", status: 504, outcome: "indeterminate" },
    });
    const refused = await kvErrorOf(() => group.write("key", "3"));
    expect(refused).toMatchObject({ code: "storage_failed", status: 503, outcome: "refused" });
    await group.clock.advance(10_000);
    await expectUnreadable(group.leader);
    storages.mend("leader");
    await group.clock.advance(1_000);
    expect(group.leader.service.readiness()).toEqual({ ready: true });
    // It was tried again, as its client was told.
    expect(group.leader.service.readLocal("key")?.value).toBe("2");
    await group.outcome(group.write("key", "4"));
    await group.untilEqual();
  });

  test("does not count itself: what its followers hold is not acknowledged", async () => {
    const { group, storages } = await withDisks(0);
    storages.fail("leader");
    const error = await group.outcome(kvErrorOf(() => group.write("key", "2")));
    expect(error.outcome).toBe("indeterminate");
  });
});

describe("a follower whose disk fails", () => {
  test("acknowledges nothing and shows nothing until it is mended", async () => {
    const { group, storages } = await withDisks(2);
    storages.fail("follower1");
    const waiting = await group.outcome(kvErrorOf(() => group.write("key", "2")));
    expect(waiting).toMatchObject({ code: "quorum_unreachable", outcome: "indeterminate" });
    await expectUnreadable(group.follower(0));
    const refused = await kvErrorOf(() => group.write("key", "3"));
    expect(refused).toMatchObject({ code: "not_enough_replicas", outcome: "refused" });
    storages.mend("follower1");
    await group.untilHolds(() => group.leader.service.readiness().ready);
    await group.outcome(group.write("key", "4"));
    await group.untilEqual();
    expect(group.follower(0).service.readLocal("key")?.value).toBe("4");
  });
});
