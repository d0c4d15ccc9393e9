import { describe, expect, test } from "bun:test";
import { expectedLoss, isPromised, type LossModel } from "../../bench/durability/theory.ts";
import { createSeededRandom } from "../../src/base/random.ts";

const MODEL: LossModel = { followers: 5, writesPerSecond: 1_000, minDelayMs: 20, maxDelayMs: 200 };

describe("what theory says is lost", () => {
  test("nothing, where the promise holds", () => {
    for (let quorum = 0; quorum <= 5; quorum++) {
      for (let lost = 0; lost <= quorum; lost++) {
        expect(isPromised(quorum, lost)).toBe(true);
        expect(expectedLoss(MODEL, quorum, lost)).toBe(0);
      }
    }
  });

  test.each([
    [0, 1],
    [0, 5],
    [1, 2],
    [1, 4],
    [2, 3],
    [3, 5],
    [4, 5],
  ])("agrees with drawn delays (W=%d, %d lost)", (quorum, lost) => {
    const drawn = drawLoss(quorum, lost);
    expect(Math.abs(drawn - expectedLoss(MODEL, quorum, lost))).toBeLessThan(0.05 * drawn + 0.2);
  });
});

/** Mean of many moments in which the leader and the first lost − 1 followers vanish. */
function drawLoss(quorum: number, lost: number): number {
  const random = createSeededRandom(quorum * 10 + lost);
  const writes = 200_000;
  const spreadMs = MODEL.maxDelayMs - MODEL.minDelayMs;
  let gone = 0;
  for (let write = 0; write < writes; write++) {
    // Older writes are everywhere.
    const ageMs = random.next() * MODEL.maxDelayMs;
    const arrived = Array.from(
      { length: MODEL.followers },
      () => MODEL.minDelayMs + random.next() * spreadMs <= ageMs,
    );
    const acknowledged = arrived.filter(Boolean).length >= quorum;
    if (acknowledged && !arrived.slice(lost - 1).includes(true)) gone += 1;
  }
  return (gone / writes) * (MODEL.maxDelayMs / 1000) * MODEL.writesPerSecond;
}
