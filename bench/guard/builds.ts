/** The two executables that are compared, each built where nobody else builds. */
import { existsSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { BenchError, EXIT_USAGE } from "../quorum/bench-error.ts";
import type { GuardOptions } from "./options.ts";

const ROOT = resolve(import.meta.dir, "../..");
/** What an executable is made of. */
const BUILD_INPUTS = ["src", "package.json", "package-lock.json", "scripts/build.ts"];

export interface Build {
  /** For people: `87d4f5e core: …`. */
  readonly name: string;
  readonly executable: string;
}

export interface Builds {
  readonly current: Build;
  readonly other: Build;
  /** What a reader must know of them. */
  readonly notes: readonly string[];
}

/** Builds what is not given, into this directory, which is the caller's to remove. */
export async function takeBuilds(
  options: Pick<GuardOptions, "against" | "executable" | "againstExecutable">,
  directory: string,
): Promise<Builds> {
  const { executable, againstExecutable } = options;
  // Named before anything is built: a misspelt one is said at once.
  for (const file of [executable, againstExecutable]) {
    if (file !== undefined && !existsSync(file)) {
      throw new BenchError(`There is no executable "${file}".`, EXIT_USAGE);
    }
  }
  const revision = againstExecutable === undefined ? await revisionOf(options.against) : undefined;
  const current = executable === undefined ? await buildTree(directory) : given(executable);
  if (revision === undefined) return { current, other: given(againstExecutable ?? ""), notes: [] };
  const other = await buildRevision(revision, directory);
  const sameLock = await gitSays(["diff", "--quiet", revision, "--", "package-lock.json"]);
  const note = "Its package-lock.json differs; it was built with the packages installed now.";
  return { current, other, notes: sameLock ? [] : [`${other.name}: ${note}`] };
}

function given(executable: string): Build {
  return { name: executable, executable: resolve(executable) };
}

/** The commit to compare with; without a name: the last release, or else what came before this. */
async function revisionOf(named: string | undefined): Promise<string> {
  const revision = named ?? (await lastRelease()) ?? ((await isChanged()) ? "HEAD" : "HEAD~1");
  const found = await git(["rev-parse", "--verify", "--quiet", `${revision}^{commit}`]);
  if (found.code !== 0) {
    throw new BenchError(`--against "${revision}": there is no such commit.`, EXIT_USAGE);
  }
  return found.text;
}

async function lastRelease(): Promise<string | undefined> {
  const { code, text } = await git(["describe", "--tags", "--abbrev=0", "--match", "v[0-9]*"]);
  return code === 0 ? text : undefined;
}

async function isChanged(): Promise<boolean> {
  return (await git(["status", "--porcelain", "--", ...BUILD_INPUTS])).text !== "";
}

async function buildTree(directory: string): Promise<Build> {
  const executable = join(directory, "current", "kvnode");
  const name = `${await nameOf("HEAD")}${(await isChanged()) ? " (with changes)" : ""}`;
  await build(ROOT, executable);
  return { name, executable };
}

async function buildRevision(revision: string, directory: string): Promise<Build> {
  const tree = join(directory, "tree");
  const executable = join(directory, "other", "kvnode");
  try {
    await mustGit(["worktree", "add", "--detach", tree, revision]);
    await symlink(join(ROOT, "node_modules"), join(tree, "node_modules"));
    await build(tree, executable);
  } finally {
    await git(["worktree", "remove", "--force", tree]);
  }
  return { name: await nameOf(revision), executable };
}

async function build(tree: string, executable: string): Promise<void> {
  await mkdir(resolve(executable, ".."), { recursive: true });
  const words = [process.execPath, "scripts/build.ts", "--quiet", "--out", executable];
  const { code, text } = await run(words, tree);
  if (code !== 0 || !existsSync(executable)) {
    throw new BenchError(`The build in ${tree} failed: ${text || `exit code ${code}`}`);
  }
}

async function nameOf(revision: string): Promise<string> {
  return await mustGit(["log", "-1", "--format=%h %s", revision]);
}

async function mustGit(args: readonly string[]): Promise<string> {
  const { code, text } = await git(args);
  if (code !== 0) throw new BenchError(`git ${args.join(" ")} failed: ${text}`);
  return text;
}

async function gitSays(args: readonly string[]): Promise<boolean> {
  return (await git(args)).code === 0;
}

function git(args: readonly string[]): Promise<{ code: number; text: string }> {
  return run(["git", ...args], ROOT);
}

/** Its output, or where it failed its errors. It gets Ctrl-C as this process does, and ends. */
async function run(words: readonly string[], cwd: string): Promise<{ code: number; text: string }> {
  const child = Bun.spawn([...words], { cwd, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const texts = [new Response(child.stdout).text(), new Response(child.stderr).text()];
  const [output = "", errors = ""] = await Promise.all(texts);
  const code = await child.exited;
  return { code, text: (code === 0 ? output : errors || output).trim() };
}
