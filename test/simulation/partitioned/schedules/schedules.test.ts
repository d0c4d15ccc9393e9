/** Each mistake that only a cluster can make is found by the schedule that was written for it. */
import { expect, test } from "bun:test";
import { CLUSTER_SHORTCUTS, type Shortcut } from "../../../../src/core/shortcut.ts";
import { CLUSTER_SCHEDULES } from "./schedules.ts";

/** Each is a process that others' work may keep waiting. */
const TIMEOUT_MS = 60_000;

const WITH_SHORTCUT = Object.entries(CLUSTER_SCHEDULES).flatMap(([name, { finds }]) =>
  finds === undefined ? [] : [[name, finds] as const],
);

/** Which rule the schedule breaks with this shortcut: sooner or later the harm is plain. */
async function play(names: readonly string[], shortcut?: Shortcut): Promise<string> {
  const define = shortcut === undefined ? [] : ["--define", `KVNODE_SHORTCUT="${shortcut}"`];
  const program = Bun.spawn({
    cmd: [process.execPath, ...define, `${import.meta.dir}/play.ts`, ...names],
    stdout: "pipe",
    stderr: "inherit",
  });
  const output = await new Response(program.stdout).text();
  expect(await program.exited).toBe(0);
  return output;
}

test(
  "without a mistake every schedule of a cluster keeps every promise",
  async () => {
    const output = await play([]);
    expect(output.trim().split("\n")).toEqual(
      Object.keys(CLUSTER_SCHEDULES).map((name) => `${name}: kept`),
    );
  },
  TIMEOUT_MS,
);

test("every shortcut of a cluster has a schedule that finds it", () => {
  const found: readonly Shortcut[] = WITH_SHORTCUT.map(([, finds]) => finds);
  const names = Object.keys(CLUSTER_SHORTCUTS) as Shortcut[];
  expect(found.toSorted()).toEqual(names.toSorted());
});

test.concurrent.each(WITH_SHORTCUT)(
  "the schedule %s finds its shortcut",
  async (name, finds) => {
    expect(await play([name], finds)).toMatch(
      /^[a-z-]+: (backwards|held|lost|linearizable|placement|generation)$/m,
    );
  },
  TIMEOUT_MS,
);
