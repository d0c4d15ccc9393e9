/** What the test runner does last, see bunfig.toml. */
import { afterAll } from "bun:test";
import { endProcesses } from "./kvnode-process.ts";

afterAll(endProcesses);
