/** What SQLite says of a disk, as a sentence for the person who can mend it. */
import { SQLiteError } from "bun:sqlite";
import { StorageError } from "../core/storage.ts";

/** What to do about a node's file that can't be trusted. */
export const MEND =
  "move the directory away: the node then starts blank and gets everything from the others of " +
  "its group (put a copy back only where none of them has its data)";

/** A row whose checksum is not that of its contents; `message` says which. */
export class DamagedRow extends Error {}

/**
 * A StorageError where the disk is to blame, with `path` in its sentence; any other error is a
 * fault of the program and is given back as it is.
 */
export function toStorageError(error: unknown, path: string, mend = MEND): unknown {
  const sentence = sentenceOf(error, path, mend);
  return sentence === undefined ? error : new StorageError(sentence, { cause: error });
}

/** The same while a file is opened: what SQLite does not understand then is the file's fault. */
export function toOpeningError(error: unknown, path: string, mend = MEND): unknown {
  if (!(error instanceof SQLiteError)) return toStorageError(error, path, mend);
  const damaged = `${path} is damaged (${oneLine(error.message)}); ${mend}.`;
  return new StorageError(sentenceOf(error, path, mend) ?? damaged, { cause: error });
}

function sentenceOf(error: unknown, path: string, mend: string): string | undefined {
  if (error instanceof DamagedRow) {
    return `${path} is damaged (${error.message} is not what was written); ${mend}.`;
  }
  if (!(error instanceof SQLiteError)) return sentenceOfSystem(error, path);
  const code = error.code ?? "";
  const detail = `${code}: ${oneLine(error.message)}`;
  if (code === "SQLITE_FULL") {
    return `The disk of ${path} is full (${detail}); make room on it.`;
  }
  if (code.startsWith("SQLITE_IOERR")) {
    return `The disk of ${path} fails (${detail}); look at its health and at quotas.`;
  }
  if (code.startsWith("SQLITE_READONLY") || code === "SQLITE_PERM" || code === "SQLITE_AUTH") {
    return `${path} can't be written (${detail}); check who owns it and how it is mounted.`;
  }
  if (code.startsWith("SQLITE_CANTOPEN")) {
    return `${path} can't be opened (${detail}); check who owns it and what kind of file it is.`;
  }
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED")) {
    return `${path} is locked by another program (${detail}); end that program.`;
  }
  if (code.startsWith("SQLITE_CORRUPT")) {
    return `${path} is damaged (${detail}); ${mend}.`;
  }
  if (code === "SQLITE_NOTADB") {
    return `${path} is not a database of kvnode, or its beginning is damaged; ${mend}.`;
  }
  return undefined;
}

/** What the system said to a write of our own. */
function sentenceOfSystem(error: unknown, path: string): string | undefined {
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown };
  if (typeof code !== "string" || typeof syscall !== "string") return undefined;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return `The disk of ${path} is full (${code}); make room on it.`;
  }
  return `The disk of ${path} fails (${code}); look at its health and at quotas.`;
}

/** SQLite's words with what a damaged file has put between them, fit for one line. */
export function oneLine(text: string): string {
  return text.replace(/[\s\p{C}]+/gu, " ").trim();
}
