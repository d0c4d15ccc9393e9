/** How a worker's heartbeat ends: with an answer, a refusal, or a sentence on why there is none. */
import { afterEach, describe, expect, test } from "bun:test";
import { KvError } from "../../../src/base/errors.ts";
import type { Heartbeat } from "../../../src/node/heartbeat.ts";
import { createHttpController } from "../../../src/transport/http-controller.ts";

const HEARTBEAT: Heartbeat = {
  protocol: 1,
  id: "w1",
  address: "http://w1:8001",
  cluster: "kvnode",
  instance: "i",
  clusterId: undefined,
  settings: { partitions: 64, replicas: 3, writeQuorum: 2 },
  mapVersion: 0,
  stopping: false,
  copies: [],
  complete: true,
};

const ANSWER = {
  cluster: { id: "c", name: "kvnode", partitions: 64, replicas: 3, writeQuorum: 2 },
  mapVersion: 3,
  assignments: [],
  wantsAll: false,
};

let stop = () => {};
afterEach(() => stop());

function controller(answer: (request: Request) => Response | Promise<Response>) {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: answer });
  stop = () => void server.stop(true);
  return createHttpController({ address: `http://127.0.0.1:${server.port}`, timeoutMs: 200 });
}

async function failureOf(port: ReturnType<typeof controller>): Promise<Error> {
  return await port.heartbeat(HEARTBEAT).then(
    () => new Error("it did not fail"),
    (error: Error) => error,
  );
}

describe("a heartbeat", () => {
  test("is sent whole and gives the controller's answer", async () => {
    let heard: unknown;
    const port = controller(async (request) => {
      heard = [request.method, new URL(request.url).pathname, await request.json()];
      return Response.json(ANSWER);
    });
    expect(await port.heartbeat(HEARTBEAT)).toEqual(ANSWER);
    expect(heard).toEqual(["POST", "/heartbeat", JSON.parse(JSON.stringify(HEARTBEAT))]);
  });

  test("that is refused fails with the controller's own words", async () => {
    const body = { error: "id_taken", message: "The id w1 is taken.", outcome: "refused" };
    const error = await failureOf(controller(() => Response.json(body, { status: 409 })));
    expect(error).toBeInstanceOf(KvError);
    expect(error).toMatchObject({ code: "id_taken", message: "The id w1 is taken." });
  });

  test.each([
    ["a page", () => new Response("<html>")],
    ["another program's error", () => Response.json({ detail: "no" }, { status: 404 })],
    ["half of an answer", () => Response.json({ cluster: ANSWER.cluster })],
    ["a way to somewhere else", () => Response.redirect("http://127.0.0.1:1/")],
  ])("that is answered with %s fails and asks whether that is a controller", async (_, answer) => {
    const error = await failureOf(controller(answer));
    expect(error).not.toBeInstanceOf(KvError);
    expect(error.message).toContain("does CONTROLLER name a kvnode controller?");
  });

  test("that is not answered in time, or at all, fails and says so", async () => {
    const slow = await failureOf(controller(() => new Promise(() => {})));
    expect(slow.message).toContain("did not answer in time");
    stop();
    const nobody = createHttpController({ address: "http://127.0.0.1:1", timeoutMs: 200 });
    expect((await failureOf(nobody)).message).toContain("did not answer at all");
  });
});
