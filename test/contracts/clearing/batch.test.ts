import { expect } from "chai";
import { network } from "hardhat";

import { deployLockstep, depositUsd, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { ETH_PRICE, OrderBook, UNIT, type MatchInput } from "../../helpers/orders.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const BTC_PRICE = 60_000n * UNIT;

async function fixture(): Promise<Lockstep> {
  const system = await deployLockstep(connection);
  for (const user of system.users.slice(0, 4)) await depositUsd(system, user, 100_000_000_000n);
  return system;
}

describe("OrderSettlement > batch", () => {
  let system: Lockstep;
  let orders: OrderBook;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    orders = new OrderBook(system);
  });

  const user = (index: number) => system.users[index]!;
  const sizeOf = async (index: number, instrument = 1) =>
    await system.ledger.sizeOf(accountOf(user(index)), instrument);
  const eth = async (buyer: number, seller: number, size = UNIT) =>
    await orders.tradeMatch(user(buyer), user(seller), { size });
  const btc = async (buyer: number, seller: number, price = BTC_PRICE) =>
    await orders.tradeMatch(user(buyer), user(seller), { instrument: 2, size: UNIT / 10n, price });

  it("refuses to be empty", async () => {
    await expect(system.settlement.settleBatch([])).to.be.revertedWithCustomError(
      system.settlement,
      "SettlementEmptyBatch",
    );
  });

  it("settles matches of several instruments in their order", async () => {
    const matches = [await eth(0, 1), await btc(1, 2), await eth(2, 3), await eth(3, 1), await btc(0, 2)];
    const receipt = (await (await system.settlement.settleBatch(matches)).wait())!;
    const filled = receipt.logs
      .map((log) => system.settlement.interface.parseLog(log))
      .filter((event) => event?.name === "OrderFilled")
      .map((event) => event!.args["orderHash"] as string);
    const expected: string[] = [];
    for (const { buy, sell } of matches) {
      expected.push(await system.settlement.hashOrder(buy), await system.settlement.hashOrder(sell));
    }
    expect(filled).to.deep.equal(expected);
    const sizes = [];
    for (const index of [0, 1, 2, 3]) sizes.push([await sizeOf(index), await sizeOf(index, 2)]);
    const tenth = UNIT / 10n;
    expect(sizes).to.deep.equal([
      [UNIT, tenth],
      [-2n * UNIT, tenth],
      [UNIT, -2n * tenth],
      [0n, 0n],
    ]);
  });

  it("measures each match by the band of its own instrument", async () => {
    const wrong = await btc(1, 2, ETH_PRICE);
    await expect(system.settlement.settleBatch([await eth(0, 1), wrong, await eth(0, 1)]))
      .to.be.revertedWithCustomError(system.settlement, "SettlementOutsideBand")
      .withArgs(ETH_PRICE, (BTC_PRICE * 98n) / 100n, (BTC_PRICE * 102n) / 100n);
  });

  it("refuses a second order of another instrument than the first of its match, after a change of instruments", async () => {
    const [good, other] = [await eth(0, 1), await btc(0, 1)];
    const mixed: MatchInput = { ...other, sell: good.sell, sellSignature: good.sellSignature };
    await expect(system.settlement.settleBatch([await eth(2, 3), mixed]))
      .to.be.revertedWithCustomError(system.settlement, "SettlementInstrumentMismatch")
      .withArgs(2, 1);
  });

  it("settles all or none", async () => {
    const matches = [await eth(0, 1), await btc(1, 2), await eth(2, 3)];
    const refusals: readonly [MatchInput, string][] = [
      [{ ...matches[1]!, buySignature: "0x" }, "SettlementBadSignature"],
      [{ ...matches[1]!, size: UNIT }, "SettlementOverfill"],
      [matches[0]!, "SettlementOverfill"],
    ];
    for (const [bad, error] of refusals) {
      await expect(system.settlement.settleBatch([...matches, bad])).to.be.revertedWithCustomError(
        system.settlement,
        error,
      );
    }
    for (const index of [0, 1, 2, 3]) expect(await sizeOf(index)).to.equal(0);
    expect((await system.settlement.laneOf(matches[0]!.buy.account, matches[0]!.buy.lane)).sequence).to.equal(0);
    await system.settlement.settleBatch(matches);
  });

  it("fills one order by several matches up to its size", async () => {
    const buy = orders.order(user(0), true, { size: 3n * UNIT, isPostOnly: true });
    const parts = [];
    for (const seller of [1, 2, 3]) {
      parts.push(await orders.match(user(0), buy, user(seller), orders.order(user(seller), false)));
    }
    const more = await orders.match(user(0), buy, user(1), orders.order(user(1), false, { size: 1n }));
    await expect(system.settlement.settleBatch([...parts, more]))
      .to.be.revertedWithCustomError(system.settlement, "SettlementOverfill")
      .withArgs(await system.settlement.hashOrder(buy), 0, 1);
    await system.settlement.settleBatch(parts);
    expect(await sizeOf(0)).to.equal(3n * UNIT);
  });

  it("lets a lane advance from match to match, and not fall back", async () => {
    const [first, second] = [await eth(0, 1), await eth(0, 1)];
    await expect(system.settlement.settleBatch([second, first]))
      .to.be.revertedWithCustomError(system.settlement, "SettlementDeadSequence")
      .withArgs(first.buy.account, first.buy.lane, first.buy.sequence, second.buy.sequence);
    await system.settlement.settleBatch([first, second]);
    expect(await sizeOf(0)).to.equal(2n * UNIT);
  });

  it("checks the executor of every order", async () => {
    const theirs = await orders.tradeMatch(user(0), user(1), { sell: { executor: user(6).address } });
    await expect(system.settlement.connect(user(5)).settleBatch([await eth(2, 3), theirs]))
      .to.be.revertedWithCustomError(system.settlement, "SettlementNotExecutor")
      .withArgs(user(5).address, user(6).address);
    await system.settlement.connect(user(6)).settleBatch([theirs]);
  });

  it("costs a third less for each match than one by one", async () => {
    const gasOf = async (sent: { wait(): Promise<{ readonly gasUsed: bigint } | null> }) =>
      (await sent.wait())!.gasUsed;
    await system.settlement.settleBatch([await eth(0, 1), await eth(2, 3)]);
    const single = await gasOf(await system.settlement.settle(await eth(0, 1)));
    const matches = [];
    for (let count = 0; count < 10; count += 1) matches.push(await (count % 2 === 0 ? eth(0, 1) : eth(2, 3)));
    const batch = await gasOf(await system.settlement.settleBatch(matches));
    expect(batch * 3n).to.be.lessThan(single * 10n * 2n);
  });
});
