import { expect } from "chai";
import { network } from "hardhat";

import { deployLockstep, depositUsd, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { OrderBook, UNIT, type MatchInput, type OrderInput } from "../../helpers/orders.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const UINT128_MAX = 2n ** 128n - 1n;
const LANE = 77n;

async function fixture(): Promise<Lockstep> {
  const system = await deployLockstep(connection);
  for (const user of system.users.slice(0, 3)) await depositUsd(system, user, 100_000_000_000n);
  return system;
}

describe("OrderSettlement > cancelling", () => {
  let system: Lockstep;
  let orders: OrderBook;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    orders = new OrderBook(system);
  });

  const user = (index: number) => system.users[index]!;
  const account = (index: number) => accountOf(user(index));
  /** An order of user 0 to buy in {@link LANE}. */
  const buyAt = (sequence: bigint, changes: Partial<OrderInput> = {}) =>
    orders.order(user(0), true, { lane: LANE, sequence, ...changes });
  /** Fills `size` of an order of user 0 with a fresh one of user 1. */
  const fill = async (buy: OrderInput, size: bigint = buy.size) => {
    const sell = orders.order(user(1), false, { size, instrument: buy.instrument, limitPrice: buy.limitPrice });
    return await system.settlement.settle(await orders.match(user(0), buy, user(1), sell, size));
  };
  const laneState = async () => {
    const { sequence, filled } = await system.settlement.laneOf(account(0), LANE);
    return { sequence, filled };
  };
  const asOwner = () => system.settlement.connect(user(0));
  const expectDead = async (sent: Promise<unknown>, sequence: bigint, live: bigint) =>
    await expect(sent)
      .to.be.revertedWithCustomError(system.settlement, "SettlementDeadSequence")
      .withArgs(account(0), LANE, sequence, live);
  const expectOverfill = async (sent: Promise<unknown>, order: OrderInput, available: bigint, requested: bigint) =>
    await expect(sent)
      .to.be.revertedWithCustomError(system.settlement, "SettlementOverfill")
      .withArgs(await system.settlement.hashOrder(order), available, requested);

  describe("cancel", () => {
    it("is for the owner of the account, and not for sequence zero", async () => {
      await expect(system.settlement.connect(user(1)).cancel(account(0), LANE, 1))
        .to.be.revertedWithCustomError(system.settlement, "SettlementNotOwner")
        .withArgs(user(1).address, user(0).address);
      await expect(asOwner().cancel(account(0), LANE, 0)).to.be.revertedWithCustomError(
        system.settlement,
        "SettlementZeroSequence",
      );
    });

    it("kills the sequence and the lower ones, in a lane never used as well", async () => {
      await expect(asOwner().cancel(account(0), LANE, 4))
        .to.emit(system.settlement, "OrderCancelled")
        .withArgs(account(0), LANE, 4);
      expect(await laneState()).to.deep.equal({ sequence: 4n, filled: UINT128_MAX });
      await expectOverfill(fill(buyAt(4n), 1n), buyAt(4n), 0n, 1n);
      await expectOverfill(fill(buyAt(4n, { size: UINT128_MAX }), 1n), buyAt(4n, { size: UINT128_MAX }), 0n, 1n);
      await expectDead(fill(buyAt(3n)), 3n, 4n);
      await fill(buyAt(5n));
    });

    it("refuses a dead sequence, and repeats the live one without effect", async () => {
      await fill(buyAt(7n), UNIT / 2n);
      await expectDead(asOwner().cancel(account(0), LANE, 6), 6n, 7n);
      for (let count = 0; count < 2; count += 1) {
        await asOwner().cancel(account(0), LANE, 7);
        expect(await laneState()).to.deep.equal({ sequence: 7n, filled: UINT128_MAX });
      }
    });

    it("comes too late for what a fill in front of it took, and keeps the rest", async () => {
      const buy = buyAt(1n);
      await fill(buy, UNIT / 4n);
      await asOwner().cancel(account(0), LANE, 1);
      await expectOverfill(fill(buy, 1n), buy, 0n, 1n);
      expect(await system.ledger.sizeOf(account(0), 1)).to.equal(UNIT / 4n);
    });

    it("wins in front of a fill", async () => {
      const buy = buyAt(1n);
      await asOwner().cancel(account(0), LANE, 1);
      await expectOverfill(fill(buy, UNIT / 4n), buy, 0n, UNIT / 4n);
      expect(await system.ledger.sizeOf(account(0), 1)).to.equal(0);
    });

    it("decides within one block by the order of transactions", async () => {
      const buy = buyAt(1n);
      const sell = orders.order(user(1), false);
      const match: MatchInput = await orders.match(user(0), buy, user(1), sell, UNIT / 4n);
      const { provider } = system.ethers;
      await provider.send("evm_setAutomine", [false]);
      const gas = { gasLimit: 1_000_000 };
      const cancelled = await asOwner().cancel(account(0), LANE, 1, { ...gas, gasPrice: 20n * 10n ** 9n });
      const settled = await system.settlement.settle(match, { ...gas, gasPrice: 10n * 10n ** 9n });
      await provider.send("evm_mine", []);
      await provider.send("evm_setAutomine", [true]);
      const status = async (hash: string) => (await provider.getTransactionReceipt(hash))!.status;
      expect([await status(cancelled.hash), await status(settled.hash)]).to.deep.equal([1, 0]);
    });
  });

  describe("cancelAll", () => {
    it("is for the owner of the account", async () => {
      await expect(system.settlement.connect(user(1)).cancelAll(account(0)))
        .to.be.revertedWithCustomError(system.settlement, "SettlementNotOwner")
        .withArgs(user(1).address, user(0).address);
    });

    it("kills every order signed so far, in all lanes, and none of another account", async () => {
      const [partly, fresh] = [buyAt(1n), orders.order(user(0), true)];
      await fill(partly, UNIT / 2n);
      expect(await asOwner().cancelAll.staticCall(account(0))).to.equal(1);
      await expect(asOwner().cancelAll(account(0)))
        .to.emit(system.ledger, "EpochAdvanced")
        .withArgs(account(0), 1);
      for (const dead of [partly, fresh]) {
        await expect(fill(dead, UNIT / 2n))
          .to.be.revertedWithCustomError(system.ledger, "LedgerOldEpoch")
          .withArgs(account(0), 0, 1);
      }
      await orders.trade(user(2), user(1));
      await fill(buyAt(2n, { epoch: 1 }));
    });

    it("does not let an order of a later epoch settle before its time", async () => {
      await expect(fill(buyAt(1n, { epoch: 1 })))
        .to.be.revertedWithCustomError(system.ledger, "LedgerOldEpoch")
        .withArgs(account(0), 1, 0);
    });
  });
});
