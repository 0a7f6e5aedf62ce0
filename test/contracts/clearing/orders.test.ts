import { expect } from "chai";
import { Signature, toBeHex, TypedDataEncoder, ZeroHash } from "ethers";
import { network } from "hardhat";

import { deployLockstep, depositUsd, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { domainOf } from "../../helpers/attestations.ts";
import { ETH_PRICE, ORDER_FIELDS, OrderBook, UNIT, type OrderInput } from "../../helpers/orders.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const UINT64_MAX = 2n ** 64n - 1n;
const LANE = 77n;

async function fixture(): Promise<Lockstep> {
  const system = await deployLockstep(connection);
  for (const user of system.users.slice(0, 3)) await depositUsd(system, user, 100_000_000_000n);
  return system;
}

describe("OrderSettlement > orders", () => {
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
  const expectDead = async (sent: Promise<unknown>, sequence: bigint, live: bigint) =>
    await expect(sent)
      .to.be.revertedWithCustomError(system.settlement, "SettlementDeadSequence")
      .withArgs(account(0), LANE, sequence, live);
  const expectOverfill = async (sent: Promise<unknown>, order: OrderInput, available: bigint, requested: bigint) =>
    await expect(sent)
      .to.be.revertedWithCustomError(system.settlement, "SettlementOverfill")
      .withArgs(await system.settlement.hashOrder(order), available, requested);

  describe("hash and signature", () => {
    it("is what a wallet computes from the type", async () => {
      const order = buyAt(3n, { isReduceOnly: true, maxFeePpm: 1_234, epoch: 5, executor: user(6).address });
      const domain = await domainOf(system, system.settlement.target as string);
      const expected = TypedDataEncoder.hash(domain, { Order: ORDER_FIELDS }, order);
      expect(await system.settlement.hashOrder(order)).to.equal(expected);
      const { name, version, verifyingContract } = await system.settlement.eip712Domain();
      expect([name, version, verifyingContract]).to.deep.equal(["Lockstep", "1", system.settlement.target]);
    });

    it("refuses broken, malleable and other people's signatures", async () => {
      const match = await orders.tradeMatch(user(0), user(1));
      const { r, s, v } = Signature.from(match.buySignature);
      const cases = [
        await orders.sign(user(2), match.buy),
        match.sellSignature,
        "0x",
        // EIP-2098: another form of the same signature.
        Signature.from(match.buySignature).compactSerialized,
        r + toBeHex(CURVE_ORDER - BigInt(s), 32).slice(2) + (v === 27 ? "1c" : "1b"),
        `0x${"00".repeat(65)}`,
        `${match.buySignature}00`,
      ];
      for (const buySignature of cases) {
        await expect(system.settlement.settle({ ...match, buySignature }))
          .to.be.revertedWithCustomError(system.settlement, "SettlementBadSignature")
          .withArgs(await system.settlement.hashOrder(match.buy), user(0).address);
      }
      await system.settlement.settle(match);
    });

    it("refuses an account that zero owns, whose signature anything broken would be", async () => {
      const match = await orders.tradeMatch(user(0), user(1), { buy: { account: ZeroHash } });
      await expect(system.settlement.settle({ ...match, buySignature: "0x" })).to.be.revertedWithCustomError(
        system.settlement,
        "SettlementBadSignature",
      );
    });

    it("refuses a signature for other terms than those shown, whichever differ", async () => {
      const match = await orders.tradeMatch(user(0), user(1), { instrument: 1 });
      const changes: { readonly [Field in keyof OrderInput]: OrderInput[Field] } = {
        account: accountOf(user(0), 3),
        instrument: 2,
        isBuy: false,
        isPostOnly: true,
        isReduceOnly: true,
        size: 2n * UNIT,
        limitPrice: ETH_PRICE + 1n,
        maxFeePpm: 1,
        executor: system.admin.address,
        expiry: 2 ** 46,
        epoch: 1,
        lane: 5n,
        sequence: match.buy.sequence + 1n,
      };
      for (const [field, value] of Object.entries(changes)) {
        const isInstrument = field === "instrument";
        const price = isInstrument ? { limitPrice: 60_000n * UNIT } : {};
        const buy = { ...match.buy, ...price, [field]: value };
        const sell = isInstrument ? { ...match.sell, ...price, instrument: 2 } : match.sell;
        const sent = system.settlement.settle({ ...match, buy, sell });
        const error = field === "isBuy" ? "SettlementWrongSide" : "SettlementBadSignature";
        await expect(sent, field).to.be.revertedWithCustomError(system.settlement, error);
      }
    });

    it("refuses a word with excess bits", async () => {
      const match = await orders.tradeMatch(user(0), user(1));
      const data = system.settlement.interface.encodeFunctionData("settle", [match]);
      // Selector, offset of the match, then the words of the buy order, of which the fifth is `isReduceOnly`.
      const start = 2 + 2 * (4 + 32 + 4 * 32);
      const dirty = data.slice(0, start) + toBeHex(2, 32).slice(2) + data.slice(start + 64);
      await expect(
        system.admin.sendTransaction({ to: system.settlement.target, data: dirty }),
      ).to.be.revertedWithoutReason(system.ethers);
      await system.admin.sendTransaction({ to: system.settlement.target, data });
    });
  });

  describe("who and when", () => {
    it("refuses callers other than the executor, of either order", async () => {
      for (const side of ["buy", "sell"] as const) {
        await expect(orders.trade(user(0), user(1), { [side]: { executor: user(6).address }, executor: user(5) }))
          .to.be.revertedWithCustomError(system.settlement, "SettlementNotExecutor")
          .withArgs(user(5).address, user(6).address);
      }
      const executor = { executor: user(6).address };
      await orders.trade(user(0), user(1), { buy: executor, sell: executor, executor: user(6) });
    });

    it("refuses an order after its last second", async () => {
      const expiry = (await networkHelpers.time.latest()) + 10;
      const buy = buyAt(1n, { expiry });
      await networkHelpers.time.setNextBlockTimestamp(expiry);
      await fill(buy, UNIT / 2n);
      await networkHelpers.time.setNextBlockTimestamp(expiry + 1);
      await expect(fill(buy, UNIT / 2n))
        .to.be.revertedWithCustomError(system.settlement, "SettlementExpired")
        .withArgs(await system.settlement.hashOrder(buy), expiry);
    });
  });

  describe("fills", () => {
    it("INV-15: fills an order up to its size in parts, never beyond, never again", async () => {
      const buy = buyAt(1n);
      await expectOverfill(fill(buy, UNIT + 1n), buy, UNIT, UNIT + 1n);
      await expect(fill(buy, UNIT / 4n))
        .to.emit(system.settlement, "OrderFilled")
        .withArgs(await system.settlement.hashOrder(buy), buy.account, LANE, 1, UNIT / 4n, ETH_PRICE, UNIT / 4n);
      await expectOverfill(fill(buy, UNIT), buy, (3n * UNIT) / 4n, UNIT);
      await fill(buy, (3n * UNIT) / 4n);
      await expectOverfill(fill(buy, 1n), buy, 0n, 1n);
      expect(await laneState()).to.deep.equal({ sequence: 1n, filled: UNIT });
      expect(await system.ledger.sizeOf(account(0), 1)).to.equal(UNIT);
    });

    it("refuses sequence zero, which no lane is ever at", async () => {
      await expect(fill(buyAt(0n))).to.be.revertedWithCustomError(system.settlement, "SettlementZeroSequence");
    });

    it("kills the lower sequences of a lane, partly filled or not, and of no other lane", async () => {
      const [first, second, other] = [buyAt(5n), buyAt(6n), orders.order(user(0), true)];
      await fill(first, UNIT / 2n);
      await fill(second, UNIT / 4n);
      expect(await laneState()).to.deep.equal({ sequence: 6n, filled: UNIT / 4n });
      await expectDead(fill(first, UNIT / 2n), 5n, 6n);
      await expectDead(fill(buyAt(1n)), 1n, 6n);
      await fill(other);
      await fill(second, (3n * UNIT) / 4n);
    });

    it("counts together what two orders with one sequence fill, so that a replacement never doubles", async () => {
      const [first, replacement] = [buyAt(1n), buyAt(1n, { limitPrice: ETH_PRICE + UNIT, size: 2n * UNIT })];
      await fill(first);
      await expectOverfill(fill(replacement, UNIT + 1n), replacement, UNIT, UNIT + 1n);
      await fill(replacement, UNIT);
      expect(await system.ledger.sizeOf(account(0), 1)).to.equal(2n * UNIT);
    });

    it("offers nothing of an order that is smaller than what its sequence has filled", async () => {
      const [large, small] = [buyAt(1n, { size: 2n * UNIT }), buyAt(1n, { size: UNIT / 2n })];
      await fill(large, UNIT);
      await expectOverfill(fill(small, 1n), small, 0n, 1n);
    });

    it("keeps a lane for each account of an owner", async () => {
      const other = accountOf(user(0), 1);
      await system.usd.mint(user(0).address, 10n ** 10n);
      await system.usd.connect(user(0)).approve(system.vault.target, 10n ** 10n);
      await system.vault.connect(user(0)).deposit(other, system.usd.target, 10n ** 10n);
      await fill(buyAt(9n));
      await fill(buyAt(1n, { account: other }));
      expect((await laneState()).sequence).to.equal(9n);
    });

    it("takes the highest sequence, after which the lane is closed", async () => {
      await fill(buyAt(UINT64_MAX));
      await expectDead(fill(buyAt(UINT64_MAX - 1n)), UINT64_MAX - 1n, UINT64_MAX);
    });

    it("writes no new word for a fresh order in a used lane", async () => {
      const gas = async (sent: Promise<{ wait(): Promise<{ readonly gasUsed: bigint } | null> }>) =>
        (await (await sent).wait())!.gasUsed;
      const trade = async (lane: bigint, sequence: bigint) =>
        await gas(orders.trade(user(0), user(1), { buy: { lane, sequence }, sell: { lane, sequence } }));
      await trade(1n, 1n);
      await trade(1n, 2n);
      const used = await trade(1n, 3n);
      const unused = await trade(2n, 1n);
      // Two words of 22,100 instead of two of 5,000.
      expect(unused - used).to.be.greaterThan(34_000n);
    });
  });
});
