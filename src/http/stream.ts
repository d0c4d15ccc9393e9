/** Large JSON objects, sent piece by piece: never the whole store as one text in memory. */
import { othersFirst } from "./others-first.ts";

/** About how much text one chunk holds. */
const CHUNK_TEXT = 64 * 1024;

const encoder = new TextEncoder();

/**
 * A JSON object whose members come from an iterable, each as `"name":value` text, between `head`
 * and `tail`. The first chunk is made at once, so that what the source throws at its start is
 * thrown here and can still become an error answer. A client that goes away ends the iteration.
 */
export function streamMembers(head: string, members: Iterable<string>, tail: string): Response {
  const iterator = members[Symbol.iterator]();
  let separator = "";
  let done = false;

  function nextChunk(start: string): Uint8Array {
    let text = start;
    while (text.length < CHUNK_TEXT) {
      const member = iterator.next();
      if (member.done === true) {
        done = true;
        text += tail;
        break;
      }
      text += separator + member.value;
      separator = ",";
    }
    return encoder.encode(text);
  }

  const first = nextChunk(head);
  const headers = { "content-type": "application/json" };
  if (done) return new Response(first, { headers });
  let waiting: Uint8Array | undefined = first;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      // A client that reads quickly would else be sent everything before anybody else is served.
      if (waiting === undefined) await othersFirst();
      if (done) return;
      const chunk = waiting ?? nextChunk("");
      waiting = undefined;
      controller.enqueue(chunk);
      if (done) controller.close();
    },
    cancel() {
      done = true;
      iterator.return?.();
    },
  });
  return new Response(body, { headers });
}
