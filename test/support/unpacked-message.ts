/** A message that was decoded, with the texts of its entries as strings, to be compared. */
import type { Entry } from "../../src/core/entry.ts";
import { unpacked } from "../../src/core/packed-entry.ts";
import type { PeerMessage } from "../../src/node/messages.ts";

export function unpackedMessage(message: PeerMessage): PeerMessage {
  if ("entries" in message) {
    return { ...message, entries: plain(message.entries) };
  }
  if ("page" in message) {
    return { ...message, page: { ...message.page, entries: plain(message.page.entries) } };
  }
  return message;
}

function plain(entries: readonly Entry[]): Entry[] {
  return entries.map(unpacked);
}
