/** One HTTP call and its JSON answer, in one line of a test. */

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; an empty object where there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: a test compares it, and a wrong guess fails there.
  readonly body: any;
}

/** Calls and reads the answer. A body that is neither text, bytes nor stream is sent as JSON. */
export async function call(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const isRaw =
    body === undefined ||
    typeof body === "string" ||
    body instanceof Uint8Array ||
    body instanceof ReadableStream;
  const payload = (isRaw ? body : JSON.stringify(body)) as string | undefined;
  const response = await fetch(url, {
    method,
    headers,
    ...(payload === undefined ? {} : { body: payload }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson && text !== "" ? JSON.parse(text) : {},
  };
}
