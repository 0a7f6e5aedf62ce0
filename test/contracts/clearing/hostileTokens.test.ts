import { expect } from "chai";
import { id, ZeroAddress } from "ethers";
import { network } from "hardhat";

import type { FalseToken, FeeToken, GreedyToken, HookToken, MockToken } from "../../../types/ethers-contracts/index.ts";
import { deployLockstep, depositUsd, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { impersonate, listCollateral, WIDE } from "../../helpers/assets.ts";
import { readKeeperSet } from "../../helpers/attestations.ts";
import { certifyPause, GRADES, readHead, signPause } from "../../helpers/guard.ts";
import { OrderBook, UNIT } from "../../helpers/orders.ts";
import { EMPTY_WITNESS } from "../../helpers/witness.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const DOLLAR = 10n ** 6n;

async function fixture(): Promise<Lockstep> {
  return await deployLockstep(connection);
}

describe("F13: CollateralVault > hostile tokens", () => {
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
  const claim = async (asset: string, to = owner().address) =>
    await system.vault.connect(owner()).claim(account, asset, to);
  const heldOf = async (asset: string) => (await system.vault.assetOf(asset)).held;

  /** Lists a token, mints to the first user and allows the vault. */
  async function ready<Token extends FalseToken | FeeToken | GreedyToken | HookToken>(
    token: Token,
    amount = 1_000n,
    limits = WIDE,
  ): Promise<{ token: Token; asset: string }> {
    const asset = await listCollateral(system, token, limits);
    await token.mint(owner().address, amount);
    await token.connect(owner()).approve(system.vault.target, amount);
    return { token, asset };
  }

  describe("a token that takes a fee", () => {
    it("is credited with what arrived, and pays out in full from there", async () => {
      const { vault, ledger, ethers } = system;
      const { token, asset } = await ready(await ethers.deployContract("FeeToken"));
      await expect(deposit(asset, 1_000n))
        .to.emit(vault, "Deposited")
        .withArgs(account, asset, owner().address, 990, 990, WIDE.cap + 990n);
      expect(await ledger.collateralOf(account, asset)).to.equal(990);
      await withdraw(asset, 990n);
      expect(await token.balanceOf(vault.target)).to.equal(0);
      expect(await token.balanceOf(owner().address)).to.equal(981);
    });

    it("counts in the cap with what arrived", async () => {
      const limits = { cap: 10_000n, outflowPpm: 1_000_000n, allowancePpm: 1_000n, period: 10n };
      const { asset } = await ready(await system.ethers.deployContract("FeeToken"), 100_000n, limits);
      await expect(deposit(asset, 10_102n))
        .to.be.revertedWithCustomError(system.vault, "VaultAboveCap")
        .withArgs(asset, 10_001, 10_000);
      await deposit(asset, 10_101n);
    });

    it("is refused when nothing arrives", async () => {
      const { token, asset } = await ready(await system.ethers.deployContract("FeeToken"));
      await token.setPercent(100);
      await expect(deposit(asset, 100n))
        .to.be.revertedWithCustomError(system.vault, "VaultNothingReceived")
        .withArgs(asset, 100);
    });
  });

  it("takes and pays a token that returns nothing", async () => {
    const { vault, ethers, ledger } = system;
    const token = await ethers.deployContract("NoReturnToken");
    const asset = await listCollateral(system, token);
    await token.mint(owner().address, 10n);
    await deposit(asset, 10n);
    expect(await ledger.collateralOf(account, asset)).to.equal(10);
    await withdraw(asset, 4n);
    expect(await token.balanceOf(owner().address)).to.equal(4);
    expect((await vault.claimOf(account, asset)).owed).to.equal(0);
  });

  it("takes a token without decimals, and none with more than 18", async () => {
    const { vault, ethers, ledger } = system;
    const whole = await ethers.deployContract("MockToken", ["Whole", "WHOLE", 0]);
    const asset = await listCollateral(system, whole);
    await whole.mint(owner().address, 5n);
    await whole.connect(owner()).approve(vault.target, 5n);
    await deposit(asset, 5n);
    // Five of 3,000 dollars, less a tenth.
    expect((await ledger.valuationOf(account)).equity).to.equal(13_500n * UNIT);
    await withdraw(asset, 5n);
    expect(await whole.balanceOf(owner().address)).to.equal(5);
    const fine = await ethers.deployContract("MockToken", ["Fine", "FINE", 24]);
    await expect(vault.listAsset(fine.target, WIDE)).to.be.revertedWithCustomError(vault, "VaultUnsupportedDecimals");
    await expect(system.instruments.setCollateral(fine.target, 1, 100_000)).to.be.revertedWithCustomError(
      system.instruments,
      "InstrumentBadDecimals",
    );
  });

  it("keeps who is on a token's list from nothing but that token, and owes it to him", async () => {
    const { vault, usd, users } = system;
    const token = await system.ethers.deployContract("MockToken", ["Listed", "LIST", 18]);
    const asset = await listCollateral(system, token);
    await token.mint(owner().address, 100n);
    await token.connect(owner()).approve(vault.target, 100n);
    await deposit(asset, 100n);
    await depositUsd(system, owner(), DOLLAR);
    await token.setBlocked(owner().address, true);
    await expect(withdraw(asset, 100n)).to.emit(vault, "ClaimKept").withArgs(account, asset, 100, 100, 100);
    await withdraw(usd.target as string, DOLLAR);
    await claim(asset, users[7]!.address);
    expect(await token.balanceOf(users[7]!.address)).to.equal(100);
  });

  describe("a token whose balances change by themselves", () => {
    /** Two users with 100 each, and then so many that the vault has. */
    async function rebase(balance: bigint): Promise<{ asset: string; token: MockToken }> {
      const token = await system.ethers.deployContract("MockToken", ["Rebasing", "BASE", 18]);
      const asset = await listCollateral(system, token);
      for (const user of system.users.slice(0, 2)) {
        await token.mint(user.address, 100n);
        await token.connect(user).approve(system.vault.target, 100n);
        await system.vault.connect(user).deposit(accountOf(user), asset, 100n);
      }
      const vault = await impersonate(system, system.vault.target as string);
      if (balance > 200n) await token.mint(system.vault.target, balance - 200n);
      else await token.connect(vault).transfer(system.admin.address, 200n - balance);
      return { asset, token };
    }

    it("gives nobody what it grows by", async () => {
      const { asset, token } = await rebase(260n);
      expect(await heldOf(asset)).to.equal(200);
      await expect(withdraw(asset, 101n)).to.revert(system.ethers);
      await withdraw(asset, 100n);
      expect(await token.balanceOf(owner().address)).to.equal(100);
    });

    it("pays of what it has lost as long as there is any, owes the rest, and lets nobody resume", async () => {
      const { vault, users, ledger } = system;
      const { asset, token } = await rebase(150n);
      // This is what a keeper sees: the ledger says more than the vault has.
      expect((await heldOf(asset)) - (await token.balanceOf(vault.target))).to.equal(50);
      await withdraw(asset, 100n);
      const second = accountOf(users[1]!);
      await expect(vault.connect(users[1]).withdraw(second, asset, 100n, users[1]!.address))
        .to.emit(vault, "ClaimKept")
        .withArgs(second, asset, 100, 100, 100);
      expect(await ledger.collateralOf(second, asset)).to.equal(0);
      expect((await vault.claimOf(second, asset)).owed).to.equal(100);
      // Whoever makes it up pays him.
      await token.mint(vault.target, 50n);
      await vault.connect(users[1]).claim(second, asset, users[1]!.address);
      expect(await token.balanceOf(users[1]!.address)).to.equal(100);
    });
  });

  describe("a token that takes more than was asked", () => {
    it("pays nobody out of what others are owed, neither a withdrawal nor a claim", async () => {
      const { vault, users, ethers } = system;
      const { token, asset } = await ready(await ethers.deployContract("GreedyToken"));
      await deposit(asset, 1_000n);
      await token.setBlocked(users[5]!.address, true);
      await withdraw(asset, 100n, users[5]!.address);
      await token.setExtra(1n);
      await expect(withdraw(asset, 10n)).to.be.revertedWithCustomError(vault, "VaultTookMore").withArgs(asset, 10, 11);
      await expect(claim(asset)).to.be.revertedWithCustomError(vault, "VaultTookMore").withArgs(asset, 100, 101);
      await token.setExtra(0n);
      await claim(asset);
      await withdraw(asset, 900n);
      expect(await heldOf(asset)).to.equal(0);
    });
  });

  describe("a token that answers false", () => {
    it("leaves a claim when it moved nothing", async () => {
      const { vault, ethers } = system;
      const { token, asset } = await ready(await ethers.deployContract("FalseToken"));
      await deposit(asset, 100n);
      await token.setFalse(true, false);
      await expect(withdraw(asset, 40n)).to.emit(vault, "ClaimKept").withArgs(account, asset, 40, 40, 100);
      await expect(claim(asset)).to.be.revertedWithCustomError(vault, "SafeERC20FailedOperation").withArgs(asset);
      await token.setFalse(false, false);
      await claim(asset);
      expect(await token.balanceOf(owner().address)).to.equal(940);
    });

    it("is refused when it moved them all the same: it would be paid twice", async () => {
      const { vault, ethers } = system;
      const { token, asset } = await ready(await ethers.deployContract("FalseToken"));
      await deposit(asset, 100n);
      await token.setFalse(true, true);
      await expect(withdraw(asset, 40n)).to.be.revertedWithCustomError(vault, "VaultTookMore").withArgs(asset, 0, 40);
      expect(await token.balanceOf(vault.target)).to.equal(100);
    });
  });

  describe("F12: a token that calls back", () => {
    it("enters the vault again by no door", async () => {
      const { vault, ethers } = system;
      const { token, asset } = await ready(await ethers.deployContract("HookToken"));
      const witness = EMPTY_WITNESS;
      const bytes = `0x${"00".repeat(32)}`;
      const repair = { variable: 1, keys: [bytes], offset: 0, expected: bytes, value: bytes };
      const doors = [
        vault.interface.encodeFunctionData("deposit", [account, asset, 1n]),
        vault.interface.encodeFunctionData("depositWithPermit", [account, asset, 1n, 0n, 27, bytes, bytes]),
        vault.interface.encodeFunctionData("withdraw", [account, asset, 1n, asset]),
        vault.interface.encodeFunctionData("withdrawWitnessed", [account, asset, 1n, asset, witness]),
        vault.interface.encodeFunctionData("claim", [account, asset, asset]),
        vault.interface.encodeFunctionData("claimWitnessed", [account, asset, asset, witness]),
        vault.interface.encodeFunctionData("registerClaim", [account, asset, witness]),
        vault.interface.encodeFunctionData("payRegistration", [account, asset]),
        vault.interface.encodeFunctionData("repair", [repair]),
        vault.interface.encodeFunctionData("setLimits", [asset, WIDE]),
        vault.interface.encodeFunctionData("listAsset", [asset, WIDE]),
      ];
      for (const data of doors) {
        await token.setHook(vault.target, data);
        await expect(deposit(asset, 10n)).to.be.revertedWithCustomError(vault, "VaultReentered");
      }
      await token.setHook(ZeroAddress, "0x");
      await deposit(asset, 20n);
      for (const data of doors) {
        await token.setHook(vault.target, data);
        // The hook's revert is the transfer's: nothing left, and the account is owed it.
        await expect(withdraw(asset, 1n)).to.emit(vault, "ClaimKept");
      }
      await expect(claim(asset)).to.be.revertedWithCustomError(vault, "SafeERC20FailedOperation");
      await token.setHook(ZeroAddress, "0x");
      await claim(asset);
      expect(await heldOf(asset)).to.equal(20 - doors.length);
    });

    for (const move of ["deposit", "withdraw"] as const) {
      it(`pauses in the middle of a ${move}, which is whole, and everything after it is restricted`, async () => {
        const { vault, guard, ledger, ethers } = system;
        const { token, asset } = await ready(await ethers.deployContract("HookToken"));
        await deposit(asset, 100n);
        const head = await readHead(system);
        const certificate = await certifyPause(system, id("in a callback"), head);
        const signed = await signPause(system, certificate);
        const parts = [certificate, await readKeeperSet(system), signed] as const;
        await token.setHook(guard.target, guard.interface.encodeFunctionData("hardPause", [...parts]));
        const moved = move === "deposit" ? deposit(asset, 30n) : withdraw(asset, 30n);
        // The check of the flags came before the token was called; what it let through has all of its effects.
        await expect(moved).not.to.emit(vault, "ClaimKept");
        expect((await ledger.hotWord()).flags).to.equal(GRADES.halted);
        const left = move === "deposit" ? 130n : 70n;
        expect(await heldOf(asset)).to.equal(left);
        expect(await ledger.collateralOf(account, asset)).to.equal(left);
        expect(await token.balanceOf(vault.target)).to.equal(left);
        await token.setHook(ZeroAddress, "0x");
        await expect(withdraw(asset, 1n)).to.be.revertedWithCustomError(ledger, "LedgerWithdrawalRestricted");
      });
    }

    it("finds books that add up when it trades or accrues in the middle of a movement", async () => {
      const { vault, users, ethers, ledger, settlement } = system;
      const { token, asset } = await ready(await ethers.deployContract("HookToken"), 1_000n);
      const [buyer, seller] = [users[1]!, users[2]!];
      for (const trader of [buyer, seller]) await depositUsd(system, trader, 20_000n * DOLLAR);
      const orders = new OrderBook(system);
      const settle = async () => {
        const match = await orders.tradeMatch(buyer, seller);
        return { target: settlement.target, data: settlement.interface.encodeFunctionData("settle", [match]) };
      };
      const calls = [
        settle,
        async () => ({
          target: ledger.target,
          data: ledger.interface.encodeFunctionData("accrueFunding", [1]),
        }),
        settle,
      ];
      let trades = 0n;
      for (const call of calls) {
        for (const move of [deposit, withdraw]) {
          const { target, data } = await call();
          await token.setHook(target, data);
          await expect(move(asset, 10n)).not.to.emit(vault, "ClaimKept");
          if (call === settle) trades += 1n;
          expect(await heldOf(asset)).to.equal(await token.balanceOf(vault.target));
          expect(await ledger.collateralOf(account, asset)).to.equal(await heldOf(asset));
        }
      }
      const quotes = [await ledger.quoteOf(accountOf(buyer)), await ledger.quoteOf(accountOf(seller))];
      expect(await ledger.sizeOf(accountOf(buyer), 1)).to.equal(trades * UNIT);
      const { clearing } = await ledger.marketOf(1);
      const { fees } = await ledger.hotWord();
      const held = (await heldOf(system.usd.target as string)) * 10n ** 12n;
      expect(quotes[0]! + quotes[1]! + clearing + fees).to.equal(held);
    });
  });
});
