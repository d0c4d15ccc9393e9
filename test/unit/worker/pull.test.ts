/** `POST /pull` between copies of the cluster's own writes. */
import { describe, expect, test } from "bun:test";
import { MemoryPartitioned, type WorkerPlace } from "../../support/memory-partitioned.ts";

const KEY = "key";

/** Three workers with a copy each; the last hears nothing of what is written from now on. */
async function oneBehind() {
  const group = new MemoryPartitioned({ workers: 3 });
  await group.start();
  const primary = group.primaryOf(KEY);
  const [source, behind] = group.workers.filter((place) => place !== primary) as [
    WorkerPlace,
    WorkerPlace,
  ];
  group.network.stall(behind.settings.address);
  await group.outcome(primary.service.write(KEY, "1"));
  await group.untilHolds(() => valueAt(source) === "1");
  return { group, source, behind };
}

function valueAt({ service }: WorkerPlace): string | undefined {
  const found = service.readLocal(KEY);
  return found instanceof Promise ? undefined : found?.value;
}

describe("a pull", () => {
  test("takes nothing past the primary, and waits until it has come", async () => {
    const { group, source, behind } = await oneBehind();
    const asked = { source: source.id, keys: [KEY] };
    const inVain = await group.outcome(behind.service.partitioned.pull(asked));
    expect([inVain, valueAt(behind)]).toEqual([0, undefined]);

    const pulled = behind.service.partitioned.pull(asked);
    group.network.resume(behind.settings.address);
    expect(await group.outcome(pulled)).toBe(1);
    expect(valueAt(behind)).toBe("1");
  });
});
