/**
 * A real Chromium for the tests of the page: the one that CHROMIUM names, or the system's. Every
 * page is watched: an error of its script, or a request to anybody but its own server, is a fault.
 */
import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const PLACES = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

const executablePath = PLACES.find((place) => place !== undefined && existsSync(place));

if (executablePath === undefined) {
  process.stderr.write(
    "No Chromium is installed, so the tests of the page are skipped: install one (on Debian " +
      "`apt install chromium`), or name one by CHROMIUM=/path.\n",
  );
}

/** Whether there is a browser to test with. */
export const hasBrowser = executablePath !== undefined;

/** Starts one; the caller closes it. */
export function startBrowser(): Promise<Browser> {
  // The sandbox needs rights that a container's root has not; only our own pages are opened.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath: executablePath ?? "", args });
}

export interface WatchedPage {
  readonly page: Page;
  /** What went wrong in the page so far, one sentence each. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

/** A refusal by the node is no fault of the page, and the browser reports it like one. */
const REFUSAL = /^Failed to load resource/;

/** Opens a URL in a window of its own. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const faults: string[] = [];
  const { origin } = new URL(url);
  page.on("console", (message) => {
    const told = message.type() === "error" || message.type() === "warning";
    if (told && !REFUSAL.test(message.text())) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith(`${origin}/`)) faults.push(`it asked ${request.url()}`);
  });
  page.on("response", (response) => {
    const isPart = new URL(response.url()).pathname.startsWith("/ui/");
    if (isPart && response.status() >= 400) faults.push(`${response.url()} is not there`);
  });
  await page.goto(url);
  await page.getByRole("main").waitFor();
  return { page, faults, close: () => context.close() };
}

export const PHONE: BrowserContextOptions = {
  viewport: { width: 375, height: 740 },
  isMobile: true,
  hasTouch: true,
};

/** How far the page is wider than its window, in CSS pixels. */
export async function sidewaysScroll(page: Page): Promise<number> {
  return await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
}

/** Controls that a screen reader would have no name for, as HTML. */
export async function namelessControls(page: Page): Promise<readonly string[]> {
  return await page.evaluate<string[]>(`
    [...document.querySelectorAll("input, select, textarea, button, svg[role=img]")]
      .filter((control) => {
        const names = [control.ariaLabel, control.textContent, control.labels?.[0]?.textContent];
        const own = control.matches("select, textarea") ? [names[0], names[2]] : names;
        return !own.some((name) => (name ?? "").trim() !== "");
      })
      .map((control) => control.outerHTML.slice(0, 120))
  `);
}
