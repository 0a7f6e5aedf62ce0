import { existsSync } from "node:fs";

import { expect } from "chai";
import type { Browser } from "playwright-core";

import { Traffic } from "../../bench/keeper/Traffic.ts";
import { LockstepClient } from "../../client/index.ts";
import { createLogger } from "../../keeper/telemetry/log.ts";
import { accountIdOf, addressOf, developmentWallet } from "../../scripts/local/accounts.ts";
import { callNode } from "../../scripts/local/callNode.ts";
import { deployLockstep } from "../../scripts/local/deployLockstep.ts";
import { startLocalKeeper, type LocalKeeper } from "../../scripts/local/LocalKeeper.ts";
import { startNode, type LocalNode } from "../../scripts/local/startNode.ts";
import { startChromium } from "../helpers/chromium.ts";
import { DashboardPage } from "../helpers/dashboard/DashboardPage.ts";

const SILENT = createLogger({ level: "error", output: { write: () => true }, now: Date.now });
const ACCOUNTS = 10_000;
/** As in bench/keeper/Traffic.ts: an account of each in turn. */
const OWNERS = 10;
const FIRST_OWNER = 5;
const SHOWN = 50;
const DAY = 86_400;
/** No time runs out. */
const PARAMETERS = {
  ...{ feedMaxAgeSeconds: 30 * DAY, staleLimitSeconds: DAY, viewTimeSeconds: DAY, softTimeSeconds: 2 * DAY },
};
const NO_TRADES = { mixedBlocks: 0, mixedTrades: 0, tradeBlocks: 0, trades: 0 };
/** What a person takes for at once, and what a page of 50 accounts comes to: 20 elements a row, and all that is around. */
const SOON_MS = 2_000;
const MAX_ELEMENTS = 1_500;

describe("the account explorer with 10,000 accounts", function () {
  this.timeout(120_000);
  let node: LocalNode | undefined;
  let keeper: LocalKeeper | undefined;
  let browser: Browser | undefined;
  let dashboard: DashboardPage;
  let url: string;
  /** With those that the deployment's events name. */
  let total: number;
  const end = new AbortController();

  before(async function () {
    browser = await startChromium(this);
    if (!existsSync("dashboard/dist/index.html")) throw new Error("npm run build:dashboard first");
    const args = ["--order", "fifo", "--gas-limit", "1000000000"];
    node = await startNode({ chain: "anvil", host: "127.0.0.1", port: 0, signal: end.signal, args });
    const deployment = await deployLockstep({ url: node.url, module: "Lockstep", parameters: PARAMETERS });
    await callNode(node.url, "evm_setAutomine", [false]);
    await new Traffic(node.url, deployment, { accounts: ACCOUNTS, ...NO_TRADES }, 1).prepare();
    keeper = await startLocalKeeper({
      ...{ sources: [node.wsUrl], deployment, log: SILENT, mayPause: false, mayAttest: false },
      // Proofs of older blocks than the newest cost the node a rehash of its state each.
      flags: { proofDepth: "1", requestDeadlineMs: "20000" },
    });
    url = keeper.service.apiUrl;
    // The books are read once, for all tests.
    const page = await DashboardPage.open(browser, url);
    await page.page.waitForSelector('[data-state="IN_SYNC"]', { timeout: 60_000 });
    await page.close();
    total = (await new LockstepClient(url).totals()).data.accountCount;
    expect(total).to.be.at.least(ACCOUNTS);
  });

  after(async () => {
    await browser?.close();
    await keeper?.stop();
    end.abort();
    await node?.stop();
  });

  beforeEach(async () => {
    dashboard = await DashboardPage.open(browser!, url, { path: "/#accounts" });
  });

  afterEach(async () => {
    await dashboard.close();
    expect(dashboard.complaints, "what the browser complained about").to.deep.equal([]);
    expect(dashboard.foreign, "requests to others").to.deep.equal([]);
  });

  /** The accounts in the table, once it shows this page. */
  async function shown(page: number): Promise<string[]> {
    await dashboard.page.getByRole("status").getByText(`Page ${page}`, { exact: true }).waitFor();
    await dashboard.page.waitForSelector("tbody a");
    const codes = await dashboard.page.locator("tbody a code").all();
    return Promise.all(codes.map(async (code) => (await code.getAttribute("title")) ?? ""));
  }

  /** Milliseconds. */
  async function timed(act: () => Promise<void>): Promise<number> {
    const startedAt = performance.now();
    await act();
    return performance.now() - startedAt;
  }

  it("shows the first page at once, goes on and back, and never has more elements than a page needs", async () => {
    expect(
      await timed(() =>
        dashboard.page
          .locator("tbody a")
          .nth(SHOWN - 1)
          .waitFor(),
      ),
    ).to.be.lessThan(SOON_MS);
    await dashboard.page.getByText(`${total.toLocaleString("en-US")} accounts`).waitFor();
    const pages = [await shown(1)];
    const counts = [await dashboard.elementCount()];
    for (let number = 2; number <= 6; number += 1) {
      await dashboard.page.getByRole("button", { name: "Next" }).click();
      pages.push(await shown(number));
      counts.push(await dashboard.elementCount());
    }
    expect(pages.map(({ length }) => length)).to.deep.equal(pages.map(() => SHOWN));
    expect(new Set(pages.flat()).size).to.equal(6 * SHOWN);
    expect(Math.max(...counts)).to.be.lessThan(MAX_ELEMENTS);
    for (let number = 5; number >= 1; number -= 1) {
      await dashboard.page.getByRole("button", { name: "Previous" }).click();
      expect(await shown(number), `page ${number}`).to.deep.equal(pages[number - 1]);
    }
    expect(await dashboard.page.getByRole("button", { name: "Previous" }).isDisabled()).to.equal(true);
  });

  it("finds an owner's accounts, and one account, among all of them", async () => {
    const owner = developmentWallet(FIRST_OWNER + 3);
    await shown(1);
    const search = dashboard.page.getByRole("searchbox");
    await search.fill(addressOf(owner));
    await dashboard.page.locator(`tbody a code[title="${accountIdOf(owner, 49n)}"]`).waitFor();
    expect(await shown(1)).to.deep.equal(Array.from({ length: SHOWN }, (_, at) => accountIdOf(owner, BigInt(at))));
    await dashboard.page.getByRole("button", { name: "Next" }).click();
    await dashboard.page.locator(`tbody a code[title="${accountIdOf(owner, 99n)}"]`).waitFor();
    expect(await shown(2)).to.deep.equal(
      Array.from({ length: SHOWN }, (_, at) => accountIdOf(owner, BigInt(SHOWN + at))),
    );
    // The last of all 10,000, which is on the last page otherwise; as somebody pastes it, and on page 1 again.
    const last = accountIdOf(developmentWallet(FIRST_OWNER + OWNERS - 1), BigInt(ACCOUNTS / OWNERS - 1));
    const paste = async (): Promise<void> => {
      await search.fill(` 0x${last.slice(2).toUpperCase()} `);
      await dashboard.page.locator(`tbody a code[title="${last}"]`).waitFor();
    };
    expect(await timed(paste)).to.be.lessThan(SOON_MS);
    expect(await shown(1)).to.deep.equal([last]);
    expect(await dashboard.page.getByRole("button", { name: "Next" }).isDisabled()).to.equal(true);
    await search.fill("0x00000000000000000000000000000000000000ff");
    await dashboard.page.getByText("None here.").waitFor();
  });

  it("gives pages of 500 over the API, and every account exactly once", async () => {
    const client = new LockstepClient(url);
    const first = await client.accounts({ limit: 500 });
    expect([first.data.length, first.next]).to.deep.equal([500, "500"]);
    const found: string[] = [];
    const walk = async (): Promise<void> => {
      for await (const { account } of client.eachAccount()) found.push(account);
    };
    expect(await timed(walk)).to.be.lessThan(5 * SOON_MS);
    const wanted = Array.from({ length: ACCOUNTS }, (_, at) => {
      return accountIdOf(developmentWallet(FIRST_OWNER + (at % OWNERS)), BigInt(Math.floor(at / OWNERS)));
    });
    // Two lists of 10,000 lines say nothing to whoever reads the failure.
    const once = new Set(found);
    const twice = found.length - once.size;
    const missing = wanted.filter((account) => !once.has(account));
    expect({ count: found.length, twice, missing }).to.deep.equal({ count: total, twice: 0, missing: [] });
  });
});
