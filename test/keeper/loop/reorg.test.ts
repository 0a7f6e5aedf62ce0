import { expect } from "chai";

import { storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import type { Hex } from "../../../keeper/lib/hex.ts";
import { developmentWallet } from "../../../scripts/local/accounts.ts";
import { contractInterface } from "../../../scripts/local/contractInterface.ts";
import { depositUsd } from "../../fixtures/deployLockstep.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { accountOf } from "../../helpers/accounts.ts";
import type { InProcessKeeper } from "../../../testing/InProcessKeeper.ts";
import { LocalWorld } from "../../helpers/keeper/LocalWorld.ts";
import { openTraffic } from "../../helpers/keeper/openTraffic.ts";
import { readBlock } from "../../../testing/Rpc.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { World, wordsOf } from "../../helpers/keeper/World.ts";
import { OrderBook, UNIT } from "../../helpers/orders.ts";

const USD = 1_000_000n;
const GWEI = 10n ** 9n;

async function expectRebuilt(driver: InProcessKeeper, world: World | LocalWorld): Promise<void> {
  const rebuilt = world.keeper({ keys: {} });
  await rebuilt.follow();
  expect(wordsOf(driver.keeper.books)).to.deep.equal(wordsOf(rebuilt.keeper.books));
  expect(driver.verdict.kind).to.equal("InSync");
  expect(driver.all("incident")).to.deep.equal([]);
  expect(driver.keeper.books.roots()).to.deep.equal(await world.roots(driver.keeper.books.tip!.hash));
}

describe("Keeper and reorgs on Anvil", function () {
  this.timeout(60_000);
  const owner = developmentWallet(7);
  let world: LocalWorld;
  let driver: InProcessKeeper;

  before(async () => {
    world = await LocalWorld.open("anvil", 5);
    driver = world.keeper();
    await world.trade(3);
    await driver.follow();
  });

  after(() => world.close());

  /** A signed deposit of `amount` token units, not sent. */
  async function signDeposit(amount: bigint): Promise<Hex> {
    const { chain } = world.market;
    const account = accountOf({ address: owner.address } as Parameters<typeof accountOf>[0]);
    const args = [account, chain.address("SettlementToken"), amount];
    const data = contractInterface("CollateralVault").encodeFunctionData("deposit", args);
    const nonce = Number(await world.send("eth_getTransactionCount", owner.address, "latest"));
    const fees = { maxFeePerGas: 100n * GWEI, maxPriorityFeePerGas: GWEI, gasLimit: 1_000_000n };
    const to = chain.address("CollateralVault");
    return (await owner.signTransaction({ type: 2, chainId: 31_337, nonce, to, data, ...fees })) as Hex;
  }

  function quote(): bigint {
    const account = accountOf({ address: owner.address } as Parameters<typeof accountOf>[0]).toLowerCase() as Hex;
    return ledger.accounts.decode(driver.keeper.books.read("PositionLedger", ledger.accounts.slot(account))).quote;
  }

  it("takes a deposit back that a reorg drops (A1)", async () => {
    const before = quote();
    await world.send("eth_sendRawTransaction", await signDeposit(77n * USD));
    await world.mine();
    await driver.follow();
    expect(quote()).to.equal(before + 77n * UNIT);
    await world.send("anvil_reorg", 2, []);
    await world.mine();
    await driver.follow();
    expect(quote()).to.equal(before);
    expect(driver.all("rolled-back").at(-1)?.depth).to.equal(2);
    await expectRebuilt(driver, world);
  });

  it("counts a deposit once that a reorg includes elsewhere (A2)", async () => {
    const before = quote();
    const raw = await signDeposit(33n * USD);
    await world.send("eth_sendRawTransaction", raw);
    await world.mine(2);
    await driver.follow();
    await world.send("anvil_reorg", 3, [[raw, 2]]);
    await world.mine();
    await driver.follow();
    expect(quote()).to.equal(before + 33n * UNIT);
    await expectRebuilt(driver, world);
  });

  it("says Unknown of a silent rollback, and follows what is mined instead of the lost blocks (A7)", async () => {
    await world.trade(3);
    await world.send("eth_sendRawTransaction", await signDeposit(11n * USD));
    await world.mine(2);
    await driver.follow();
    const height = driver.keeper.books.tip!.number;
    await world.send("anvil_rollback", 5);
    const from = driver.effects.length;
    await driver.follow();
    // A pool with a node that lags says as much: only after a while is it believed.
    await driver.tick(3_000);
    await driver.tick(100);
    expect(driver.verdict).to.include({ kind: "Unknown", reason: "height-regression" });
    expect(driver.keeper.books.tip?.number).to.equal(height);
    const after = driver.effects.slice(from);
    expect(after.filter(({ type }) => type === "rolled-back" || type === "incident")).to.deep.equal([]);
    expect(after.filter(({ type }) => type.startsWith("sign-"))).to.deep.equal([]);
    await world.mine(7);
    await driver.follow();
    await expectRebuilt(driver, world);
  });
});

describe("Keeper and reorgs on Hardhat", function () {
  this.timeout(60_000);
  let world: World;
  let driver: InProcessKeeper;

  beforeEach(async () => {
    world = await World.open();
    for (const user of world.system.users.slice(0, 2)) await depositUsd(world.system, user, 10_000n * USD);
    driver = world.keeper();
    await driver.follow();
  });

  afterEach(() => world.close());

  it("follows a trade that a reorg includes again with another result (A3)", async () => {
    const { system } = world;
    const [buyer, seller] = system.users;
    const size = (): bigint => {
      const slot = ledger.positions.slot(accountOf(buyer!).toLowerCase() as Hex, 1n);
      return ledger.positions.decode(driver.keeper.books.read("PositionLedger", slot)).size;
    };
    const replace = await world.fork();
    const trade = await new OrderBook(system).trade(buyer!, seller!, { size: UNIT });
    const { from, to, data, nonce } = trade;
    await driver.follow();
    expect(size()).to.equal(UNIT);

    await replace();
    // The mark leaves the band first: the same call reverts.
    await system.ethFeed.update(4_000_00000000n);
    const again = { from, to, data, nonce: `0x${nonce.toString(16)}`, gas: "0x2dc6c0" };
    await world.send("eth_sendTransaction", again).catch(() => undefined);
    await driver.follow();
    expect(size()).to.equal(0n);
    await expectRebuilt(driver, world);
  });

  it("leaves no pause behind when the divergent block is orphaned while it is in flight (G8)", async () => {
    const sent: Hex[] = [];
    const cautious = world.keeper({ broadcast: ({ raw }) => Promise.resolve(void sent.push(raw)) });
    await cautious.follow();
    const replace = await world.fork();
    await world.tamper("PositionLedger", ledger.accounts.slot(`0x${"07".repeat(32)}`), 1n);
    await world.mine();
    await cautious.follow();
    expect(cautious.incident?.state).to.equal("acting");

    await replace();
    await cautious.follow();
    expect(cautious.incident?.state).to.equal("orphaned");
    expect(cautious.verdict.kind).to.equal("InSync");
    expect(cautious.keeper.pauses.current).to.equal(null);

    expect(sent).to.have.length(1);
    const refusal = await world.send("eth_sendRawTransaction", sent[0]).then(() => "accepted", String);
    expect(refusal).to.contain("GuardWrongBlock");
    expect(await world.flags()).to.equal(0n);
    await cautious.follow();
    expect(cautious.verdict.kind).to.equal("InSync");
    expect(wordsOf(cautious.keeper.books)).to.deep.equal(wordsOf(driver.keeper.books));
  });

  it("pauses for the next divergence after one that was orphaned", async () => {
    const replace = await world.fork();
    const slot = ledger.accounts.slot(`0x${"07".repeat(32)}`);
    await world.tamper("PositionLedger", slot, 1n);
    await world.mine();
    await driver.follow();
    const first = driver.incident;
    expect(first?.state).to.equal("contained");
    await replace();
    await driver.follow();
    expect(await world.flags()).to.equal(0n);
    await world.tamper("PositionLedger", slot, 1n);
    await world.mine();
    await driver.follow();
    expect(driver.incident?.id).to.not.equal(first?.id);
    expect(driver.incident?.state).to.equal("contained");
    expect(await world.flags()).to.equal(3n);
  });

  it("stays Diverged when a reorg takes the pause but not its cause, and pauses again (G8)", async () => {
    await world.tamper("PositionLedger", ledger.accounts.slot(`0x${"07".repeat(32)}`), 1n);
    await world.mine();
    const cause = Number(await world.send("eth_blockNumber"));
    const replace = await world.fork();
    await driver.follow();
    expect(driver.incident).to.include({ state: "contained", blockNumber: cause });
    await replace();
    expect(await world.flags()).to.equal(0n);
    await driver.follow();
    await driver.tick();
    await driver.follow();
    expect(driver.incident).to.include({ state: "contained", blockNumber: cause });
    expect(await world.flags()).to.equal(3n);
  });

  it("takes in 500 blocks that were mined while it was away (A13)", async () => {
    await world.mine(250);
    await new OrderBook(world.system).trade(world.system.users[0]!, world.system.users[1]!, { size: UNIT });
    await world.mine(249);
    await driver.follow();
    expect(driver.keeper.books.tip?.number).to.equal(Number(await world.send("eth_blockNumber")));
    await expectRebuilt(driver, world);
  });
});

describe("Keeper and what is delivered twice or out of order", function () {
  this.timeout(60_000);

  it("ends up the same (B18)", async () => {
    const random = new SeededRandom(chooseSeed(6));
    const { world, traffic } = await openTraffic(random);
    const shuffled = world.keeper({ keys: {}, shuffle: random });
    for (let block = 0; block < 40; block += 1) {
      await traffic.send();
      await traffic.mine();
    }
    const head = Number(await world.send("eth_blockNumber"));
    const numbers = Array.from({ length: 80 }, () => 1 + random.below(head));
    for (const batch of [numbers.slice(0, 40), numbers.slice(40), [head]]) {
      const blocks = await Promise.all(batch.map(async (number) => (await readBlock(world.rpc, number))!));
      await shuffled.deliverAll(
        blocks.map((block) => ({ type: "head", source: "hardhat", ...block, nowMs: shuffled.nowMs })),
      );
      await shuffled.tick();
    }
    await shuffled.follow();
    expect(shuffled.reports.filter(({ verdict }) => verdict.kind === "Diverged")).to.deep.equal([]);
    expect(shuffled.all("quarantine")).to.deep.equal([]);
    await expectRebuilt(shuffled, world);
    await world.close();
  });
});
