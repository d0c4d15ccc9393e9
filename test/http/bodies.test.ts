/** What many large bodies at once may cost. */
import { afterEach, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { BodyBudget } from "../../src/http/body-budget.ts";
import { call } from "../support/call.ts";
import { MAX_VALUE_BYTES, PENDING_BYTES, startHttpNode } from "../support/http-group.ts";
import { kvErrorOf } from "../support/kv-error.ts";
import { waitUntil } from "../support/wait-until.ts";

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

describe("the budget of bodies", () => {
  test("takes up to its bound, and takes no more until some is given back", async () => {
    const budget = new BodyBudget(100);
    budget.take(60, 0);
    budget.take(40, 0);
    const error = await kvErrorOf(() => budget.take(1, 0));
    expect(error).toMatchObject({ code: "overloaded", status: 503, outcome: "refused" });
    budget.give(60);
    budget.take(1, 0);
    expect(budget.bytes).toBe(41);
  });

  test("takes a body above its bound where nothing else is under way", () => {
    const budget = new BodyBudget(100);
    budget.take(150, 0);
    budget.take(50, 150);
    expect(budget.bytes).toBe(200);
  });
});

/** Sends all of a large body but its end. */
function sendMost(port: number, index: number): void {
  const body = Buffer.alloc(MAX_VALUE_BYTES + 12 * 1024, "a");
  body.write('{"value":"');
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(
    `PUT /kv/${index} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length + 2}\r\n\r\n`,
  );
  socket.write(body);
  sockets.push(socket);
}

describe("many senders of large bodies", () => {
  test("are refused above the bound; small writes go on, and large ones when they go", async () => {
    const node = startHttpNode({ id: "leader", addresses: [], writeQuorum: 0 });
    const many = Math.ceil(PENDING_BYTES / MAX_VALUE_BYTES) + 4;
    for (let index = 0; index < many; index++) sendMost(node.port, index);
    const value = "x".repeat(MAX_VALUE_BYTES - 2);
    const refused = await waitUntil(
      async () => {
        const answer = await call("PUT", `${node.url}/kv/large`, { value });
        return answer.status === 503 ? answer : undefined;
      },
      { what: "a large write to be refused" },
    );
    expect(refused.body).toMatchObject({ error: "overloaded", outcome: "refused" });
    expect((await call("PUT", `${node.url}/kv/small`, { value: 1 })).status).toBe(200);

    for (const socket of sockets.splice(0)) socket.destroy();
    await waitUntil(
      async () => (await call("PUT", `${node.url}/kv/large`, { value })).status === 200,
      { what: "a large write to be taken again" },
    );
    expect((await call("GET", `${node.url}/kv?limit=1000`)).body.items).toHaveLength(2);
    expect(node.errors).toEqual([]);
    await node.stop();
  });
});
