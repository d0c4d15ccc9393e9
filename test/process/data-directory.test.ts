/** DATA_DIR as a person meets it: the start line, a directory in use, a file that is damaged. */
import { expect, test } from "bun:test";
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../support/free-port.ts";
import { runKvnode, startNode, waitUntilReady } from "../support/kvnode-process.ts";
import { temporaryDirectories } from "../support/temporary-directory.ts";

const newDirectory = temporaryDirectories();
const ONE_LINE = /^kvnode: [^\n]+\.\n$/;

function startIn(directory: string) {
  const port = String(freePort());
  return startNode({ PORT: port, NODE_ID: "first", LOG_FORMAT: "json", DATA_DIR: directory });
}

function serveIn(directory: string) {
  return runKvnode(["serve", "--port", String(freePort()), "--data-dir", directory]);
}

test("the start line says where the data is", async () => {
  const directory = newDirectory();
  const node = startIn(directory);
  await waitUntilReady(node);
  const line = node
    .stdout()
    .split("\n")
    .find((text) => text.includes("node.started"));
  expect(JSON.parse(line ?? "{}")).toMatchObject({ DATA_DIR: directory });
  node.kill("SIGTERM");
  expect(await node.finished).toMatchObject({ code: 0 });
});

test("a second node is refused with the name of the first, until that one is killed", async () => {
  const directory = newDirectory();
  const node = startIn(directory);
  await waitUntilReady(node);
  const second = await serveIn(directory);
  expect(second.code).toBe(2);
  expect(second.stderr).toMatch(ONE_LINE);
  expect(second.stderr).toContain(
    `The directory ${directory} is in use by the node first (process ${node.pid})`,
  );
  node.kill("SIGKILL");
  await node.finished;
  const third = startIn(directory);
  await waitUntilReady(third);
  third.kill("SIGTERM");
  await third.finished;
});

test("a damaged file and an impossible directory stop the start with one line", async () => {
  const directory = newDirectory();
  const node = startIn(directory);
  await waitUntilReady(node);
  node.kill("SIGTERM");
  await node.finished;
  truncateSync(join(directory, "kvnode.db"), 0);
  const empty = await serveIn(directory);
  expect(empty.code).toBe(2);
  expect(empty.stderr).toMatch(ONE_LINE);
  expect(empty.stderr).toContain("kvnode.db is empty");
  const impossible = await serveIn(join(directory, "kvnode.db", "data"));
  expect(impossible.code).toBe(2);
  expect(impossible.stderr).toMatch(ONE_LINE);
});
