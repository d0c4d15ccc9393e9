/** What SQLite says of a disk, as a sentence for the person who can mend it. */
import { SQLiteError } from "bun:sqlite";
import { StorageError } from "../core/storage.ts";

/** What to do about a file that can't be trusted; nothing here ever does it by itself. */
export const MEND =
  "put a copy of it back, or move the directory away: the node then starts blank and gets " +
  "everything from the others of its group";

/**
 * A StorageError where the disk is to blame, with `path` in its sentence; any other error is a fault
 * of the program and is given back as it is.
 */
export function toStorageError(error: unknown, path: string): unknown {
  if (!(error instanceof SQLiteError)) return error;
  const sentence = sentenceOf(error, path);
  return sentence === undefined ? error : new StorageError(sentence, { cause: error });
}

function sentenceOf(error: SQLiteError, path: string): string | undefined {
  const code = error.code ?? "";
  const detail = `${code}: ${error.message}`;
  if (code === "SQLITE_FULL") {
    return `the disk of ${path} is full (${detail}); make room on it.`;
  }
  if (code.startsWith("SQLITE_IOERR")) {
    return `the disk of ${path} fails (${detail}); look at its health and at quotas.`;
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
    return `${path} is damaged (${detail}); ${MEND}.`;
  }
  if (code === "SQLITE_NOTADB") {
    return `${path} is not a database of kvnode, or its beginning is damaged; ${MEND}.`;
  }
  return undefined;
}
