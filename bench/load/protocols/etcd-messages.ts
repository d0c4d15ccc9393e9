/**
 * etcd's messages in Protocol Buffers, by hand: two requests, and whether a range found something.
 * (Field numbers: etcd's api/etcdserverpb/rpc.proto.)
 */
import type { Operation } from "../protocol.ts";
import { varint } from "./varint.ts";

/** Length-delimited fields 1 and 2: key and value of a put; header and first kv of a range. */
const FIELD_ONE = 0x0a;
const FIELD_TWO = 0x12;
/** RangeRequest.serializable, a varint. */
const SERIALIZABLE = Buffer.from([7 << 3, 1]);

/** A PutRequest, or a RangeRequest of one key. */
export function toMessage(operation: Operation, options: { serializable: boolean }): Buffer {
  const key = bytesField(FIELD_ONE, Buffer.from(operation.key));
  if (operation.kind === "put") {
    return Buffer.concat([key, bytesField(FIELD_TWO, Buffer.from(operation.value))]);
  }
  return options.serializable ? Buffer.concat([key, SERIALIZABLE]) : key;
}

/** Whether a RangeResponse, of which the beginning suffices, holds a kv behind its header. */
export function foundSomething(message: Uint8Array): boolean {
  if (message[0] !== FIELD_ONE) return false;
  // The header has four numbers: its length fits one byte.
  return message[2 + (message[1] ?? 0)] === FIELD_TWO;
}

function bytesField(tag: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag]), varint(bytes.length), bytes]);
}
