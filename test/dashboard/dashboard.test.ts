import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";

import { expect } from "chai";
import type { Browser, Locator, Page } from "playwright-core";

import { startLocalKeeper, type LocalKeeper } from "../../scripts/local/LocalKeeper.ts";
import { LocalDrill } from "../../scripts/drills/LocalDrill.ts";
import { startChromium } from "../helpers/chromium.ts";
import { sidewaysOverflow } from "../helpers/dashboard/overflow.ts";
import { LocalWorld } from "../helpers/keeper/LocalWorld.ts";
import { SILENT } from "../helpers/silentLog.ts";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const QUICK = { coolDownSeconds: 2, graceSeconds: 2 };

/** What the focused element is called. */
const FOCUSED = `(({ ariaLabel, tagName, textContent }) => ariaLabel ?? (tagName === "SELECT" ? "theme" : textContent.trim()))(
  document.activeElement)`;

/** What each of them has under an attribute. */
async function attributes(found: Locator, name: string): Promise<string[]> {
  return Promise.all((await found.all()).map(async (item) => (await item.getAttribute(name)) ?? ""));
}

interface AxeFinding {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

describe("the dashboard in Chromium", function () {
  this.timeout(120_000);
  let world: LocalWorld | undefined;
  let keeper: LocalKeeper | undefined;
  let browser: Browser | undefined;
  let page: Page;
  let url: string;
  let complaints: string[];
  let foreign: string[];
  const end = new AbortController();
  let traffic: Promise<void> = Promise.resolve();

  before(async function () {
    browser = await startChromium(this);
    if (!existsSync("dashboard/dist/index.html")) throw new Error("npm run build:dashboard first");
    world = await LocalWorld.open("anvil", 71, { parameters: QUICK });
    await world.trade(16);
    const parts = { market: world.market, keeper: () => keeper!, signal: end.signal, lookMs: 500 };
    const drill: LocalDrill = new LocalDrill(parts);
    keeper = await startLocalKeeper({
      ...{ sources: [world.node.wsUrl], deployment: world.market.chain.deployment, log: SILENT, rehearsal: drill },
      ...{ checkpointIntervalSeconds: 1 },
    });
    url = keeper.service.apiUrl;
    traffic = world.market.start(end.signal, { intervalMs: 250 });
  });

  after(async () => {
    await browser?.close();
    end.abort();
    await traffic;
    await keeper?.stop();
    await world?.close();
  });

  beforeEach(async () => {
    await open({ width: 1_300, height: 900 });
  });

  afterEach(async () => {
    await page.context().close();
    expect(complaints, "what the browser complained about").to.deep.equal([]);
    expect(foreign, "requests to others").to.deep.equal([]);
  });

  async function open(
    viewport: { width: number; height: number },
    colorScheme: "light" | "dark" = "light",
  ): Promise<void> {
    const context = await browser!.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
    page = await context.newPage();
    [complaints, foreign] = [[], []];
    page.on("console", (message) => {
      // That nothing is proven while the books differ is told with a status.
      const isRefusal = /Failed to load resource.*(503|net::ERR)/.test(message.text());
      if (message.type() === "error" && !isRefusal) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(url)) foreign.push(request.url());
    });
    await page.goto(`${url}/`);
    await page.waitForSelector('[data-state="IN_SYNC"]');
  }

  /** The test's own time limit ends it otherwise. */
  async function until(isTrue: () => Promise<boolean>): Promise<void> {
    while (!(await isTrue())) await page.evaluate("new Promise(requestAnimationFrame)");
  }

  /** What axe finds that is serious or worse. */
  async function barriers(): Promise<string[]> {
    await page.evaluate(await readFile(AXE, "utf8"));
    const findings = await page.evaluate<AxeFinding[]>("axe.run().then(({ violations }) => violations)");
    return findings
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
  }

  it("says at first sight whether the books equal the chain, and shows roots, sources and the pause", async () => {
    expect(await page.locator(".verdict").textContent()).to.equal("In sync");
    expect(await page.locator(".since").first().textContent()).to.match(
      /^since \d{4}-.* · proven at block [\d,]+ \(0x[0-9a-f]{6}…[0-9a-f]{4}\)$/,
    );
    expect(await page.locator("[data-contract]").count()).to.equal(10);
    expect(await page.locator('[data-contract][data-tone="good"]').count()).to.equal(10);
    await page.waitForSelector('[data-grade="synced"]');
    expect(await page.title()).to.equal("Overview · keeper IN_SYNC");
    const { headers } = await fetch(`${url}/`);
    expect(headers.get("content-security-policy")).to.include("script-src 'self'").and.not.include("unsafe");
  });

  it("goes on by itself from block to block", async () => {
    const block = async (): Promise<number> => Number(await page.locator("[data-block]").getAttribute("data-block"));
    const first = await block();
    await until(async () => (await block()) > first + 3);
    await page.getByText(/^Of \d+ verdicts/).waitFor();
    expect(await page.locator(".wire").textContent()).to.equal("live");
  });

  it("runs a drill from the button to trading again, and tells each step and the incident", async () => {
    await page.getByRole("button", { name: "Break it" }).click();
    await page.waitForSelector('[data-state="PAUSED"]');
    expect(await page.locator('[data-tone="bad"]').getAttribute("data-contract")).to.equal("PositionLedger");
    // Nothing is shown of books that equal no chain.
    await page.getByText("Not proven.").first().waitFor();
    await page.waitForSelector('[data-outcome="resumed"], [data-outcome="failed"]', { timeout: 60_000 });
    const steps = await attributes(page.locator("[data-step]"), "data-step");
    expect(steps, (await page.locator(".drill").textContent()) ?? "").to.deep.equal([
      "broken",
      "found",
      "paused",
      "located",
      "halted",
      "repaired",
      "in-sync",
      "checkpoint",
      "resumed",
    ]);
    await page.waitForSelector('[data-state="IN_SYNC"]');
    await page.getByRole("link", { name: /^Incidents/ }).click();
    const story = page.locator("[data-incident]").first();
    expect(await story.locator("h3").textContent()).to.equal("unexplained-write in PositionLedger closed");
    expect(await story.locator("tbody th").textContent()).to.match(/PositionLedger\._accounts\[0x[0-9a-f]{64}\]/);
    const download = page.waitForEvent("download");
    await story.getByRole("link", { name: "Evidence" }).click();
    expect((await download).suggestedFilename()).to.match(/^0x[0-9a-f]{64}\.lockstep$/);
  });

  it("explores accounts: pages, a search, and everything of one of them, proven", async () => {
    await page.getByRole("link", { name: "Accounts" }).click();
    await page.waitForSelector("tbody a");
    const accounts = await attributes(page.locator("tbody a code"), "title");
    expect(accounts.length).to.be.greaterThan(5);
    await page.getByRole("searchbox").fill(accounts[2]!.slice(0, 20));
    await until(async () => (await page.locator("tbody a").count()) === 1);
    await page.locator("tbody a").click();
    await page.waitForSelector(".proof");
    expect(await page.locator("h2 code").textContent()).to.equal(accounts[2]);
    for (const name of ["Equity", "Initial requirement", "Lag premium", "Free"]) {
      expect(await page.locator("dt", { hasText: name }).count(), name).to.equal(1);
    }
    await page.getByRole("link", { name: "Instruments" }).click();
    await page.waitForSelector("tbody tr");
    expect(await page.locator("tbody th").first().textContent()).to.match(/^1 perpetual/);
  });

  it("can be used with the keyboard alone", async () => {
    const focused = (): Promise<string> => page.evaluate<string>(FOCUSED);
    await page.keyboard.press("Tab");
    expect(await focused()).to.equal("Skip to the content");
    const reached = new Set<string>();
    for (let at = 0; at < 14; at += 1) {
      await page.keyboard.press("Tab");
      reached.add(await focused());
    }
    for (const name of ["Overview", "Incidents", "Instruments", "Accounts", "theme", "What users can do"]) {
      expect([...reached], name).to.include(name);
    }
    await page.getByRole("link", { name: "Accounts" }).focus();
    await page.keyboard.press("Enter");
    await page.waitForSelector("tbody a");
    // Whoever changes the page goes on in it.
    expect(await page.evaluate("document.activeElement.id")).to.equal("main");
  });

  it("has no serious barrier on any page, light or dark, as axe sees it", async () => {
    for (const scheme of ["light", "dark"] as const) {
      await page.context().close();
      await open({ width: 1_300, height: 900 }, scheme);
      for (const hash of ["#overview", "#incidents", "#instruments", "#accounts"]) {
        await page.goto(`${url}/${hash}`);
        await page.waitForSelector(hash === "#incidents" ? "main section h2" : "tbody tr");
        expect(await barriers(), `${scheme} ${hash}`).to.deep.equal([]);
      }
    }
  });

  it("fits a narrow screen without scrolling sideways", async () => {
    await page.context().close();
    await open({ width: 360, height: 740 });
    for (const hash of ["#overview", "#incidents", "#instruments", "#accounts"]) {
      await page.goto(`${url}/${hash}`);
      await page.waitForSelector("main section");
      expect(await sidewaysOverflow(page), hash).to.deep.equal([]);
    }
  });

  it("says clearly when it is itself out of date, and that it no longer is", async () => {
    await page.clock.install();
    await page.reload();
    await page.waitForSelector('[data-state="IN_SYNC"]');
    // The connection goes, and nobody says so: what was said before stays on the page.
    await page.context().setOffline(true);
    await page.clock.runFor(30_000);
    await page.waitForSelector(".stale");
    expect(await page.locator(".stale").textContent()).to.match(
      /^This page has heard nothing from the keeper for \d+ s/,
    );
    expect(await page.locator(".verdict").textContent()).to.match(/^It was: /);
    await page.context().setOffline(false);
    await page.clock.resume();
    await page.waitForSelector('[data-state="IN_SYNC"]');
    await page.waitForSelector(".stale", { state: "detached" });
  });
});
