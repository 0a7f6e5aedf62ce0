import { expect } from "chai";
import { keccak256 } from "ethers";

import type { Hex } from "../../../../keeper/lib/hex.ts";
import { addressOf, developmentWallet, ROLES } from "../../../../scripts/local/accounts.ts";
import { contractInterface } from "../../../../scripts/local/contractInterface.ts";
import type { InProcessKeeper } from "../../../../testing/InProcessKeeper.ts";
import { Fork, hashAt, type ForkNode } from "../../../helpers/keeper/scenarioFork.ts";
import { Seen } from "../../../../testing/Seen.ts";
import { wordsOf } from "../../../helpers/keeper/World.ts";
import { UNIT } from "../../../helpers/orders.ts";

const USD = 1_000_000n;

describe("Scenario: a shallow reorg", function () {
  this.timeout(60_000);
  let fork: Fork;
  let here: ForkNode;
  let driver: InProcessKeeper;

  before(async () => {
    fork = await Fork.open(101, 0);
    here = fork.here;
    driver = await fork.keeper(fork.lines("a", "b", "c"));
  });

  after(() => fork.close());

  /** Mines a deposit into a block of its own, and says what was sent. */
  async function deposit(amount: bigint): Promise<Hex> {
    const raw = await fork.signDeposit(amount * USD);
    await here.send("eth_sendRawTransaction", raw);
    await here.mine();
    return raw;
  }

  /** Whether the token lets the vault have any. */
  async function setVaultBlocked(isBlocked: boolean): Promise<void> {
    const { chain } = fork.truth.market;
    const args = [fork.truth.addresses.CollateralVault, isBlocked];
    const data = contractInterface("MockToken").encodeFunctionData("setBlocked", args);
    const from = addressOf(developmentWallet(ROLES.deployer));
    await here.send("eth_sendTransaction", { from, to: chain.address("SettlementToken"), data });
    await here.mine();
  }

  /** The books are those that a keeper has which never saw the reorg. */
  async function expectRebuilt(by = driver): Promise<void> {
    const rebuilt = await fork.keeper(fork.lines("a"), { keys: {} });
    expect(wordsOf(by.keeper.books)).to.deep.equal(wordsOf(rebuilt.keeper.books));
    expect(by.keeper.books.tip?.hash).to.equal((await here.head()).hash);
    expect(by.verdict).to.include({ kind: "InSync", isWitnessed: true });
  }

  for (const depth of [1, 2, 3]) {
    it(`of depth ${depth} drops a deposit: taken back, nothing is said of it, nothing paused (A1)`, async () => {
      const before = fork.quoteBy(driver);
      const desk = await fork.desk(here.rpc);
      await deposit(77n);
      await here.mine(depth - 1);
      await driver.follow();
      await desk.serve();
      expect(fork.quoteBy(driver)).to.equal(before + 77n * UNIT);
      const seen = new Seen(driver.effects);
      await here.reorg(depth);
      await driver.follow();
      expect(fork.quoteBy(driver)).to.equal(before);
      expect(seen.all("rolled-back").map((effect) => effect.depth)).to.deep.equal([depth]);
      expect(seen.begun).to.deep.equal([]);
      expect(seen.said).to.deep.equal(["InSync"]);
      seen.expectCalm();
      await expectRebuilt();
      // Who takes nothing back has paid for what is not there.
      await desk.serve();
      expect(await desk.lossBy(here.rpc)).to.equal(77n * USD);
    });
  }

  it("of which the sources hear one after the other is followed with the second vote, and never pauses (A1)", async () => {
    const before = fork.quoteBy(driver);
    await deposit(5n);
    await driver.follow();
    const seen = new Seen(driver.effects);
    await here.reorg(1);
    const head = await here.head();
    await driver.hear("a", head);
    // One voice: judged, not yet believed against the two that said otherwise.
    expect(seen.all("rolled-back")).to.deep.equal([]);
    expect(fork.quoteBy(driver)).to.equal(before + 5n * UNIT);
    await driver.hear("b", head);
    expect(fork.quoteBy(driver)).to.equal(before);
    await driver.hear("c", head);
    seen.expectCalm();
    await expectRebuilt();
  });

  it("while blocks are being caught up leaves nothing of the old branch behind (A1)", async () => {
    const lines = fork.lines("a", "b", "c");
    await deposit(9n);
    await here.mine(2);
    let isReorged = false;
    for (const line of Object.values(lines)) {
      line.lie = async (method, params, ask) => {
        const answer = await ask(method, params);
        if (method !== "eth_getProof" || isReorged) return answer;
        isReorged = true;
        await here.reorg(3);
        return answer;
      };
    }
    const late = fork.truth.keeper({ rpcs: lines });
    const seen = new Seen(late.effects);
    await late.follow();
    await late.tick(300);
    await late.follow();
    expect(isReorged).to.equal(true);
    seen.expectCalm();
    await expectRebuilt(late);
    await driver.follow();
  });

  it("includes a deposit again in another block, at another index: one effect (A2)", async () => {
    const before = fork.quoteBy(driver);
    const first = await deposit(31n);
    const second = await deposit(2n);
    await here.mine();
    await driver.follow();
    expect(fork.quoteBy(driver)).to.equal(before + 33n * UNIT);
    const seen = new Seen(driver.effects);
    // Two blocks of one deposit each become one block with both.
    await here.reorg(3, [
      [first, 2],
      [second, 2],
    ]);
    await driver.follow();
    expect(fork.quoteBy(driver)).to.equal(before + 33n * UNIT);
    expect(seen.all("rolled-back").map(({ depth }) => depth)).to.deep.equal([3]);
    seen.expectCalm();
    await expectRebuilt();
  });

  it("drops a deposit that comes back blocks later: none for a while, then one (A2)", async () => {
    const before = fork.quoteBy(driver);
    const desk = await fork.desk(here.rpc);
    const raw = await deposit(13n);
    await driver.follow();
    await desk.serve();
    await here.reorg(1);
    await driver.follow();
    expect(fork.quoteBy(driver)).to.equal(before);
    await here.send("eth_sendRawTransaction", raw);
    await here.mine();
    await driver.follow();
    expect(fork.quoteBy(driver)).to.equal(before + 13n * UNIT);
    await expectRebuilt();
    // Who knows an event by its place has another one there, and pays twice.
    await desk.serve();
    expect([desk.paid, await desk.lossBy(here.rpc)]).to.deep.equal([26n * USD, 13n * USD]);
  });

  it("includes a deposit again that reverts there: not booked any more, though its transaction is the same (A3)", async () => {
    const before = fork.quoteBy(driver);
    const desk = await fork.desk(here.rpc, { identity: "transaction" });
    const raw = await deposit(500n);
    await driver.follow();
    await desk.serve();
    expect(fork.quoteBy(driver)).to.equal(before + 500n * UNIT);
    const seen = new Seen(driver.effects);
    await here.reorg(1);
    await setVaultBlocked(true);
    await here.send("eth_sendRawTransaction", raw);
    await here.mine();
    const receipt = await here.send("eth_getTransactionReceipt", keccak256(raw));
    expect(receipt).to.include({ status: "0x0" });
    await setVaultBlocked(false);
    await driver.follow();
    expect(fork.quoteBy(driver)).to.equal(before);
    seen.expectCalm();
    await expectRebuilt();
    // Who knows an event by its transaction keeps what that did elsewhere.
    await desk.serve();
    expect(await desk.lossBy(here.rpc)).to.equal(500n * USD);
  });

  it("includes two deposits again the other way round: other results of the same transactions (A3)", async () => {
    const before = fork.quoteBy(driver);
    const [first, second] = [await fork.signDeposit(100n * USD), await fork.signDeposit(1n * USD, ROLES.traders[3])];
    await here.send("eth_sendRawTransaction", first);
    await here.mine();
    await here.send("eth_sendRawTransaction", second);
    await here.mine();
    await driver.follow();
    const seen = new Seen(driver.effects);
    await here.reorg(2, [
      [second, 0],
      [first, 1],
    ]);
    await driver.follow();
    expect(fork.quoteBy(driver)).to.equal(before + 101n * UNIT);
    seen.expectCalm();
    await expectRebuilt();
  });

  it("takes the block away whose checkpoint was signed: the one in its place is signed, never the old one (A3)", async () => {
    const first = new Seen(driver.effects);
    for (let block = 0; first.attested.length === 0 && block < 9; block += 1) {
      await here.mine();
      await driver.follow();
    }
    const [signed] = first.attestations;
    expect(Number(signed?.blockNumber)).to.be.greaterThan(0);
    const depth = (await here.head()).number - Number(signed?.blockNumber) + 1;
    const seen = new Seen(driver.effects);
    await here.reorg(depth);
    await driver.follow();
    const again = seen.attestations;
    expect(again.length).to.be.greaterThan(0);
    for (const { blockNumber, blockHash } of again) {
      expect(blockHash).to.equal(await hashAt(here, Number(blockNumber)));
      expect(blockHash).to.not.equal(signed?.blockHash);
    }
    seen.expectCalm();
  });
});
