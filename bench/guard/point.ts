/** A load at which two builds are compared: `writes-20` is writes from 20 connections. */
import { NotAllowed } from "../../src/config/setting.ts";

export const KINDS = ["writes", "reads"] as const;
export type Kind = (typeof KINDS)[number];

export interface Point {
  readonly kind: Kind;
  readonly connections: number;
}

const CONNECTIONS_MAX = 1_000;

/** Reads `writes-20,reads-20`; throws NotAllowed. */
export function parsePoints(text: string): Point[] {
  return text.split(",").map((part) => {
    const [, kind = "", connections = ""] = /^([a-z]+)-(\d+)$/.exec(part.trim()) ?? [];
    const known = KINDS.find((each) => each === kind);
    if (known === undefined || Number(connections) < 1 || Number(connections) > CONNECTIONS_MAX) {
      throw new NotAllowed(
        `allowed is a list such as writes-20,reads-100, with 1 to ${CONNECTIONS_MAX} connections`,
      );
    }
    return { kind: known, connections: Number(connections) };
  });
}

/** `writes-20` */
export function nameOf({ kind, connections }: Point): string {
  return `${kind}-${connections}`;
}

/** `writes, 20 connections` */
export function describePoint({ kind, connections }: Point): string {
  return `${kind}, ${connections} connection${connections === 1 ? "" : "s"}`;
}
