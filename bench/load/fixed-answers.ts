/**
 * A server that answers at once with fixed bytes and knows of a request nothing but its length:
 * what is left is the cost of asking. It keeps no data and checks nothing.
 */
import type { Socket, TCPSocketListener } from "bun";
import { protocolFor } from "./protocols/protocol-for.ts";
import { keyOf, valueFor } from "./workload.ts";

/** Those for which there are answers. */
export const ANSWERED_PROTOCOLS = {
  kvnode: { name: "kvnode" },
  redis: { name: "redis", replicas: 3 },
} as const;

export type AnsweredProtocol = keyof typeof ANSWERED_PROTOCOLS;

export interface FixedAnswersOptions {
  readonly protocol: AnsweredProtocol;
  /** Of the values that are written, and of that in the answer to a read. */
  readonly valueBytes: number;
}

/** Bytes of the request under way that have not come yet. */
interface Pending {
  missingBytes: number;
}

interface Answers {
  readonly written: Uint8Array;
  readonly read: Uint8Array;
  /** By the beginning of a request. */
  readonly isRead: (request: Uint8Array) => boolean;
}

const LETTER_G = 71;
const DIGIT_TWO = 50;

/** Listens on any port until it is stopped. */
export function serveFixedAnswers(options: FixedAnswersOptions): TCPSocketListener<Pending> {
  const { protocol, valueBytes } = options;
  const { read, written, isRead } = ANSWERS[protocol](valueBytes);
  const write = { kind: "put", key: keyOf(0), value: valueFor(0, valueBytes) } as const;
  // All writes of a workload are equally long; a read comes in one piece.
  const writeBytes = protocolFor(ANSWERED_PROTOCOLS[protocol]).encode(write).length;
  return Bun.listen<Pending>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket: Socket<Pending>) {
        socket.setNoDelay(true);
        socket.data = { missingBytes: 0 };
      },
      data(socket, chunk) {
        const { data: pending } = socket;
        if (pending.missingBytes === 0 && isRead(chunk)) {
          socket.write(read);
          return;
        }
        if (pending.missingBytes === 0) pending.missingBytes = writeBytes;
        pending.missingBytes -= chunk.length;
        if (pending.missingBytes === 0) socket.write(written);
      },
    },
  });
}

const ANSWERS: Record<AnsweredProtocol, (valueBytes: number) => Answers> = {
  kvnode(valueBytes) {
    const entry = `"key":"${keyOf(0)}","version":"1:1"`;
    return {
      written: httpAnswer(`{${entry},"acks":3,"required":3,"node":"leader"}`),
      read: httpAnswer(
        `{${entry},"value":"${"x".repeat(valueBytes)}","node":"leader"}`,
        'ETag: "1:1"\r\n',
      ),
      isRead: (request) => request[0] === LETTER_G,
    };
  },
  redis: (valueBytes) => ({
    written: Buffer.from("+OK\r\n:3\r\n"),
    read: Buffer.from(`$${valueBytes}\r\n${"x".repeat(valueBytes)}\r\n`),
    isRead: (request) => request[1] === DIGIT_TWO,
  }),
};

function httpAnswer(json: string, headers = ""): Uint8Array {
  const head =
    `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${headers}` +
    `Date: Sun, 01 Jan 2023 00:00:00 GMT\r\nContent-Length: ${json.length}\r\n\r\n`;
  return Buffer.from(head + json);
}
