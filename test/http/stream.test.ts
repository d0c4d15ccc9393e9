/** An answer that is sent piece by piece: what its client and its source see of it. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import { streamMembers } from "../../src/http/stream.ts";
import { waitUntil } from "../support/wait-until.ts";

const VALUE = "x".repeat(1_000);

let made: number;
let ended: boolean;
beforeEach(() => {
  made = 0;
  ended = false;
});

function* members(count: number, failsAt?: number): Iterable<string> {
  try {
    for (let index = 0; index < count; index++) {
      if (index === failsAt) throw new Error("The source fails.");
      made++;
      yield `"key${index}":"${VALUE}"`;
    }
  } finally {
    ended = true;
  }
}

const answers: Readonly<Record<string, () => Response>> = {
  "/none": () => streamMembers("{", members(0), "}"),
  "/some": () => streamMembers("{", members(500), "}"),
  "/endless": () => streamMembers("{", members(Number.POSITIVE_INFINITY), "}"),
  "/fails-at-once": () => streamMembers("{", members(9, 0), "}"),
  "/fails-midway": () => streamMembers("{", members(500, 300), "}"),
  "/other": () => new Response("served"),
};
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: ({ url }) => (answers[new URL(url).pathname] as () => Response)(),
  error: () => new Response("failed", { status: 500 }),
});
const url = `http://127.0.0.1:${server.port}`;
afterAll(() => server.stop(true));

test("all members come, however many pieces they are sent in", async () => {
  expect(await (await fetch(`${url}/none`)).json()).toEqual({});
  const all = (await (await fetch(`${url}/some`)).json()) as Record<string, string>;
  expect(Object.keys(all)).toHaveLength(500);
  expect(all.key499).toBe(VALUE);
});

test("a client that goes away ends the iteration", async () => {
  const answer = await fetch(`${url}/endless`);
  await answer.body?.cancel();
  await waitUntil(() => ended, { what: "the iteration to end" });
});

test("a client that does not read is not sent everything", async () => {
  const answer = await fetch(`${url}/endless`);
  const reader = answer.body?.getReader();
  await reader?.read();
  await waitUntil(
    async () => {
      const before = made;
      for (let call = 0; call < 20; call++) await (await fetch(`${url}/other`)).text();
      return made === before;
    },
    { what: "the source to be left alone" },
  );
  await reader?.cancel();
  await waitUntil(() => ended, { what: "the iteration to end" });
});

test("what fails at its start is an error, and what fails midway does not look whole", async () => {
  expect((await fetch(`${url}/fails-at-once`)).status).toBe(500);
  const answer = await fetch(`${url}/fails-midway`);
  expect(answer.status).toBe(200);
  expect(await answer.text().catch(() => "cut off")).toBe("cut off");
  expect(ended).toBe(true);
});
