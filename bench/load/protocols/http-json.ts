/** The servers that are asked over HTTP with JSON: kvnode, the two reports and etcd's gateway. */
import type { Operation, Protocol } from "../protocol.ts";
import { type RequestParts, toRequest } from "../request.ts";
import { HttpDialogue, type HttpDialogueOptions } from "./http-dialogue.ts";

/** What differs between them: the path and body of a call, and which answers serve it. */
interface JsonCalls extends Partial<HttpDialogueOptions> {
  readonly toParts: (operation: Operation) => Omit<RequestParts, "host">;
}

const HOST = "127.0.0.1";
const OK = 200;
/** Where the path of a range and that of a put part. */
const RANGE_AT = "POST /v3/kv/".length;
const LETTER_R = 114;

/** kvnode's own calls; a key that is absent is answered with 404. */
export const KVNODE = jsonProtocol({
  toParts(operation) {
    const path = `/kv/${encodeURIComponent(operation.key)}`;
    if (operation.kind === "get") return { method: "GET", path };
    return { method: "PUT", path, json: JSON.stringify({ value: operation.value }) };
  },
});

/** The first report's server: key and value in the body. */
export const REPORT_000 = jsonProtocol({
  toParts(operation) {
    if (operation.kind === "get") return { method: "GET", path: `/get/${operation.key}` };
    const { key, value } = operation;
    return { method: "POST", path: "/set", json: JSON.stringify({ key, value }) };
  },
});

/** The other report's: the key in the path. */
export const REPORT_002 = jsonProtocol({
  toParts(operation) {
    if (operation.kind === "get") return { method: "GET", path: `/get/${operation.key}` };
    const json = JSON.stringify({ value: operation.value });
    return { method: "PUT", path: `/put/${operation.key}`, json };
  },
});

/**
 * etcd's JSON gateway: keys and values in base64. An absent key is answered with 200 and no `kvs`,
 * so that the bodies are looked at.
 */
export function etcdGateway(options: { serializable: boolean }): Protocol {
  const { serializable } = options;
  return jsonProtocol({
    keepBodies: true,
    toParts(operation) {
      const key = btoa(operation.key);
      if (operation.kind === "get") {
        const json = JSON.stringify(serializable ? { key, serializable } : { key });
        return { method: "POST", path: "/v3/kv/range", json };
      }
      const json = JSON.stringify({ key, value: btoa(operation.value) });
      return { method: "POST", path: "/v3/kv/put", json };
    },
    serves: (status, body, request) =>
      status === OK && (request?.[RANGE_AT] !== LETTER_R || body.includes('"kvs"')),
  });
}

function jsonProtocol(calls: JsonCalls): Protocol {
  const { keepBodies = false, serves = (status: number) => status === OK } = calls;
  return {
    encode: (operation) => toRequest({ ...calls.toParts(operation), host: HOST }),
    dialogue: () => new HttpDialogue({ keepBodies, serves }),
  };
}
