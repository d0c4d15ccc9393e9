/**
 * The page's script as one text. A macro: the bundler calls it while it builds the executable, and
 * Bun while it loads the sources, so that the text stands where the call stood.
 */

/** Bundles src/ui/main.ts for browsers. */
export function bundlePageScript(): string {
  const entry = `${import.meta.dir}/../ui/main.ts`;
  // The bundler can't be called from inside itself.
  const { success, stdout, stderr } = Bun.spawnSync([
    process.execPath,
    "build",
    entry,
    ...["--target=browser", "--format=esm", "--minify"],
  ]);
  if (!success) throw new Error(`The page's script can't be bundled: ${stderr}`);
  return stdout.toString();
}
