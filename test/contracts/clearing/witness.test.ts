import { expect } from "chai";
import { id, toBeHex } from "ethers";
import { network } from "hardhat";

import type { MockToken } from "../../../types/ethers-contracts/index.ts";
import { deployLockstep, depositUsd, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { listCollateral, setFundShort } from "../../helpers/assets.ts";
import { attest, falsify, hashRoots, postCheckpoint, type Attested } from "../../helpers/attestations.ts";
import { convict } from "../../helpers/convict.ts";
import { pause, readHead } from "../../helpers/guard.ts";
import { OrderBook, UNIT } from "../../helpers/orders.ts";
import { readWitness, slotOf, type WitnessInput } from "../../helpers/witness.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const SCALE = 10n ** 12n;
/** FUND_SHORT of the hot word's flags. */
const SHORT = 16n;
/** 300 that refill in 100 seconds, and 50 for each account beside them. */
const GOLD_LIMITS = { cap: 10_000n, outflowPpm: 30_000n, allowancePpm: 5_000n, period: 100n };

/** User 0 owns 1,000 units and has taken out 200 before; the checkpoint is true, then the protocol is paused. */
interface Scene {
  readonly system: Lockstep;
  readonly attested: Attested;
  readonly token: MockToken;
}

async function scene(): Promise<Scene> {
  const system = await deployLockstep(connection, { keeperCount: 4 });
  const { ethers, vault, users, usd } = system;
  const token = await ethers.deployContract("MockToken", ["Gold", "GOLD", 18]);
  await listCollateral(system, token, GOLD_LIMITS);
  await token.mint(users[0]!.address, 700n);
  await token.connect(users[0]!).approve(vault.target, 700n);
  await vault.connect(users[0]!).deposit(accountOf(users[0]!), token.target, 700n);
  await depositUsd(system, users[0]!, 1_200n);
  await depositUsd(system, users[1]!, 50_000_000_000n);
  await depositUsd(system, users[2]!, 50_000_000_000n);
  await vault.connect(users[0]!).withdraw(accountOf(users[0]!), usd.target, 200n, users[0]!.address);
  await new OrderBook(system).trade(users[1]!, users[2]!);
  return { system, attested: await postCheckpoint(system), token };
}

describe("CollateralVault > two witnesses", () => {
  let system: Lockstep;
  let attested: Attested;
  let token: MockToken;
  let account: string;

  beforeEach(async () => {
    ({ system, attested, token } = await networkHelpers.loadFixture(scene));
    account = accountOf(system.users[0]!);
  });

  const owner = () => system.users[0]!;
  const enterPause = async () => {
    await networkHelpers.mine();
    await pause(system, 0, id("incident"), await readHead(system));
  };
  const witnessOf = async (kind: "balance" | "claim" = "balance", asset = system.usd) =>
    await readWitness(system, attested, account, asset, kind);
  const payable = async (asset = system.usd) =>
    await system.vault.payableWitnessed(account, asset.target, await witnessOf("balance", asset));
  const withdraw = async (amount: bigint, witness?: WitnessInput, asset = system.usd) =>
    await system.vault
      .connect(owner())
      .withdrawWitnessed(
        account,
        asset.target,
        amount,
        owner().address,
        witness ?? (await witnessOf("balance", asset)),
      );

  async function expectAbove(requested: bigint, cap: bigint, asset = system.usd): Promise<void> {
    await expect(withdraw(requested, undefined, asset))
      .to.be.revertedWithCustomError(system.vault, "VaultAboveWitnessed")
      .withArgs(account, asset.target, requested, cap);
  }

  /** Replaces the quote in the account's word, as no operation can, and keeps the rest of it. */
  async function tamper(quote: bigint): Promise<void> {
    const [ledger, slot] = [system.ledger.target as string, slotOf.account(account)];
    const word = BigInt(await system.ethers.provider.getStorage(ledger, slot));
    const rest = (word >> 128n) << 128n;
    await networkHelpers.setStorageAt(ledger, slot, toBeHex(rest | BigInt.asUintN(128, quote), 32));
    await networkHelpers.mine();
  }

  describe("what is not a witness", () => {
    beforeEach(enterPause);

    it("refuses everybody but the owner", async () => {
      const { vault, users, usd } = system;
      await expect(
        vault.connect(users[1]!).withdrawWitnessed(account, usd.target, 1n, users[1]!.address, await witnessOf()),
      )
        .to.be.revertedWithCustomError(vault, "VaultNotOwner")
        .withArgs(account, users[1]!.address);
    });

    it("refuses another checkpoint than the guard names", async () => {
      const later = await postCheckpoint(system);
      const witness = await readWitness(system, later, account, system.usd);
      await expect(withdraw(1n, witness))
        .to.be.revertedWithCustomError(system.vault, "VaultWrongWitness")
        .withArgs(later.attestation.blockNumber, attested.attestation.blockNumber);
    });

    it("refuses roots that are not the checkpoint's", async () => {
      const roots = attested.roots.toReversed();
      await expect(withdraw(1n, { ...(await witnessOf()), roots }))
        .to.be.revertedWithCustomError(system.registry, "RegistryRootsMismatch")
        .withArgs(hashRoots(roots), attested.attestation.booksRoot);
    });

    it("refuses forged, exchanged and foreign proofs", async () => {
      const witness = await witnessOf();
      const foreign = await readWitness(system, attested, accountOf(system.users[1]!), system.usd);
      const last = witness.balanceProof.at(-1)!;
      const forged = [
        { ...witness, balanceProof: witness.flowProof },
        { ...witness, flowProof: witness.balanceProof },
        { ...witness, balanceProof: foreign.balanceProof },
        { ...witness, flowProof: foreign.flowProof },
        { ...witness, balanceProof: witness.balanceProof.with(-1, `${last.slice(0, -2)}ff`) },
        { ...witness, balanceProof: witness.balanceProof.slice(0, -1) },
        { ...witness, balanceProof: [] },
      ];
      for (const wrong of forged) {
        await expect(withdraw(1n, wrong)).to.be.revertedWithCustomError(system.vault, "TrieProofTraversalError");
      }
    });

    it("refuses an account that the checkpoint does not know", async () => {
      await depositUsd(system, system.users[5]!, 10n);
      const fresh = accountOf(system.users[5]!);
      const witness = await readWitness(system, attested, fresh, system.usd);
      await expect(
        system.vault
          .connect(system.users[5]!)
          .withdrawWitnessed(fresh, system.usd.target, 1n, owner().address, witness),
      ).to.revert(system.ethers);
    });

    it("refuses the settlement asset of an account that had a position", async () => {
      const { vault, users, usd } = system;
      const trader = accountOf(users[1]!);
      const witness = await readWitness(system, attested, trader, usd);
      await expect(vault.connect(users[1]!).withdrawWitnessed(trader, usd.target, 1n, owner().address, witness))
        .to.be.revertedWithCustomError(vault, "VaultWitnessNotFlat")
        .withArgs(trader, 1);
    });
  });

  describe("the cap", () => {
    it("INV-8: pays min(now, proven - out since), over repeated withdrawals, exactly", async () => {
      await system.vault.connect(owner()).withdraw(account, system.usd.target, 100n, owner().address);
      await enterPause();
      expect(await payable()).to.equal(900);
      await withdraw(300n);
      expect(await payable()).to.equal(600);
      await expectAbove(601n, 600n);
      await withdraw(599n);
      await withdraw(1n);
      expect(await payable()).to.equal(0);
      await expectAbove(1n, 0n);
      expect(await system.usd.balanceOf(owner().address)).to.equal(1_200);
      await expect(withdraw(0n)).to.be.revertedWithCustomError(system.vault, "VaultZeroAmount");
    });

    it("does not pay a deposit that came after the witness, until the pause is lifted", async () => {
      await depositUsd(system, owner(), 500n);
      await enterPause();
      expect(await payable()).to.equal(1_000);
      await withdraw(1_000n);
      await expectAbove(1n, 0n);
    });

    it("does not pay what a tampered balance adds, before or after legal withdrawals", async () => {
      await system.vault.connect(owner()).withdraw(account, system.usd.target, 600n, owner().address);
      const million = 1_000_000n * SCALE;
      await tamper(million);
      await enterPause();
      expect(await system.ledger.quoteOf(account)).to.equal(million);
      expect(await payable()).to.equal(400);
      await expectAbove(401n, 400n);
      await withdraw(400n);
      await tamper(million);
      await expectAbove(1n, 0n);
    });

    it("pays no more than a balance that has shrunk, and nothing of a debt", async () => {
      await enterPause();
      for (const quote of [40n * SCALE + SCALE - 1n, -1n]) {
        await tamper(quote);
        expect(await payable()).to.equal(quote > 0n ? 40 : 0);
      }
    });

    it("pays nothing when the counter of what left has fallen", async () => {
      await enterPause();
      const flow = slotOf.flow(account, system.usd.target as string);
      await networkHelpers.setStorageAt(system.vault.target as string, flow, toBeHex((1n << 240n) | 199n, 32));
      await networkHelpers.mine();
      expect((await system.vault.flowOf(account, system.usd.target)).withdrawn).to.equal(199);
      expect(await payable()).to.equal(0);
      await expectAbove(1n, 0n);
    });

    it("caps other assets by their own words", async () => {
      await enterPause();
      expect(await payable(token)).to.equal(700);
      await withdraw(500n, undefined, token);
      await expectAbove(201n, 200n, token);
      await withdraw(200n, undefined, token);
      expect(await token.balanceOf(owner().address)).to.equal(700);
    });

    it("caps claims the same way", async () => {
      const { vault, usd, users } = system;
      await usd.setBlocked(owner().address, true);
      await vault.connect(owner()).withdraw(account, usd.target, 100n, owner().address);
      attested = await postCheckpoint(system);
      await vault.connect(owner()).withdraw(account, usd.target, 50n, owner().address);
      await enterPause();
      const safe = users[7]!.address;
      const claim = async () =>
        await vault.connect(owner()).claimWitnessed(account, usd.target, safe, await witnessOf("claim"));
      await claim();
      expect(await usd.balanceOf(safe)).to.equal(100);
      await expect(claim()).to.be.revertedWithCustomError(vault, "VaultNothingToClaim").withArgs(account, usd.target);
      await networkHelpers.setStorageAt(
        vault.target as string,
        slotOf.claim(account, usd.target as string),
        toBeHex(10_000n, 32),
      );
      await networkHelpers.mine();
      await expect(claim()).to.be.revertedWithCustomError(vault, "VaultNothingToClaim");
      expect((await vault.claimOf(account, usd.target)).owed).to.equal(10_000);
    });
  });

  describe("the outflow limit", () => {
    it("holds for witnessed withdrawals as well, and slows the exit without closing it", async () => {
      const { vault } = system;
      await enterPause();
      // What the deposit brought above the capacity has decayed.
      await networkHelpers.time.increase(1_000);
      expect(await payable(token)).to.equal(700);
      expect(await vault.availableOf(account, token.target)).to.deep.equal([300n, 50n]);
      await expect(withdraw(301n, undefined, token))
        .to.be.revertedWithCustomError(vault, "VaultOutflowLimited")
        .withArgs(token.target, 301, 300, 50);
      const witness = await witnessOf("balance", token);
      const leave = async (amount: bigint, seconds: number) => {
        await networkHelpers.time.setNextBlockTimestamp((await networkHelpers.time.latest()) + seconds);
        return await withdraw(amount, witness, token);
      };
      await leave(300n, 1);
      await expect(leave(50n, 1)).to.emit(vault, "Withdrawn");
      expect(await vault.availableOf(account, token.target)).to.deep.equal([3n, 0n]);
      await leave(300n, 100);
      await leave(50n, 1);
      expect(await payable(token)).to.equal(0);
      expect(await token.balanceOf(owner().address)).to.equal(700);
    });
  });

  describe("a fund that is short", () => {
    it("weighs in the limit under a pause too, and the guard leaves its flag as it is", async () => {
      const { vault, ledger, guard } = system;
      const flags = async () => (await ledger.hotWord()).flags;
      await setFundShort(system, true);
      await enterPause();
      expect(await flags()).to.equal(SHORT | 1n | 2n);
      await networkHelpers.time.increase(1_000);
      expect(await vault.availableOf(account, token.target)).to.deep.equal([75n, 50n]);
      await expect(withdraw(76n, undefined, token))
        .to.be.revertedWithCustomError(vault, "VaultOutflowLimited")
        .withArgs(token.target, 76, 75, 50);
      await withdraw(75n, undefined, token);
      await networkHelpers.time.increaseTo((await guard.incident()).softUntil);
      await postCheckpoint(system);
      expect(await flags()).to.equal(SHORT);
    });
  });

  describe("grades", () => {
    it("pays while only stale, against the newest checkpoint", async () => {
      await networkHelpers.time.increase(5_000);
      await expect(
        system.vault.connect(owner()).withdraw(account, system.usd.target, 1n, owner().address),
      ).to.be.revertedWithCustomError(system.ledger, "LedgerWithdrawalRestricted");
      await withdraw(1_000n);
    });

    it("pays flat accounts only while halted", async () => {
      const { vault, usd, users, ledger } = system;
      // The trader was flat at the witness and holds a position now.
      const trader = users[3]!;
      await depositUsd(system, trader, 50_000_000_000n);
      attested = await postCheckpoint(system);
      await new OrderBook(system).trade(trader, users[1]!, { size: UNIT });
      await networkHelpers.mine();
      await convict(system, falsify(await attest(system), 0), { signers: [system.keepers[3]!.attester] });
      expect(await system.guard.witnessNumber()).to.equal(attested.attestation.blockNumber);
      const witness = await readWitness(system, attested, accountOf(trader), usd);
      await expect(vault.connect(trader).withdrawWitnessed(accountOf(trader), usd.target, 1n, trader.address, witness))
        .to.be.revertedWithCustomError(ledger, "LedgerNotFlat")
        .withArgs(accountOf(trader), 1);
      await withdraw(1_000n);
    });
  });
});
