/** How this program starts itself again, and how a person would. */
import { relative } from "node:path";

/** A compiled executable's modules live in a file system of their own inside it. */
const EMBEDDED = /^(\/\$bunfs\/|[A-Z]:[\\/]~BUN[\\/])/i;

/** The words in front of the arguments: the executable itself, or Bun and the script. */
export function selfCommand(): readonly string[] {
  return EMBEDDED.test(Bun.main) ? [process.execPath] : [process.execPath, Bun.main];
}

/** The program as a person types it from this directory. */
export function nameForPeople(): string {
  if (!EMBEDDED.test(Bun.main)) return `bun ${relative(process.cwd(), Bun.main)}`;
  const fromHere = relative(process.cwd(), process.execPath);
  return fromHere.startsWith("..") ? process.execPath : `./${fromHere}`;
}
