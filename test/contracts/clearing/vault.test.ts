import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import type { FeeToken, HookToken } from "../../../types/ethers-contracts/index.ts";
import { deployLockstep, depositUsd, TIMES, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { SeededRandom } from "../../fixtures/layout/SeededRandom.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { UNIT } from "../../helpers/orders.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const SEED = 20_261_123;

async function fixture(): Promise<Lockstep> {
  return await deployLockstep(connection);
}

describe("CollateralVault", () => {
  let system: Lockstep;
  let account: string;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    account = accountOf(system.users[0]!);
  });

  const owner = () => system.users[0]!;
  const deposit = async (asset: string, amount: bigint) =>
    await system.vault.connect(owner()).deposit(account, asset, amount);
  const withdraw = async (asset: string, amount: bigint, to = owner().address) =>
    await system.vault.connect(owner()).withdraw(account, asset, amount, to);

  /** Lists a token, mints to the first user and allows the vault. */
  async function listed<Token extends FeeToken | HookToken>(token: Token, amount: bigint): Promise<Token> {
    await system.vault.listAsset(token.target);
    await token.mint(owner().address, amount);
    await token.connect(owner()).approve(system.vault.target, amount);
    return token;
  }
  const feeToken = async (amount: bigint) => await listed(await system.ethers.deployContract("FeeToken"), amount);
  const hookToken = async (amount: bigint) => await listed(await system.ethers.deployContract("HookToken"), amount);

  describe("setup", () => {
    it("refuses zero modules", async () => {
      const { ethers, authority, ledger, guard, registry, vault } = system;
      const factory = await ethers.getContractFactory("CollateralVault");
      const modules = [ledger.target, guard.target, registry.target];
      for (const index of modules.keys()) {
        const [a, b, c] = modules.with(index, ZeroAddress);
        await expect(factory.deploy(authority.target, a!, b!, c!)).to.be.revertedWithCustomError(
          vault,
          "VaultZeroAddress",
        );
      }
    });

    it("lists assets by governance, once, with at most 18 decimals", async () => {
      const { vault, ethers, usd } = system;
      const wide = await ethers.deployContract("MockToken", ["Wide", "WIDE", 19]);
      await expect(vault.connect(owner()).listAsset(wide.target))
        .to.be.revertedWithCustomError(vault, "AccessManagedUnauthorized")
        .withArgs(owner().address);
      await expect(vault.listAsset(wide.target))
        .to.be.revertedWithCustomError(vault, "VaultUnsupportedDecimals")
        .withArgs(wide.target, 19);
      await expect(vault.listAsset(usd.target))
        .to.be.revertedWithCustomError(vault, "VaultAlreadyListed")
        .withArgs(usd.target);
      const token = await ethers.deployContract("MockToken", ["Ok", "OK", 18]);
      await expect(vault.listAsset(token.target)).to.emit(vault, "AssetListed").withArgs(token.target);
    });
  });

  describe("deposit", () => {
    it("refuses an account of nobody, an unlisted asset, nothing, and a token that sends nothing", async () => {
      const { vault, usd, ethers } = system;
      const usdAddress = usd.target as string;
      await expect(vault.deposit(ZeroHash, usdAddress, 1n)).to.be.revertedWithCustomError(vault, "VaultZeroAddress");
      const other = await ethers.deployContract("MockToken", ["Other", "OTH", 6]);
      await expect(deposit(other.target as string, 1n))
        .to.be.revertedWithCustomError(vault, "VaultUnlistedAsset")
        .withArgs(other.target);
      await expect(deposit(usdAddress, 0n)).to.be.revertedWithCustomError(vault, "VaultZeroAmount");
      await expect(deposit(usdAddress, 1n)).to.be.revertedWithCustomError(usd, "ERC20InsufficientAllowance");
      const fee = await feeToken(100n);
      await fee.setPercent(100);
      await expect(deposit(fee.target as string, 100n))
        .to.be.revertedWithCustomError(vault, "VaultNothingReceived")
        .withArgs(fee.target, 100);
    });

    it("credits the settlement asset in quote, whoever pays", async () => {
      const { vault, usd, users, ledger } = system;
      await usd.mint(users[1]!.address, 50n);
      await usd.connect(users[1]!).approve(vault.target, 50n);
      await expect(vault.connect(users[1]!).deposit(account, usd.target, 50n))
        .to.emit(vault, "Deposited")
        .withArgs(account, usd.target, users[1]!.address, 50, 50);
      expect(await ledger.quoteOf(account)).to.equal(50n * 10n ** 12n);
      expect(await vault.flowOf(account, usd.target)).to.deep.equal([0n, 0n, true]);
    });

    it("credits what arrived of a token that takes a fee, and pays it out in full from there", async () => {
      const { vault, ledger } = system;
      const fee = await feeToken(1_000n);
      const address = fee.target as string;
      await expect(deposit(address, 1_000n))
        .to.emit(vault, "Deposited")
        .withArgs(account, address, owner().address, 990, 990);
      expect(await ledger.collateralOf(account, address)).to.equal(990);
      await withdraw(address, 990n);
      expect(await fee.balanceOf(vault.target)).to.equal(0);
      expect(await fee.balanceOf(owner().address)).to.equal(981);
    });

    it("takes and pays a token that returns nothing", async () => {
      const { vault, ethers, ledger } = system;
      const token = await ethers.deployContract("NoReturnToken");
      await vault.listAsset(token.target);
      await token.mint(owner().address, 10n);
      await deposit(token.target as string, 10n);
      expect(await ledger.collateralOf(account, token.target)).to.equal(10);
      await withdraw(token.target as string, 4n);
      expect(await token.balanceOf(owner().address)).to.equal(4);
      expect((await vault.claimOf(account, token.target)).owed).to.equal(0);
    });

    it("refuses to be entered again from a token's hook, by any door", async () => {
      const { vault } = system;
      const hook = await hookToken(100n);
      const address = hook.target as string;
      const witness = { number: 0, roots: [], balanceProof: [], flowProof: [] };
      const doors = [
        vault.interface.encodeFunctionData("deposit", [account, address, 1n]),
        vault.interface.encodeFunctionData("withdraw", [account, address, 1n, address]),
        vault.interface.encodeFunctionData("withdrawWitnessed", [account, address, 1n, address, witness]),
        vault.interface.encodeFunctionData("claim", [account, address, address]),
        vault.interface.encodeFunctionData("claimWitnessed", [account, address, address, witness]),
      ];
      for (const data of doors) {
        await hook.setHook(vault.target, data);
        await expect(deposit(address, 10n)).to.be.revertedWithCustomError(vault, "VaultReentered");
      }
      await hook.setHook(ZeroAddress, "0x");
      await deposit(address, 10n);
      await hook.setHook(vault.target, doors[0]!);
      await expect(withdraw(address, 10n)).to.emit(vault, "ClaimKept").withArgs(account, address, 10, 10, 10);
      await expect(vault.connect(owner()).claim(account, address, owner().address)).to.be.revertedWithCustomError(
        vault,
        "VaultReentered",
      );
    });
  });

  describe("withdraw", () => {
    beforeEach(async () => {
      await depositUsd(system, owner(), 100n);
    });

    it("is for the owner, up to the balance, to somebody", async () => {
      const { vault, usd, users, ledger } = system;
      const stranger = users[1]!;
      await expect(vault.connect(stranger).withdraw(account, usd.target, 1n, stranger.address))
        .to.be.revertedWithCustomError(vault, "VaultNotOwner")
        .withArgs(account, stranger.address);
      for (const to of [ZeroAddress, vault.target as string]) {
        await expect(withdraw(usd.target as string, 1n, to)).to.be.revertedWithCustomError(vault, "VaultZeroAddress");
      }
      await expect(withdraw(usd.target as string, 101n))
        .to.be.revertedWithCustomError(ledger, "LedgerBelowInitialMargin")
        .withArgs(account, -(10n ** 12n), 0);
      await expect(withdraw(usd.target as string, 0n)).to.be.revertedWithCustomError(ledger, "LedgerZeroAmount");
      await expect(withdraw(ZeroAddress, 1n)).to.be.revertedWithCustomError(ledger, "LedgerInsufficientCollateral");
    });

    it("pays and counts", async () => {
      const { vault, usd, users } = system;
      const to = users[5]!.address;
      await withdraw(usd.target as string, 30n, to);
      await expect(withdraw(usd.target as string, 20n, to))
        .to.emit(vault, "Withdrawn")
        .withArgs(account, usd.target, to, 20, 50, 50);
      expect(await usd.balanceOf(to)).to.equal(50);
    });
  });

  describe("claim", () => {
    beforeEach(async () => {
      await depositUsd(system, owner(), 100n);
    });

    it("keeps a withdrawal that the token refused, and pays it later, once", async () => {
      const { vault, usd, users } = system;
      const asset = usd.target as string;
      const safe = users[5]!.address;
      await usd.setBlocked(owner().address, true);
      await expect(withdraw(asset, 40n)).to.emit(vault, "ClaimKept").withArgs(account, asset, 40, 40, 40);
      expect(await vault.assetOf(asset)).to.deep.equal([true, 60n, 40n]);
      const self = vault.connect(owner());
      await expect(self.claim(account, asset, owner().address)).to.be.revertedWithCustomError(usd, "MockTokenBlocked");
      await expect(vault.claim(account, asset, safe))
        .to.be.revertedWithCustomError(vault, "VaultNotOwner")
        .withArgs(account, system.admin.address);
      await expect(self.claim(account, asset, ZeroAddress)).to.be.revertedWithCustomError(vault, "VaultZeroAddress");
      await expect(self.claim(account, asset, safe))
        .to.emit(vault, "Claimed")
        .withArgs(account, asset, safe, 40, 40, 40, 0);
      await expect(self.claim(account, asset, safe))
        .to.be.revertedWithCustomError(vault, "VaultNothingToClaim")
        .withArgs(account, asset);
      expect(await usd.balanceOf(safe)).to.equal(40);
    });

    it("is restricted with withdrawals", async () => {
      await networkHelpers.time.increase(TIMES.staleLimitSeconds + 1);
      await expect(system.vault.connect(owner()).claim(account, system.usd.target, owner().address))
        .to.be.revertedWithCustomError(system.vault, "VaultClaimsRestricted")
        .withArgs(account);
    });
  });

  describe("backing", () => {
    it("INV-2: custody covers accounts and claims, or nothing moves", async () => {
      const { vault, usd, users, ethers } = system;
      await depositUsd(system, owner(), 100n);
      await usd.setBlocked(users[4]!.address, true);
      await withdraw(usd.target as string, 40n, users[4]!.address);
      const thief = await ethers.getImpersonatedSigner(vault.target as string);
      await networkHelpers.setBalance(thief.address, UNIT);
      await usd.connect(thief).transfer(users[5]!.address, 1n);
      await usd.mint(owner().address, 10n);
      await usd.connect(owner()).approve(vault.target, 10n);
      const refusals = [
        { attempt: () => deposit(usd.target as string, 10n), custody: 109, required: 110 },
        { attempt: () => withdraw(usd.target as string, 10n), custody: 89, required: 90 },
        {
          attempt: () => vault.connect(owner()).claim(account, usd.target, owner().address),
          custody: 59,
          required: 60,
        },
      ];
      for (const { attempt, custody, required } of refusals) {
        await expect(attempt())
          .to.be.revertedWithCustomError(vault, "VaultNotBacked")
          .withArgs(usd.target, custody, required);
      }
      await usd.mint(vault.target, 1n);
      await withdraw(usd.target as string, 10n);
    });

    it(`holds exactly what it owes after 120 random movements (seed ${SEED})`, async () => {
      const { vault, usd, users } = system;
      const asset = usd.target as string;
      const random = new SeededRandom(SEED);
      const refusing = users[6]!.address;
      await usd.setBlocked(refusing, true);
      let [held, claimable] = [0n, 0n];
      for (let step = 0; step < 120; step += 1) {
        const amount = BigInt(1 + random.below(100));
        const kind = random.below(4);
        if (kind < 2) {
          await depositUsd(system, owner(), amount);
          held += amount;
        } else if (kind === 2 && amount <= held) {
          const isRefused = random.bool();
          await withdraw(asset, amount, isRefused ? refusing : users[7]!.address);
          held -= amount;
          if (isRefused) claimable += amount;
        } else if (kind === 3 && claimable > 0n) {
          await vault.connect(owner()).claim(account, asset, users[7]!.address);
          claimable = 0n;
        }
        expect(await vault.assetOf(asset)).to.deep.equal([true, held, claimable]);
        expect(await usd.balanceOf(vault.target)).to.equal(held + claimable);
      }
    });
  });
});
