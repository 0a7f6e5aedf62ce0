import { expect } from "chai";

import { POLICY_DEFAULTS } from "../../../keeper/domain/policy.ts";
import { Books } from "../../../keeper/books/Books.ts";
import { readImage } from "../../../keeper/books/imageSections.ts";
import { storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import type { Header } from "../../../keeper/chain/verify/header.ts";
import { profileOf } from "../../../keeper/domain/chainProfile.ts";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import { Keeper } from "../../../keeper/loop/Keeper.ts";
import type { KeeperOptions } from "../../../keeper/loop/KeeperOptions.ts";
import { proofCalls, readBooks, readServedHeader, type ProvenBooks } from "../../../keeper/loop/requestBlock.ts";
import type { SnapshotOrder } from "../../../keeper/loop/ports.ts";
import type { InProcessKeeper } from "../../../testing/InProcessKeeper.ts";
import { World, wordsOf } from "../../helpers/keeper/World.ts";

const CONFIRMATIONS = 3;
const INTERVAL_MS = 60_000;
const TAMPERED = ledger.accounts.slot(`0x${"07".repeat(32)}`);
const OPTIONS = { chain: { ...profileOf(31_337), confirmations: CONFIRMATIONS }, snapshotIntervalMs: INTERVAL_MS };

describe("Snapshots ordered by the core", function () {
  this.timeout(60_000);
  let world: World;

  beforeEach(async () => {
    world = await World.open();
  });

  afterEach(() => world.close());

  async function follow(driver: InProcessKeeper, blocks: number, ms = 1_000): Promise<void> {
    for (let block = 0; block < blocks; block += 1) {
      await world.mine();
      await driver.follow();
      await driver.tick(ms);
    }
  }

  const orders = (driver: InProcessKeeper): SnapshotOrder[] => driver.all("snapshot").map(({ order }) => order);
  const head = async (): Promise<number> => Number(await world.send("eth_blockNumber"));

  it("are of the newest final block, with the roots that the chain has there", async () => {
    const driver = world.keeper({ options: OPTIONS });
    await follow(driver, CONFIRMATIONS + 2);
    const [order, ...more] = orders(driver);
    expect(more).to.deep.equal([]);
    expect(order!.roots).to.deep.equal(await world.roots(order!.hash));
    const reported = driver.reports.findLast(({ number }) => number <= order!.number + CONFIRMATIONS);
    expect(reported?.number).to.equal(order!.number + CONFIRMATIONS);
  });

  it("come again only when their time has passed, and for a newer block", async () => {
    const driver = world.keeper({ options: OPTIONS });
    await follow(driver, CONFIRMATIONS + 6);
    expect(orders(driver)).to.have.length(1);
    await driver.tick(INTERVAL_MS);
    await follow(driver, 1);
    const [first, second] = orders(driver);
    expect(second!.number).to.be.greaterThan(first!.number);
    expect(second!.number).to.be.within((await head()) - CONFIRMATIONS - 1, (await head()) - CONFIRMATIONS);
    for (const ms of [INTERVAL_MS, INTERVAL_MS, INTERVAL_MS]) await driver.tick(ms);
    // No block came in between.
    const numbers = orders(driver).map(({ number }) => number);
    expect(numbers).to.deep.equal([...new Set(numbers)]);
    expect(numbers.at(-1)).to.equal((await head()) - CONFIRMATIONS);
    // At a shutdown nobody waits for the time.
    await follow(driver, 2);
    expect(driver.keeper.snapshotDue?.number).to.equal((await head()) - CONFIRMATIONS);
  });

  it("do not come while something is latched, nor at a shutdown then, nor where none are wanted", async () => {
    const driver = world.keeper({ options: OPTIONS });
    await follow(driver, 2);
    await world.tamper("PositionLedger", TAMPERED, 1n);
    await follow(driver, 2 * CONFIRMATIONS, INTERVAL_MS);
    expect(driver.verdict.kind).to.equal("Diverged");
    const tampered = driver.incident!.blockNumber;
    for (const { number } of orders(driver)) expect(number).to.be.lessThan(tampered - CONFIRMATIONS + 1);
    expect(driver.keeper.snapshotDue).to.equal(null);
    const without = world.keeper({ options: { chain: OPTIONS.chain } });
    await follow(without, 2 * CONFIRMATIONS);
    expect(orders(without)).to.deep.equal([]);
    expect(without.keeper.snapshotDue).to.equal(null);
  });

  describe("and a core that begins with one", () => {
    /** A core that begins with what another ordered, on the same sources; with another word if told so. */
    async function restart(from: InProcessKeeper, { tampers = false, isProven = true } = {}): Promise<InProcessKeeper> {
      const { number, hash, roots } = orders(from).at(-1)!;
      const { addresses, immutables } = world;
      const books = Books.fromImage({ addresses, immutables }, readImage([...from.keeper.books.exportAt(hash, roots)]));
      if (tampers) books.trie("PositionLedger").set(TAMPERED, 1n);
      const header = readServedHeader(await world.send("eth_getBlockByNumber", `0x${number.toString(16)}`, false))!;
      const options: KeeperOptions = {
        ...{
          chainId: 31_337,
          addresses,
          immutables,
          deploymentBlock: 1,
          sources: [{ id: "hardhat", operator: "hardhat" }],
        },
        policy: {
          mode: "act",
          isLocalChain: true,
          allowSingleSource: false,
          checkpointIntervalSeconds: 300,
          ...POLICY_DEFAULTS,
        },
        ...{
          pauser: world.pauser(0).address.toLowerCase() as Hash,
          attester: null,
          poster: null,
          signedRoots: new Map(),
        },
        ...{ proofDepth: 64, requestDeadlineMs: 1_000, hedgeMs: 50, maxFeePerGas: 10n ** 12n },
        ...OPTIONS,
      };
      const proven = isProven ? await provenAt(header) : null;
      const { codeHashes } = from.keeper.judge;
      const driver = world.keeper();
      return Object.assign(driver, { keeper: new Keeper(options, {}, { books, header, proven, codeHashes }) });
    }

    async function provenAt(header: Header): Promise<ProvenBooks> {
      const calls = proofCalls(header.hash, world.addresses, []);
      const answers = await Promise.all(
        calls.map(async ({ method, params }) => ({ ok: true, value: await world.send(method, ...params) }) as const),
      );
      const outcome = readBooks(answers, header, world.addresses);
      if (outcome.kind !== "ok") throw new Error(outcome.detail);
      return outcome.value;
    }

    async function codeOf(act: Promise<unknown>): Promise<string> {
      try {
        await act;
      } catch (error: unknown) {
        if (error instanceof KeeperError) return error.code;
        throw error;
      }
      return "none";
    }

    async function withOrder(): Promise<InProcessKeeper> {
      const driver = world.keeper({ options: OPTIONS });
      await follow(driver, CONFIRMATIONS + 2);
      return driver;
    }

    /** What was asked of the node by height or hash. */
    const asked = (driver: InProcessKeeper): string => JSON.stringify(driver.all("request").map(({ calls }) => calls));

    it("is where one from the deployment is, asks for nothing below, and goes on as it", async () => {
      const first = await withOrder();
      const { number } = orders(first)[0]!;
      const second = await restart(first);
      await second.follow();
      expect(second.verdict.kind).to.equal("InSync");
      expect(wordsOf(second.keeper.books)).to.deep.equal(wordsOf(first.keeper.books));
      for (let below = 1; below < number; below += 1) {
        const hash = first.keeper.books.hashAt(below);
        expect(asked(second)).to.not.include(`"0x${below.toString(16)}"`);
        if (hash !== null) expect(asked(second)).to.not.include(hash);
      }
      await world.tamper("PositionLedger", TAMPERED, 1n);
      await follow(second, 2);
      expect(second.verdict.kind).to.equal("Diverged");
      expect(second.incident).to.include({ contract: "PositionLedger", cause: "unexplained-write" });
      expect(second.all("broadcast").length).to.be.greaterThan(0);
    });

    it("follows a reorg above its block", async () => {
      const second = await restart(await withOrder());
      await second.follow();
      const back = await world.fork();
      await follow(second, 2);
      await back();
      await second.follow();
      expect(second.verdict.kind).to.equal("InSync");
      expect(second.keeper.books.tip?.number).to.equal(await head());
      expect(second.keeper.books.roots()).to.deep.equal(await world.roots(second.keeper.books.tip!.hash));
    });

    it("ends when k operators follow a branch that parts below its block", async () => {
      const first = await withOrder();
      const [back, parting] = [await world.fork(), await head()];
      await follow(first, CONFIRMATIONS + 2, INTERVAL_MS);
      expect(orders(first).at(-1)!.number).to.be.greaterThan(parting);
      const second = await restart(first);
      await second.follow();
      await back();
      const code = await codeOf(second.follow());
      expect(code).to.equal("SnapshotOrphaned");
      expect(second.hasSigned).to.equal(false);
    });

    it("that nobody could prove says nothing against the chain for it, and ends", async () => {
      const first = await withOrder();
      const second = await restart(first, { tampers: true, isProven: false });
      expect(await codeOf(second.follow())).to.equal("SnapshotRefuted");
      expect(second.all("incident")).to.deep.equal([]);
      expect(second.hasSigned).to.equal(false);
    });

    it("that nobody could prove is believed once a proven block is equal, and pauses from then on", async () => {
      const first = await withOrder();
      const second = await restart(first, { isProven: false });
      expect(second.keeper.judge.isProvisional).to.equal(true);
      await second.follow();
      expect(second.verdict.kind).to.equal("InSync");
      expect(second.keeper.judge.isProvisional).to.equal(false);
      await world.tamper("PositionLedger", TAMPERED, 1n);
      await follow(second, 2);
      expect(second.verdict.kind).to.equal("Diverged");
    });
  });
});
