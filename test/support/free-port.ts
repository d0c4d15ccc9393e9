/**
 * Ports for real processes. Below 32768, since above it the system hands ports to outgoing
 * connections, and a node could find its port taken by a neighbour's client.
 */

const LOWEST = 10_000;
const HIGHEST = 32_000;

const given = new Set<number>();

/** A port on which nobody listens now and which this test process has not given before. */
export function freePort(): number {
  return freePorts(1)[0] as number;
}

/** `count` free ports that follow one another. */
export function freePorts(count: number): readonly number[] {
  for (let attempt = 0; attempt < 200; attempt++) {
    const first = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST - count));
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if (!ports.every((port) => !given.has(port) && isFree(port))) continue;
    for (const port of ports) given.add(port);
    return ports;
  }
  throw new Error(`found no ${count} free ports between ${LOWEST} and ${HIGHEST}`);
}

function isFree(port: number): boolean {
  try {
    Bun.listen({ hostname: "0.0.0.0", port, socket: { data() {} } }).stop(true);
    return true;
  } catch {
    return false;
  }
}
