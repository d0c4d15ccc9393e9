/** The page of a leader/follower group, in a real browser, at real nodes. */
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
import { type Group, startGroup } from "../support/kvnode-process.ts";
import { waitUntil } from "../support/wait-until.ts";

// A browser and several nodes on a machine that may have other work.
setDefaultTimeout(30_000);

const FOCUSED_TEXT = "document.activeElement.textContent";

let browser: Browser;
let group: Group;
let opened: WatchedPage | undefined;

async function open(url: string, options?: BrowserContextOptions): Promise<Page> {
  opened = await openPage(browser, url, options);
  return opened.page;
}

const inCard = (page: Page, name: string) => page.getByRole("region", { name });

async function write(page: Page, key: string, value: string): Promise<void> {
  const card = inCard(page, "Write Key");
  await card.getByLabel("Key", { exact: true }).fill(key);
  await card.getByLabel("Value").fill(value);
  await card.getByRole("button", { name: "Write" }).click();
}

describe.skipIf(!hasBrowser)("the page at a leader", () => {
  beforeAll(async () => {
    [browser, group] = await Promise.all([
      startBrowser(),
      startGroup({ followers: 3, env: { WRITE_QUORUM: "2" } }),
    ]);
  });

  afterEach(async () => {
    const { faults } = opened ?? { faults: [] };
    await opened?.close();
    opened = undefined;
    expect(faults).toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
    await group?.stop();
  });

  test("writes, reads, lists and deletes a key, its value digit by digit", async () => {
    const page = await open(group.leader.url);
    await write(page, "price/€ 1.. %2F", '{"b":1.10,"a":2.50}');
    await page.getByText("Stored as an object.").waitFor();
    await inCard(page, "Write Key").getByText("Written.").waitFor();
    const said = await inCard(page, "Write Key").getByRole("status").textContent();
    expect(said).toMatch(/version 1\.\d+, confirmed by [23] followers \(2 required\)/);

    const read = inCard(page, "Read Key");
    await read.getByLabel("Key", { exact: true }).fill("price/€ 1.. %2F");
    await read.getByRole("button", { name: "Read" }).click();
    await read.getByText('{"b":1.10,"a":2.50}').waitFor();

    const list = inCard(page, "List Keys");
    await list.getByLabel("Begin with").fill("price/");
    await list.getByRole("button", { name: "List" }).click();
    await list.getByRole("rowheader", { name: "price/€ 1.. %2F" }).waitFor();

    await read.getByRole("button", { name: "Delete …" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await read.getByText("Deleted.").waitFor();
    await read.getByRole("button", { name: "Read" }).click();
    await read.getByText("Not found. There is no such key.").waitFor();
  });

  test("a list of many keys comes in pages", async () => {
    for (let number = 100; number < 125; number++) {
      await call("PUT", `${group.leader.url}/kv/many%2F${number}`, { value: number });
    }
    const page = await open(group.leader.url);
    const list = inCard(page, "List Keys");
    await list.getByLabel("Begin with").fill("many/");
    await list.getByRole("button", { name: "List" }).click();
    await list.getByText("Keys 1 to 20, in key order").waitFor();
    await list.getByRole("button", { name: "Next page" }).click();
    await list.getByText("Keys 21 to 25, in key order").waitFor();
    expect(await list.getByRole("rowheader").allTextContents()).toContain("many/124");
    expect(await list.getByRole("button", { name: "Next page" }).count()).toBe(0);
  });

  test("a value that is no JSON is not sent, unless it is to be a text", async () => {
    const page = await open(group.leader.url);
    await write(page, "odd", '{"a":');
    await inCard(page, "Write Key").getByText("Not sent.").waitFor();
    expect((await call("GET", `${group.leader.url}/kv/odd`)).status).toBe(404);
    await inCard(page, "Write Key").getByLabel("Taken as").selectOption("text");
    await inCard(page, "Write Key").getByRole("button", { name: "Write" }).click();
    await inCard(page, "Write Key").getByText("Written.").waitFor();
    expect((await call("GET", `${group.leader.url}/kv/odd`)).body.value).toBe('{"a":');
  });

  test("markup in a value is shown and never becomes a part of the page", async () => {
    const page = await open(group.leader.url);
    await write(page, "<b>bold</b>", '<img src="x" onerror="document.title=1">');
    const list = inCard(page, "List Keys");
    await list.getByLabel("Begin with").fill("<");
    await list.getByRole("button", { name: "List" }).click();
    await list.getByRole("rowheader", { name: "<b>bold</b>" }).waitFor();
    expect(await page.locator("main b, main img").count()).toBe(0);
  });

  test("shows what the quorum costs: more confirmations, later answers", async () => {
    const page = await open(group.leader.url);
    const lab = inCard(page, "Quorum and Latency");
    await lab.getByRole("button", { name: "1–10 ms, one town" }).click();
    await lab.getByText("Simulated network, now 1ms–10ms").waitFor();
    await lab.getByRole("button", { name: "Try every quorum" }).click();
    await lab.getByRole("button", { name: "Stop" }).waitFor();
    await lab.getByRole("button", { name: "Clear" }).waitFor();
    const rows = await lab.locator("tbody tr").allTextContents();
    expect(rows.map((row) => row.slice(0, 1))).toEqual(["1", "2", "3"]);
    const label = (await lab.locator("svg.chart").getAttribute("aria-label")) ?? "";
    const medians = [...label.matchAll(/median ([\d.]+) ms/g)].map((match) => Number(match[1]));
    expect(medians).toHaveLength(3);
    expect(medians[2]).toBeGreaterThan(medians[0] ?? Number.POSITIVE_INFINITY);
    // It leaves the quorum as it was.
    const { body } = await call("GET", `${group.leader.url}/config`);
    expect(body).toEqual({ writeQuorum: 2, minDelay: "1ms", maxDelay: "10ms" });
    const pressed = lab.getByRole("group").first().locator("[aria-pressed=true]");
    expect(await pressed.textContent()).toBe("2");
    await lab.getByRole("button", { name: "no delay" }).click();
    await lab.getByText("Simulated network, now no delay").waitFor();
  });

  test("other delays are set by hand, and a wrong one is explained", async () => {
    const page = await open(group.leader.url);
    const lab = inCard(page, "Quorum and Latency");
    await lab.getByText("Other delays").click();
    await lab.getByLabel("From").fill("soon");
    await lab.getByLabel("To").fill("2");
    await lab.getByRole("button", { name: "Set" }).click();
    await lab.getByText('minDelay must be a duration such as "0.1ms"').waitFor();
    await lab.getByLabel("From").fill("0.5ms");
    await lab.getByRole("button", { name: "Set" }).click();
    await lab.getByText("Simulated network, now 0.5ms–2ms").waitFor();
    await lab.getByRole("button", { name: "no delay" }).click();
    await lab.getByText("Simulated network, now no delay").waitFor();
  });

  test("works with the keyboard alone", async () => {
    const page = await open(group.leader.url);
    const { keyboard } = page;
    const focused = () => page.evaluate<string>("document.activeElement.id");
    while ((await focused()) !== "write-key") await keyboard.press("Tab");
    await keyboard.type("typed");
    await keyboard.press("Tab");
    await keyboard.type("42");
    await keyboard.press("Tab");
    await keyboard.press("Tab");
    await keyboard.press("Enter");
    await inCard(page, "Write Key").getByText("Written.").waitFor();
    while ((await focused()) !== "read-key") await keyboard.press("Tab");
    await keyboard.type("typed");
    await keyboard.press("Enter");
    await page.getByLabel("Value", { exact: true }).getByText("42").waitFor();

    // A question takes the focus, Escape answers no, and the focus is where it was.
    const remove = inCard(page, "Read Key").getByRole("button", { name: "Delete …" });
    await remove.focus();
    await keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    expect(await page.evaluate<string>(FOCUSED_TEXT)).toBe("Cancel");
    await keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await page.evaluate<string>(FOCUSED_TEXT)).toBe("Delete …");
    expect((await call("GET", `${group.leader.url}/kv/typed`)).status).toBe(200);
  });

  test("keeps what is typed and chosen while it refreshes itself", async () => {
    const page = await open(group.leader.url);
    await inCard(page, "Write Key").getByLabel("Value").fill("half a sen");
    await inCard(page, "Read Key").getByLabel("Level").selectOption("linearizable");
    let asked = 0;
    page.on("request", (request) => {
      if (request.url().includes("/status")) asked++;
    });
    await waitUntil(() => asked >= 2, { what: "two refreshes" });
    expect(await inCard(page, "Write Key").getByLabel("Value").inputValue()).toBe("half a sen");
    expect(await inCard(page, "Read Key").getByLabel("Level").inputValue()).toBe("linearizable");
    expect(asked).toBeLessThan(10);
  });

  test("asks no more while it is paused, and again when it goes on", async () => {
    const page = await open(group.leader.url);
    await page.clock.install();
    await page.reload();
    await page.getByRole("main").waitFor();
    let asked = 0;
    page.on("request", (request) => {
      if (request.url().includes("/status")) asked++;
    });
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Resume" }).waitFor();
    const before = asked;
    await page.clock.runFor(20_000);
    expect(asked).toBe(before);
    expect(await page.getByLabel("Refresh every").isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Resume" }).click();
    await waitUntil(() => asked > before, { what: "a refresh after the pause" });
  });

  test("fits a phone, in the dark, with a name for every control", async () => {
    const page = await open(group.leader.url, { ...PHONE, colorScheme: "dark" });
    await write(page, "phone", "1");
    await inCard(page, "Write Key").getByText("Written.").waitFor();
    expect(await sidewaysScroll(page)).toBe(0);
    expect(await namelessControls(page)).toEqual([]);
    const [red = 255] = await page.evaluate<number[]>(
      "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)",
    );
    expect(red).toBeLessThan(40);
    const heights = await page.evaluate<number[]>(
      "[...document.querySelectorAll('button')].map((button) => button.offsetHeight)",
    );
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(40);
  });

  test("a follower's page leads writers to the leader, and takes over from it", async () => {
    const [follower] = group.followers;
    const page = await open(follower!.url);
    await page.getByRole("link", { name: group.leader.url }).waitFor();
    await write(page, "k", "1");
    await inCard(page, "Write Key").getByText("Refused.").waitFor();
    group.leader.kill("SIGKILL");
    await group.leader.finished;
    await page.getByRole("button", { name: "Promote …" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Promote follower1" }).click();
    await inCard(page, "Quorum and Latency").waitFor();
    await page.getByText("epoch 2").waitFor();
    await write(page, "k", "1");
    await inCard(page, "Write Key").getByText("Written.").waitFor();

    // One more is gone: the quorum of 2 can't be reached, and the page says so beforehand.
    group.followers[1]!.kill("SIGKILL");
    await group.followers[1]!.finished;
    await page.getByText("Writes are refused.").waitFor();
    await write(page, "k", "2");
    await inCard(page, "Write Key").getByText("Refused.").waitFor();

    follower!.kill("SIGKILL");
    await follower!.finished;
    await page.getByText("follower1 does not answer.").waitFor();
    await write(page, "k", "3");
    await inCard(page, "Write Key").getByText("Not certain.").waitFor();
  });
});
