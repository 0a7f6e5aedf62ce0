import { expect } from "chai";
import { Signature, toBeHex, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { deployLockstep, depositUsd, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { ETH_PRICE, OrderBook, UNIT, type OrderInput } from "../../helpers/orders.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const UINT128_MAX = 2n ** 128n - 1n;

async function fixture(): Promise<Lockstep> {
  const system = await deployLockstep(connection);
  for (const user of system.users.slice(0, 3)) await depositUsd(system, user, 100_000_000_000n);
  return system;
}

describe("OrderSettlement", () => {
  let system: Lockstep;
  let orders: OrderBook;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    orders = new OrderBook(system);
  });

  const user = (index: number) => system.users[index]!;

  /** Settles a buy of user 0 (maker) against a sell of user 1 (taker), with changes to each. */
  async function settle(
    makerChanges: Partial<OrderInput> = {},
    takerChanges: Partial<OrderInput> = {},
    { size = UNIT, caller = 5 }: { size?: bigint; caller?: number } = {},
  ) {
    const maker = orders.order(user(0), true, makerChanges);
    const taker = orders.order(user(1), false, takerChanges);
    const settlement = system.settlement.connect(user(caller));
    return await settlement.settle(
      maker,
      await orders.sign(user(0), maker),
      taker,
      await orders.sign(user(1), taker),
      size,
    );
  }

  describe("setup", () => {
    it("refuses zero modules", async () => {
      const factory = await system.ethers.getContractFactory("OrderSettlement");
      const modules = [system.ledger.target, system.instruments.target, system.oracle.target];
      for (const index of modules.keys()) {
        const [a, b, c] = modules.with(index, ZeroAddress);
        await expect(factory.deploy(a!, b!, c!)).to.be.revertedWithCustomError(
          system.settlement,
          "SettlementZeroAddress",
        );
      }
    });
  });

  describe("settle", () => {
    it("refuses a zero size", async () => {
      await expect(settle({}, {}, { size: 0n })).to.be.revertedWithCustomError(system.settlement, "SettlementZeroSize");
    });

    it("refuses two orders on one side", async () => {
      await expect(settle({}, { isBuy: true })).to.be.revertedWithCustomError(system.settlement, "SettlementSameSide");
    });

    it("refuses two instruments", async () => {
      await expect(settle({}, { instrument: 2 }))
        .to.be.revertedWithCustomError(system.settlement, "SettlementInstrumentMismatch")
        .withArgs(1, 2);
    });

    it("refuses two accounts of one owner", async () => {
      await expect(settle({}, { account: accountOf(user(0), 7) }))
        .to.be.revertedWithCustomError(system.settlement, "SettlementSameOwner")
        .withArgs(user(0).address);
    });

    it("refuses a price beyond the taker's limit, on either side", async () => {
      await expect(settle({}, { limitPrice: ETH_PRICE + 1n }))
        .to.be.revertedWithCustomError(system.settlement, "SettlementPriceBeyondLimit")
        .withArgs(ETH_PRICE, ETH_PRICE + 1n);
      await expect(settle({ isBuy: false }, { isBuy: true, limitPrice: ETH_PRICE - 1n }))
        .to.be.revertedWithCustomError(system.settlement, "SettlementPriceBeyondLimit")
        .withArgs(ETH_PRICE, ETH_PRICE - 1n);
    });

    it("refuses a price outside the band around the mark, and takes its edges", async () => {
      const edge = (ETH_PRICE * 2n) / 100n;
      for (const price of [ETH_PRICE + edge + 1n, ETH_PRICE - edge - 1n, 0n, UINT128_MAX]) {
        await expect(settle({ limitPrice: price }, { limitPrice: 0n }))
          .to.be.revertedWithCustomError(system.settlement, "SettlementOutsideBand")
          .withArgs(price, ETH_PRICE, 20_000);
      }
      await settle({ limitPrice: ETH_PRICE + edge }, { limitPrice: 0n });
      await settle({ limitPrice: ETH_PRICE - edge }, { limitPrice: 0n });
    });

    it("refuses an instrument that is not listed", async () => {
      await expect(settle({ instrument: 9 }, { instrument: 9 }))
        .to.be.revertedWithCustomError(system.oracle, "OracleUnknownFeed")
        .withArgs(0);
    });

    it("refuses callers other than the executor, of maker and of taker", async () => {
      for (const [maker, taker] of [
        [{ executor: user(6).address }, {}],
        [{}, { executor: user(6).address }],
      ] as const) {
        await expect(settle(maker, taker))
          .to.be.revertedWithCustomError(system.settlement, "SettlementNotExecutor")
          .withArgs(user(5).address, user(6).address);
      }
      await settle({ executor: user(6).address }, { executor: user(6).address }, { caller: 6 });
    });

    it("refuses an order after its last second", async () => {
      const expiry = (await networkHelpers.time.latest()) + 10;
      const order = orders.order(user(0), true, { expiry });
      const taker = orders.order(user(1), false, { size: 3n * UNIT });
      const signatures = [await orders.sign(user(0), order), await orders.sign(user(1), taker)] as const;
      const run = async () => await system.settlement.settle(order, signatures[0], taker, signatures[1], UNIT / 2n);
      await networkHelpers.time.setNextBlockTimestamp(expiry);
      await run();
      await networkHelpers.time.setNextBlockTimestamp(expiry + 1);
      await expect(run())
        .to.be.revertedWithCustomError(system.settlement, "SettlementExpired")
        .withArgs(await system.settlement.hashOrder(order), expiry);
    });

    it("refuses broken, malleable and other people's signatures", async () => {
      const maker = orders.order(user(0), true);
      const taker = orders.order(user(1), false);
      const good = await orders.sign(user(1), taker);
      const { r, s, v } = Signature.from(await orders.sign(user(0), maker));
      const malleable = r + toBeHex(CURVE_ORDER - BigInt(s), 32).slice(2) + (v === 27 ? "1c" : "1b");
      const cases = [
        { signature: await orders.sign(user(2), maker), signer: user(2).address },
        { signature: "0x", signer: ZeroAddress },
        { signature: malleable, signer: ZeroAddress },
        { signature: `0x${"00".repeat(65)}`, signer: ZeroAddress },
      ];
      const hash = await system.settlement.hashOrder(maker);
      for (const { signature, signer } of cases) {
        await expect(system.settlement.settle(maker, signature, taker, good, UNIT))
          .to.be.revertedWithCustomError(system.settlement, "SettlementBadSignature")
          .withArgs(hash, signer, user(0).address);
      }
    });

    it("refuses an account that zero owns, whose signature anything broken would be", async () => {
      const maker = orders.order(user(0), true, { account: ZeroHash });
      const taker = orders.order(user(1), false);
      await expect(system.settlement.settle(maker, "0x", taker, await orders.sign(user(1), taker), UNIT))
        .to.be.revertedWithCustomError(system.settlement, "SettlementBadSignature")
        .withArgs(await system.settlement.hashOrder(maker), ZeroAddress, ZeroAddress);
    });

    it("refuses a signature for other terms than those shown", async () => {
      const maker = orders.order(user(0), true);
      const taker = orders.order(user(1), false);
      const signatures = [await orders.sign(user(0), maker), await orders.sign(user(1), taker)] as const;
      const changes: Partial<OrderInput>[] = [
        { size: 2n * UNIT },
        { salt: 99n },
        { expiry: 2 ** 46 },
        { account: accountOf(user(0), 3) },
      ];
      for (const change of changes) {
        await expect(
          system.settlement.settle({ ...maker, ...change }, signatures[0], taker, signatures[1], UNIT),
        ).to.be.revertedWithCustomError(system.settlement, "SettlementBadSignature");
      }
    });

    it("INV-15: fills an order up to its size in parts, never beyond, never again", async () => {
      const maker = orders.order(user(0), true);
      const signature = await orders.sign(user(0), maker);
      const hash = await system.settlement.hashOrder(maker);
      const run = async (size: bigint) => {
        const taker = orders.order(user(1), false, { size: 2n * UNIT });
        return await system.settlement.settle(maker, signature, taker, await orders.sign(user(1), taker), size);
      };
      await expect(run(UNIT + 1n))
        .to.be.revertedWithCustomError(system.settlement, "SettlementOverfill")
        .withArgs(hash, UNIT, UNIT + 1n);
      await expect(run(UNIT / 4n))
        .to.emit(system.settlement, "OrderFilled")
        .withArgs(hash, maker.account, UNIT / 4n, ETH_PRICE, UNIT / 4n);
      await expect(run(UNIT))
        .to.be.revertedWithCustomError(system.settlement, "SettlementOverfill")
        .withArgs(hash, (3n * UNIT) / 4n, UNIT);
      await run((3n * UNIT) / 4n);
      await expect(run(1n)).to.be.revertedWithCustomError(system.settlement, "SettlementOverfill").withArgs(hash, 0, 1);
      expect(await system.settlement.filledOf(hash)).to.equal(UNIT);
    });

    it("trades at the maker's limit, for the better of the taker's", async () => {
      const price = (ETH_PRICE * 101n) / 100n;
      await settle({ limitPrice: price }, { limitPrice: ETH_PRICE });
      expect(await system.ledger.quoteOf(accountOf(user(1)))).to.equal(100_000n * UNIT + price);
      expect(await system.ledger.sizeOf(accountOf(user(1)), 1)).to.equal(-UNIT);
    });

    it("rounds the fraction of quote down, and refuses a trade that would be for nothing", async () => {
      await system.oracle.setFeed(1, system.ethFeed.target, 1_000_000, 1n, 2n ** 100n);
      await system.ethFeed.update(1n);
      const price = 10n ** 10n;
      await expect(
        settle({ limitPrice: price }, { limitPrice: price }, { size: 99_999_999n }),
      ).to.be.revertedWithCustomError(system.ledger, "LedgerZeroAmount");
      await settle({ limitPrice: price }, { limitPrice: price }, { size: 199_999_999n });
      expect(await system.ledger.quoteOf(accountOf(user(0)))).to.equal(100_000n * UNIT - 1n);
    });
  });

  describe("cancel", () => {
    it("is for the owner of the account", async () => {
      const order = orders.order(user(0), true);
      await expect(system.settlement.connect(user(1)).cancel(order))
        .to.be.revertedWithCustomError(system.settlement, "SettlementNotOwner")
        .withArgs(user(1).address, user(0).address);
    });

    it("ends an order, filled in part or not at all", async () => {
      const order = orders.order(user(0), true);
      const hash = await system.settlement.hashOrder(order);
      await expect(system.settlement.connect(user(0)).cancel(order))
        .to.emit(system.settlement, "OrderCancelled")
        .withArgs(hash, order.account, UINT128_MAX);
      const taker = orders.order(user(1), false);
      await expect(
        system.settlement.settle(
          order,
          await orders.sign(user(0), order),
          taker,
          await orders.sign(user(1), taker),
          1n,
        ),
      )
        .to.be.revertedWithCustomError(system.settlement, "SettlementOverfill")
        .withArgs(hash, 0, 1);
    });
  });
});
