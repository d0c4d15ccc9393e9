/** `POST /admin/promote`, and the change of the quorum that may be forced. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { call } from "../support/call.ts";
import { type HttpGroup, startHttpGroup } from "../support/http-group.ts";

let group: HttpGroup;

beforeAll(async () => {
  group = await startHttpGroup({ followers: 2, writeQuorum: 1 });
});
afterAll(() => group.stop());

const promote = (body?: unknown) => call("POST", `${group.leader.url}/admin/promote`, body);

describe("POST /admin/promote", () => {
  test.each([[undefined], ["{}"], [{ force: false }], [{ force: true }]])(
    "at the node that leads already says so, with the body %p",
    async (body) => {
      const { status, body: answer } = await promote(body);
      expect(status).toBe(200);
      const { epoch } = (await call("GET", `${group.leader.url}/status`)).body;
      expect(epoch).toBeGreaterThan(0);
      expect(answer).toEqual({ node: "leader", role: "leader", epoch, leader: group.leader.url });
    },
  );

  test.each([
    [{ forced: true }, 'The field "forced" is unknown'],
    [{ force: "yes" }, "force must be true or false"],
    [{ force: 1 }, "force must be true or false"],
    ["[]", "The body must be a JSON object"],
    ["{", "The body is not JSON"],
  ])("refuses the body %p and changes nothing", async (body, sentence) => {
    const { status, body: answer } = await promote(body);
    expect(status).toBe(400);
    expect(answer).toMatchObject({ error: "invalid_request", outcome: "refused" });
    expect(answer.message).toContain(sentence);
  });

  test("takes no query, and no other method", async () => {
    const url = `${group.leader.url}/admin/promote`;
    expect((await call("POST", `${url}?force=true`)).status).toBe(400);
    expect((await call("GET", url)).body).toMatchObject({ error: "method_not_allowed" });
  });

  test("stands in the API's description, with what is missing where it is unsafe", async () => {
    const { body } = await call("GET", `${group.leader.url}/swagger/json`);
    const { post } = body.paths["/admin/promote"];
    const { examples } = post.responses["409"].content["application/json"];
    expect(examples.unsafe.value).toMatchObject({ error: "unsafe", missing: [expect.any(String)] });
  });
});

describe("PATCH /config with force", () => {
  const patch = (body: unknown) => call("PATCH", `${group.leader.url}/config`, body);

  test("turns the quorum", async () => {
    const lower = await patch({ writeQuorum: 0, force: true });
    expect([lower.status, lower.body.writeQuorum]).toEqual([200, 0]);
    const higher = await patch({ writeQuorum: 1, force: false });
    expect([higher.status, higher.body.writeQuorum]).toEqual([200, 1]);
  });

  test.each([
    [{ force: true }, "The body names no setting"],
    [{ force: true, minDelay: "1ms" }, "force only goes with a writeQuorum"],
    [{ force: "true", writeQuorum: 0 }, "force must be true or false"],
  ])("refuses %p and changes nothing", async (body, sentence) => {
    const before = (await call("GET", `${group.leader.url}/config`)).body;
    const { status, body: answer } = await patch(body);
    expect(status).toBe(400);
    expect(answer.message).toContain(sentence);
    expect((await call("GET", `${group.leader.url}/config`)).body).toEqual(before);
  });
});
