/**
 * Builds the executable: `bun scripts/build.ts [--quiet] [--target bun-linux-arm64] [--out FILE]`.
 *
 * Byte code makes it start in a third of the time; the source map and the kept names make the trace
 * of an unexpected error readable, also where there is nothing but the executable.
 */
import { mkdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: {
    quiet: { type: "boolean", default: false },
    target: { type: "string" },
    out: { type: "string", default: "dist/kvnode" },
  },
});

const startedAt = new Date();
// Built beside its place and moved there, since a running executable can't be written over.
const workshop = join(dirname(options.out), `.build-${process.pid}`);
const unfinished = join(workshop, basename(options.out));
mkdirSync(workshop, { recursive: true });

const result = await Bun.build({
  entrypoints: ["src/main.ts"],
  compile: {
    outfile: unfinished,
    ...(options.target === undefined ? {} : { target: options.target as Bun.Build.CompileTarget }),
    // A node's settings are its environment and its flags, not a file that lies where it starts.
    autoloadDotenv: false,
    autoloadBunfig: false,
  },
  format: "esm",
  minify: { whitespace: true, syntax: true, identifiers: false },
  bytecode: true,
  sourcemap: "linked",
  throw: false,
});

if (!result.success) {
  for (const message of result.logs) console.error(message);
  rmSync(workshop, { recursive: true });
  process.exit(1);
}

// As old as its inputs: what was saved while it was built makes the next start build again.
utimesSync(unfinished, startedAt, startedAt);
renameSync(unfinished, options.out);
rmSync(workshop, { recursive: true });
if (!options.quiet) {
  const megabytes = statSync(options.out).size / 1e6;
  const seconds = (Date.now() - startedAt.getTime()) / 1000;
  console.log(`${options.out}  ${megabytes.toFixed(0)} MB  ${seconds.toFixed(1)} s`);
}
