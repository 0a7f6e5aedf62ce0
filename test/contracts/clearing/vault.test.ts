import { expect } from "chai";
import { toBeHex, ZeroAddress, ZeroHash, zeroPadValue } from "ethers";
import { network } from "hardhat";

import { storage } from "../../../keeper/books/generated/CollateralVault.ts";
import type { Hex } from "../../../keeper/lib/hex.ts";
import { deployLockstep, depositUsd, TIMES, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { impersonate, listCollateral, WIDE } from "../../helpers/assets.ts";
import { ETH_PRICE, OrderBook, UNIT } from "../../helpers/orders.ts";
import { slotOf } from "../../helpers/witness.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const SEED = 20_261_123;
const DOLLAR = 10n ** 6n;
const SCALE = 10n ** 12n;

async function fixture(): Promise<Lockstep> {
  return await deployLockstep(connection);
}

describe("CollateralVault", () => {
  let system: Lockstep;
  let account: string;
  let usd: string;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    account = accountOf(system.users[0]!);
    usd = system.usd.target as string;
  });

  const owner = () => system.users[0]!;
  const deposit = async (asset: string, amount: bigint) =>
    await system.vault.connect(owner()).deposit(account, asset, amount);
  const withdraw = async (asset: string, amount: bigint, to = owner().address) =>
    await system.vault.connect(owner()).withdraw(account, asset, amount, to);
  const heldOf = async (asset: string) => (await system.vault.assetOf(asset)).held;

  /** Takes tokens away from the vault, as no operation of the system can. */
  async function steal(amount: bigint): Promise<void> {
    const thief = await impersonate(system, system.vault.target as string);
    await system.usd.connect(thief).transfer(system.users[8]!.address, amount);
  }

  describe("setup", () => {
    it("refuses zero modules", async () => {
      const { ethers, authority, ledger, guard, registry, verifier, vault } = system;
      const factory = await ethers.getContractFactory("CollateralVault");
      const modules = [ledger.target, guard.target, registry.target, verifier.target];
      for (const index of modules.keys()) {
        const [a, b, c, d] = modules.with(index, ZeroAddress);
        await expect(factory.deploy(authority.target, a!, b!, c!, d!, WIDE)).to.be.revertedWithCustomError(
          vault,
          "VaultZeroAddress",
        );
      }
    });

    it("lists the settlement asset, with a full limit", async () => {
      const { vault } = system;
      const { cap, outflowPpm, period } = await vault.limitsOf(usd);
      const { held, level, isListed } = await vault.assetOf(usd);
      expect({ held, isListed, level }).to.deep.equal({ held: 0n, isListed: true, level: 10n ** 14n });
      expect([cap, outflowPpm, period]).to.deep.equal([10n ** 15n, 100_000n, 3_600n]);
    });

    it("lists assets by governance, once, with at most 18 decimals", async () => {
      const { vault, ethers } = system;
      const wide = await ethers.deployContract("MockToken", ["Wide", "WIDE", 19]);
      await expect(vault.connect(owner()).listAsset(wide.target, WIDE))
        .to.be.revertedWithCustomError(vault, "AccessManagedUnauthorized")
        .withArgs(owner().address);
      await expect(vault.listAsset(wide.target, WIDE))
        .to.be.revertedWithCustomError(vault, "VaultUnsupportedDecimals")
        .withArgs(wide.target, 19);
      await expect(vault.listAsset(usd, WIDE)).to.be.revertedWithCustomError(vault, "VaultAlreadyListed").withArgs(usd);
      for (const decimals of [0, 6, 8, 18]) {
        const token = await ethers.deployContract("MockToken", ["Ok", "OK", decimals]);
        const at = (await networkHelpers.time.latest()) + 10;
        await networkHelpers.time.setNextBlockTimestamp(at);
        const { cap, outflowPpm, allowancePpm, period } = WIDE;
        await expect(vault.listAsset(token.target, WIDE))
          .to.emit(vault, "AssetListed")
          .withArgs(token.target, at)
          .and.to.emit(vault, "LimitsSet")
          .withArgs(token.target, cap, outflowPpm, allowancePpm, period, cap, at);
      }
    });
  });

  describe("deposit", () => {
    it("refuses an account of nobody, an unlisted asset, nothing, and what nobody allowed", async () => {
      const { vault, ethers } = system;
      await expect(vault.deposit(ZeroHash, usd, 1n)).to.be.revertedWithCustomError(vault, "VaultZeroAddress");
      const other = await ethers.deployContract("MockToken", ["Other", "OTH", 6]);
      await expect(deposit(other.target as string, 1n))
        .to.be.revertedWithCustomError(vault, "VaultUnlistedAsset")
        .withArgs(other.target);
      await expect(deposit(usd, 0n)).to.be.revertedWithCustomError(vault, "VaultZeroAmount");
      await expect(deposit(usd, 1n)).to.be.revertedWithCustomError(system.usd, "ERC20InsufficientAllowance");
    });

    it("refuses collateral for the account of another, before it moves any", async () => {
      const { vault, ethers, users, ledger } = system;
      const gold = await ethers.deployContract("MockToken", ["Gold", "GOLD", 18]);
      const asset = await listCollateral(system, gold);
      const stranger = users[1]!;
      await gold.mint(stranger.address, 2n);
      await gold.connect(stranger).approve(vault.target, 2n);
      await expect(vault.connect(stranger).deposit(account, asset, 1n))
        .to.be.revertedWithCustomError(vault, "VaultNotOwner")
        .withArgs(account, stranger.address);
      // Any account of one's own is.
      await vault.connect(stranger).deposit(accountOf(stranger, 3), asset, 2n);
      expect(await ledger.collateralOf(accountOf(stranger, 3), asset)).to.equal(2);
    });

    it("refuses an asset that does not count as collateral", async () => {
      const { vault, ethers, ledger } = system;
      const token = await ethers.deployContract("MockToken", ["Half", "HALF", 6]);
      await vault.listAsset(token.target, WIDE);
      await token.mint(owner().address, 1n);
      await token.connect(owner()).approve(vault.target, 1n);
      await expect(deposit(token.target as string, 1n))
        .to.be.revertedWithCustomError(ledger, "LedgerUnknownCollateral")
        .withArgs(token.target);
    });

    it("credits the settlement asset in quote, whoever pays", async () => {
      const { vault, users, ledger } = system;
      await system.usd.mint(users[1]!.address, 50n);
      await system.usd.connect(users[1]!).approve(vault.target, 50n);
      await expect(vault.connect(users[1]!).deposit(account, usd, 50n))
        .to.emit(vault, "Deposited")
        .withArgs(account, usd, users[1]!.address, 50, 50, 10n ** 14n + 50n);
      expect(await ledger.quoteOf(account)).to.equal(50n * SCALE);
      const openedAt = BigInt(await system.ethers.provider.getBlockNumber());
      expect(await vault.flowOf(account, usd)).to.deep.equal([50n, 0n, openedAt]);
      await system.usd.mint(users[1]!.address, 9n);
      await system.usd.connect(users[1]!).approve(vault.target, 9n);
      await vault.connect(users[1]!).deposit(account, usd, 9n);
      expect(await vault.flowOf(account, usd)).to.deep.equal([59n, 0n, openedAt]);
    });

    it("opens the flow of the settlement asset with that of any other", async () => {
      const { vault, ethers, ledger } = system;
      const gold = await ethers.deployContract("MockToken", ["Gold", "GOLD", 18]);
      const asset = await listCollateral(system, gold);
      await gold.mint(owner().address, 7n);
      await gold.connect(owner()).approve(vault.target, 7n);
      await deposit(asset, 7n);
      expect(await ledger.collateralOf(account, asset)).to.equal(7);
      const openedAt = BigInt(await ethers.provider.getBlockNumber());
      expect(await vault.flowOf(account, asset)).to.deep.equal([7n, 0n, openedAt]);
      expect(await vault.flowOf(account, usd)).to.deep.equal([0n, 0n, openedAt]);
    });

    it("keeps the age of a flow that another asset's opened, and of one that was there", async () => {
      const { vault, ethers } = system;
      await depositUsd(system, owner(), 5n);
      const usdOpenedAt = BigInt(await ethers.provider.getBlockNumber());
      const gold = await ethers.deployContract("MockToken", ["Gold", "GOLD", 18]);
      const asset = await listCollateral(system, gold);
      await gold.mint(owner().address, 7n);
      await gold.connect(owner()).approve(vault.target, 7n);
      await deposit(asset, 7n);
      const openedAt = BigInt(await ethers.provider.getBlockNumber());
      expect(await vault.flowOf(account, asset)).to.deep.equal([7n, 0n, openedAt]);
      expect(await vault.flowOf(account, usd)).to.deep.equal([5n, 0n, usdOpenedAt]);
    });

    it("refuses what would bring the counter of deposits to 2^104", async () => {
      const { vault } = system;
      await depositUsd(system, owner(), 5n);
      const slot = storage.flows.slot(account as Hex, usd.toLowerCase() as Hex);
      const flow = storage.flows.decode(BigInt(await system.ethers.provider.getStorage(vault.target, slot)));
      const full = storage.flows.encode({ ...flow, deposited: (1n << 104n) - 2n });
      await networkHelpers.setStorageAt(vault.target as string, slot, toBeHex(full, 32));
      await system.usd.mint(owner().address, 2n);
      await system.usd.connect(owner()).approve(vault.target, 2n);
      await expect(deposit(usd, 2n))
        .to.be.revertedWithCustomError(vault, "SafeCastOverflowedUintDowncast")
        .withArgs(104, 1n << 104n);
      await deposit(usd, 1n);
      // Withdrawals go on.
      await vault.connect(owner()).withdraw(account, usd, 6n, owner().address);
      expect(await vault.flowOf(account, usd)).to.deep.equal([(1n << 104n) - 1n, 6n, flow.openedAt]);
    });
  });

  describe("withdraw", () => {
    beforeEach(async () => {
      await depositUsd(system, owner(), 100n);
    });

    it("is for the owner, up to the balance, to somebody, and not of nothing", async () => {
      const { vault, users, ledger } = system;
      const stranger = users[1]!;
      await expect(vault.connect(stranger).withdraw(account, usd, 1n, stranger.address))
        .to.be.revertedWithCustomError(vault, "VaultNotOwner")
        .withArgs(account, stranger.address);
      await expect(withdraw(usd, 0n)).to.be.revertedWithCustomError(vault, "VaultZeroAmount");
      for (const to of [ZeroAddress, vault.target as string]) {
        await expect(withdraw(usd, 1n, to)).to.be.revertedWithCustomError(vault, "VaultZeroAddress");
      }
      await expect(withdraw(usd, 101n)).to.be.revertedWithCustomError(ledger, "LedgerBelowInitialMargin");
      await expect(withdraw(ZeroAddress, 1n)).to.revert(system.ethers);
    });

    it("pays and counts", async () => {
      const { vault, users } = system;
      const to = users[5]!.address;
      await withdraw(usd, 30n, to);
      // The limit of the fixture is full again long before the next block.
      const level = 10n ** 14n - 20n;
      await expect(withdraw(usd, 20n, to))
        .to.emit(vault, "Withdrawn")
        .withArgs(account, usd, to, 20, 50, 0, 50, level);
      expect(await system.usd.balanceOf(to)).to.equal(50);
      expect(await heldOf(usd)).to.equal(50);
    });

    it("refuses more than the vault has of what was won from accounts in debt", async () => {
      const { vault, users, ethers, instruments, ledger, ethFeed } = system;
      const [winner, loser] = [users[1]!, users[2]!];
      const gold = await ethers.deployContract("MockToken", ["Gold", "GOLD", 18]);
      const asset = await listCollateral(system, gold);
      await instruments.setDebtCaps(10_000n * UNIT, 10_000n * UNIT);
      await gold.mint(loser.address, 100n * UNIT);
      await gold.connect(loser).approve(vault.target, 100n * UNIT);
      await vault.connect(loser).deposit(accountOf(loser), asset, 100n * UNIT);
      await depositUsd(system, winner, 2_000n * DOLLAR);
      const orders = new OrderBook(system);
      await orders.trade(loser, winner, { price: ETH_PRICE });
      await ethFeed.update(2_500n * 10n ** 8n);
      await orders.trade(winner, loser, { price: 2_500n * UNIT });
      expect(await ledger.quoteOf(accountOf(winner))).to.equal(2_500n * UNIT);
      const held = 2_000n * DOLLAR + 100n;
      const all = vault.connect(winner).withdraw(accountOf(winner), usd, 2_500n * DOLLAR, winner.address);
      await expect(all)
        .to.be.revertedWithCustomError(vault, "VaultCustodyShort")
        .withArgs(usd, held, 2_500n * DOLLAR);
      await vault.connect(winner).withdraw(accountOf(winner), usd, held, winner.address);
      expect(await heldOf(usd)).to.equal(0);
    });
  });

  describe("claim", () => {
    beforeEach(async () => {
      await depositUsd(system, owner(), 100n);
    });

    it("keeps a withdrawal that the token refused, and pays it later, once", async () => {
      const { vault, users } = system;
      const safe = users[5]!.address;
      await system.usd.setBlocked(owner().address, true);
      await expect(withdraw(usd, 40n)).to.emit(vault, "ClaimKept").withArgs(account, usd, 40, 40, 100);
      expect(await heldOf(usd)).to.equal(100);
      const self = vault.connect(owner());
      await expect(self.claim(account, usd, owner().address))
        .to.be.revertedWithCustomError(vault, "SafeERC20FailedOperation")
        .withArgs(usd);
      await expect(vault.claim(account, usd, safe))
        .to.be.revertedWithCustomError(vault, "VaultNotOwner")
        .withArgs(account, system.admin.address);
      for (const to of [ZeroAddress, vault.target as string]) {
        await expect(self.claim(account, usd, to)).to.be.revertedWithCustomError(vault, "VaultZeroAddress");
      }
      await expect(self.claim(account, usd, safe))
        .to.emit(vault, "Claimed")
        .withArgs(account, usd, safe, 40, 40, 40, 60);
      await expect(self.claim(account, usd, safe))
        .to.be.revertedWithCustomError(vault, "VaultNothingToClaim")
        .withArgs(account, usd);
      expect(await system.usd.balanceOf(safe)).to.equal(40);
    });

    it("adds several up, and a claim is no balance of the account", async () => {
      const { vault, users, ledger } = system;
      const refusing = users[5]!.address;
      await system.usd.setBlocked(refusing, true);
      await withdraw(usd, 10n, refusing);
      await expect(withdraw(usd, 20n, refusing))
        .to.emit(vault, "ClaimKept")
        .withArgs(account, usd, 20, 30, 100);
      expect(await ledger.quoteOf(account)).to.equal(70n * SCALE);
      await expect(withdraw(usd, 71n)).to.be.revertedWithCustomError(ledger, "LedgerBelowInitialMargin");
      await vault.connect(owner()).claim(account, usd, users[6]!.address);
      expect(await vault.claimOf(account, usd)).to.deep.equal([30n, 30n]);
      const { deposited, withdrawn } = await vault.flowOf(account, usd);
      expect([deposited, withdrawn]).to.deep.equal([100n, 30n]);
      expect(await vault.claimPaidOf(account, usd)).to.deep.equal([30n, true]);
      expect(await heldOf(usd)).to.equal(70);
    });

    it("is restricted with withdrawals", async () => {
      await networkHelpers.time.increase(TIMES.staleLimitSeconds + 1);
      await expect(system.vault.connect(owner()).claim(account, usd, owner().address))
        .to.be.revertedWithCustomError(system.vault, "VaultClaimsRestricted")
        .withArgs(account);
    });

    it("is never paid out of more than the vault holds", async () => {
      const { vault } = system;
      await system.usd.setBlocked(owner().address, true);
      await withdraw(usd, 40n);
      const slot = slotOf.claim(account, usd);
      await networkHelpers.setStorageAt(vault.target as string, slot, `0x${"0".repeat(61)}3e8`);
      await expect(vault.connect(owner()).claim(account, usd, system.users[5]!.address))
        .to.be.revertedWithCustomError(vault, "VaultCustodyShort")
        .withArgs(usd, 100, 1_000);
    });
  });

  describe("custody", () => {
    const gapOf = async () => (await heldOf(usd)) - (await system.usd.balanceOf(system.vault.target));

    it("INV-2: no operation widens the gap between custody and what is owed, nor does a gap stop the others", async () => {
      const { vault, users } = system;
      const refusing = users[4]!.address;
      await depositUsd(system, owner(), 100n);
      await depositUsd(system, users[1]!, 50n);
      await system.usd.setBlocked(refusing, true);
      await steal(1n);
      const operations = [
        async () => await depositUsd(system, owner(), 10n),
        async () => await withdraw(usd, 10n),
        async () => await withdraw(usd, 40n, refusing),
        async () => await vault.connect(owner()).claim(account, usd, owner().address),
        async () => await vault.connect(users[1]!).withdraw(accountOf(users[1]!), usd, 50n, users[1]!.address),
      ];
      for (const operation of operations) {
        await operation();
        expect(await gapOf()).to.equal(1);
      }
      // What cannot be paid is not lost: the last one is owed it.
      await expect(withdraw(usd, 60n)).to.emit(vault, "ClaimKept").withArgs(account, usd, 60, 100, 60);
      expect(await gapOf()).to.equal(1);
      await system.usd.mint(vault.target, 1n);
      await vault.connect(owner()).claim(account, usd, owner().address);
      expect(await heldOf(usd)).to.equal(0);
    });

    it(`holds exactly what it owes after 120 random movements (seed ${SEED})`, async () => {
      const { vault, users } = system;
      const random = new SeededRandom(SEED);
      const refusing = users[6]!.address;
      await system.usd.setBlocked(refusing, true);
      let [balance, claimable] = [0n, 0n];
      for (let step = 0; step < 120; step += 1) {
        const amount = BigInt(1 + random.below(100));
        const kind = random.below(4);
        if (kind < 2) {
          await depositUsd(system, owner(), amount);
          balance += amount;
        } else if (kind === 2 && amount <= balance) {
          const isRefused = random.bool();
          await withdraw(usd, amount, isRefused ? refusing : users[7]!.address);
          balance -= amount;
          if (isRefused) claimable += amount;
        } else if (kind === 3 && claimable > 0n) {
          await vault.connect(owner()).claim(account, usd, users[7]!.address);
          claimable = 0n;
        }
        expect(await heldOf(usd)).to.equal(balance + claimable);
        expect(await gapOf()).to.equal(0);
      }
    });
  });

  describe("repair", () => {
    const addressKey = (address: string) => zeroPadValue(address, 32);
    const word = (value: bigint) => toBeHex(value, 32);
    /** As the guard. */
    const repair = async (item: {
      variable: number;
      keys: string[];
      expected: bigint;
      value: bigint;
      offset?: number;
    }) =>
      await system.vault
        .connect(await impersonate(system, system.guard.target as string))
        .repair({ offset: 0, ...item, expected: word(item.expected), value: word(item.value) });
    const read = async (slot: string) => BigInt(await system.ethers.provider.getStorage(system.vault.target, slot));

    beforeEach(async () => {
      await depositUsd(system, owner(), 100n);
      await withdraw(usd, 10n);
      await system.usd.setBlocked(owner().address, true);
      await withdraw(usd, 20n);
    });

    it("is the guard's", async () => {
      const { vault, admin } = system;
      const item = { variable: 1, keys: [addressKey(usd)], offset: 0, expected: word(0n), value: word(1n) };
      await expect(vault.repair(item)).to.be.revertedWithCustomError(vault, "RepairNotGuard").withArgs(admin.address);
    });

    it("writes assets, flows, claims and limits, where the layout has them", async () => {
      const { vault } = system;
      const { assets, flows, claims, limits } = storage;
      const [holder, asset] = [account as Hex, usd.toLowerCase() as Hex];
      for (const { variable, keys, slot } of [
        { variable: 1, keys: [addressKey(usd)], slot: assets.slot(asset) },
        { variable: 2, keys: [account, addressKey(usd)], slot: flows.slot(holder, asset) },
        { variable: 3, keys: [account, addressKey(usd)], slot: claims.slot(holder, asset) },
        { variable: 4, keys: [addressKey(usd)], slot: limits.slot(asset) },
      ]) {
        const expected = await read(slot);
        expect(expected, String(variable)).not.to.equal(0);
        // The lowest field of each word, by one.
        await expect(repair({ variable, keys, expected, value: expected - 1n }))
          .to.emit(vault, "WordRepaired")
          .withArgs(slot, word(expected), word(expected - 1n));
        expect(await read(slot)).to.equal(expected - 1n);
      }
    });

    it("writes no allowance, registration, wind-down or paid claim, and not who governs", async () => {
      const { vault } = system;
      const shapes = [[], [addressKey(usd)], [account, addressKey(usd)]];
      for (const variable of [0, 5, 6, 7, 8, 9, 255]) {
        for (const keys of shapes) {
          await expect(repair({ variable, keys, expected: 0n, value: 1n }))
            .to.be.revertedWithCustomError(vault, "RepairForbidden")
            .withArgs(variable, keys.length, 0);
        }
      }
      for (const variable of [1, 2, 3, 4]) {
        await expect(
          repair({ variable, keys: shapes[variable % 3 === 1 ? 1 : 2]!, expected: 0n, value: 1n, offset: 1 }),
        ).to.be.revertedWithCustomError(vault, "RepairForbidden");
      }
    });

    it("moves no counter to where more is payable to two witnesses, and never its age", async () => {
      const { vault } = system;
      const keys = [account, addressKey(usd)];
      const expected = await read(storage.flows.slot(account as Hex, usd.toLowerCase() as Hex));
      const flow = storage.flows.decode(expected);
      const { deposited, withdrawn, openedAt } = flow;
      expect([deposited, withdrawn]).to.deep.equal([100n, 30n]);
      for (const changes of [
        { deposited: deposited + 1n },
        { withdrawn: withdrawn - 1n },
        { openedAt: openedAt + 1n },
        { openedAt: openedAt - 1n },
        { deposited: deposited + 1n, withdrawn: withdrawn + 1n },
      ]) {
        await expect(repair({ variable: 2, keys, expected, value: storage.flows.encode({ ...flow, ...changes }) }))
          .to.be.revertedWithCustomError(vault, "RepairForbidden")
          .withArgs(2, 2, 0);
      }
      // Bits that no variable has, either.
      await expect(
        repair({ variable: 2, keys, expected, value: expected | (1n << 248n) }),
      ).to.be.revertedWithCustomError(vault, "RepairForbidden");
      await repair({
        variable: 2,
        keys,
        expected,
        value: storage.flows.encode({ deposited: 99n, withdrawn: 31n, openedAt }),
      });
      expect(await vault.flowOf(account, usd)).to.deep.equal([99n, 31n, openedAt]);
    });

    it("promises no more than there is", async () => {
      const { vault } = system;
      const expected = await read(storage.assets.slot(usd.toLowerCase() as Hex));
      const more = { variable: 1, keys: [addressKey(usd)], expected, value: expected + 1n };
      await expect(repair(more)).to.be.revertedWithCustomError(vault, "VaultCustodyShort").withArgs(usd, 90, 91);
      await system.usd.mint(vault.target, 1n);
      await repair(more);
      expect(await heldOf(usd)).to.equal(91);
    });

    it("never makes limits that close the exit", async () => {
      const { vault } = system;
      const limits = await vault.limitsOf(usd);
      const expected = await read(storage.limits.slot(usd.toLowerCase() as Hex));
      const [cap, outflowPpm, allowancePpm, period] = limits;
      for (const changes of [{ period: 0n }, { period: 31n * 86_400n }, { outflowPpm: 0n }, { allowancePpm: 0n }]) {
        const value = storage.limits.encode({ cap, outflowPpm, allowancePpm, period, ...changes });
        await expect(repair({ variable: 4, keys: [addressKey(usd)], expected, value })).to.be.revertedWithCustomError(
          vault,
          "VaultBadLimits",
        );
      }
    });
  });
});
