import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { expect } from "chai";
import type { Browser } from "playwright-core";

import { LockstepClient, type StatusDocument } from "../../client/index.ts";
import { createLogger } from "../../keeper/telemetry/log.ts";
import { startLocalKeeper, type LocalKeeper } from "../../scripts/local/LocalKeeper.ts";
import { startChromium } from "../helpers/chromium.ts";
import { DashboardPage } from "../helpers/dashboard/DashboardPage.ts";
import { sidewaysOverflow } from "../helpers/dashboard/overflow.ts";
import { DECEIVING, HOSTILE_TEXT, LONG_HOSTILE_TEXT } from "../helpers/hostileText.ts";
import { LocalWorld } from "../helpers/keeper/LocalWorld.ts";
import { LyingServer } from "../helpers/keeper/sourcesServer.ts";

const NARROW = { width: 360, height: 740 };
const PAGES = ["#overview", "#incidents", "#instruments", "#accounts"];
/** Some kilobytes where a keeper would show some hundred characters: no place to break a line at. */
const RAW = HOSTILE_TEXT + "W".repeat(4_096);
const HASH = `0x${"ab".repeat(32)}`;
/** Of a status with five sources, each with its longest reason, and of a line of the log. */
const MAX_STATUS = 65_536;
const MAX_LINE = 65_536;

/** A status as no keeper writes it: hostile and long wherever it has words of anybody's. */
function poison(status: StatusDocument): StatusDocument {
  const check = { name: RAW, detail: RAW, advice: RAW };
  const word = { contract: RAW, variable: RAW, hashedSlot: RAW, cause: RAW, before: RAW, after: RAW };
  const ms = { node: null, detect: null, decide: null, broadcast: null, include: null };
  const incident = {
    ...{ id: HASH, state: "opened", cause: RAW, contract: RAW, blockNumber: 1, blockHash: HASH, detail: RAW },
    ...{ transaction: RAW, containedIn: null, located: [word], locatedCount: 40, locateNote: RAW, isLocated: true },
    ...{ isComplete: true, isTruncated: false, rebuild: { outcome: { kind: RAW, detail: RAW } }, openedAt: 0, ms },
  };
  const poisoned = {
    ...status,
    keeper: { ...status.keeper, name: RAW, version: RAW },
    unknown: { reason: RAW, detail: RAW },
    conditions: [{ kind: RAW, detail: RAW }],
    ready: { ready: false, reason: RAW },
    sources: status.sources.map((source, at) => ({ ...source, id: `${RAW}${at}`, operator: RAW, reason: RAW })),
    finality: { ...status.finality, mode: { policy: "depth", isWeak: true, detail: RAW } },
    readiness: { results: [{ ...check, status: "fail" }] },
    alerts: { standing: [{ key: RAW, level: "critical", title: RAW, acknowledged: { by: RAW, reason: RAW } }] },
    peers: [{ name: RAW, isUp: false, fault: { code: RAW, detail: RAW } }],
    incidents: [incident],
    drill: { isRunning: false, outcome: "failed", trouble: RAW, steps: [{ name: RAW, title: RAW, block: 1, ms: 1 }] },
  };
  return poisoned as unknown as StatusDocument;
}

describe("what others say, on the dashboard in Chromium", function () {
  this.timeout(60_000);
  let world: LocalWorld | undefined;
  let keeper: LocalKeeper | undefined;
  let browser: Browser | undefined;
  let dashboard: DashboardPage;
  let url: string;
  const logged: string[] = [];
  const liars: { close(): Promise<void> }[] = [];

  before(async function () {
    browser = await startChromium(this);
    if (!existsSync("dashboard/dist/index.html")) throw new Error("npm run build:dashboard first");
    world = await LocalWorld.open("anvil", 72);
    const { wsUrl, url: httpUrl } = world.node;
    const lie = async (says: string): Promise<string> => {
      const liar = await LyingServer.start(httpUrl, () => {
        throw new Error(says);
      });
      liars.push(liar);
      return liar.url;
    };
    const page = await serve(503, LONG_HOSTILE_TEXT);
    const peer = await serve(200, JSON.stringify({ version: 1, chainId: HOSTILE_TEXT }));
    const sources = [
      ...[`${wsUrl}|honest-1|anvil`, `${httpUrl}|honest-2|anvil`, `${await lie(HOSTILE_TEXT)}|liar|words`],
      ...[`${await lie(LONG_HOSTILE_TEXT)}|liar|long`, `${page}|liar|page`],
    ];
    keeper = await startLocalKeeper({
      ...{ sources: [], deployment: world.market.chain.deployment, mayPause: false, mayAttest: false },
      log: createLogger({ level: "debug", output: { write: (line) => logged.push(line) }, now: Date.now }),
      flags: { sources: sources.join(","), peers: `liar|${peer}` },
    });
    url = keeper.service.apiUrl;
  });

  after(async () => {
    await browser?.close();
    await keeper?.stop();
    for (const liar of liars) await liar.close();
    await world?.close();
  });

  afterEach(async () => {
    // Nothing of it ran, and nothing of it became a part of the page.
    expect(await dashboard.page.evaluate("typeof window.owned")).to.equal("undefined");
    for (const inserted of ["#app script", "#app img[onerror]", "#owned"]) {
      expect(await dashboard.page.locator(inserted).count(), inserted).to.equal(0);
    }
    await dashboard.close();
    expect(dashboard.complaints, "what the browser complained about").to.deep.equal([]);
    expect(dashboard.foreign, "requests to others").to.deep.equal([]);
  });

  async function serve(status: number, text: string): Promise<string> {
    const server: Server = createServer((request, response) => {
      request.resume();
      response.writeHead(status, { "content-type": "application/json" }).end(text);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const close = async (): Promise<void> => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
    liars.push({ close });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Goes through the pages with the links that people use: each shows something, and fits. */
  async function expectUsable(): Promise<void> {
    for (const hash of PAGES) {
      await dashboard.page.locator(`nav a[href="${hash}"]`).click();
      await dashboard.page.locator(`nav a[href="${hash}"][aria-current="page"]`).waitFor();
      await dashboard.page.waitForSelector("main section h2");
      expect(await sidewaysOverflow(dashboard.page), hash).to.deep.equal([]);
    }
  }

  it("is text of a bounded length, from a node's error to the page, the status, the metrics and the log", async () => {
    dashboard = await DashboardPage.open(browser!, url, NARROW);
    await dashboard.page.getByText(/^In sync/).waitFor();
    const reasons = dashboard.page.locator("#sources ~ .scroll .reason").filter({ hasText: "<script>window.owned" });
    // Of the one that says it, and of the one whose page it is; the third one's answer is too long to be read at all.
    await reasons.nth(1).waitFor();
    for (const said of await reasons.allTextContents()) {
      expect(said).to.not.match(DECEIVING);
      expect(said.length).to.be.lessThan(500);
    }
    await dashboard.page.getByText("it keeps another chain or another deployment").waitFor();
    await expectUsable();

    const status = await (await fetch(`${url}/status`)).text();
    expect(status.length).to.be.lessThan(MAX_STATUS);
    expect(JSON.stringify(JSON.parse(status))).to.include("<script>");
    // What JSON escapes counts as well.
    JSON.parse(status, (_name, value: unknown) => {
      if (typeof value === "string") expect(value).to.not.match(DECEIVING);
      return value;
    });
    expect((await (await fetch(`${url}/metrics`)).text()).replaceAll("\n", "")).to.not.match(DECEIVING);
    const told = logged.filter((line) => line.includes("window.owned"));
    expect(told.length, "lines with their words").to.be.greaterThan(0);
    for (const line of logged) {
      expect(line.slice(0, -1)).to.not.match(DECEIVING);
      expect(line.length).to.be.lessThan(MAX_LINE);
    }
  });

  it("stays text and fits even where a keeper would not hold it back", async () => {
    const poisoned = poison(await new LockstepClient(url).status());
    const status = { contentType: "application/json", body: JSON.stringify(poisoned) };
    const problem = {
      ...{ status: 503, contentType: "application/problem+json" },
      body: JSON.stringify({ type: "about:blank", title: RAW, status: 503, code: "Unknown", detail: RAW }),
    };
    const events = { contentType: "text/event-stream", body: `event: status\ndata: ${status.body}\n\n` };
    dashboard = await DashboardPage.open(browser!, url, {
      ...NARROW,
      prepare: async (page) => {
        await page.route(`${url}/status`, (route) => route.fulfill(status));
        await page.route(`${url}/v1/**`, (route) => route.fulfill(problem));
        await page.route(`${url}/v1/events`, (route) => route.fulfill(events));
      },
    });
    const { page } = dashboard;
    for (const name of ["Drill", "Sources", "Readiness, alerts and other keepers"]) {
      const section = page.locator("section", { has: page.getByRole("heading", { name }) });
      await section.getByText("<script>").first().waitFor();
    }
    await page.locator(".why li", { hasText: "<script>" }).first().waitFor();
    await page.locator(".problem", { hasText: "Not proven." }).first().waitFor();
    await expectUsable();
    await page.locator('nav a[href="#incidents"]').click();
    await page.locator(`[data-incident="${HASH}"]`, { hasText: "<script>" }).waitFor();
    expect(await sidewaysOverflow(page)).to.deep.equal([]);
  });
});
