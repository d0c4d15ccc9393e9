/** Requests as the bytes that go over the wire. */

export interface RequestParts {
  readonly method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  /** Path and query, already escaped. */
  readonly path: string;
  /** What stands in the Host header, as `127.0.0.1:5000`. */
  readonly host: string;
  /** A JSON text; none sends no body. */
  readonly json?: string;
}

/** One HTTP/1.1 request ; a connection is kept alive unless the server closes it. */
export function toRequest(parts: RequestParts): Uint8Array {
  const head = `${parts.method} ${parts.path} HTTP/1.1\r\nHost: ${parts.host}\r\n`;
  if (parts.json === undefined) return Buffer.from(`${head}\r\n`);
  const bytes = Buffer.byteLength(parts.json);
  const body = `Content-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n${parts.json}`;
  return Buffer.from(head + body);
}
