/** What one message there and one back cost over loopback: raw, and over a link's WebSocket. */
import type { Socket } from "bun";
import { quantileSorted } from "simple-statistics";
import { HOST } from "../cluster/node-process.ts";
import { ANSWER_BYTES, Part } from "./part-roles.ts";

const RAW_BYTES = 100;
/** A message of one short entry, and one of many: their difference is what a KiB costs. */
const MESSAGE_BYTES = { small: 160, large: 160 + 8 * 1_024 };
const WARM_UP_SHARE = 0.3;

export interface RoundTrip {
  readonly p50Ms: number;
  /** Processor time of each end for one message sent and one received. */
  readonly nearMicros: number;
  readonly farMicros: number;
}

export interface LinkCosts {
  /** Of the end that dials (a leader): one message there and its answer. */
  readonly leaderMicros: number;
  /** Of the other end (a follower). */
  readonly followerMicros: number;
  /** For each KiB more in a message: at both ends. */
  readonly leaderMicrosPerKib: number;
  readonly followerMicrosPerKib: number;
  readonly p50Ms: number;
}

/** One ball that goes to and fro over plain sockets. */
export async function measureRawRoundTrip(seconds: number): Promise<RoundTrip> {
  const part = await Part.start("tcp");
  const ball = new Uint8Array(RAW_BYTES);
  let received = 0;
  let back = () => {};
  let socket: Socket | undefined;
  try {
    const open = await Bun.connect({
      ...{ hostname: HOST, port: part.port },
      socket: {
        data(_, chunk) {
          received += chunk.length;
          if (received >= RAW_BYTES) back();
        },
      },
    });
    socket = open;
    open.setNoDelay(true);
    const play = (caught: () => void) => {
      back = () => {
        received -= RAW_BYTES;
        caught();
      };
      open.write(ball);
    };
    return await measureBalls([play], { seconds, parts: [part] });
  } finally {
    socket?.end();
    await part.stop();
  }
}

/** As many links as followers, a ball on each: so one turn may hold several answers. */
export async function measureLinks(seconds: number, links: number): Promise<LinkCosts> {
  const parts: Part[] = [];
  const sockets: WebSocket[] = [];
  try {
    for (let link = 0; link < links; link++) {
      const part = await Part.start("link");
      parts.push(part);
      sockets.push(await dial(`ws://${HOST}:${part.port}/`));
    }
    const small = await measureMessages(sockets, parts, { bytes: MESSAGE_BYTES.small, seconds });
    const large = await measureMessages(sockets, parts, { bytes: MESSAGE_BYTES.large, seconds });
    const kib = (MESSAGE_BYTES.large - MESSAGE_BYTES.small) / 1_024;
    return {
      ...{ leaderMicros: small.nearMicros, followerMicros: small.farMicros, p50Ms: small.p50Ms },
      leaderMicrosPerKib: Math.max(0, large.nearMicros - small.nearMicros) / kib,
      followerMicrosPerKib: Math.max(0, large.farMicros - small.farMicros) / kib,
    };
  } finally {
    for (const socket of sockets) socket.close();
    await Promise.all(parts.map((part) => part.stop()));
  }
}

function measureMessages(
  sockets: readonly WebSocket[],
  parts: readonly Part[],
  { bytes, seconds }: { readonly bytes: number; readonly seconds: number },
): Promise<RoundTrip> {
  const message = new Uint8Array(bytes);
  const plays = sockets.map((socket) => (caught: () => void) => {
    socket.onmessage = ({ data }) => {
      if ((data as Buffer).length === ANSWER_BYTES) caught();
    };
    socket.send(message);
  });
  return measureBalls(plays, { seconds, parts });
}

/** Plays each ball again whenever it is caught, until the time is over. */
async function measureBalls(
  plays: readonly ((caught: () => void) => void)[],
  { seconds, parts }: { readonly seconds: number; readonly parts: readonly Part[] },
): Promise<RoundTrip> {
  await rally(plays, seconds * WARM_UP_SHARE);
  const farSeconds = () => parts.reduce((sum, part) => sum + part.cpuSeconds, 0);
  const before = farSeconds();
  const cpu = process.cpuUsage();
  const tripsMs = await rally(plays, seconds);
  const { user, system } = process.cpuUsage(cpu);
  const far = farSeconds() - before;
  const sorted = Float64Array.from(tripsMs).sort();
  return {
    p50Ms: quantileSorted(Array.from(sorted), 0.5),
    nearMicros: (user + system) / sorted.length,
    farMicros: (1e6 * far) / sorted.length,
  };
}

async function rally(
  plays: readonly ((caught: () => void) => void)[],
  seconds: number,
): Promise<number[]> {
  const tripsMs: number[] = [];
  const endsAt = performance.now() + 1000 * seconds;
  await Promise.all(
    plays.map(
      (play) =>
        new Promise<void>((resolve) => {
          const again = () => {
            const startedAt = performance.now();
            play(() => {
              const now = performance.now();
              tripsMs.push(now - startedAt);
              if (now < endsAt) again();
              else resolve();
            });
          };
          again();
        }),
    ),
  );
  return tripsMs;
}

function dial(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false } as unknown as string[]);
  socket.binaryType = "nodebuffer";
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(socket);
    socket.onerror = () => reject(new Error(`nobody answers at ${url}`));
  });
}
