import { expect } from "chai";
import { toBeHex, ZeroAddress } from "ethers";
import { network } from "hardhat";

import { storage } from "../../../keeper/books/generated/PositionLedger.ts";
import {
  deployBareLedger,
  SCALE,
  termsOf,
  tradeInput,
  type BareLedger,
  type BareTrade,
} from "../../fixtures/deployBareLedger.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { LedgerFuzz } from "../../helpers/LedgerFuzz.ts";
import { mappingSlot } from "../../helpers/proofs.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const SEED = chooseSeed(20_261_122);
const OPERATIONS = Number(process.env["LOCKSTEP_OPERATIONS"] ?? 1_000);
const MAX_OPEN = 30;
const ONE = 10n ** 18n;
const UINT128_MAX = 2n ** 128n - 1n;
const INT96_MAX = 2n ** 95n - 1n;
const HALT = 8;
const INCREASE_RISK = 1;
const WITHDRAW = 2;
const LIQUIDATE = 4;
const FUND_SHORT = 16;
const WIND_DOWN = 32;

async function fixture(): Promise<BareLedger> {
  return await deployBareLedger(connection);
}

describe("PositionLedger", () => {
  let bare: BareLedger;
  let alice: string;
  let bob: string;

  beforeEach(async () => {
    bare = await networkHelpers.loadFixture(fixture);
    alice = accountOf(bare.users[0]!, 1);
    bob = accountOf(bare.users[1]!, 2);
  });

  const trade = async (input: Partial<BareTrade> = {}) =>
    await bare.ledger.connect(bare.settlement).trade(tradeInput({ buyer: alice, seller: bob, ...input }));
  const credit = async (account: string, asset: string, amount: bigint) =>
    await bare.ledger.connect(bare.vault).credit(account, asset, amount);
  const debit = async (account: string, asset: string, amount: bigint) =>
    await bare.ledger.connect(bare.vault).debit(account, asset, amount);
  const push = async (flags: number, graceUntil = 0) =>
    await bare.ledger.connect(bare.guard).push(flags, await networkHelpers.time.latest(), graceUntil);
  const read = async (slot: string): Promise<bigint> =>
    BigInt(await bare.ethers.provider.getStorage(bare.ledger.target, slot));

  describe("setup", () => {
    it("refuses zero addresses, a zero stale limit and a token with more than 18 decimals", async () => {
      const { ethers, ledger, usd, harness } = bare;
      const factory = await ethers.getContractFactory("PositionLedger");
      const good = [harness.target, harness.target, usd];
      for (const position of [0, 1, 2]) {
        const [margin, instruments, asset] = good.with(position, ZeroAddress);
        const deploying = factory.deploy(margin!, instruments!, asset!, 1);
        await expect(deploying).to.be.revertedWithCustomError(ledger, "LedgerZeroAddress");
      }
      const [margin, instruments, asset] = good;
      await expect(factory.deploy(margin!, instruments!, asset!, 0)).to.be.revertedWithCustomError(
        ledger,
        "LedgerZeroAmount",
      );
      const fine = await ethers.deployContract("MockToken", ["Fine", "F", 19]);
      await expect(factory.deploy(margin!, instruments!, fine.target, 1))
        .to.be.revertedWithCustomError(ledger, "LedgerUnsupportedDecimals")
        .withArgs(19);
      expect(await ledger.SETTLEMENT_SCALE()).to.equal(SCALE);
    });

    it("binds its modules once, all of them, by the deployer", async () => {
      const { ethers, stranger, usd, harness, vault, settlement, guard, auction, fund } = bare;
      const ledger = await ethers.deployContract("PositionLedger", [harness.target, harness.target, usd, 1]);
      const all = [vault, settlement, guard, auction, fund].map(({ address }) => address);
      const asModules = ([a, b, c, d, e]: string[]) => ({
        vault: a!,
        settlement: b!,
        guard: c!,
        auction: d!,
        fund: e!,
      });
      await expect(ledger.connect(stranger).bind(asModules(all)))
        .to.be.revertedWithCustomError(ledger, "LedgerNotDeployer")
        .withArgs(stranger.address);
      for (const position of all.keys()) {
        const binding = ledger.bind(asModules(all.with(position, ZeroAddress)));
        await expect(binding).to.be.revertedWithCustomError(ledger, "LedgerZeroAddress");
      }
      await expect(ledger.bind(asModules(all)))
        .to.emit(ledger, "ModulesBound")
        .withArgs(...all);
      await expect(ledger.bind(asModules(all))).to.be.revertedWithCustomError(ledger, "LedgerAlreadyBound");
      expect(await ledger.modules()).to.deep.equal(all);
      expect(await ledger.fundAccount()).to.equal(accountOf(fund));
    });

    it("takes each write from its module only", async () => {
      const { ledger, vault, settlement, guard, auction, fund, stranger, usd } = bare;
      const foreign = ledger.connect(stranger);
      const input = tradeInput({ buyer: alice, seller: bob });
      for (const [call, module] of [
        [() => foreign.credit(alice, usd, 1), vault],
        [() => foreign.debit(alice, usd, 1), vault],
        [() => foreign.debitWitnessed(alice, usd, 1), vault],
        [() => foreign.trade(input), settlement],
        [() => foreign.advanceEpoch(alice), settlement],
        [() => foreign.liquidate(alice, bob, 1, 1, 1, 1), auction],
        [() => foreign.sellCollateral(alice, bob, usd, 1, 1), auction],
        [() => foreign.sweepFees(), fund],
        [() => foreign.release(alice, 1), fund],
        [() => foreign.levelClearing(1), fund],
        [() => foreign.setFundShort(true), fund],
        [() => foreign.push(0, 0, 0), guard],
        [() => foreign.restrict(0), guard],
        [() => foreign.checkpointed(0), guard],
      ] as const) {
        await expect(call())
          .to.be.revertedWithCustomError(ledger, "LedgerNotModule")
          .withArgs(stranger.address, module.address);
      }
    });
  });

  describe("custody", () => {
    it("refuses nothing, too much, more than there is, and an asset that is no collateral", async () => {
      const { ledger, usd, other } = bare;
      await expect(credit(alice, usd, 0n)).to.be.revertedWithCustomError(ledger, "LedgerZeroAmount");
      await expect(debit(alice, usd, 0n)).to.be.revertedWithCustomError(ledger, "LedgerZeroAmount");
      await expect(credit(alice, usd, UINT128_MAX + 1n))
        .to.be.revertedWithCustomError(ledger, "LedgerAmountTooLarge")
        .withArgs(UINT128_MAX + 1n);
      await expect(credit(alice, usd, UINT128_MAX))
        .to.be.revertedWithCustomError(ledger, "SafeCastOverflowedIntDowncast")
        .withArgs(128, UINT128_MAX * SCALE);
      await credit(alice, other, 5n);
      await expect(debit(alice, other, 6n))
        .to.be.revertedWithCustomError(ledger, "LedgerInsufficientCollateral")
        .withArgs(alice, other, 5, 6);
      await credit(alice, other, UINT128_MAX - 5n);
      await expect(credit(alice, other, 1n)).to.be.revertedWithCustomError(ledger, "SafeCastOverflowedUintDowncast");
      await expect(debit(bob, usd, 1n))
        .to.be.revertedWithCustomError(ledger, "LedgerBelowInitialMargin")
        .withArgs(bob, -SCALE, 0);
      await expect(credit(alice, bob.slice(0, 42), 1n))
        .to.be.revertedWithCustomError(ledger, "LedgerUnknownCollateral")
        .withArgs(bare.users[1]!.address);
    });

    it("keeps the settlement asset in quote and others in their own balance", async () => {
      const { ledger, usd, other, third } = bare;
      await expect(credit(alice, usd, 7n))
        .to.emit(ledger, "EntryPosted")
        .withArgs(1, alice, 0, BigInt(usd), 0, 7n * SCALE, 0, 0, 0, 7n * SCALE);
      await expect(credit(alice, other, 9n))
        .to.emit(ledger, "EntryPosted")
        .withArgs(2, alice, 0, BigInt(other), 9, 0, 0, 0, 9, 7n * SCALE);
      await expect(debit(alice, other, 4n))
        .to.emit(ledger, "EntryPosted")
        .withArgs(3, alice, 1, BigInt(other), -4, 0, 0, 0, 5, 7n * SCALE);
      await credit(alice, third, 2n);
      expect(await ledger.quoteOf(alice)).to.equal(7n * SCALE);
      expect(await ledger.collateralOf(alice, other)).to.equal(5);
      expect(await ledger.collateralOf(alice, usd)).to.equal(0);
      const { collateral } = await ledger.portfolioOf(alice);
      expect(collateral).to.deep.equal([
        [3n, 5n],
        [7n, 2n],
      ]);
    });

    it("refuses withdrawals while they are restricted, and passes witnessed ones of flat accounts while halted", async () => {
      const { ledger, vault, usd } = bare;
      await credit(alice, usd, 10n);
      await credit(bob, usd, 10n);
      await trade();
      await push(WITHDRAW);
      await expect(debit(alice, usd, 1n))
        .to.be.revertedWithCustomError(ledger, "LedgerWithdrawalRestricted")
        .withArgs(alice);
      const witnessed = ledger.connect(vault);
      expect(await witnessed.debitWitnessed.staticCall(alice, usd, 1)).to.equal(WITHDRAW);
      await push(HALT | WITHDRAW);
      await expect(witnessed.debitWitnessed(alice, usd, 1))
        .to.be.revertedWithCustomError(ledger, "LedgerNotFlat")
        .withArgs(alice, 1);
      await trade({ buyer: bob, seller: alice });
      await witnessed.debitWitnessed(alice, usd, 1);
      await push(0);
      expect(await witnessed.debit.staticCall(alice, usd, 1)).to.equal(0);
    });
  });

  describe("trade", () => {
    it("refuses nothing, and two accounts of one owner", async () => {
      const { ledger, users } = bare;
      await expect(trade({ size: 0n })).to.be.revertedWithCustomError(ledger, "LedgerZeroAmount");
      for (const seller of [alice, accountOf(users[0]!, 2)]) {
        await expect(trade({ seller }))
          .to.be.revertedWithCustomError(ledger, "LedgerSameOwner")
          .withArgs(users[0]!.address);
      }
    });

    it("refuses orders of an earlier epoch, of either side", async () => {
      const { ledger, settlement } = bare;
      await expect(ledger.connect(settlement).advanceEpoch(alice)).to.emit(ledger, "EpochAdvanced").withArgs(alice, 1);
      await expect(trade()).to.be.revertedWithCustomError(ledger, "LedgerOldEpoch").withArgs(alice, 0, 1);
      await trade({ buyerEpoch: 1 });
      await expect(trade({ buyerEpoch: 1, sellerEpoch: 1 }))
        .to.be.revertedWithCustomError(ledger, "LedgerOldEpoch")
        .withArgs(bob, 1, 0);
      await ledger.connect(settlement).advanceEpoch(bob);
      await trade({ buyerEpoch: 1, sellerEpoch: 1 });
      expect(await ledger.epochOf(bob)).to.equal(1);
    });

    it("moves size one way and quote the other, and takes fees of both", async () => {
      const { ledger } = bare;
      const trading = trade({ instrument: 7, size: 3n, quote: 10n, buyerFee: 2n, sellerFee: 1n });
      await expect(trading).to.emit(ledger, "EntryPosted").withArgs(1, alice, 2, 7, 3, -10, 2, 0, 3, -12);
      await expect(trading).to.emit(ledger, "EntryPosted").withArgs(2, bob, 2, 7, -3, 10, 1, 0, -3, 9);
      expect(await ledger.positionsOf(bob)).to.deep.equal([[7n, -3n]]);
      expect((await ledger.hotWord()).fees).to.equal(3);
      expect((await ledger.marketOf(7)).openInterest).to.equal(3);
      expect(await ledger.increasedAtOf(bob, 7)).to.equal(await networkHelpers.time.latest());
    });

    it("refuses a size or a quote beyond what an account holds", async () => {
      const { ledger, harness } = bare;
      await harness.setInstrument(1, { ...termsOf("perpetual"), maxOpenInterest: 2n ** 80n - 1n }, 0);
      await trade({ size: INT96_MAX });
      await expect(trade({ size: 1n }))
        .to.be.revertedWithCustomError(ledger, "SafeCastOverflowedIntDowncast")
        .withArgs(96, INT96_MAX + 1n);
      await expect(trade({ instrument: 2, quote: 2n ** 127n + 1n })).to.be.revertedWithCustomError(
        ledger,
        "SafeCastOverflowedIntDowncast",
      );
    });

    it("C5: caps the open interest, and lets it shrink when the cap has", async () => {
      const { ledger, harness } = bare;
      const terms = termsOf("perpetual");
      await harness.setInstrument(1, { ...terms, maxOpenInterest: 5_000_000n }, 0);
      await trade({ size: 5n * ONE });
      await expect(trade({ size: 1n }))
        .to.be.revertedWithCustomError(ledger, "LedgerOpenInterestCap")
        .withArgs(1, 5n * ONE + 1n, 5n * ONE);
      await harness.setInstrument(1, { ...terms, maxOpenInterest: 1_000_000n }, 0);
      await trade({ buyer: bob, seller: alice });
      const carol = accountOf(bare.users[2]!);
      await trade({ buyer: carol, seller: alice });
      await expect(trade({ buyer: carol, seller: bob, size: 1n })).to.be.revertedWithCustomError(
        ledger,
        "LedgerOpenInterestCap",
      );
    });

    it("keeps a reduce-only side from opening, growing and flipping, on either side", async () => {
      const { ledger } = bare;
      const refuse = async (input: Partial<BareTrade>, account: string) =>
        await expect(trade(input)).to.be.revertedWithCustomError(ledger, "LedgerNotReducing").withArgs(account, 1);
      await refuse({ isBuyerReduceOnly: true }, alice);
      await refuse({ isSellerReduceOnly: true }, bob);
      await trade();
      await refuse({ isBuyerReduceOnly: true }, alice);
      await refuse({ buyer: bob, seller: alice, size: ONE + 1n, isBuyerReduceOnly: true }, bob);
      await trade({ buyer: bob, seller: alice, isBuyerReduceOnly: true, isSellerReduceOnly: true });
      expect(await ledger.openCountOf(alice)).to.equal(0);
    });

    it("needs a mark unless both sides reduce", async () => {
      const { ledger, harness } = bare;
      await harness.setPrice(1, ONE, true);
      await expect(trade({ mark: 0n }))
        .to.be.revertedWithCustomError(harness, "HarnessBadPrice")
        .withArgs(1);
      await harness.setPrice(1, ONE, false);
      await expect(trade({ mark: 0n }))
        .to.be.revertedWithCustomError(ledger, "LedgerNotReducing")
        .withArgs(alice, 1);
      await trade();
      await harness.setPrice(1, ONE, true);
      const reducing = trade({ buyer: bob, seller: alice, mark: 0n });
      await expect(reducing).to.emit(ledger, "EntryPosted");
      await expect(reducing).not.to.emit(ledger, "FundingUpdated");
    });

    it("opens as many positions as there is room for, and no more", async () => {
      const { ledger } = bare;
      for (let instrument = 1; instrument <= MAX_OPEN; instrument += 1) await trade({ instrument });
      await expect(trade({ instrument: MAX_OPEN + 1 }))
        .to.be.revertedWithCustomError(ledger, "LedgerTooManyPositions")
        .withArgs(alice, MAX_OPEN);
      await trade({ instrument: MAX_OPEN });
      await trade({ buyer: bob, seller: alice, instrument: 5 });
      await trade({ instrument: MAX_OPEN + 1 });
      expect(await ledger.openCountOf(alice)).to.equal(MAX_OPEN);
    });

    it("remembers when a position last grew, flips included", async () => {
      const { ledger } = bare;
      await trade({ size: 4n });
      const opened = await ledger.increasedAtOf(alice, 1);
      await networkHelpers.time.increase(10);
      await trade({ buyer: bob, seller: alice, size: 3n });
      expect(await ledger.increasedAtOf(alice, 1)).to.equal(opened);
      await trade({ buyer: bob, seller: alice, size: 3n });
      expect(await ledger.increasedAtOf(alice, 1)).to.be.greaterThan(opened);
    });
  });

  describe("guard and fund", () => {
    it("keeps the fund's flag from the guard, and the guard's flags from the fund", async () => {
      const { ledger, fund, guard } = bare;
      await push(INCREASE_RISK | FUND_SHORT, 77);
      const time = await networkHelpers.time.latest();
      expect((await ledger.hotWord()).flags).to.equal(INCREASE_RISK);
      await expect(ledger.connect(fund).setFundShort(true))
        .to.emit(ledger, "HotWordPushed")
        .withArgs(INCREASE_RISK | FUND_SHORT, (await ledger.hotWord()).checkpointTime, 77);
      await expect(ledger.connect(fund).setFundShort(true)).not.to.emit(ledger, "HotWordPushed");
      await ledger.connect(guard).push(LIQUIDATE, time, 0);
      expect((await ledger.hotWord()).flags).to.equal(LIQUIDATE | FUND_SHORT);
      await ledger.connect(fund).setFundShort(false);
      expect((await ledger.hotWord()).flags).to.equal(LIQUIDATE);
      await expect(ledger.connect(guard).push(0, 2n ** 40n, 0)).to.be.revertedWithCustomError(
        ledger,
        "SafeCastOverflowedUintDowncast",
      );
    });

    it("ends no wind-down by a push", async () => {
      const { ledger, guard, fund } = bare;
      await ledger.connect(guard).restrict(WIND_DOWN | HALT);
      await ledger.connect(fund).setFundShort(true);
      await push(INCREASE_RISK);
      expect((await ledger.hotWord()).flags).to.equal(INCREASE_RISK | FUND_SHORT | WIND_DOWN);
      await push(WIND_DOWN);
      expect((await ledger.hotWord()).flags).to.equal(FUND_SHORT | WIND_DOWN);
    });

    it("adds restrictions to those that stand, and keeps the times", async () => {
      const { ledger, guard, fund } = bare;
      await trade({ buyerFee: 5n });
      await push(WITHDRAW, 99);
      await ledger.connect(fund).setFundShort(true);
      const before = await ledger.hotWord();
      const asGuard = ledger.connect(guard);
      await expect(asGuard.restrict(LIQUIDATE))
        .to.emit(ledger, "HotWordPushed")
        .withArgs(WITHDRAW | LIQUIDATE | FUND_SHORT, before.checkpointTime, 99);
      const after = await ledger.hotWord();
      expect(after.flags).to.equal(WITHDRAW | LIQUIDATE | FUND_SHORT);
      expect([after.sequence, after.fees]).to.deep.equal([before.sequence, before.fees]);
      await ledger.connect(fund).setFundShort(false);
      await asGuard.restrict(FUND_SHORT);
      expect((await ledger.hotWord()).flags).to.equal(WITHDRAW | LIQUIDATE);
    });

    it("takes the time of a checkpoint, and starts the grace when it ends the stale grade", async () => {
      const { ethers, harness, guard, usd, vault, settlement, auction, fund } = bare;
      const limit = 1_000;
      const stale = await ethers.deployContract("PositionLedger", [harness.target, harness.target, usd, limit]);
      const modules = { vault, settlement, guard, auction, fund };
      const addresses = Object.entries(modules).map(([name, { address }]) => [name, address]);
      await stale.bind(Object.fromEntries(addresses) as Parameters<typeof stale.bind>[0]);
      const asGuard = stale.connect(guard);
      await asGuard.push(WITHDRAW, await networkHelpers.time.latest(), 7);
      // Exactly as old as the limit is not stale yet.
      const { checkpointTime } = await stale.hotWord();
      const first = Number(checkpointTime) + limit;
      await networkHelpers.time.setNextBlockTimestamp(first);
      await expect(asGuard.checkpointed(900)).to.emit(stale, "HotWordPushed").withArgs(WITHDRAW, first, 7);
      const second = first + limit + 1;
      await networkHelpers.time.setNextBlockTimestamp(second);
      await expect(asGuard.checkpointed(900))
        .to.emit(stale, "HotWordPushed")
        .withArgs(WITHDRAW, second, second + 900);
      expect(await asGuard.checkpointed.staticCall(900)).to.equal(WITHDRAW);
      const hot = await stale.hotWord();
      expect([hot.checkpointTime, hot.graceUntil, hot.sequence]).to.deep.equal([
        BigInt(second),
        BigInt(second + 900),
        0n,
      ]);
      await networkHelpers.time.increase(limit + 2);
      await expect(asGuard.checkpointed(2n ** 41n)).to.be.revertedWithCustomError(
        stale,
        "SafeCastOverflowedUintDowncast",
      );
    });

    it("restricts increases and withdrawals from the stale limit on, without a transaction", async () => {
      const { ledger } = bare;
      const limit = Number(await ledger.STALE_LIMIT());
      const { checkpointTime } = await ledger.hotWord();
      expect(await ledger.isStale()).to.equal(false);
      await networkHelpers.time.increaseTo(Number(checkpointTime) + limit);
      expect(await ledger.flags()).to.equal(0);
      await networkHelpers.time.increase(1);
      expect(await ledger.isStale()).to.equal(true);
      expect(await ledger.flags()).to.equal(INCREASE_RISK | WITHDRAW);
    });

    it("sweeps fees, once, and releases what the fund has, to another account", async () => {
      const { ledger, fund } = bare;
      const asFund = ledger.connect(fund);
      await trade({ buyerFee: 30n, sellerFee: 12n });
      expect(await asFund.sweepFees.staticCall()).to.equal(42);
      await expect(asFund.sweepFees())
        .to.emit(ledger, "EntryPosted")
        .withArgs(3, accountOf(fund), 8, 0, 0, 42, 0, 0, 0, 42);
      await expect(asFund.sweepFees()).not.to.emit(ledger, "EntryPosted");
      await expect(asFund.release(alice, 0)).to.be.revertedWithCustomError(ledger, "LedgerZeroAmount");
      await expect(asFund.release(accountOf(fund), 1)).to.be.revertedWithCustomError(ledger, "LedgerSameAccount");
      await expect(asFund.release(bob, 43))
        .to.be.revertedWithCustomError(ledger, "LedgerInsufficientQuote")
        .withArgs(accountOf(fund), 42, 43);
      const quote = await ledger.quoteOf(bob);
      await expect(asFund.release(bob, 42))
        .to.emit(ledger, "EntryPosted")
        .withArgs(5, bob, 9, 0, 0, 42, 0, 0, 0, quote + 42n);
    });
  });

  it(`INV-16: lists the open instruments, opened and closed in any order (seed ${SEED})`, async () => {
    const random = new SeededRandom(SEED);
    const open = new Set<number>();
    for (let step = 0; step < 150; step += 1) {
      const instrument = 1 + random.below(40);
      if (open.has(instrument)) {
        await trade({ buyer: bob, seller: alice, instrument });
        open.delete(instrument);
      } else if (open.size < MAX_OPEN) {
        await trade({ instrument });
        open.add(instrument);
      }
      const listed = (await bare.ledger.positionsOf(alice)).map(({ instrument: id }) => Number(id));
      expect(listed.toSorted((a, b) => a - b)).to.deep.equal([...open].sort((a, b) => a - b));
      expect(await bare.ledger.openCountOf(alice)).to.equal(open.size);
    }
  });

  it("INV-13: leaves no word at zero that was once used", async () => {
    const { ledger, usd, other, fund } = bare;
    await credit(alice, usd, 5n);
    await credit(alice, other, 5n);
    await trade({ instrument: 3, quote: SCALE });
    await trade({ buyer: bob, seller: alice, instrument: 3, quote: SCALE });
    await debit(alice, usd, 5n);
    await debit(alice, other, 5n);
    expect(await ledger.quoteOf(alice)).to.equal(0);
    const id = toBeHex(3, 32);
    const page = toBeHex(0, 32);
    const market = mappingSlot("bytes32", id, 5n);
    const slots = {
      account: mappingSlot("bytes32", alice, 1n),
      fund: mappingSlot("bytes32", accountOf(fund), 1n),
      position: mappingSlot("bytes32", id, mappingSlot("bytes32", alice, 2n)),
      page: mappingSlot("bytes32", page, mappingSlot("bytes32", alice, 3n)),
      collateral: mappingSlot("address", other, mappingSlot("bytes32", alice, 4n)),
      market,
      marketAfter: toBeHex(BigInt(market) + 1n, 32),
    };
    for (const [name, slot] of Object.entries(slots)) expect(await read(slot), name).not.to.equal(0n);
  });

  it("packs its words as the compiler lays them out", async () => {
    const { ledger, settlement, harness } = bare;
    await harness.settle(61, 3_005n * ONE);
    await harness.setPrice(7, ONE, false);
    const loser = accountOf(bare.users[2]!);
    await trade({ seller: loser, instrument: 61, size: 4n, quote: 0n });
    await ledger.settleExpiry(loser, 61);
    // Without a price of the option, all of the loss of 20 stays uncovered.
    await ledger.coverShortfall(loser);
    await trade({ instrument: 61, size: 5n, quote: 77n, buyerFee: 3n });
    await trade({ buyer: bob, seller: alice, instrument: 7, size: 5n, price: 3n * ONE });
    await networkHelpers.time.increase(900);
    await trade({ buyer: bob, seller: alice, instrument: 7, size: ONE, price: ONE / 2n });
    await networkHelpers.time.increase(900);
    await ledger.accrueFunding(7);
    await ledger.settleExpiry(bob, 61);
    await ledger.connect(settlement).advanceEpoch(bob);
    await push(LIQUIDATE, 2 ** 39);
    const asId = bob as `0x${string}`;
    const market = await ledger.marketOf(7);
    const hot = await ledger.hotWord();
    const { word0, word1 } = storage.markets;
    expect(storage.hot.decode(await read(toBeHex(0, 32)))).to.deep.equal({
      sequence: hot.sequence,
      flags: hot.flags,
      checkpointTime: hot.checkpointTime,
      graceUntil: hot.graceUntil,
      fees: hot.fees,
    });
    expect([hot.flags, hot.fees, hot.graceUntil]).to.deep.equal([BigInt(LIQUIDATE | FUND_SHORT), 3n, 2n ** 39n]);
    const { longIndex, shortIndex, accruedAt, observedAt, clearing, openInterest, premiumPpb, isUsed } = market;
    expect(longIndex).to.be.lessThan(0n);
    expect(premiumPpb).to.be.lessThan(0n);
    expect(word0.decode(await read(word0.slot(7n)))).to.deep.equal({ longIndex, shortIndex, accruedAt, observedAt });
    expect(word1.decode(await read(word1.slot(7n)))).to.deep.equal({ clearing, openInterest, premiumPpb, isUsed });
    expect(storage.accounts.decode(await read(storage.accounts.slot(asId)))).to.deep.equal({
      quote: await ledger.quoteOf(bob),
      openCount: 1n,
      epoch: 1n,
      assets: 0n,
      lastInstrument: 61n,
      lastWasLong: false,
      hasDebt: false,
      isUsed: true,
    });
    expect(storage.positions.decode(await read(storage.positions.slot(asId, 7n)))).to.deep.include({
      size: await ledger.sizeOf(bob, 7),
      increasedAt: await ledger.increasedAtOf(bob, 7),
    });
    expect(storage.clearingSizes.decode(await read(storage.clearingSizes.slot(61n)))).to.deep.equal({
      size: await ledger.clearingSizeOf(61),
      uncovered: await ledger.uncoveredOf(61),
      isUsed: true,
    });
    expect([await ledger.clearingSizeOf(61), await ledger.uncoveredOf(61)]).to.deep.equal([-9n, 20n]);
  });

  it(`INV-1: ${OPERATIONS} random operations agree with a model, and nothing is made or lost (seed ${SEED})`, async () => {
    const fuzz = await LedgerFuzz.start(bare, networkHelpers, SEED);
    // Further, until everything has happened: where the operations lead depends on the time of the run's chain.
    for (let step = 0; step < OPERATIONS || (!fuzz.isVaried() && step < 5 * OPERATIONS); step += 1)
      await fuzz.step(step);
    const outcomes = Object.fromEntries([...fuzz.outcomes].sort(([a], [b]) => (a < b ? -1 : 1)));
    expect(fuzz.isVaried(), JSON.stringify(outcomes, null, 1)).to.equal(true);
  }).timeout(600_000);

  it("costs a trade between two open positions little", async () => {
    const measure = async (input: Partial<BareTrade> = {}) => (await (await trade(input)).wait())!.gasUsed;
    for (const account of [alice, bob]) await credit(account, bare.usd, 10n ** 12n);
    await measure();
    await networkHelpers.time.increase(60);
    const alone = await measure();
    await trade({ buyer: bob, seller: alice });
    await trade({ instrument: 2 });
    await networkHelpers.time.increase(60);
    const among = await measure();
    // The stand-in for engine and registry costs 7,900 of it.
    expect(alone).to.be.lessThan(106_000n);
    expect(among).to.be.lessThan(132_000n);
  });
});
