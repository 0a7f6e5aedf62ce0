import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";

import type { InstrumentRegistry } from "../../../types/ethers-contracts/index.ts";
import { deployRisk, FEEDS, type Risk } from "./deployRisk.ts";
import { callTerms, KIND, perpetualTerms, wordOf, type Terms } from "./terms.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const INSTRUMENT = 5;
const UINT128_MAX = 2n ** 128n - 1n;

const scene = async (): Promise<Risk> => await deployRisk(connection);

describe("InstrumentRegistry", () => {
  let system: Risk;
  let instruments: InstrumentRegistry;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(scene);
    ({ instruments } = system);
  });

  it("refuses to be deployed without an oracle", async () => {
    const factory = await system.ethers.getContractFactory("InstrumentRegistry");
    await expect(factory.deploy(system.authority, ZeroAddress)).to.be.revertedWithCustomError(
      instruments,
      "InstrumentZero",
    );
  });

  describe("setInstrument", () => {
    const refuses = async (changes: Partial<Terms>, error: string, args: readonly unknown[] = []): Promise<void> => {
      await expect(instruments.setInstrument(INSTRUMENT, { ...perpetualTerms(), ...changes }))
        .to.be.revertedWithCustomError(instruments, error)
        .withArgs(...args);
    };

    it("is for governance", async () => {
      await expect(instruments.connect(system.user).setInstrument(INSTRUMENT, perpetualTerms()))
        .to.be.revertedWithCustomError(instruments, "AccessManagedUnauthorized")
        .withArgs(system.user.address);
    });

    it("lists perpetuals only", async () => {
      for (const kind of [KIND.None, KIND.Call, KIND.Put]) {
        await refuses({ kind }, "InstrumentKindFixed", [INSTRUMENT, KIND.Perpetual]);
      }
    });

    it("refuses zeros and a feed that is not set", async () => {
      await expect(instruments.setInstrument(0, perpetualTerms())).to.be.revertedWithCustomError(
        instruments,
        "InstrumentZero",
      );
      await refuses({ feed: 0n }, "InstrumentZero");
      await refuses({ maxOpenInterest: 0n }, "InstrumentZeroCap");
      await expect(instruments.setInstrument(INSTRUMENT, { ...perpetualTerms(), feed: 99n }))
        .to.be.revertedWithCustomError(system.oracle, "OracleUnknownFeed")
        .withArgs(99);
    });

    it("refuses margins out of order and a band wider than maintenance", async () => {
      for (const [initialPpm, maintenancePpm] of [
        [3n, 0n],
        [3n, 3n],
        [2n, 3n],
        [1_000_000n, 3n],
      ] as const) {
        await refuses({ initialPpm, maintenancePpm }, "InstrumentBadMargin", [initialPpm, maintenancePpm]);
      }
      for (const priceBandPpm of [0n, 50_001n]) {
        await refuses({ priceBandPpm }, "InstrumentBadBand", [priceBandPpm, 50_000n]);
      }
    });

    it("refuses a lag that costs nothing, and funding and fees beyond their limits", async () => {
      await refuses({ lagVolatilityPpm: 0n }, "InstrumentBadLag", [0]);
      await refuses({ maxFundingPpm: 100_001n }, "InstrumentBadFunding", [100_001]);
      await refuses({ makerFeePpm: 10_001n }, "InstrumentBadFee", [10_001]);
      await refuses({ takerFeePpm: 10_002n }, "InstrumentBadFee", [10_002]);
    });

    it("takes every field at its limit, in one word, and says so", async () => {
      const limits: Terms = {
        ...perpetualTerms(),
        initialPpm: 999_999n,
        maintenancePpm: 999_998n,
        priceBandPpm: 999_998n,
        lagVolatilityPpm: 2n ** 24n - 1n,
        maxFundingPpm: 100_000n,
        makerFeePpm: 10_000n,
        takerFeePpm: 10_000n,
        maxOpenInterest: 2n ** 80n - 1n,
      };
      await expect(instruments.setInstrument(INSTRUMENT, limits))
        .to.emit(instruments, "InstrumentSet")
        .withArgs(INSTRUMENT, Object.values(limits));
      expect(await instruments.instrumentOf(INSTRUMENT)).to.deep.equal(Object.values(limits));
    });

    it("changes everything of a listed one but kind and feed", async () => {
      await instruments.setInstrument(INSTRUMENT, perpetualTerms());
      const changed = { ...perpetualTerms(), initialPpm: 200_000n, maxFundingPpm: 0n };
      await instruments.setInstrument(INSTRUMENT, changed);
      expect(await instruments.instrumentOf(INSTRUMENT)).to.deep.equal(Object.values(changed));
      await refuses({ kind: KIND.Call }, "InstrumentKindFixed", [INSTRUMENT, KIND.Perpetual]);
      await refuses({ feed: BigInt(FEEDS.rounds) }, "InstrumentFeedFixed", [INSTRUMENT, FEEDS.bare]);
      const expiry = (await networkHelpers.time.latest()) + 1_000;
      await instruments.listOption(6, callTerms(), 1, expiry, 500_000, 1);
      await instruments.setInstrument(6, { ...callTerms(), priceBandPpm: 1n });
      await expect(instruments.setInstrument(6, perpetualTerms()))
        .to.be.revertedWithCustomError(instruments, "InstrumentKindFixed")
        .withArgs(6, KIND.Call);
      await expect(instruments.setInstrument(6, { ...callTerms(), maxFundingPpm: 1n }))
        .to.be.revertedWithCustomError(instruments, "InstrumentBadFunding")
        .withArgs(1);
    });
  });

  describe("setCollateral", () => {
    const deployToken = async (decimals = 18): Promise<string> =>
      (await system.ethers.deployContract("MockToken", ["Ether", "ETH", decimals])).target as string;

    it("is for governance", async () => {
      const token = await deployToken();
      await expect(instruments.connect(system.user).setCollateral(token, FEEDS.bare, 0))
        .to.be.revertedWithCustomError(instruments, "AccessManagedUnauthorized")
        .withArgs(system.user.address);
    });

    it("refuses zeros, an unknown feed, a whole haircut and more than 18 decimals", async () => {
      const token = await deployToken();
      for (const [asset, feed] of [
        [ZeroAddress, FEEDS.bare],
        [token, 0],
      ] as const) {
        await expect(instruments.setCollateral(asset, feed, 0)).to.be.revertedWithCustomError(
          instruments,
          "InstrumentZero",
        );
      }
      await expect(instruments.setCollateral(token, 99, 0))
        .to.be.revertedWithCustomError(system.oracle, "OracleUnknownFeed")
        .withArgs(99);
      await expect(instruments.setCollateral(token, FEEDS.bare, 1_000_000))
        .to.be.revertedWithCustomError(instruments, "InstrumentBadHaircut")
        .withArgs(1_000_000);
      const fine = await deployToken(19);
      await expect(instruments.setCollateral(fine, FEEDS.bare, 0))
        .to.be.revertedWithCustomError(instruments, "InstrumentBadDecimals")
        .withArgs(fine, 19);
    });

    it("numbers assets from 1 and keeps the number when terms change", async () => {
      const [first, second] = [await deployToken(8), await deployToken(18)];
      await expect(instruments.setCollateral(first, FEEDS.bare, 50_000))
        .to.emit(instruments, "CollateralSet")
        .withArgs(1, first, FEEDS.bare, 50_000, 8);
      await instruments.setCollateral(second, FEEDS.bare, 999_999);
      await expect(instruments.setCollateral(first, FEEDS.rounds, 60_000))
        .to.emit(instruments, "CollateralSet")
        .withArgs(1, first, FEEDS.rounds, 60_000, 8);
      expect(await instruments.collateralIdOf(first)).to.equal(1);
      expect(await instruments.collateralIdOf(second)).to.equal(2);
      expect(await instruments.collateralOf(1)).to.deep.equal([first, BigInt(FEEDS.rounds), 60_000n, 8n]);
      expect(await instruments.collateralOf(2)).to.deep.equal([second, BigInt(FEEDS.bare), 999_999n, 18n]);
    });

    it("keeps the decimals that it saw first", async () => {
      const token = await deployToken(8);
      await instruments.setCollateral(token, FEEDS.bare, 0);
      const other = await deployToken(18);
      const code = await system.ethers.provider.getCode(other);
      await connection.provider.request({ method: "hardhat_setCode", params: [token, code] });
      await instruments.setCollateral(token, FEEDS.bare, 1);
      expect((await instruments.collateralOf(1)).decimals).to.equal(8);
    });

    it("takes 31 assets", async () => {
      for (let id = 1; id <= 31; id++) await instruments.setCollateral(await deployToken(), FEEDS.bare, id);
      const last = await deployToken();
      await expect(instruments.setCollateral(last, FEEDS.bare, 0)).to.be.revertedWithCustomError(
        instruments,
        "InstrumentTooManyCollaterals",
      );
      expect((await instruments.collateralOf(31)).haircutPpm).to.equal(31);
      expect(await instruments.collateralIdOf(last)).to.equal(0);
    });
  });

  describe("setDebtCaps", () => {
    it("is for governance", async () => {
      await expect(instruments.connect(system.user).setDebtCaps(1, 1))
        .to.be.revertedWithCustomError(instruments, "AccessManagedUnauthorized")
        .withArgs(system.user.address);
    });

    it("lets nobody have a debt at first, and says so", async () => {
      expect(await instruments.debtCaps()).to.deep.equal([0n, 1n]);
      const factory = await system.ethers.getContractFactory("InstrumentRegistry");
      const fresh = await factory.deploy(system.authority, system.oracle.target);
      await expect(fresh.deploymentTransaction())
        .to.emit(instruments.attach(fresh.target), "DebtCapsSet")
        .withArgs(0, 1);
    });

    it("stores and says what was set, and never clears the word", async () => {
      await expect(instruments.setDebtCaps(0, 0)).to.be.revertedWithCustomError(instruments, "InstrumentZeroCap");
      await expect(instruments.setDebtCaps(UINT128_MAX, 7))
        .to.emit(instruments, "DebtCapsSet")
        .withArgs(UINT128_MAX, 7);
      expect(await instruments.debtCaps()).to.deep.equal([UINT128_MAX, 7n]);
      await instruments.setDebtCaps(0, UINT128_MAX);
      expect(await wordOf(system, 7)).to.equal(UINT128_MAX << 128n);
    });
  });
});
