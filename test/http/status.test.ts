/** What `/status` says of a node and of its group. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { statusFields } from "../../src/http/status.ts";
import { call } from "../support/call.ts";
import { type HttpGroup, startHttpGroup } from "../support/http-group.ts";

let group: HttpGroup;

beforeAll(async () => {
  group = await startHttpGroup({ followers: 1, writeQuorum: 1 });
});
afterAll(() => group.stop());

describe("the status", () => {
  test("says what a node remembers, has promised and may have lost", async () => {
    for (const { url } of group.nodes) {
      const { body } = await call("GET", `${url}/status?data=false`);
      expect(body).toMatchObject({ address: url, blank: false, durable: false, possibleLoss: [] });
      expect(body.members).toBeArray();
      expect(body.promised).toBeGreaterThanOrEqual(body.epoch);
    }
  });

  test("shows epochs by their whole part", () => {
    const shown = statusFields(
      {
        node: "n",
        role: "candidate",
        leader: null,
        epoch: 7.25,
        promised: 8.5,
        synced: false,
        watermark: 0,
        commitWatermark: 0,
        writeQuorum: null,
        minDelayMs: 0.1,
        maxDelayMs: 1,
        keys: 0,
        followers: [],
        blank: true,
        durable: true,
        members: [],
        possibleLoss: [],
      },
      "http://n:1",
    );
    expect(shown).toMatchObject({
      address: "http://n:1",
      epoch: 7,
      promised: 8,
      minDelay: "0.1ms",
      maxDelay: "1ms",
    });
  });
});
