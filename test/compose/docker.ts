/** Docker and whichever Compose stands beside it, as this test needs them. */

const ROOT = `${import.meta.dir}/../..`;

/** One of this folder's Compose files. */
export interface Stack {
  readonly file: string;
  /** Kept apart from a stack that a person has running from the same folder. */
  readonly project: string;
}

/** Runs a command to its end; throws what it said if it fails. */
export async function run(...command: string[]): Promise<string> {
  const child = Bun.spawn(command, { cwd: ROOT, stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code === 0) return stdout.trim();
  throw new Error(`${command.join(" ")} ended with ${code}: ${(stderr || stdout).trim()}`);
}

async function works(...command: string[]): Promise<boolean> {
  try {
    await run(...command);
    return true;
  } catch {
    return false;
  }
}

/** `docker compose` (v2), else `docker-compose` (v1), else undefined; an engine must answer. */
async function findCompose(): Promise<readonly string[] | undefined> {
  if (!(await works("docker", "info"))) return undefined;
  if (await works("docker", "compose", "version")) return ["docker", "compose"];
  if (await works("docker-compose", "version")) return ["docker-compose"];
  return undefined;
}

/** Runs a Compose command on a test's own project. */
export function compose(
  program: readonly string[],
  { file, project }: Stack,
  ...args: string[]
): Promise<string> {
  return run(...program, "-f", file, "-p", project, ...args);
}

/** The engine's Compose; ends the tests where there is none. */
export async function composeOrSkip(): Promise<readonly string[]> {
  const program = await findCompose();
  if (program !== undefined) return program;
  console.log("Skipped: no Docker engine with Compose answers here.");
  process.exit(0);
}

/** Containers of a stack that somebody runs would be taken for the test's. */
export async function refuseOthersContainers(): Promise<void> {
  const others = await run("docker", "ps", "--all", "--quiet", "--filter", "name=^kvstore_");
  if (others === "") return;
  throw new Error("the containers kvstore_… exist already: first run `docker compose down`");
}

/** One field of a container, as a Go template names it: `.State.ExitCode`. */
export function inspect(container: string, field: string): Promise<string> {
  return run("docker", "inspect", "--format", `{{${field}}}`, container);
}
