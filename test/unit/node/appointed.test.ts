/** Groups whose leader and members a controller appoints: generation after generation. */
import { describe, expect, test } from "bun:test";
import { AppointedWorkers, copies } from "../../support/appointed-workers.ts";
import { KeptStorages } from "../../support/kept-storages.ts";
import { kvErrorOf } from "../../support/kv-error.ts";
import { FAST_ROOT, temporaryDirectories } from "../../support/temporary-directory.ts";

const newDirectory = temporaryDirectories(FAST_ROOT);
const ABC = copies("abc");

async function founded(options: { writeQuorum?: number } = {}): Promise<AppointedWorkers> {
  const workers = new AppointedWorkers({ replicas: 3, writeQuorum: options.writeQuorum ?? 2 });
  workers.start(..."abcd");
  workers.assign({ generation: 1, primary: "a", members: ABC });
  await workers.untilOpen("a");
  return workers;
}

async function write(workers: AppointedWorkers, at: string, key: string): Promise<void> {
  await workers.outcome(workers.leader(at).write(key, `"${key}"`));
}

const earlier = (...generations: readonly number[]) =>
  generations.map((generation) => ({ generation, members: ABC }));

describe("a partition's group", () => {
  test("is founded by its first primary, in an epoch of the generation", async () => {
    const workers = await founded();
    expect(Math.floor(workers.leader("a").epoch)).toBe(1);
    await write(workers, "a", "k");
    await workers.until(() => workers.valueAt("b", "k") === '"k"');
    expect(workers.group("a").report()).toMatchObject({
      copy: 1,
      blank: false,
      synced: 1,
      leads: { generation: 1, open: true },
    });
  });

  test("counts the primary's copy: with a write quorum of 1 it takes writes alone", async () => {
    const workers = await founded({ writeQuorum: 1 });
    workers.stop("b");
    workers.stop("c");
    await write(workers, "a", "k");
  });

  test("has another primary when the controller says so, and loses nothing", async () => {
    const workers = await founded();
    await write(workers, "a", "k");
    workers.stop("a");
    workers.assign({ generation: 2, primary: "c", members: ABC, earlier: earlier(1) });
    await workers.untilOpen("c", 1_000);
    expect(workers.valueAt("c", "k")).toBe('"k"');
    await write(workers, "c", "l");
    expect(Math.floor(workers.leader("c").epoch)).toBe(2);
  });

  test("is not led by one that was appointed where too few promise", async () => {
    const workers = await founded();
    workers.stop("a");
    workers.stop("b");
    workers.assign({ generation: 2, primary: "c", members: ABC, earlier: earlier(1) });
    await workers.clock.advance(30_000);
    expect(workers.group("c").role).toBe("candidate");
    workers.start("a");
    await workers.clock.advance(30_000);
    // It came back without its memory.
    expect(workers.group("c").role).toBe("candidate");
  });

  test("is led as soon as one more member that remembers is back", async () => {
    const storages = new KeptStorages(newDirectory());
    const { create: createStorage } = storages;
    const workers = new AppointedWorkers({ replicas: 3, writeQuorum: 2, createStorage });
    workers.start(..."abc");
    workers.assign({ generation: 1, primary: "a", members: ABC });
    await workers.untilOpen("a");
    await write(workers, "a", "k");
    workers.stop("a");
    workers.stop("b");
    workers.assign({ generation: 2, primary: "c", members: ABC, earlier: earlier(1) });
    await workers.clock.advance(30_000);
    expect(workers.group("c").role).toBe("candidate");
    workers.start("b");
    await workers.untilOpen("c");
    expect(workers.valueAt("c", "k")).toBe('"k"');
  });

  test("is led on by a primary that was restarted and remembers, with nobody's help", async () => {
    const storages = new KeptStorages(newDirectory());
    const workers = new AppointedWorkers({
      replicas: 3,
      writeQuorum: 2,
      createStorage: storages.create,
    });
    workers.start(..."abc");
    workers.assign({ generation: 1, primary: "a", members: ABC });
    await workers.untilOpen("a");
    await write(workers, "a", "k");
    workers.stop("a");
    workers.start("a");
    await workers.untilOpen("a");
    expect(Math.floor(workers.leader("a").epoch)).toBe(1);
    expect(workers.valueAt("a", "k")).toBe('"k"');
  });
});

describe("a partition that has taken writes, at workers with disks", () => {
  test("is not begun anew while one who may hold them is away", async () => {
    const storages = new KeptStorages(newDirectory());
    const workers = new AppointedWorkers({
      replicas: 3,
      writeQuorum: 2,
      createStorage: storages.create,
    });
    workers.start(..."ab");
    workers.assign({ generation: 1, primary: "a", members: ABC, begun: false });
    await workers.untilOpen("a");
    workers.assign({ generation: 1, primary: "a", members: ABC, begun: true });
    await write(workers, "a", "k");
    workers.stop("a");
    workers.stop("b");
    storages.lose("a");
    workers.start(..."ac");
    await workers.clock.advance(30_000);
    expect(workers.group("a").role).toBe("candidate");
    workers.start("b");
    await workers.clock.advance(30_000);
    // Two of three remember nothing, more than the promise covers: it waits, and nothing is gone.
    expect(workers.group("a").role).toBe("candidate");
    expect(workers.valueAt("b", "k")).toBe('"k"');
  });
});

describe("a planned handover", () => {
  test("fails no write: the old primary settles what it accepted, then refuses", async () => {
    const workers = await founded();
    const accepted = Array.from({ length: 50 }, (_, at) =>
      workers.leader("a").write(`k${at}`, "1"),
    );
    workers.assign({ generation: 2, primary: "b", members: ABC, earlier: earlier(1) });
    await workers.untilOpen("b", 500);
    await Promise.all(accepted);
    expect(workers.group("a").role).toBe("follower");
    for (let at = 0; at < 50; at++) {
      expect(workers.valueAt("b", `k${at}`)).toBe("1");
    }
  });

  test("a primary that is asked to settle refuses writes as safe to retry", async () => {
    const workers = await founded();
    workers.leader("a").settle(() => {});
    const error = await kvErrorOf(() => workers.leader("a").write("k", "1"));
    expect(error).toMatchObject({ code: "recovering", outcome: "refused" });
    await workers.clock.advance(2_100);
    await write(workers, "a", "k");
  });

  test("goes through though the old primary does not answer any more", async () => {
    const workers = await founded();
    await write(workers, "a", "k");
    workers.network.stall("http://a");
    workers.assign({ generation: 2, primary: "b", members: ABC, earlier: earlier(1) }, ["b", "c"]);
    await workers.untilOpen("b", 1_000);
    expect(workers.valueAt("b", "k")).toBe('"k"');
  });
});

describe("a copy that moves", () => {
  const ABD = copies("abd");

  test("is a learner first: brought up to date, counted for nothing", async () => {
    const workers = await founded();
    await write(workers, "a", "k");
    workers.assign({ generation: 1, primary: "a", members: ABC, learners: copies("d") });
    await workers.until(() => workers.valueAt("d", "k") === '"k"');
    await workers.until(() => {
      const { leads } = workers.group("a").report();
      return leads?.followers.find(({ worker }) => worker === "d")?.synced === true;
    });
    workers.stop("b");
    workers.stop("c");
    await workers.until(() => workers.group("a").leader?.refusal !== undefined);
    const error = await kvErrorOf(() => workers.leader("a").write("l", "1"));
    expect(error).toMatchObject({ code: "not_enough_replicas" });
  });

  test("counts from the next generation on, which needs promises of both", async () => {
    const workers = await founded();
    await write(workers, "a", "k");
    workers.assign({ generation: 1, primary: "a", members: ABC, learners: copies("d") });
    await workers.until(() => workers.valueAt("d", "k") === '"k"');
    workers.assign({ generation: 2, primary: "a", members: ABD, earlier: earlier(1) });
    await workers.until(() => Math.floor(workers.group("a").leader?.epoch ?? 0) === 2);
    await workers.untilOpen("a");
    workers.assign({ generation: 2, primary: "a", members: ABD });
    workers.stop("b");
    await write(workers, "a", "l");
    expect(workers.valueAt("d", "l")).toBe('"l"');
    expect(() => workers.group("c")).toThrow();
  });

  test("is thrown away under another number: it starts blank", async () => {
    const workers = await founded();
    await write(workers, "a", "k");
    await workers.until(() => workers.valueAt("c", "k") === '"k"');
    const { memory } = workers.group("c").record;
    const renewed = [...copies("ab"), ...copies("c", 2)];
    workers.assign({ generation: 2, primary: "a", members: renewed, earlier: earlier(1) });
    expect(workers.group("c").blank).toBe(true);
    expect(workers.group("c").record.memory).not.toBe(memory);
    await workers.until(() => workers.valueAt("c", "k") === '"k"');
  });

  test("that is away and retained is not overtaken by a removal", async () => {
    const workers = await founded();
    await write(workers, "a", "k");
    await workers.until(() => workers.valueAt("c", "k") === '"k"');
    workers.network.stall("http://c");
    workers.assign({ generation: 1, primary: "a", members: ABC, learners: copies("d") }, [
      "a",
      "d",
    ]);
    await workers.until(() => workers.valueAt("d", "k") === '"k"');
    const gone = { retained: copies("c") };
    workers.assign({ generation: 2, primary: "a", members: ABD, earlier: earlier(1), ...gone }, [
      ..."abd",
    ]);
    await workers.until(() => Math.floor(workers.group("a").leader?.epoch ?? 0) === 2);
    await workers.untilOpen("a");
    await workers.outcome(workers.leader("a").write("k", undefined as never));
    await workers.clock.advance(10_000);
    expect(workers.group("a").replica.get("k")).toBeDefined();
    workers.network.resume("http://c");
    workers.assign({ generation: 2, primary: "a", members: ABD, learners: copies("c") });
    await workers.until(() => workers.valueAt("c", "k") === undefined);
    expect(workers.group("c").blank).toBe(false);
  });
});

describe("linearizable reads", () => {
  test("of a primary that was cut off are not answered once another leads", async () => {
    const workers = await founded();
    await write(workers, "a", "k");
    workers.network.stall("http://a");
    workers.assign({ generation: 2, primary: "b", members: ABC, earlier: earlier(1) }, ["b", "c"]);
    await workers.untilOpen("b");
    await write(workers, "b", "l");
    const read = kvErrorOf(() => workers.leader("a").readLinearizable("l"));
    expect((await workers.outcome(read)).code).toMatch(
      /timeout|not_enough_replicas|leader_changed/,
    );
  });

  test("are confirmed by as many as a write needs, also where fewer promise", async () => {
    const workers = await founded({ writeQuorum: 3 });
    await write(workers, "a", "k");
    const read = workers.leader("a").readLinearizable("k");
    expect((await workers.outcome(read))?.value).toBe('"k"');
    workers.network.stall("http://c");
    const alone = kvErrorOf(() => workers.leader("a").readLinearizable("k"));
    expect((await workers.outcome(alone)).code).toMatch(/timeout|not_enough_replicas/);
  });
});
