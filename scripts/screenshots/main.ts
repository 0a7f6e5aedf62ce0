import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { chromium, type Browser, type Page } from "playwright-core";

import { createLogger } from "../../keeper/telemetry/log.ts";
import { deployLockstep } from "../local/deployLockstep.ts";
import { LocalDrill } from "../drills/LocalDrill.ts";
import { startLocalKeeper, type LocalKeeper } from "../local/LocalKeeper.ts";
import { Market } from "../local/Market.ts";
import { PROJECT_ROOT } from "../local/projectRoot.ts";
import { startNode } from "../local/startNode.ts";

/**
 * `node scripts/screenshots/main.ts`: the pictures of the documents, of a real keeper on a chain of its own, before and after a drill.
 * `CHROMIUM` names another Chromium. Needs the built dashboard.
 */

const FOLDER = join(PROJECT_ROOT, "docs/images");
/** So that charts and lists have something in them. */
const WARM_UP_BLOCKS = 60;
const TIMES = { coolDownSeconds: 5, graceSeconds: 5 };

interface Picture {
  readonly name: string;
  readonly hash: string;
  readonly width: number;
  readonly height: number;
  readonly colorScheme: "light" | "dark";
  /** What has to be there before it is taken. */
  readonly awaits: string;
}

const OVERVIEW = { hash: "#overview", awaits: '[data-state="IN_SYNC"]' } as const;
const BEFORE: readonly Picture[] = [
  { name: "dashboard", ...OVERVIEW, width: 1_300, height: 800, colorScheme: "light" },
  { name: "dashboard-dark", ...OVERVIEW, width: 1_300, height: 800, colorScheme: "dark" },
  { name: "dashboard-narrow", ...OVERVIEW, width: 400, height: 800, colorScheme: "light" },
];
const AFTER: readonly Picture[] = [
  { name: "incident", hash: "#incidents", awaits: "[data-incident]", width: 1_300, height: 800, colorScheme: "light" },
];

async function take(browser: Browser, url: string, picture: Picture): Promise<void> {
  const { name, hash, width, height, colorScheme, awaits } = picture;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: "reduce" });
  const page = await context.newPage();
  await page.goto(`${url}/${hash}`);
  await page.waitForSelector(awaits);
  if (hash === OVERVIEW.hash) await page.getByText(/^Of \d+ verdicts/).waitFor();
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
  process.stdout.write(`docs/images/${name}.png\n`);
  await context.close();
}

async function breakIt(browser: Browser, url: string): Promise<void> {
  const page: Page = await browser.newPage();
  await page.goto(`${url}/`);
  await page.getByRole("button", { name: "Break it" }).click();
  await page.waitForSelector('[data-outcome="resumed"]', { timeout: 120_000 });
  await page.close();
}

async function main(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const end = new AbortController();
  const node = await startNode({ chain: "hardhat", port: 0, host: "127.0.0.1", signal: end.signal });
  const stops: (() => Promise<unknown>)[] = [() => node.stop()];
  try {
    const deployment = await deployLockstep({ url: node.url, module: "Lockstep", parameters: TIMES });
    const market = new Market({ url: node.url, deployment, seed: 1, log: () => undefined });
    await market.prepare();
    const warm = Promise.withResolvers<undefined>();
    let blocks = 0;
    const rehearsal: LocalDrill = new LocalDrill({ market, keeper: () => keeper, signal: end.signal });
    const keeper: LocalKeeper = await startLocalKeeper({
      ...{ sources: [node.wsUrl], deployment, rehearsal },
      log: createLogger({ level: "error", output: process.stderr, now: Date.now }),
      onEffect: ({ type }) => {
        if (type === "block") blocks += 1;
        if (blocks >= WARM_UP_BLOCKS) warm.resolve(undefined);
      },
    });
    stops.push(() => keeper.stop());
    const traffic = market.start(end.signal, { intervalMs: 200 });
    stops.push(() => traffic);
    const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--force-color-profile=srgb"] });
    stops.push(() => browser.close());
    await warm.promise;
    const url = keeper.service.apiUrl;
    for (const picture of BEFORE) await take(browser, url, picture);
    await breakIt(browser, url);
    for (const picture of AFTER) await take(browser, url, picture);
  } finally {
    end.abort();
    for (const stop of stops.reverse()) await stop();
  }
}

await main();
