/** The controller's page, in a real browser, at a real cluster whose workers end and come back. */
import {
  afterAll,
  afterEach,
  beforeAll,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from "bun:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import {
  hasBrowser,
  namelessControls,
  openPage,
  PHONE,
  sidewaysScroll,
  startBrowser,
  type WatchedPage,
} from "../support/browser.ts";
import { call } from "../support/call.ts";
import { temporaryDirectories } from "../support/temporary-directory.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type Cluster, startCluster } from "./cluster-processes.ts";

// A browser and several nodes on a machine that may have other work.
setDefaultTimeout(60_000);
const PARTITIONS = 32;

const makeDirectory = temporaryDirectories();

let browser: Browser;
let cluster: Cluster;
let opened: WatchedPage | undefined;

async function open(options?: BrowserContextOptions): Promise<Page> {
  opened = await openPage(browser, cluster.url, options);
  return opened.page;
}

const inCard = (page: Page, name: string) => page.getByRole("region", { name });

const rowOf = (page: Page, worker: string) => page.locator(`[data-worker-row=${worker}]`);

/** How many partitions a worker is the primary of, as its strip says to a screen reader. */
async function primariesOf(page: Page, worker: string): Promise<number> {
  const label = (await rowOf(page, worker).locator("svg").getAttribute("aria-label")) ?? "";
  return Number(/primary: (\d+) partition/.exec(label)?.[1] ?? 0);
}

async function write(page: Page, key: string, value: string): Promise<void> {
  const card = inCard(page, "Write Key");
  await card.getByLabel("Key", { exact: true }).fill(key);
  await card.getByLabel("Value").fill(value);
  await card.getByRole("button", { name: "Write" }).click();
  await card.getByText("Written.").waitFor();
}

describe.skipIf(!hasBrowser)("the page at a controller", () => {
  beforeAll(async () => {
    const options = { workers: 4, partitions: PARTITIONS, makeDirectory };
    [browser, cluster] = await Promise.all([startBrowser(), startCluster(options)]);
  });

  afterEach(async () => {
    const { faults } = opened ?? { faults: [] };
    await opened?.close();
    opened = undefined;
    expect(faults).toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
    await cluster?.stop();
  });

  test("writes a key, reads it from each worker, and shows its partition", async () => {
    const page = await open();
    await page.getByText(`All ${PARTITIONS} partitions have 3 copies, on 4 workers.`).waitFor();
    await write(page, "demo-key", "demo-value");
    const { partition } = (await call("GET", `${cluster.url}/map?key=demo-key`)).body;
    await page.getByText(`Partition ${partition} (of the key demo-key)`).waitFor();

    const read = inCard(page, "Read Key");
    await read.getByLabel("Key", { exact: true }).fill("demo-key");
    for (const worker of cluster.ids) {
      await read.getByLabel("Worker to ask").selectOption(worker);
      await read.getByRole("button", { name: "Read" }).click();
      await read.getByText('"demo-value"').waitFor();
      await read.getByText(/^Version 1\.1, from worker\d/).waitFor();
    }
    await read.getByLabel("Worker to ask").selectOption("every worker");
    await read.getByRole("button", { name: "Read" }).click();
    await read.getByText("4 workers of 4 answered, all with the same version.").waitFor();

    const list = inCard(page, "List Keys");
    await list.getByRole("button", { name: "List" }).click();
    await list.getByRole("rowheader", { name: "demo-key" }).waitFor();
  });

  test("any partition can be looked at, by its number, its place or a key", async () => {
    const page = await open();
    const map = inCard(page, "System Status");
    await map.getByLabel("Look at partition, or the one of a key").fill("7");
    await map.getByRole("button", { name: "Look" }).click();
    await map.getByText("Partition 7 in generation").waitFor();
    await map.getByRole("button", { name: "Next partition" }).click();
    await map.getByText("Partition 8 in generation").waitFor();
    await rowOf(page, "worker1")
      .locator("svg")
      .hover({ position: { x: 2, y: 2 } });
    await map.getByText("Partition 0 in generation").waitFor();
    expect(await map.locator(".members li").count()).toBe(3);
    expect(await map.locator(".strip-ring").count()).toBe(4);
  });

  test("a worker that is killed goes down, its partitions move, and it comes back", async () => {
    const page = await open();
    await write(page, "before", "1");
    await waitUntil(async () => (await primariesOf(page, "worker2")) > 0, {
      what: "worker2 to be the primary of something",
    });
    await cluster.kill("worker2");
    await rowOf(page, "worker2").getByText("down").waitFor();
    await page.getByText("worker2 is down.").waitFor();
    await inCard(page, "Events").getByText("worker2 is silent: it is taken for down.").waitFor();
    await page.getByText(`all ${PARTITIONS} partitions have 3 copies, on 3 workers.`).waitFor();
    expect(await primariesOf(page, "worker2")).toBe(0);
    const others = ["worker1", "worker3", "worker4"];
    const primaries = await Promise.all(others.map((worker) => primariesOf(page, worker)));
    expect(primaries.reduce((sum, each) => sum + each)).toBe(PARTITIONS);

    // Reads and writes go on; who is down is said in plain words.
    await write(page, "meanwhile", "2");
    const read = inCard(page, "Read Key");
    await read.getByLabel("Key", { exact: true }).fill("before");
    await read.getByLabel("Worker to ask").selectOption("worker2 (down)");
    await read.getByRole("button", { name: "Read" }).click();
    await read.getByText("did not answer; is it running?").waitFor();

    cluster.restart("worker2");
    await rowOf(page, "worker2").getByText("up", { exact: true }).waitFor();
    await page.getByText("All is well.").waitFor();
    await waitUntil(async () => (await primariesOf(page, "worker2")) > 0, {
      what: "worker2 to have its share again",
      timeoutMs: 20_000,
    });
    await cluster.allWell();
    await read.getByLabel("Level").selectOption("local copy");
    await read.getByLabel("Worker to ask").selectOption("worker2");
    await read.getByRole("button", { name: "Read" }).click();
    await read.getByText(/^Version \d+\.\d+, from worker\d/).waitFor();
  });

  test("a worker is drained after a question, and takes its share again", async () => {
    const page = await open();
    const { keyboard } = page;
    await page.getByRole("button", { name: "Drain worker3 …" }).focus();
    await keyboard.press("Enter");
    const question = page.getByRole("dialog", { name: "Drain worker3?" });
    await question.waitFor();
    await keyboard.press("Escape");
    await question.waitFor({ state: "detached" });
    expect(await rowOf(page, "worker3").getByText("draining", { exact: true }).count()).toBe(0);
    await keyboard.press("Enter");
    await question.waitFor();
    await keyboard.press("Tab");
    await keyboard.press("Enter");
    await rowOf(page, "worker3").getByText("draining", { exact: true }).waitFor();
    await rowOf(page, "worker3").getByText("0 primaries of 0 copies").waitFor();
    await page.getByRole("button", { name: "Stop draining worker3" }).click();
    await waitUntil(async () => (await primariesOf(page, "worker3")) > 0, {
      what: "worker3 to have its share again",
      timeoutMs: 20_000,
    });
  });

  test("fits a phone, in the dark, with a name for every control", async () => {
    const page = await open({ ...PHONE, colorScheme: "dark" });
    await rowOf(page, "worker4").waitFor();
    expect(await sidewaysScroll(page)).toBe(0);
    expect(await namelessControls(page)).toEqual([]);
  });

  test("a worker's own page serves keys and leads to the controller's", async () => {
    const { workers } = (await call("GET", `${cluster.url}/workers`)).body;
    opened = await openPage(browser, workers[0].address);
    const { page } = opened;
    await page.getByRole("link", { name: cluster.url }).waitFor();
    await write(page, "at-a-worker", "7");
    const read = inCard(page, "Read Key");
    expect(await read.getByLabel("Level").inputValue()).toBe("linearizable");
    await read.getByLabel("Key", { exact: true }).fill("at-a-worker");
    await read.getByRole("button", { name: "Read" }).click();
    await read.getByLabel("Value").getByText("7").waitFor();
  });

  test("says that the controller is gone, and goes on when it is back", async () => {
    const page = await open();
    await cluster.kill("controller");
    await page.getByText("controller does not answer.").waitFor();
    await page.getByText("only failover waits for it").waitFor();
    cluster.restart("controller");
    await page.getByText("All is well.").waitFor();
  });
});
