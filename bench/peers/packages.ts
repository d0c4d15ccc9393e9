/** Which of Debian's packages the peers come from, and which of them are missing here. */

/** Debian's own: another Python on the path does not see the packages. */
export const PYTHON = "/usr/bin/python3";

export interface Need {
  /** What is left out without it. */
  readonly what: string;
  readonly packages: readonly string[];
  /** Whether it is there. */
  readonly there: () => boolean;
}

export const NEEDS = {
  redis: { what: "Redis", packages: ["redis-server"], there: () => found("redis-server") },
  etcd: { what: "etcd", packages: ["etcd-server"], there: () => found("etcd") },
  flask: {
    what: "report 000",
    packages: ["python3-flask", "python3-requests"],
    there: () => imports("flask, requests"),
  },
  aiohttp: {
    what: "report 002",
    packages: ["python3-aiohttp"],
    there: () => imports("aiohttp"),
  },
  wrk: { what: "wrk, beside our driver", packages: ["wrk"], there: () => found("wrk") },
} satisfies Record<string, Need>;

/** Those of these needs that are missing. */
export function missingOf(needs: readonly Need[]): Need[] {
  return needs.filter((need) => !need.there());
}

/** The lines that install what is missing; a sentence where nothing is. */
export function installLines(missing: readonly Need[]): string {
  if (missing.length === 0) return "# Every package of the peers is installed.";
  const packages = missing.flatMap((need) => need.packages);
  const services = packages.flatMap((name) => SERVICES.get(name) ?? []);
  return [
    `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages.join(" ")}`,
    ...(services.length === 0
      ? []
      : [
          "# Debian starts these as services, which would take a part of the processors:",
          `sudo systemctl disable --now ${services.join(" ")}`,
        ]),
  ].join("\n");
}

const SERVICES = new Map([
  ["redis-server", "redis-server"],
  ["etcd-server", "etcd"],
]);

function found(command: string): boolean {
  return Bun.which(command) !== null;
}

function imports(modules: string): boolean {
  try {
    return Bun.spawnSync([PYTHON, "-c", `import ${modules}`]).exitCode === 0;
  } catch {
    return false;
  }
}
