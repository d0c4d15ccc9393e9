/** Looks whether ports are free before anything starts on them. */

/** The ports on which this host can't listen, each with the reason. */
export function findTakenPorts(
  host: string,
  ports: readonly number[],
): readonly { readonly port: number; readonly reason: string }[] {
  return ports.flatMap((port) => {
    const reason = whyTaken(host, port);
    return reason === undefined ? [] : [{ port, reason }];
  });
}

function whyTaken(host: string, port: number): string | undefined {
  try {
    Bun.listen({ hostname: host, port, socket: { data() {} } }).stop(true);
    return undefined;
  } catch (error) {
    const { code } = error as { code?: unknown };
    return typeof code === "string" ? code : "EADDRINUSE";
  }
}
