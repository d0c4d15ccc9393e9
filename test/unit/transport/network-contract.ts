/**
 * What every network owes its nodes (src/node/network.ts), as one suite of cases that each
 * implementation is put through.
 */
import { afterEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { PeerMessage } from "../../../src/node/messages.ts";
import type { AcceptLink, Link, LinkEvents, Network } from "../../../src/node/network.ts";
import { arbitraryMessage } from "../../support/arbitrary-messages.ts";
import { unpackedMessage } from "../../support/unpacked-message.ts";
import { waitUntil } from "../../support/wait-until.ts";

/** A network, and a place in it where links are taken. */
export interface NetworkPlace {
  readonly network: Network;
  readonly address: string;
  /** An address where nobody is. */
  readonly nowhere: string;
  stop(): Promise<void>;
}

export type OpenPlace = (accept: AcceptLink) => Promise<NetworkPlace>;

/** One end of a link and all that it was told. */
export class RecordingEnd implements LinkEvents {
  link: Link | undefined;
  opens = 0;
  readonly messages: PeerMessage[] = [];
  readonly closes: string[] = [];
  /** Something came after `closed`. */
  spokenAfterClose = false;

  opened(link: Link): void {
    this.opens += 1;
    this.link = link;
    this.#afterClose();
  }

  message(message: PeerMessage): void {
    this.messages.push(message);
    this.#afterClose();
  }

  closed(reason: string): void {
    this.#afterClose();
    this.closes.push(reason);
  }

  #afterClose(): void {
    this.spokenAfterClose ||= this.closes.length > 0;
  }
}

const HELLO: PeerMessage = { type: "refuse", reason: "hello" };
const wait = (what: string, probe: () => boolean) => waitUntil(probe, { what, intervalMs: 1 });

/** Time enough for whatever should not come to come: a message goes round on another link. */
async function roundTrip(place: NetworkPlace, visitors: readonly RecordingEnd[]): Promise<void> {
  const end = new RecordingEnd();
  place.network.connect(place.address, end);
  await wait("a round trip", () => end.opens === 1 && visitors.at(-1)?.link !== undefined);
  end.link?.send(HELLO);
  await wait("a round trip", () => visitors.some(({ messages }) => messages.length > 0));
  end.link?.close("round trip over");
}

/** Runs the suite over one implementation. */
export function describeNetwork(name: string, open: OpenPlace): void {
  const places: NetworkPlace[] = [];
  afterEach(async () => {
    for (const place of places.splice(0)) {
      await place.stop();
    }
  });

  async function openPlace() {
    const visitors: RecordingEnd[] = [];
    const place = await open((link) => {
      const visitor = new RecordingEnd();
      visitor.link = link;
      visitors.push(visitor);
      return visitor;
    });
    places.push(place);
    return { place, visitors };
  }

  async function openLink() {
    const { place, visitors } = await openPlace();
    const near = new RecordingEnd();
    place.network.connect(place.address, near);
    await wait("the link to open", () => near.opens === 1 && visitors.length === 1);
    const far = visitors[0] as RecordingEnd;
    return { place, visitors, near, far, ends: [near, far] as const };
  }

  describe(`a link over ${name}`, () => {
    test("carries messages whole and in order, both ways, and counts their bytes", async () => {
      const { near, far } = await openLink();
      const messages = fc.sample(arbitraryMessage, { numRuns: 300, seed: 5 });
      const value = "x".repeat(3_000_000);
      const entries = [{ key: "large", value, epoch: 1, sequence: 1 }];
      messages.push({ type: "entries", group: 0, epoch: 1, commitWatermark: 0, entries }, HELLO);
      const sent = { near: 0, far: 0 };
      for (const message of messages) {
        sent.near += near.link?.send(message) ?? 0;
        sent.far += far.link?.send(message) ?? 0;
      }
      await wait("all messages", () =>
        [near, far].every((end) => end.messages.length === messages.length),
      );
      expect(far.messages.map(unpackedMessage)).toEqual(messages);
      expect(near.messages.map(unpackedMessage)).toEqual(messages);
      expect(far.link?.receivedBytes).toBe(sent.near);
      expect(near.link?.receivedBytes).toBe(sent.far);
      expect(sent.near).toBeGreaterThan(3_000_000);
    });

    test("carries what is said together as if it had been said one by one", async () => {
      const { place, near, far } = await openLink();
      const together = place.network.together ?? ((say) => say());
      const messages = fc.sample(arbitraryMessage, { numRuns: 300, seed: 6 });
      const entries = [{ key: "large", value: "x".repeat(200_000), epoch: 1, sequence: 1 }];
      messages.push({ type: "entries", group: 0, epoch: 1, commitWatermark: 0, entries }, HELLO);
      const sent = { near: 0, far: 0 };
      together(() => {
        for (const message of messages) {
          sent.near += near.link?.send(message) ?? 0;
          together(() => {
            sent.far += far.link?.send(message) ?? 0;
          });
        }
      });
      sent.near += near.link?.send(HELLO) ?? 0;
      await wait("all messages", () => {
        const heard = [far.messages.length, near.messages.length];
        return heard.join() === [messages.length + 1, messages.length].join();
      });
      expect(far.messages.map(unpackedMessage)).toEqual([...messages, HELLO]);
      expect(near.messages.map(unpackedMessage)).toEqual(messages);
      expect(far.link?.receivedBytes).toBe(sent.near);
      expect(near.link?.receivedBytes).toBe(sent.far);
    });

    test("is closed once, and carries nothing more, in the midst of what is said", async () => {
      const { place, visitors, near, far } = await openLink();
      const together = place.network.together ?? ((say) => say());
      together(() => {
        far.link?.send(HELLO);
        far.link?.close("enough");
        expect(far.link?.send(HELLO)).toBe(0);
      });
      await roundTrip(place, visitors);
      expect([near.closes.length, far.closes.length]).toEqual([1, 1]);
      expect(near.spokenAfterClose).toBe(false);
      expect(near.messages.length).toBeLessThan(2);
    });

    test("opens later, and not from within the call that asks for it", async () => {
      const { place } = await openPlace();
      const near = new RecordingEnd();
      place.network.connect(place.address, near);
      expect(near.opens).toBe(0);
      await wait("the link to open", () => near.opens === 1);
    });

    test("takes nothing before it is open", async () => {
      const { place, visitors } = await openPlace();
      const near = new RecordingEnd();
      const link = place.network.connect(place.address, near);
      expect(link.send(HELLO)).toBe(0);
      await wait("the link to open", () => near.opens === 1 && visitors.length === 1);
      const later: PeerMessage = { type: "refuse", reason: "later" };
      expect(link.send(later)).toBeGreaterThan(0);
      await wait("the message", () => visitors[0]?.messages.length === 1);
      expect(visitors[0]?.messages).toEqual([later]);
    });

    for (const [who, closer] of [
      ["the end that dialled", 0],
      ["the end that was dialled", 1],
    ] as const) {
      test(`tells both ends once when ${who} closes it, and carries nothing more`, async () => {
        const { place, visitors, ends } = await openLink();
        ends[closer].link?.close("enough");
        ends[closer].link?.close("enough again");
        expect(ends[closer].closes).toEqual(["enough"]);
        expect(ends[closer].link?.send(HELLO)).toBe(0);
        await wait("the other end to learn of it", () => ends[1 - closer]?.closes.length === 1);
        expect(ends[1 - closer]?.link?.send(HELLO)).toBe(0);
        ends[1 - closer]?.link?.close("too late");
        await roundTrip(place, visitors);
        for (const end of ends) {
          expect(end).toMatchObject({ messages: [], spokenAfterClose: false });
          expect(end.closes.length).toBe(1);
        }
      });
    }

    test("is closed once when both ends close it together", async () => {
      const { place, visitors, ends } = await openLink();
      for (const end of ends) {
        end.link?.close("enough");
      }
      await roundTrip(place, visitors);
      expect(ends.map(({ closes }) => closes.length)).toEqual([1, 1]);
    });

    test("is closed whatever the reason says, and however long", async () => {
      for (const reason of ["", "x".repeat(10_000), "ä€😀".repeat(1_000), "\ud83d"]) {
        const { ends } = await openLink();
        ends[0].link?.close(reason);
        await wait("both ends to learn of it", () =>
          ends.every(({ closes }) => closes.length === 1),
        );
        const other = await openLink();
        other.ends[1].link?.close(reason);
        await wait("both ends to learn of it", () =>
          other.ends.every(({ closes }) => closes.length === 1),
        );
      }
    });

    test("is independent of other links to the same place", async () => {
      const { place, visitors, near, far } = await openLink();
      const second = new RecordingEnd();
      place.network.connect(place.address, second);
      await wait("the second link", () => second.opens === 1 && visitors.length === 2);
      // One message for both, as a leader sends it.
      near.link?.send(HELLO);
      second.link?.send(HELLO);
      await wait("both messages", () => visitors.every(({ messages }) => messages.length === 1));
      near.link?.close("enough");
      await wait("the first to be closed", () => far.closes.length === 1);
      second.link?.send(HELLO);
      await wait("the second's message", () => visitors[1]?.messages.length === 2);
      expect(second.closes).toEqual([]);
    });
  });

  describe(`a link over ${name} that does not come about`, () => {
    test("is closed once and never opened when nobody is there", async () => {
      const { place, visitors } = await openPlace();
      const near = new RecordingEnd();
      const link = place.network.connect(place.nowhere, near);
      expect(near.closes).toEqual([]);
      await wait("the link to be closed", () => near.closes.length > 0);
      expect(link.send(HELLO)).toBe(0);
      link.close("too late");
      await roundTrip(place, visitors);
      expect(near).toMatchObject({ opens: 0, spokenAfterClose: false });
      expect(near.closes.length).toBe(1);
    });

    test("is closed once and never opened when it is given up before", async () => {
      const { place, visitors } = await openPlace();
      const near = new RecordingEnd();
      place.network.connect(place.address, near).close("never mind");
      expect(near.closes).toEqual(["never mind"]);
      await roundTrip(place, visitors);
      expect(near).toMatchObject({ opens: 0, spokenAfterClose: false });
      expect(near.closes.length).toBe(1);
      // Whoever was dialled heard nothing of it, or heard that it is over.
      await wait("no visitor to stay", () => visitors.every(({ closes }) => closes.length === 1));
    });
  });
}
