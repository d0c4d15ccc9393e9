/** A takeover that a person forced: what only the missing held is lost, and everybody learns it. */
import { describe, expect, test } from "bun:test";
import { kvErrorOf } from "../../support/kv-error.ts";
import { lastOf } from "../../support/last-of.ts";
import { MemoryCluster } from "../../support/memory-cluster.ts";

describe("a forced takeover (N=4, W=2)", () => {
  test("leaves nothing of what it lost at those who held it, also one takeover later", async () => {
    const group = new MemoryCluster({ followers: 3, writeQuorum: 2 });
    await group.start();
    await group.outcome(group.write("everywhere", "1"));
    await group.untilEqual();
    // The third is away, and the group goes on without it.
    group.stall(2);
    for (const key of ["lost", "everywhere", "more"]) {
      await group.outcome(group.write(key, "2"));
    }
    await group.clock.advance(5_000);
    const [first, second, third] = [group.follower(0), group.follower(1), group.follower(2)];
    group.leader.stop();
    group.stall(0);
    group.stall(1);
    group.resume(2);
    const refused = await group.outcome(kvErrorOf(() => third.service.promote({ force: false })));
    expect(refused).toMatchObject({ code: "unsafe", details: { needed: 1 } });
    await group.outcome(third.service.promote({ force: true }));
    expect(third.service.status().possibleLoss[0]).toContain("fewer nodes than");

    group.resume(0);
    group.resume(1);
    await group.untilHolds(() => third.service.readiness().ready, 30_000);
    await group.outcome(third.service.write("new", "3"));
    await group.untilHolds(() => first.service.status().synced && second.service.status().synced);
    await group.outcome(first.service.promote({ force: false }));
    await group.untilHolds(() => first.service.readiness().ready);
    await group.outcome(first.service.write("newer", "4"));
    await group.clock.advance(2_000);
    for (const { service } of [first, second, third]) {
      expect(service.readLocal("lost")).toBeUndefined();
      expect(service.readLocal("everywhere")?.value).toBe("1");
      expect(lastOf(service.digest())).toEqual(lastOf(first.service.digest()));
    }
  });
});
