import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { id, toBeHex, ZeroAddress } from "ethers";
import { network } from "hardhat";

import { deployLockstep, depositUsd, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { postCheckpoint, type Attested } from "../../helpers/attestations.ts";
import { GRADES, hardPause, pause, readHead } from "../../helpers/guard.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { ETH_PRICE, OrderBook, readTerms, UNIT } from "../../helpers/orders.ts";
import { readWitness, slotOf, type WitnessInput } from "../../helpers/witness.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const SEED = chooseSeed(20_261_121);
const PORTFOLIOS = Number(process.env["LOCKSTEP_PORTFOLIOS"] ?? 2);
const DOLLAR = 10n ** 6n;
const SCALE = 10n ** 12n;
const FEED_UNIT = 10n ** 8n;
const BTC_PRICE = 60_000n * UNIT;
const DAY = 86_400;
/** Fixed, so that sixteen positions are not proven twice, once to estimate. */
const GAS = { gasLimit: 10_000_000n } as const;
/** Place of the ledger in the book set. */
const LEDGER = 1;
/** Perpetuals on the first feed beside instrument 1. */
const MORE_PERPETUALS = Array.from({ length: 15 }, (_, index) => index + 3);
const CALL = 30;
const PUT = 31;

/** Rounds toward minus infinity. */
function floor(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value < 0n && quotient * divisor !== value ? quotient - 1n : quotient;
}

/** Two perpetuals and seventeen traders' worth of margin, an ETH call and put at the money, and a market maker. */
async function scene(): Promise<Lockstep> {
  // So small a cap lets trades of less than one ETH move the premium, and funding accrue.
  const parameters = { settlementCap: 10n ** 16n, maxOpenInterest: 10n ** 9n };
  const system = await deployLockstep(connection, { keeperCount: 4, parameters });
  const { instruments, users } = system;
  for (const instrument of MORE_PERPETUALS) await instruments.setInstrument(instrument, await readTerms(system, 1));
  const expiry = (await networkHelpers.time.latest()) + 30 * DAY;
  for (const [option, kind] of [
    [CALL, 2],
    [PUT, 3],
  ] as const) {
    const terms = { ...(await readTerms(system, 1)), kind, maxFundingPpm: 0 };
    await instruments.listOption(option, terms, ETH_PRICE, expiry, 800_000, 250_000);
  }
  for (const user of users.slice(0, 3)) await depositUsd(system, user, 10_000n * DOLLAR);
  await depositUsd(system, users[9]!, 1_000_000n * DOLLAR);
  return system;
}

describe("CollateralVault > two witnesses > positions", () => {
  let system: Lockstep;
  let orders: OrderBook;
  let alice: HardhatEthersSigner;
  let maker: HardhatEthersSigner;
  let account: string;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(scene);
    orders = new OrderBook(system);
    [alice, maker, account] = [system.users[0]!, system.users[9]!, accountOf(system.users[0]!)];
  });

  /** Alice changes her position by `size` against the market maker. */
  async function trade(size: bigint, { price = ETH_PRICE, instrument = 1, user = alice } = {}): Promise<void> {
    const [buyer, seller] = size > 0n ? [user, maker] : [maker, user];
    await orders.trade(buyer, seller, { size: size > 0n ? size : -size, price, instrument });
  }

  const setPrice = async (dollars: bigint) => await system.ethFeed.update(dollars * FEED_UNIT);
  const enterPause = async () => {
    await networkHelpers.mine();
    await pause(system, 0, id("incident"), await readHead(system));
  };
  const witnessOf = async (attested: Attested, of = account) => await readWitness(system, attested, of, system.usd);
  const payable = async (witness: WitnessInput, of = account) =>
    await system.vault.payableWitnessed(of, system.usd.target, witness);
  const withdraw = async (amount: bigint, witness: WitnessInput, user = alice) =>
    await system.vault
      .connect(user)
      .withdrawWitnessed(accountOf(user), system.usd.target, amount, user.address, witness, GAS);
  const settlementBalance = async (
    attested: Attested,
    { balanceProof, pages, positions }: WitnessInput,
    of = account,
  ) => await system.verifier.settlementBalance(attested.roots[LEDGER]!, of, balanceProof, pages, positions);

  /** Writes words of the ledger as no operation can. */
  async function write(slot: string, value: bigint): Promise<void> {
    await networkHelpers.setStorageAt(system.ledger.target as string, slot, toBeHex(value, 32));
    await networkHelpers.mine();
  }

  async function tamperQuote(quote: bigint, of = account): Promise<void> {
    const word = BigInt(await system.ethers.provider.getStorage(system.ledger.target, slotOf.account(of)));
    await write(slotOf.account(of), ((word >> 128n) << 128n) | BigInt.asUintN(128, quote));
  }

  /** What closing all that the account had at the witness would leave it with now, from the ledger's view of then. */
  async function model(attested: Attested, of = account): Promise<bigint> {
    const { quote, positions } = await system.ledger.portfolioOf(of, { blockTag: attested.attestation.blockNumber });
    let balance = quote;
    for (const { instrument, size } of positions) balance += floor(size * (await priceOf(Number(instrument))), UNIT);
    return balance;
  }

  async function priceOf(instrument: number): Promise<bigint> {
    const { kind, feed } = await system.instruments.instrumentOf(instrument);
    const aggregator = feed === 1n ? system.ethFeed : system.btcFeed;
    const [, answer] = await aggregator.latestRoundData();
    if (kind === 1n) return answer * 10n ** 10n;
    const { price, settledAt } = await system.instruments.settlementOf(instrument);
    if (settledAt === 0n) return await system.margin.markOf(instrument);
    const { strike } = await system.instruments.optionOf(instrument);
    const gain = kind === 2n ? price - strike : strike - price;
    return gain > 0n ? gain : 0n;
  }

  const units = (quote: bigint) => (quote > 0n ? quote / SCALE : 0n);

  describe("what leaves", () => {
    it("is for a long that has closed since what is proven at the price of now, or what is there", async () => {
      await trade(2n * UNIT);
      const attested = await postCheckpoint(system);
      await setPrice(3_050n);
      await trade(-2n * UNIT, { price: 3_050n * UNIT });
      await enterPause();
      const witness = await witnessOf(attested);
      expect(witness.positions.length).to.equal(1);
      expect(await payable(witness)).to.equal(10_100n * DOLLAR);
      // Whatever the price does: never more than is there, and never more than what was proven is worth.
      await setPrice(3_300n);
      expect(await payable(witness)).to.equal(10_100n * DOLLAR);
      await tamperQuote(10n ** 9n * UNIT);
      expect(await payable(witness)).to.equal(10_600n * DOLLAR);
      await setPrice(2_900n);
      expect(await payable(witness)).to.equal(9_800n * DOLLAR);
      await withdraw(9_800n * DOLLAR, witness);
      expect(await payable(witness)).to.equal(0);
      expect(await system.usd.balanceOf(alice.address)).to.equal(9_800n * DOLLAR);
    });

    it("is for a short the other way round", async () => {
      await trade(-2n * UNIT);
      const attested = await postCheckpoint(system);
      await setPrice(2_950n);
      await trade(2n * UNIT, { price: 2_950n * UNIT });
      await enterPause();
      const witness = await witnessOf(attested);
      expect(await payable(witness)).to.equal(10_100n * DOLLAR);
      await setPrice(3_200n);
      expect(await payable(witness)).to.equal(9_600n * DOLLAR);
    });

    it("is for a long and a short what both leave, each rounded down", async () => {
      const [long, short] = [UNIT + 1n, -(UNIT / 7n)];
      await trade(long);
      await trade(short, { price: BTC_PRICE, instrument: 2 });
      const attested = await postCheckpoint(system);
      const witness = await witnessOf(attested);
      await setPrice(3_001n);
      const quote = 10_000n * UNIT - floor(long * ETH_PRICE, UNIT) - 1n - floor(short * BTC_PRICE, UNIT) - 1n;
      const expected = quote + floor(long * 3_001n * UNIT, UNIT) + floor(short * BTC_PRICE, UNIT);
      const balance = await settlementBalance(attested, witness);
      expect(balance).to.equal(await model(attested));
      // Quotes of a trade are rounded by the settlement, by one at most.
      expect(balance - expected >= 0n && balance - expected <= 2n, `${balance} ${expected}`).to.equal(true);
      await trade(-long, { price: 3_001n * UNIT });
      await trade(-short, { price: BTC_PRICE, instrument: 2 });
      await enterPause();
      const open = await payable(witness);
      expect(open <= units(balance) && open >= units(balance) - 1n, `${open} of ${balance}`).to.equal(true);
      await withdraw(open, witness);
    });

    it("is nothing of positions that were opened after the witness", async () => {
      const attested = await postCheckpoint(system);
      await trade(2n * UNIT);
      await setPrice(3_050n);
      await trade(-2n * UNIT, { price: 3_050n * UNIT });
      await enterPause();
      const witness = await witnessOf(attested);
      expect(witness.positions).to.deep.equal([]);
      expect(await system.ledger.quoteOf(account)).to.equal(10_100n * UNIT);
      expect(await payable(witness)).to.equal(10_000n * DOLLAR);
    });

    it("is nothing of a proven balance below zero, whatever the account holds now", async () => {
      await trade(10n * UNIT);
      const attested = await postCheckpoint(system);
      await trade(-10n * UNIT);
      await setPrice(1_999n);
      await enterPause();
      const witness = await witnessOf(attested);
      expect(await settlementBalance(attested, witness)).to.equal(-10n * UNIT);
      await tamperQuote(10n ** 9n * UNIT);
      expect(await payable(witness)).to.equal(0);
      await expect(withdraw(1n, witness))
        .to.be.revertedWithCustomError(system.vault, "VaultAboveWitnessed")
        .withArgs(account, system.usd.target, 1, 0);
    });

    it("is for an account that still has its position what its margin does not need", async () => {
      const { vault, usd, ledger } = system;
      await trade(2n * UNIT);
      const attested = await postCheckpoint(system);
      await enterPause();
      const witness = await witnessOf(attested);
      expect(await ledger.quoteOf(account)).to.equal(4_000n * UNIT);
      expect(await payable(witness)).to.equal(10_000n * DOLLAR);
      await expect(withdraw(9_900n * DOLLAR, witness)).to.be.revertedWithCustomError(
        ledger,
        "LedgerBelowInitialMargin",
      );
      await withdraw(9_000n * DOLLAR, witness);
      // In debt to its position, as it may be: what it could lose is there.
      expect(await ledger.quoteOf(account)).to.equal(-5_000n * UNIT);
      expect(await payable(witness)).to.equal(1_000n * DOLLAR);
      await hardPause(system, id("worse"), await readHead(system));
      expect(await ledger.flags()).to.equal(GRADES.halted);
      await expect(withdraw(1n, witness)).to.be.revertedWithCustomError(ledger, "LedgerNotFlat").withArgs(account, 1);
      await trade(-2n * UNIT);
      await withdraw(1_000n * DOLLAR, witness);
      expect(await usd.balanceOf(alice.address)).to.equal(10_000n * DOLLAR);
      const { deposited, withdrawn } = await vault.flowOf(account, usd.target);
      expect([deposited, withdrawn]).to.deep.equal([10_000n * DOLLAR, 10_000n * DOLLAR]);
    });

    it("is for one with sixteen positions what all of them leave, from two pages", async () => {
      const held = [1, ...MORE_PERPETUALS].slice(0, 16);
      for (const [index, instrument] of held.entries()) {
        await trade((index % 2 === 0 ? UNIT : -UNIT) / BigInt(4 + index), { instrument });
      }
      const attested = await postCheckpoint(system);
      const witness = await witnessOf(attested);
      expect([witness.pages.length, witness.positions.length]).to.deep.equal([2, 16]);
      await setPrice(3_010n);
      const balance = await settlementBalance(attested, witness);
      expect(balance).to.equal(await model(attested));
      for (const [index, instrument] of held.entries()) {
        const size = (index % 2 === 0 ? -UNIT : UNIT) / BigInt(4 + index);
        await trade(size, { instrument, price: 3_010n * UNIT });
      }
      await enterPause();
      const open = await payable(witness);
      // Every trade rounds against her by a unit of 1e-18 at most.
      expect(open <= units(balance) && open >= units(balance) - 1n, `${open} of ${balance}`).to.equal(true);
      await withdraw(open, witness);
    });

    it("settles a long by the long index and a short by the short one, where a loss was socialised", async () => {
      const [short, of] = [system.users[1]!, accountOf(system.users[1]!)];
      await trade(2n * UNIT);
      await trade(-UNIT, { user: short });
      const slot = slotOf.market(1n);
      const word = BigInt(await system.ethers.provider.getStorage(system.ledger.target, slot));
      // Each unit of a long has paid 5, each of a short 7.
      const indexes = (5n * UNIT) | (BigInt.asUintN(96, -7n * UNIT) << 96n);
      await write(slot, ((word >> 192n) << 192n) | indexes);
      const attested = await postCheckpoint(system);
      expect(await settlementBalance(attested, await witnessOf(attested))).to.equal(9_990n * UNIT);
      expect(await settlementBalance(attested, await witnessOf(attested, of), of)).to.equal(9_993n * UNIT);
      for (const held of [account, of]) {
        expect(await settlementBalance(attested, await witnessOf(attested, held), held)).to.equal(
          await model(attested, held),
        );
      }
    });

    it("counts an option at its mark, and at its payoff once that is final", async () => {
      const { instruments, ethFeed, ledger } = system;
      await trade(UNIT, { instrument: CALL, price: await system.margin.markOf(CALL) });
      await trade(-UNIT, { instrument: PUT, price: await system.margin.markOf(PUT) });
      const attested = await postCheckpoint(system);
      const witness = await witnessOf(attested);
      await setPrice(3_200n);
      const blockTag = await system.ethers.provider.getBlockNumber();
      const { balanceProof, pages, positions } = witness;
      const [balance, call, put] = await Promise.all([
        system.verifier.settlementBalance(attested.roots[LEDGER]!, account, balanceProof, pages, positions, {
          blockTag,
        }),
        system.margin.markOf(CALL, { blockTag }),
        system.margin.markOf(PUT, { blockTag }),
      ]);
      expect(balance).to.equal((await ledger.quoteOf(account)) + call - put);
      const { expiry } = await instruments.optionOf(CALL);
      await ethFeed.updateAt(3_500n * FEED_UNIT, expiry - 10n);
      const lastRound = await ethFeed.latestRound();
      await networkHelpers.time.increaseTo(expiry + 1n);
      // Where the price goes afterwards is nothing to it.
      await setPrice(9_000n);
      for (const option of [CALL, PUT]) {
        await instruments.settle(option, lastRound);
        await ledger.settleExpiry(account, option);
      }
      expect(await settlementBalance(attested, witness)).to.equal(await model(attested));
      expect(await model(attested)).to.equal(await ledger.quoteOf(account));
      expect(await payable(witness)).to.equal(units(await ledger.quoteOf(account)));
    });

    it("asks for a valid price of what was open, and only of that", async () => {
      const { oracle, verifier } = system;
      await trade(UNIT);
      const attested = await postCheckpoint(system);
      await networkHelpers.time.increase(1_000_001);
      await system.btcFeed.update(60_000n * FEED_UNIT);
      await expect(settlementBalance(attested, await witnessOf(attested))).to.be.revertedWithCustomError(
        oracle,
        "OracleStalePrice",
      );
      const flat = accountOf(system.users[1]!);
      expect(await settlementBalance(attested, await witnessOf(attested, flat), flat)).to.equal(10_000n * UNIT);
      expect(await verifier.INSTRUMENTS()).to.equal(system.instruments.target);
    });
  });

  describe("one tampered word", () => {
    /** What closing what was proven is worth: 10,100. Closed at 10,100 as well. */
    async function closed(): Promise<WitnessInput> {
      await trade(2n * UNIT);
      const attested = await postCheckpoint(system);
      await setPrice(3_050n);
      await trade(-2n * UNIT, { price: 3_050n * UNIT });
      return await witnessOf(attested);
    }

    it("pays no more than what is proven: balance, position, index, counters and their age", async () => {
      const witness = await closed();
      const { ethers, ledger, vault, usd } = system;
      await enterPause();
      const market = BigInt(await ethers.provider.getStorage(ledger.target, slotOf.market(1n)));
      const index = 10n ** 24n;
      const lowered = ((market >> 192n) << 192n) | BigInt.asUintN(96, -index) | (BigInt.asUintN(96, -index) << 96n);
      const words = [
        { book: ledger, slot: slotOf.account(account), word: (1n << 240n) | (10n ** 9n * UNIT) },
        { book: ledger, slot: slotOf.market(1n), word: lowered },
        { book: ledger, slot: slotOf.position(account, 1n), word: (1n << 192n) | (10n ** 6n * UNIT) },
        { book: ledger, slot: slotOf.page(account, 0n), word: (1n << 255n) | 1n },
        { book: vault, slot: slotOf.flow(account, usd.target as string), word: 0n },
        { book: vault, slot: slotOf.flow(account, usd.target as string), word: (1n << 208n) | (1n << 103n) },
        { book: vault, slot: slotOf.flow(account, usd.target as string), word: (1n << 39n) << 208n },
      ];
      for (const { book, slot, word } of words) {
        const before = await ethers.provider.getStorage(book.target, slot);
        await networkHelpers.setStorageAt(book.target as string, slot, toBeHex(word, 32));
        await networkHelpers.mine();
        expect(await payable(witness)).to.equal(10_100n * DOLLAR);
        await networkHelpers.setStorageAt(book.target as string, slot, before);
      }
      await withdraw(10_100n * DOLLAR, witness);
      for (const { book, slot, word } of words) {
        const before = await ethers.provider.getStorage(book.target, slot);
        await networkHelpers.setStorageAt(book.target as string, slot, toBeHex(word, 32));
        await networkHelpers.mine();
        expect(await payable(witness)).to.equal(0);
        await networkHelpers.setStorageAt(book.target as string, slot, before);
      }
    });

    it("gives an open position nothing that its proven size is not worth", async () => {
      await trade(2n * UNIT);
      const attested = await postCheckpoint(system);
      await enterPause();
      const witness = await witnessOf(attested);
      const slot = slotOf.position(account, 1n);
      const word = BigInt(await system.ethers.provider.getStorage(system.ledger.target, slot));
      await write(slot, ((word >> 96n) << 96n) | (10n ** 6n * UNIT));
      expect((await system.ledger.valuationOf(account)).cash > 10n ** 9n * UNIT).to.equal(true);
      expect(await payable(witness)).to.equal(10_000n * DOLLAR);
      // And what it lost by the price counts against it, as tampered as it may be.
      await setPrice(2_900n);
      expect(await payable(witness)).to.equal(9_800n * DOLLAR);
    });
  });

  describe("what is not a witness", () => {
    let attested: Attested;
    let witness: WitnessInput;

    /** Sixteen positions of Alice's, and one of another user's. */
    async function opened(): Promise<{ readonly base: Lockstep; readonly posted: Attested }> {
      const base = await scene();
      const book = new OrderBook(base);
      for (const instrument of [1, ...MORE_PERPETUALS]) {
        await book.trade(base.users[0]!, base.users[9]!, { size: UNIT / 20n, instrument });
      }
      await book.trade(base.users[1]!, base.users[9]!, { size: UNIT / 20n, instrument: 1 });
      return { base, posted: await postCheckpoint(base) };
    }

    beforeEach(async () => {
      const { base, posted } = await networkHelpers.loadFixture(opened);
      [system, attested] = [base, posted];
      await enterPause();
      witness = await witnessOf(attested);
    });

    const expectRefused = async (changes: Partial<WitnessInput>) => {
      await expect(withdraw(1n, { ...witness, ...changes })).to.be.revertedWithCustomError(
        system.verifier,
        "TrieProofTraversalError",
      );
    };

    it("is another number of pages than the positions need", async () => {
      const { verifier } = system;
      const [first, second] = [witness.pages[0]!, witness.pages[1]!];
      for (const pages of [[], [first], [first, second, second]]) {
        await expect(withdraw(1n, { ...witness, pages }))
          .to.be.revertedWithCustomError(verifier, "WitnessPageCount")
          .withArgs(pages.length, 2);
      }
    });

    it("is another number of positions than were open", async () => {
      const { verifier } = system;
      const { positions } = witness;
      for (const given of [[], positions.slice(1), positions.slice(0, -1), [...positions, positions[0]!]]) {
        await expect(withdraw(1n, { ...witness, positions: given }))
          .to.be.revertedWithCustomError(verifier, "WitnessPositionCount")
          .withArgs(given.length, 16);
      }
    });

    it("is a page or a position twice, or in another order", async () => {
      const { pages, positions } = witness;
      await expectRefused({ pages: [pages[0]!, pages[0]!] });
      await expectRefused({ pages: pages.toReversed() });
      await expectRefused({ positions: positions.with(1, positions[0]!) });
      await expectRefused({ positions: positions.toReversed() });
      await expectRefused({ positions: [...positions.slice(1), positions[0]!] });
    });

    it("is the position without its market, or with another's", async () => {
      const { positions } = witness;
      const [first, second] = [positions[0]!, positions[1]!];
      await expectRefused({ positions: positions.with(0, { ...first, market: second.market }) });
      await expectRefused({ positions: positions.with(0, { ...first, market: first.position }) });
      await expectRefused({ positions: positions.with(0, { ...first, position: second.position }) });
      await expectRefused({ positions: positions.with(0, { position: [], market: [] }) });
    });

    it("is anything of another account", async () => {
      const other = await witnessOf(attested, accountOf(system.users[1]!));
      const { pages, positions } = witness;
      await expect(withdraw(1n, { ...witness, balanceProof: other.balanceProof })).to.revert(system.ethers);
      await expectRefused({ pages: pages.with(0, other.pages[0]!) });
      // The same instrument, and the position of somebody else.
      await expectRefused({ positions: positions.with(0, other.positions[0]!) });
      await expectRefused({
        positions: positions.with(0, { ...positions[0]!, position: other.positions[0]!.position }),
      });
      await withdraw(1n, {
        ...witness,
        positions: positions.with(0, { ...positions[0]!, market: other.positions[0]!.market }),
      });
    });

    it("is anything of another checkpoint", async () => {
      await trade(UNIT / 50n);
      const later = await postCheckpoint(system);
      const newer = await witnessOf(later);
      await expectRefused({ balanceProof: newer.balanceProof });
      await expectRefused({ pages: newer.pages });
      await expectRefused({ positions: newer.positions });
      await expect(withdraw(1n, newer))
        .to.be.revertedWithCustomError(system.vault, "VaultWrongWitness")
        .withArgs(later.attestation.blockNumber, attested.attestation.blockNumber);
    });

    it("pays to the unit what the same witness proves unchanged", async () => {
      expect(await payable(witness)).to.equal(units(await model(attested)));
      await withdraw(1n, witness);
    });
  });

  describe("words of the ledger that no operation makes", () => {
    it("behind the last open id are not looked at", async () => {
      await trade(UNIT);
      await write(slotOf.page(account, 0n), (1n << 255n) | (2n << 32n) | (7n << 16n) | 1n);
      const attested = await postCheckpoint(system);
      const witness = await witnessOf(attested);
      expect(witness.positions.length).to.equal(1);
      expect(await settlementBalance(attested, witness)).to.equal(10_000n * UNIT);
    });

    it("with an id of zero prove nothing", async () => {
      await trade(UNIT);
      await write(slotOf.page(account, 0n), 1n << 255n);
      const attested = await postCheckpoint(system);
      await enterPause();
      await expect(withdraw(1n, await witnessOf(attested))).to.be.revertedWithCustomError(
        system.verifier,
        "TrieProofTraversalError",
      );
    });
  });

  describe("WitnessVerifier", () => {
    it("refuses zero addresses", async () => {
      const { ethers, ledger, instruments, margin, verifier } = system;
      const factory = await ethers.getContractFactory("WitnessVerifier");
      const parts = [ledger.target, instruments.target, margin.target];
      for (const index of parts.keys()) {
        const [a, b, c] = parts.with(index, ZeroAddress);
        await expect(factory.deploy(a!, b!, c!)).to.be.revertedWithCustomError(verifier, "WitnessZeroAddress");
      }
    });
  });

  it(`values random portfolios as the model does, after random moves (seed ${SEED}, ${PORTFOLIOS} portfolios)`, async () => {
    const random = new SeededRandom(SEED);
    const open = [1, 2, 3, 4, CALL, PUT];
    const drawSize = () => ((random.bool() ? 1n : -1n) * BigInt(1 + random.below(10 ** 9)) * UNIT) / 10n ** 10n;
    const drawTrade = async (user: HardhatEthersSigner) => {
      const instrument = open[random.below(open.length)]!;
      const mark = await system.margin.markOf(instrument);
      // Within the band, to one side, so that funding accrues.
      const price = mark + (mark * BigInt(random.below(100))) / 100_000n;
      await trade(drawSize(), { instrument, price, user }).catch((error: unknown) => {
        // Margin refuses what is too large; the sides of one band never do.
        if (!/LedgerBelowInitialMargin|LedgerReductionWorsensHealth/.test(String(error))) throw error;
      });
    };
    for (let round = 0; round < PORTFOLIOS; round += 1) {
      const move = async (actions: number) => {
        for (let action = 0; action < actions; action += 1) {
          await networkHelpers.time.increase(1 + random.below(40));
          if (random.below(4) === 0) await setPrice(BigInt(2_900 + random.below(200)));
          else await drawTrade(system.users[random.below(3)]!);
        }
      };
      await postCheckpoint(system);
      await move(14);
      const attested = await postCheckpoint(system);
      await move(4);
      const blockTag = await system.ethers.provider.getBlockNumber();
      for (const user of system.users.slice(0, 3)) {
        const of = accountOf(user);
        const { balanceProof, pages, positions } = await witnessOf(attested, of);
        const parts = [attested.roots[LEDGER]!, of, balanceProof, pages, positions] as const;
        const balance = await system.verifier.settlementBalance(...parts, { blockTag });
        const { quote, positions: had } = await system.ledger.portfolioOf(of, {
          blockTag: attested.attestation.blockNumber,
        });
        let expected = quote;
        for (const { instrument, size } of had) {
          expected += floor(size * (await system.margin.markOf(instrument, { blockTag })), UNIT);
        }
        expect(balance).to.equal(expected);
        expect(positions.length).to.equal(had.length);
      }
    }
    const { longIndex } = await system.ledger.marketOf(1);
    expect(longIndex).not.to.equal(0);
  });
});
