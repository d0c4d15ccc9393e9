/**
 * The simulator itself: a run is the same each time, and what its watchers must see, they see. Each
 * sabotage breaks one promise in an otherwise sound group.
 */
import { describe, expect, test } from "bun:test";
import { KvError } from "../../src/base/errors.ts";
import type { Entry } from "../../src/core/entry.ts";
import type { PeerMessage } from "../../src/node/messages.ts";
import { MISFORTUNES } from "./misfortunes/names.ts";
import type { Parameters as SimulationParameters } from "./parameters.ts";
import { runSeed } from "./run.ts";
import type { Rule } from "./truth/violation.ts";
import type { ClientService, Sabotage } from "./world/world.ts";

const SEEDS_MAX = 30;
const MAIN = `${import.meta.dir}/main.ts`;

/** Nothing goes wrong, and clients have time. */
const calm = {
  faultsMs: 4_000,
  ambush: 0,
  rates: Object.fromEntries(Object.keys(MISFORTUNES).map((name) => [name, 0])),
} as Pick<SimulationParameters, "faultsMs" | "ambush" | "rates">;

/** The rule that the first seed with a broken promise breaks; a fresh sabotage for each seed. */
function firstBroken(
  createSabotage: () => Sabotage,
  change: Parameters<typeof runSeed>[0]["change"] = {},
): Rule | undefined {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    const { violation } = runSeed({ seed, sabotage: createSabotage(), change });
    if (violation !== undefined) {
      return violation.rule;
    }
  }
  return undefined;
}

/** Replaces some of what clients call at every node. */
function withService(change: (service: ClientService) => Partial<ClientService>): Sabotage {
  return {
    service: (service) => ({
      write: (key, value) => service.write(key, value),
      remove: (key) => service.remove(key),
      readLocal: (key) => service.readLocal(key),
      readLinearizable: (key) => service.readLinearizable(key),
      promote: (options) => service.promote(options),
      configure: (wanted) => service.configure(wanted),
      ...change(service),
    }),
  };
}

/** Changes the entries that go to node 1. */
function withEntries(change: (entries: readonly Entry[]) => Entry[]): Sabotage {
  return {
    tamper(message, _from, to) {
      if (to !== 1) {
        return message;
      }
      if (message.type === "entries") {
        return { ...message, entries: change(message.entries) };
      }
      return message.type === "page"
        ? { ...message, page: { ...message.page, entries: change(message.page.entries) } }
        : message;
    },
  };
}

describe("a run", () => {
  test("is the same each time, and another one for each seed", () => {
    const hashes = [1, 2, 3, 1, 2, 3].map((seed) => runSeed({ seed }).hash);
    expect(hashes.slice(0, 3)).toEqual(hashes.slice(3));
    expect(new Set(hashes).size).toBe(3);
  });

  test("is the same in another process, with its trace printed", async () => {
    const child = Bun.spawn([process.execPath, MAIN, "--seed", "4", "--detail"], {
      stdout: "pipe",
      stderr: "inherit",
    });
    const printed = await new Response(child.stdout).text();
    expect(printed).toContain(`(trace ${runSeed({ seed: 4 }).hash})`);
    expect(printed).toMatch(/^run {6}seed=4 nodes=\d writeQuorum=\d/m);
    expect(await child.exited).toBe(0);
  });
});

describe("the simulator finds", () => {
  test("an acknowledgement for what was never taken in", () => {
    const sabotage = (): Sabotage => {
      let newest = 0;
      return {
        tamper(message: PeerMessage, _from, to) {
          if (message.type === "entries" && to === 1) {
            newest = Math.max(newest, message.entries.at(-1)?.sequence ?? 0);
            return { ...message, entries: [] };
          }
          return message.type === "acknowledge" && to === 0
            ? { ...message, said: { ...message.said, watermark: newest } }
            : message;
        },
      };
    };
    expect(firstBroken(sabotage, { writeQuorum: 2, nodes: 3 })).toBe("held");
  });

  test("a value that nobody wrote", () => {
    const forge = (entries: readonly Entry[]) =>
      entries.map((entry) => (entry.value === undefined ? entry : { ...entry, value: '"forged"' }));
    // Another value of one version is seen first, where the leader's own is known.
    expect(firstBroken(() => withEntries(forge))).toBe("version");
    const sabotage = () =>
      withService((service) => ({ write: (key) => service.write(key, '"forged"') }));
    expect(firstBroken(sabotage)).toBe("invented");
  });

  test("copies that were left out", () => {
    const leaveOut = (entries: readonly Entry[]) =>
      entries.map((entry) => ({ ...entry, key: "elsewhere" }));
    expect(firstBroken(() => withEntries(leaveOut), { writeQuorum: 0 })).toBe("equal");
    expect(firstBroken(() => withEntries(leaveOut), { writeQuorum: 2, nodes: 3 })).toBe("held");
  });

  test("a write that was called refused and is there", () => {
    const sabotage = () =>
      withService((service) => ({
        async write(key, value) {
          await service.write(key, value);
          const message = "not really";
          throw new KvError({ code: "not_enough_replicas", message, outcome: "refused" });
        },
      }));
    expect(firstBroken(sabotage)).toBe("refused");
  });

  test("a write that was called acknowledged and is not there", () => {
    const sabotage = () =>
      withService(() => ({
        write: (key, value) =>
          Promise.resolve({ entry: { key, value, epoch: 1, sequence: 1e6 }, acks: 6, required: 0 }),
      }));
    expect(firstBroken(sabotage)).toBe("held");
  });

  test("linearizable reads that are not", () => {
    const sabotage = () => {
      let reads = 0;
      let first: Entry | undefined;
      return withService((service) => ({
        async readLinearizable(key) {
          const entry = await service.readLinearizable(key);
          first ??= entry;
          reads += 1;
          // Later they are right again, so that the state in the end says nothing.
          return reads < 50 ? first : entry;
        },
      }));
    };
    const clients = { count: 4, keys: 1, thinkMs: 10, readShare: 0.5, removeShare: 0 };
    const change = {
      ...calm,
      clients: { ...clients, wrongNodeShare: 0, valueLength: 0 },
    };
    expect(firstBroken(sabotage, change)).toBe("linearizable");
  });

  test("a leader that takes no writes any more", () => {
    const sabotage = () =>
      withService(() => ({
        write: () => Promise.reject(new KvError({ code: "overloaded", message: "never" })),
      }));
    expect(firstBroken(sabotage)).toBe("progress");
  });

  test("a fault in the node's own code", () => {
    const sabotage = () =>
      withService(() => ({ write: () => Promise.reject(new TypeError("of undefined")) }));
    expect(firstBroken(sabotage)).toBe("crash");
  });
});
