/** wrk beside our driver: the same requests against the same server. (https://github.com/wg/wrk) */

export interface WrkSeen {
  readonly perSecond: number;
  /** Of its own processor time. */
  readonly microsPerOperation: number;
}

export interface WrkOptions {
  /** What is read, again and again. */
  readonly url: string;
  readonly connections: number;
  /** Rounded up: wrk knows whole ones only. */
  readonly seconds: number;
}

/** Runs wrk in one thread; undefined where it is not installed. Throws where it says no figure. */
export async function runWrk(options: WrkOptions): Promise<WrkSeen | undefined> {
  const wrk = Bun.which("wrk");
  if (wrk === null) return undefined;
  const { url, connections, seconds } = options;
  const child = Bun.spawn([wrk, "-t1", `-c${connections}`, `-d${Math.ceil(seconds)}s`, url], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const said = await child.stdout.text();
  await child.exited;
  const [, requests] = /(\d+) requests in/.exec(said) ?? [];
  const [, perSecond] = /Requests\/sec:\s+([\d.]+)/.exec(said) ?? [];
  if (requests === undefined || perSecond === undefined) {
    throw new Error(`wrk said no figure: ${said || (await child.stderr.text())}`);
  }
  const micros = Number(child.resourceUsage()?.cpuTime.total ?? 0);
  return { perSecond: Number(perSecond), microsPerOperation: micros / Number(requests) };
}
