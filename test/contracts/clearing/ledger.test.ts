import { expect } from "chai";
import { toBeHex, ZeroAddress } from "ethers";
import { network } from "hardhat";

import { deployBareLedger, SCALE, type BareLedger } from "../../fixtures/deployBareLedger.ts";
import { SeededRandom } from "../../fixtures/layout/SeededRandom.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { LedgerModel } from "../../helpers/LedgerModel.ts";
import { mappingSlot } from "../../helpers/proofs.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const SEED = 20_261_122;
const OPERATIONS = 500;
const MAX_OPEN = 30;
const UINT128_MAX = 2n ** 128n - 1n;
const INT128_MAX = 2n ** 127n - 1n;

async function fixture(): Promise<BareLedger> {
  return await deployBareLedger(connection);
}

describe("PositionLedger", () => {
  let bare: BareLedger;
  let alice: string;
  let bob: string;

  beforeEach(async () => {
    bare = await networkHelpers.loadFixture(fixture);
    alice = accountOf(bare.stranger, 1);
    bob = accountOf(bare.guard, 2);
  });

  const trade = async (buyer: string, seller: string, instrument: number, size: bigint, quote: bigint) =>
    await bare.ledger.connect(bare.settlement).trade(buyer, seller, instrument, size, quote);
  const credit = async (account: string, asset: string, amount: bigint) =>
    await bare.ledger.connect(bare.vault).credit(account, asset, amount);
  const debit = async (account: string, asset: string, amount: bigint) =>
    await bare.ledger.connect(bare.vault).debit(account, asset, amount);

  describe("setup", () => {
    it("refuses zero addresses, a zero scale and a zero stale limit", async () => {
      const { ethers, ledger, usd } = bare;
      const factory = await ethers.getContractFactory("PositionLedger");
      const margin = await ledger.MARGIN();
      for (const [engine, asset] of [
        [ZeroAddress, usd],
        [margin, ZeroAddress],
      ]) {
        await expect(factory.deploy(engine!, asset!, 1, 1)).to.be.revertedWithCustomError(ledger, "LedgerZeroAddress");
      }
      for (const [scale, limit] of [
        [0, 1],
        [1, 0],
      ]) {
        await expect(factory.deploy(margin, usd, scale!, limit!)).to.be.revertedWithCustomError(
          ledger,
          "LedgerZeroAmount",
        );
      }
    });

    it("binds its modules once, all of them, by the deployer", async () => {
      const { ethers, vault, stranger, usd } = bare;
      const ledger = await ethers.deployContract("PositionLedger", [await bare.ledger.MARGIN(), usd, 1, 1]);
      const one = vault.address;
      await expect(ledger.connect(stranger).bind(one, one, one))
        .to.be.revertedWithCustomError(ledger, "LedgerNotDeployer")
        .withArgs(stranger.address);
      for (const position of [0, 1, 2]) {
        const [a, b, c] = [one, one, one].with(position, ZeroAddress);
        await expect(ledger.bind(a!, b!, c!)).to.be.revertedWithCustomError(ledger, "LedgerZeroAddress");
      }
      await expect(ledger.bind(one, one, one))
        .to.emit(ledger, "ModulesBound")
        .withArgs(one, one, one);
      await expect(ledger.bind(one, one, one)).to.be.revertedWithCustomError(ledger, "LedgerAlreadyBound");
    });

    it("takes each write from its module only", async () => {
      const { ledger, vault, settlement, guard, stranger, usd } = bare;
      const foreign = [
        { call: ledger.connect(settlement).credit(alice, usd, 1), caller: settlement, module: vault },
        { call: ledger.connect(stranger).debit(alice, usd, 1), caller: stranger, module: vault },
        { call: ledger.connect(guard).debitWitnessed(alice, usd, 1), caller: guard, module: vault },
        { call: ledger.connect(vault).trade(alice, bob, 1, 1, 1), caller: vault, module: settlement },
        { call: ledger.connect(settlement).push(0, 0, 0), caller: settlement, module: guard },
      ];
      for (const { call, caller, module } of foreign) {
        await expect(call)
          .to.be.revertedWithCustomError(ledger, "LedgerNotModule")
          .withArgs(caller.address, module.address);
      }
    });
  });

  describe("custody", () => {
    it("refuses nothing, too much, and more than there is", async () => {
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
      await expect(debit(alice, usd, 1n))
        .to.be.revertedWithCustomError(ledger, "LedgerBelowInitialMargin")
        .withArgs(alice, -SCALE, 0);
    });

    it("keeps the settlement asset in quote and others in their own balance", async () => {
      const { ledger, usd, other } = bare;
      const key = BigInt(usd);
      await expect(credit(alice, usd, 7n))
        .to.emit(ledger, "EntryPosted")
        .withArgs(1, alice, 0, key, 0, 7n * SCALE, 0, 7n * SCALE);
      await expect(credit(alice, other, 9n))
        .to.emit(ledger, "EntryPosted")
        .withArgs(2, alice, 0, BigInt(other), 9, 0, 9, 7n * SCALE);
      await expect(debit(alice, other, 4n))
        .to.emit(ledger, "EntryPosted")
        .withArgs(3, alice, 1, BigInt(other), -4, 0, 5, 7n * SCALE);
      expect(await ledger.quoteOf(alice)).to.equal(7n * SCALE);
      expect(await ledger.collateralOf(alice, other)).to.equal(5);
      expect(await ledger.collateralOf(alice, usd)).to.equal(0);
    });
  });

  describe("trade", () => {
    it("refuses nothing, and one account on both sides", async () => {
      const { ledger } = bare;
      await expect(trade(alice, bob, 1, 0n, 1n)).to.be.revertedWithCustomError(ledger, "LedgerZeroAmount");
      await expect(trade(alice, bob, 1, 1n, 0n)).to.be.revertedWithCustomError(ledger, "LedgerZeroAmount");
      await expect(trade(alice, alice, 1, 1n, 1n))
        .to.be.revertedWithCustomError(ledger, "LedgerSameAccount")
        .withArgs(alice);
    });

    it("moves size one way and quote the other, one entry each", async () => {
      const trading = trade(alice, bob, 7, 3n, 10n);
      await expect(trading).to.emit(bare.ledger, "EntryPosted").withArgs(1, alice, 2, 7, 3, -10, 3, -10);
      await expect(trading).to.emit(bare.ledger, "EntryPosted").withArgs(2, bob, 2, 7, -3, 10, -3, 10);
      expect(await bare.ledger.positionsOf(bob)).to.deep.equal([[7n, -3n]]);
    });

    it("refuses a size or a quote beyond 128 bits, signed", async () => {
      await trade(alice, bob, 1, INT128_MAX, 1n);
      await expect(trade(alice, bob, 1, 1n, 1n))
        .to.be.revertedWithCustomError(bare.ledger, "SafeCastOverflowedIntDowncast")
        .withArgs(128, INT128_MAX + 1n);
      await expect(trade(alice, bob, 2, 1n, INT128_MAX + 2n)).to.be.revertedWithCustomError(
        bare.ledger,
        "SafeCastOverflowedIntDowncast",
      );
    });

    it("opens as many positions as there is room for, and no more", async () => {
      for (let instrument = 1; instrument <= MAX_OPEN; instrument += 1) await trade(alice, bob, instrument, 1n, 1n);
      await expect(trade(alice, bob, MAX_OPEN + 1, 1n, 1n))
        .to.be.revertedWithCustomError(bare.ledger, "LedgerTooManyPositions")
        .withArgs(alice, MAX_OPEN);
      await trade(alice, bob, MAX_OPEN, 1n, 1n);
      await trade(bob, alice, 5, 1n, 1n);
      await trade(alice, bob, MAX_OPEN + 1, 1n, 1n);
      expect(await bare.ledger.openCountOf(alice)).to.equal(MAX_OPEN);
    });
  });

  it(`INV-16: lists the open instruments, opened and closed in any order (seed ${SEED})`, async () => {
    const random = new SeededRandom(SEED);
    const open = new Set<number>();
    for (let step = 0; step < 150; step += 1) {
      const instrument = 1 + random.below(40);
      if (open.has(instrument)) {
        await trade(bob, alice, instrument, 1n, 1n);
        open.delete(instrument);
      } else if (open.size < MAX_OPEN) {
        await trade(alice, bob, instrument, 1n, 1n);
        open.add(instrument);
      }
      const listed = (await bare.ledger.positionsOf(alice)).map(({ instrument: id }) => Number(id));
      expect(listed.toSorted((a, b) => a - b)).to.deep.equal([...open].sort((a, b) => a - b));
      expect(await bare.ledger.openCountOf(alice)).to.equal(open.size);
    }
  });

  it("INV-13: leaves no word at zero that was once used", async () => {
    const { ethers, ledger, usd, other } = bare;
    const read = async (slot: string): Promise<bigint> => BigInt(await ethers.provider.getStorage(ledger.target, slot));
    await credit(alice, usd, 5n);
    await credit(alice, other, 5n);
    await trade(alice, bob, 3, 1n, SCALE);
    await trade(bob, alice, 3, 1n, SCALE);
    await debit(alice, usd, 5n);
    await debit(alice, other, 5n);
    expect(await ledger.quoteOf(alice)).to.equal(0);
    const id = toBeHex(3, 32);
    const page = toBeHex(0, 32);
    const slots = {
      account: mappingSlot("bytes32", alice, 1n),
      size: mappingSlot("bytes32", id, mappingSlot("bytes32", alice, 2n)),
      page: mappingSlot("bytes32", page, mappingSlot("bytes32", alice, 3n)),
      collateral: mappingSlot("address", other, mappingSlot("bytes32", alice, 4n)),
    };
    for (const [name, slot] of Object.entries(slots)) expect(await read(slot), name).not.to.equal(0n);
  });

  it(`INV-1: ${OPERATIONS} random operations agree with a model, and nothing is made or lost (seed ${SEED})`, async () => {
    const { ledger, usd, other } = bare;
    const random = new SeededRandom(SEED);
    const model = new LedgerModel(usd, SCALE);
    const accounts = Array.from({ length: 6 }, (_, index) => accountOf(bare.stranger, index));
    const pick = (): string => accounts[random.below(accounts.length)]!;
    const custody = { [usd]: 0n, [other]: 0n };
    const outcomes = { accepted: 0, refused: 0 };
    for (let step = 0; step < OPERATIONS; step += 1) {
      const account = pick();
      const amount = BigInt(random.below(1_000));
      const asset = random.bool() ? usd : other;
      let expected: boolean;
      let sent: Promise<unknown>;
      if (random.below(5) < 2) {
        const isOut = random.bool();
        expected = model.move(account, asset, isOut ? -amount : amount);
        if (expected) custody[asset]! += isOut ? -amount : amount;
        sent = isOut ? debit(account, asset, amount) : credit(account, asset, amount);
      } else {
        const partner = accounts[(accounts.indexOf(account) + 1 + random.below(5)) % 6]!;
        const instrument = 1 + random.below(4);
        const size = BigInt(1 + random.below(3));
        const quote = size * SCALE * BigInt(1 + random.below(50));
        expected = model.trade(account, partner, instrument, size, quote);
        sent = trade(account, partner, instrument, size, quote);
      }
      const accepted = await sent.then(
        () => true,
        () => false,
      );
      expect(accepted, `step ${step}`).to.equal(expected);
      outcomes[accepted ? "accepted" : "refused"] += 1;
    }
    let quotes = 0n;
    const sizes = new Map<number, bigint>();
    for (const account of accounts) {
      const quote = await ledger.quoteOf(account);
      quotes += quote;
      expect(quote, account).to.equal(model.quoteOf(account));
      expect(await ledger.collateralOf(account, other)).to.equal(model.collateralOf(account, other));
      const positions = (await ledger.positionsOf(account)).map((p) => [Number(p.instrument), p.size] as const);
      for (const [instrument, size] of positions) sizes.set(instrument, (sizes.get(instrument) ?? 0n) + size);
      const open = model.openOf(account);
      expect(positions.toSorted(([a], [b]) => a - b)).to.deep.equal(
        open.sort((a, b) => a - b).map((instrument) => [instrument, model.sizeOf(account, instrument)]),
      );
    }
    expect(quotes).to.equal(custody[usd]! * SCALE);
    expect([...sizes.values()].every((sum) => sum === 0n)).to.equal(true);
    expect((await ledger.hotWord()).sequence).to.equal(model.sequence);
    expect(outcomes.refused).to.be.greaterThan(10);
  });
});
