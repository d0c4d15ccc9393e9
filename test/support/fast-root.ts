/** Where a directory costs the least: a kill -9 loses nothing of it either. */
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";

/** A file system in memory, where the system has one: a test of many fsyncs waits for no disk. */
export const FAST_ROOT = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
