import { expect } from "chai";
import { toBeHex } from "ethers";
import { network } from "hardhat";

import type { MockToken } from "../../../types/ethers-contracts/index.ts";
import { deployLockstep, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { listCollateral, setFundShort, WIDE, type Limits } from "../../helpers/assets.ts";
import { OutflowModel } from "../../helpers/OutflowModel.ts";
import { mappingSlot } from "../../helpers/proofs.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const SEEDS = [20_261_201, 20_261_202, 20_261_203] as const;

/** A limit of 200,000 that fills up in 10,000 seconds, 20 a second; an account may take 10,000 beside it. */
const LIMITS: Limits = { cap: 1_000_000n, outflowPpm: 200_000n, allowancePpm: 10_000n, period: 10_000n };
const CAPACITY = 200_000n;
const ALLOWANCE = 10_000n;

interface Scene {
  readonly system: Lockstep;
  readonly token: MockToken;
  readonly asset: string;
}

/** Three users with plenty of a token of {@link LIMITS}, and none deposited. */
async function scene(): Promise<Scene> {
  // Prices and checkpoints stay good for as long as these tests let time pass.
  const parameters = {
    staleLimitSeconds: 10_000_000,
    viewTimeSeconds: 10_000_000,
    softTimeSeconds: 20_000_000,
    windDownSeconds: 40_000_000,
    feedMaxAgeSeconds: 10_000_000,
  };
  const system = await deployLockstep(connection, { parameters });
  const token = await system.ethers.deployContract("MockToken", ["Gold", "GOLD", 6]);
  const asset = await listCollateral(system, token, LIMITS);
  for (const user of system.users.slice(0, 3)) {
    await token.mint(user.address, 10n ** 12n);
    await token.connect(user).approve(system.vault.target, 10n ** 12n);
  }
  return { system, token, asset };
}

describe("CollateralVault > limits", () => {
  let system: Lockstep;
  let token: MockToken;
  let asset: string;

  beforeEach(async () => {
    ({ system, token, asset } = await networkHelpers.loadFixture(scene));
  });

  const user = (index: number) => system.users[index]!;
  const accountNumber = (index: number) => accountOf(user(index));
  const deposit = async (index: number, amount: bigint) =>
    await system.vault.connect(user(index)).deposit(accountNumber(index), asset, amount);
  const withdraw = async (index: number, amount: bigint) =>
    await system.vault.connect(user(index)).withdraw(accountNumber(index), asset, amount, user(index).address);
  const levelOf = async () => (await system.vault.assetOf(asset)).level;
  const available = async (index: number) => [...(await system.vault.availableOf(accountNumber(index), asset))];

  /** The next transaction comes `seconds` after the newest block; returns its time. */
  async function after(seconds: number): Promise<bigint> {
    const at = (await networkHelpers.time.latest()) + seconds;
    await networkHelpers.time.setNextBlockTimestamp(at);
    return BigInt(at);
  }

  /** Two accounts with half of the cap each, and the excess of their deposits gone. */
  async function settled(): Promise<void> {
    await deposit(0, 500_000n);
    await deposit(1, 500_000n);
    await networkHelpers.time.increase(100_000);
  }

  describe("what governance may set", () => {
    it("refuses what closes the exit, or does not fit", async () => {
      const { vault } = system;
      const bad: Partial<Limits>[] = [
        { period: 0n },
        { period: 30n * 86_400n + 1n, outflowPpm: 3_000_000n },
        { outflowPpm: 0n },
        { allowancePpm: 0n },
        { cap: 0n },
        { cap: 49_999n },
        { cap: 2n ** 96n, outflowPpm: 1_000_000n },
      ];
      for (const change of bad) {
        const limits = { ...LIMITS, ...change };
        await expect(vault.setLimits(asset, limits))
          .to.be.revertedWithCustomError(vault, "VaultBadLimits")
          .withArgs(limits.cap, limits.outflowPpm, limits.allowancePpm, limits.period);
      }
      const other = await system.ethers.deployContract("MockToken", ["Other", "OTH", 6]);
      await expect(vault.listAsset(other.target, { ...LIMITS, period: 0n })).to.be.revertedWithCustomError(
        vault,
        "VaultBadLimits",
      );
      await vault.setLimits(asset, { ...LIMITS, period: 30n * 86_400n, outflowPpm: 3_000_000n });
      await vault.setLimits(asset, { ...LIMITS, cap: 2n ** 96n - 1n, outflowPpm: 1_000_000n });
      await vault.setLimits(asset, { ...LIMITS, cap: 50_000n });
    });

    it("is for governance, of a listed asset", async () => {
      const { vault } = system;
      await expect(vault.connect(user(0)).setLimits(asset, WIDE))
        .to.be.revertedWithCustomError(vault, "AccessManagedUnauthorized")
        .withArgs(user(0).address);
      await expect(vault.setLimits(user(0).address, WIDE))
        .to.be.revertedWithCustomError(vault, "VaultUnlistedAsset")
        .withArgs(user(0).address);
      await expect(vault.availableOf(accountNumber(0), user(0).address))
        .to.be.revertedWithCustomError(vault, "VaultUnlistedAsset")
        .withArgs(user(0).address);
    });

    it("lets what has passed count by the old limits, and leaves the level where it stands", async () => {
      const { vault } = system;
      await settled();
      await withdraw(0, CAPACITY);
      const at = await after(1_000);
      const next = { cap: 500_000n, outflowPpm: 20_000n, allowancePpm: 1_000n, period: 10_000n };
      await expect(vault.setLimits(asset, next))
        .to.emit(vault, "LimitsSet")
        .withArgs(asset, next.cap, next.outflowPpm, next.allowancePpm, next.period, 20_000, at);
      expect(await vault.limitsOf(asset)).to.deep.equal(Object.values(next));
      // Above the new capacity of 10,000, and falling to it by one a second.
      await networkHelpers.time.increase(500);
      expect(await available(1)).to.deep.equal([19_500n, 500n]);
      await networkHelpers.time.increase(50_000);
      expect(await available(1)).to.deep.equal([10_000n, 500n]);
    });

    it("lets a cap below what is held refuse deposits only", async () => {
      const { vault } = system;
      await settled();
      await vault.setLimits(asset, { ...LIMITS, cap: 500_000n, outflowPpm: 400_000n });
      await expect(deposit(0, 1n))
        .to.be.revertedWithCustomError(vault, "VaultAboveCap")
        .withArgs(asset, 1_000_001, 500_000);
      await withdraw(0, CAPACITY);
    });
  });

  describe("the cap of deposits", () => {
    it("counts what arrived with what is held", async () => {
      await deposit(0, 999_999n);
      await expect(deposit(1, 2n))
        .to.be.revertedWithCustomError(system.vault, "VaultAboveCap")
        .withArgs(asset, 1_000_001, 1_000_000);
      await deposit(1, 1n);
      await withdraw(0, 10n);
      await deposit(1, 10n);
    });
  });

  describe("the shared limit", () => {
    it("lets the capacity out, and fills up over the period", async () => {
      const { vault } = system;
      await settled();
      expect(await available(0)).to.deep.equal([CAPACITY, ALLOWANCE]);
      const start = await after(10);
      await expect(withdraw(0, CAPACITY))
        .to.emit(vault, "Withdrawn")
        .withArgs(accountNumber(0), asset, user(0).address, CAPACITY, CAPACITY, 0, 800_000, 0);
      expect((await vault.assetOf(asset)).levelAt).to.equal(start);
      await after(1_000);
      await expect(withdraw(0, 20_001n))
        .to.be.revertedWithCustomError(vault, "VaultOutflowLimited")
        .withArgs(asset, 20_001, 20_000, ALLOWANCE);
      await withdraw(0, 20_000n);
      await networkHelpers.time.increase(9_999);
      expect(await available(0)).to.deep.equal([CAPACITY - 20n, ALLOWANCE]);
      await networkHelpers.time.increase(100_000);
      expect(await available(0)).to.deep.equal([CAPACITY, ALLOWANCE]);
    });

    it("gives back what a deposit brings, so that a whale at the door changes nothing", async () => {
      await settled();
      await withdraw(0, 150_000n);
      const level = await levelOf();
      for (let loop = 0; loop < 5; loop += 1) {
        await after(1);
        await deposit(2, 120_000n);
        await after(1);
        await withdraw(2, 120_000n);
      }
      // Ten seconds later, and no other difference.
      expect(await levelOf()).to.equal(level + 10n * 20n);
    });

    it("lets a deposit above the capacity leave again, and the excess decay", async () => {
      await deposit(0, 700_000n);
      expect(await levelOf()).to.equal(CAPACITY + 700_000n);
      await after(1_000);
      await withdraw(0, 700_000n);
      // 20,000 of the excess had decayed before.
      expect(await levelOf()).to.equal(CAPACITY - 20_000n);
      await networkHelpers.time.increase(1_000);
      expect(await available(0)).to.deep.equal([CAPACITY, ALLOWANCE]);
    });

    it("does not grow past 96 bits", async () => {
      const { vault } = system;
      const cap = 2n ** 112n - 1n;
      await vault.setLimits(asset, { ...LIMITS, cap, outflowPpm: 1n });
      await token.mint(user(0).address, 2n ** 100n);
      await token.connect(user(0)).approve(vault.target, 2n ** 100n);
      await deposit(0, 2n ** 100n);
      expect(await levelOf()).to.equal(2n ** 96n - 1n);
    });

    it("weighs a withdrawal four times while the insurance fund is short", async () => {
      const { vault } = system;
      await settled();
      await setFundShort(system, true);
      expect(await available(0)).to.deep.equal([CAPACITY / 4n, ALLOWANCE]);
      await after(10);
      await expect(withdraw(0, 50_001n))
        .to.be.revertedWithCustomError(vault, "VaultOutflowLimited")
        .withArgs(asset, 50_001, 50_000, ALLOWANCE);
      await withdraw(0, 30_000n);
      expect(await levelOf()).to.equal(80_000n);
      await setFundShort(system, false);
      await after(1);
      await withdraw(0, 80_000n);
    });

    it("charges a loop three times its amount while the insurance fund is short, and leaves the allowances", async () => {
      await settled();
      await withdraw(1, 10_000n);
      await setFundShort(system, true);
      await networkHelpers.time.increase(10_000);
      for (let loop = 1n; loop <= 3n; loop += 1n) {
        await deposit(2, 10_000n);
        await withdraw(2, 10_000n);
      }
      // 60 refilled at the most meanwhile.
      expect(await levelOf()).to.be.within(CAPACITY - 90_000n, CAPACITY - 90_000n + 120n);
      const [, allowance] = await available(0);
      expect(allowance).to.equal(ALLOWANCE);
    });

    it("charges a claim when it is kept, not when it is paid", async () => {
      const { vault } = system;
      await settled();
      await token.setBlocked(user(0).address, true);
      await withdraw(0, CAPACITY);
      const level = await levelOf();
      await vault.connect(user(0)).claim(accountNumber(0), asset, user(5).address);
      expect(await levelOf()).to.equal(level);
      expect(await token.balanceOf(user(5).address)).to.equal(CAPACITY);
    });
  });

  describe("the allowance of an account", () => {
    beforeEach(async () => {
      await settled();
      await after(10);
      await withdraw(0, CAPACITY);
    });

    it("pays what the shared limit does not let out whole, and emits its word", async () => {
      const { vault } = system;
      await after(1);
      await expect(withdraw(1, 6_000n))
        .to.emit(vault, "Withdrawn")
        .withArgs(accountNumber(1), asset, user(1).address, 6_000, 6_000, 6_000, 794_000, 20);
      // One a second comes back; the shared limit has 40 and does not help.
      await after(1);
      await expect(withdraw(1, 4_002n))
        .to.be.revertedWithCustomError(vault, "VaultOutflowLimited")
        .withArgs(asset, 4_002, 40, 4_001);
      await expect(withdraw(1, 4_001n))
        .to.emit(vault, "Withdrawn")
        .withArgs(accountNumber(1), asset, user(1).address, 4_001, 10_001, 10_000, 789_999, 40);
    });

    it("INV-20: is each account's own: nobody uses up that of another", async () => {
      const { vault } = system;
      await withdraw(0, ALLOWANCE);
      await setFundShort(system, true);
      await expect(withdraw(0, 500n)).to.be.revertedWithCustomError(vault, "VaultOutflowLimited");
      const [, allowance] = await available(1);
      expect(allowance).to.equal(ALLOWANCE);
      // Not weighed: the fund being short closes nobody's own exit.
      await withdraw(1, ALLOWANCE);
    });

    it("always refills, whatever else leaves", async () => {
      for (let round = 1n; round <= 3n; round += 1n) {
        await after(round === 1n ? 5_000 : 4_999);
        // The first account takes all that the shared limit gained, before the other moves.
        await withdraw(0, 100_000n);
        expect(await levelOf()).to.equal(0);
        await after(1);
        await expect(withdraw(1, 10_000n - 5_000n * (round > 1n ? 1n : 0n))).to.emit(system.vault, "Withdrawn");
      }
      expect(await available(1)).to.deep.equal([20n, 0n]);
      expect(await token.balanceOf(user(1).address)).to.equal(10n ** 12n - 500_000n + 20_000n);
    });
  });

  describe("storage", () => {
    it("has every word that the events imply, and no other", async () => {
      const { vault, ethers } = system;
      await settled();
      await after(10);
      await withdraw(0, CAPACITY);
      const at = await after(1);
      await withdraw(1, 6_000n);
      const read = async (slot: string) => BigInt(await ethers.provider.getStorage(vault.target, slot));
      const bucket = mappingSlot("address", asset, 5n);
      const itemOf = (index: number) => mappingSlot("bytes32", accountNumber(index), toBeHex(BigInt(bucket) + 1n, 32));
      expect(await read(mappingSlot("address", asset, 1n))).to.equal(
        794_000n | (20n << 112n) | (at << 208n) | (1n << 248n),
      );
      const { cap, outflowPpm, allowancePpm, period } = LIMITS;
      expect(await read(mappingSlot("address", asset, 4n))).to.equal(
        cap | (outflowPpm << 112n) | (allowancePpm << 144n) | (period << 176n),
      );
      expect(await read(bucket)).to.equal(ALLOWANCE | (period << 208n));
      expect(await read(itemOf(1))).to.equal(6_000n | (at << 208n));
      // What the shared limit pays does not touch the item.
      expect(await read(itemOf(0))).to.equal(0n);
    });
  });

  for (const seed of SEEDS) {
    it(`follows the model through 150 random steps (seed ${seed})`, async () => {
      const { vault } = system;
      const random = new SeededRandom(seed);
      const model = new OutflowModel(LIMITS, (await vault.assetOf(asset)).levelAt);
      const balances = [300_000n, 300_000n, 300_000n];
      for (const [index, amount] of balances.entries()) {
        model.deposit(amount, await after(10));
        await deposit(index, amount);
      }
      // A tight limit, so that the allowances are needed, and time for the level to fall to it.
      const tight = { ...LIMITS, outflowPpm: 20_000n };
      model.setLimits(tight, await after(1));
      await vault.setLimits(asset, tight);
      await networkHelpers.time.increase(1_000_000);
      let [weight, paid, refused, byAllowance] = [1n, 0, 0, 0];
      for (let step = 0; step < 150; step += 1) {
        const index = random.below(3);
        const [kind, spread] = [random.below(20), random.below(4)];
        const limit = [2_000, 10_000, 10_000, 100_000][spread]!;
        const amount = BigInt(1 + random.below(limit));
        if (kind === 0) {
          weight = weight === 1n ? 4n : 1n;
          await setFundShort(system, weight === 4n);
          continue;
        }
        const now = await after(1 + random.below([2, 2, 50, 5_000][random.below(4)]!));
        if (kind === 1) {
          const limits = { ...LIMITS, outflowPpm: BigInt(10_000 + random.below(40_000)) };
          const next = { ...limits, allowancePpm: BigInt(5_000 + random.below(20_000)) };
          await vault.setLimits(asset, next);
          model.setLimits(next, now);
        } else if (kind < 5) {
          if (model.deposit(amount, now)) {
            await deposit(index, amount);
            balances[index]! += amount;
          } else await expect(deposit(index, amount)).to.be.revertedWithCustomError(vault, "VaultAboveCap");
        } else if (amount <= balances[index]!) {
          const outcome = model.withdraw(accountNumber(index), amount, now, weight);
          if (outcome.isPaid) {
            await expect(withdraw(index, amount)).to.emit(vault, "Withdrawn");
            balances[index]! -= amount;
            paid += 1;
            if (outcome.allowanceUsed !== 0n) byAllowance += 1;
          } else {
            await expect(withdraw(index, amount))
              .to.be.revertedWithCustomError(vault, "VaultOutflowLimited")
              .withArgs(asset, amount, outcome.outlet, outcome.allowance);
            refused += 1;
          }
        }
        expect(await vault.assetOf(asset)).to.deep.equal([model.held, model.level, model.levelAt, true]);
        for (const [account, { used, at }] of model.items) {
          const bucket = BigInt(mappingSlot("address", asset, 5n)) + 1n;
          const slot = mappingSlot("bytes32", account, toBeHex(bucket, 32));
          const word = BigInt(await system.ethers.provider.getStorage(vault.target, slot));
          expect(word).to.equal(used | (at << 208n));
        }
      }
      expect(await token.balanceOf(vault.target)).to.equal(model.held);
      // The run says something only if all of these happened.
      expect(Math.min(paid, refused, byAllowance), `${paid} ${refused} ${byAllowance}`).to.be.greaterThan(2);
    });
  }
});
