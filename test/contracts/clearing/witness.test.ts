import { expect } from "chai";
import { id, toBeHex } from "ethers";
import { network } from "hardhat";

import type { MockToken } from "../../../types/ethers-contracts/index.ts";
import { deployLockstep, depositUsd, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { impersonate, listCollateral, setFundShort } from "../../helpers/assets.ts";
import { attest, falsify, hashRoots, postCheckpoint, type Attested } from "../../helpers/attestations.ts";
import { convict } from "../../helpers/convict.ts";
import { hardPause, pause, readHead } from "../../helpers/guard.ts";
import { OrderBook, UNIT } from "../../helpers/orders.ts";
import { EMPTY_WITNESS, readWitness, slotOf, type WitnessInput } from "../../helpers/witness.ts";
import { storage as vaultStorage, type FlowsWord } from "../../../keeper/books/generated/CollateralVault.ts";

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

  /** Where nothing but the books is asked they pay this, which is more than the account ever had. It has not happened then. */
  async function expectPaidByBooks(amount: bigint): Promise<void> {
    const before = await networkHelpers.takeSnapshot();
    const { vault, usd } = system;
    const had = await usd.balanceOf(owner().address);
    await vault.connect(owner()).withdraw(account, usd.target, amount, owner().address);
    expect((await usd.balanceOf(owner().address)) - had).to.equal(amount);
    await before.restore();
  }

  /** Replaces variables of the flow word, as no operation can. */
  async function tamperFlow(changes: Partial<FlowsWord>): Promise<void> {
    const slot = slotOf.flow(account, system.usd.target as string);
    const word = BigInt(await system.ethers.provider.getStorage(system.vault.target, slot));
    const next = vaultStorage.flows.encode({ ...vaultStorage.flows.decode(word), ...changes });
    await networkHelpers.setStorageAt(system.vault.target as string, slot, toBeHex(next, 32));
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
        { ...witness, flowProof: witness.flowProof.slice(0, -1) },
      ];
      for (const wrong of forged) {
        await expect(withdraw(1n, wrong)).to.be.revertedWithCustomError(system.verifier, "TrieProofTraversalError");
      }
    });

    it("refuses to leave out a flow that is as old as the checkpoint, whatever came since", async () => {
      await depositUsd(system, owner(), 500n);
      await expect(withdraw(1n, { ...(await witnessOf()), flowProof: [] })).to.be.revertedWithCustomError(
        system.verifier,
        "TrieProofTraversalError",
      );
    });

    it("proves nothing without a balance, which then is no more than what was brought since", async () => {
      await depositUsd(system, owner(), 500n);
      const witness = { ...(await witnessOf()), balanceProof: [] };
      await withdraw(500n, witness);
      await expect(withdraw(1n, witness))
        .to.be.revertedWithCustomError(system.vault, "VaultAboveWitnessed")
        .withArgs(account, system.usd.target, 1, 0);
      // What the missing proof kept back is not lost.
      expect(await payable()).to.equal(1_000);
    });

    it("refuses a foreign or forged proof from an account that needs none", async () => {
      await depositUsd(system, system.users[5]!, 10n);
      const fresh = accountOf(system.users[5]!);
      const foreign = await witnessOf();
      await expect(
        system.vault
          .connect(system.users[5]!)
          .withdrawWitnessed(fresh, system.usd.target, 1n, owner().address, foreign),
      ).to.revert(system.ethers);
    });

    it("refuses an attestation that differs from the checkpoint's in anything", async () => {
      const { attestation, ...rest } = await witnessOf();
      for (const changes of [
        { setId: attestation.setId + 1n },
        { bookSetVersion: attestation.bookSetVersion + 1n },
        { blockHash: id("another block") },
        { booksRoot: id("other roots") },
      ]) {
        await expect(withdraw(1n, { ...rest, attestation: { ...attestation, ...changes } })).to.revert(system.ethers);
      }
      await withdraw(1n, { ...rest, attestation });
    });
  });

  describe("the cap", () => {
    it("INV-8: pays min(now, proven + in since - out since), over repeated withdrawals, exactly", async () => {
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

    it("pays what was deposited after the witness, before the pause and during it, once", async () => {
      await depositUsd(system, owner(), 500n);
      await enterPause();
      expect(await payable()).to.equal(1_500);
      await depositUsd(system, owner(), 70n);
      await expectAbove(1_571n, 1_570n);
      await withdraw(1_570n);
      await expectAbove(1n, 0n);
      // In and out again.
      await depositUsd(system, owner(), 30n);
      await withdraw(30n);
      await expectAbove(1n, 0n);
    });

    it("pays an account that is younger than the witness what it brought, and no more, without a proof", async () => {
      const { vault, usd, users, ledger } = system;
      const young = users[5]!;
      const of = accountOf(young);
      await depositUsd(system, young, 300n);
      await enterPause();
      await depositUsd(system, young, 40n);
      const witness = await readWitness(system, attested, of, usd);
      expect([witness.balanceProof, witness.flowProof]).to.deep.equal([[], []]);
      const slot = slotOf.account(of);
      const word = BigInt(await system.ethers.provider.getStorage(ledger.target, slot));
      await networkHelpers.setStorageAt(ledger.target as string, slot, toBeHex(word + 10n ** 30n, 32));
      const leave = async (amount: bigint) =>
        await vault.connect(young).withdrawWitnessed(of, usd.target, amount, young.address, witness);
      await leave(300n);
      await leave(40n);
      await expect(leave(1n))
        .to.be.revertedWithCustomError(vault, "VaultAboveWitnessed")
        .withArgs(of, usd.target, 1, 0);
      expect(await usd.balanceOf(young.address)).to.equal(340);
    });

    it("looks at no flow proof of an account that is younger than the witness", async () => {
      const { vault, usd, users } = system;
      const young = users[5]!;
      await depositUsd(system, young, 300n);
      await enterPause();
      const { flowProof } = await witnessOf();
      const witness = { ...(await readWitness(system, attested, accountOf(young), usd)), flowProof };
      await vault.connect(young).withdrawWitnessed(accountOf(young), usd.target, 300n, young.address, witness);
    });

    it("takes the block of the witness itself for its side, and the next one for the other", async () => {
      const { vault, usd, users, guard } = system;
      const [at, after] = [users[5]!, users[6]!];
      await depositUsd(system, at, 300n);
      // Of the block of the deposit.
      attested = await postCheckpoint(system);
      await depositUsd(system, after, 200n);
      await enterPause();
      expect(await guard.witnessNumber()).to.equal((await vault.flowOf(accountOf(at), usd.target)).openedAt);
      for (const [user, amount] of [
        [at, 300n],
        [after, 200n],
      ] as const) {
        const witness = await readWitness(system, attested, accountOf(user), usd);
        expect(witness.flowProof.length === 0).to.equal(user === after);
        expect(await vault.payableWitnessed(accountOf(user), usd.target, witness)).to.equal(amount);
      }
      const omitted = { ...(await readWitness(system, attested, accountOf(at), usd)), flowProof: [] };
      await expect(vault.payableWitnessed(accountOf(at), usd.target, omitted)).to.be.revertedWithCustomError(
        system.verifier,
        "TrieProofTraversalError",
      );
    });

    it("pays no deposit again that was lost in a trade since", async () => {
      const { ledger, users } = system;
      const orders = new OrderBook(system);
      const trader = users[3]!;
      await depositUsd(system, trader, 2_000_000_000n);
      attested = await postCheckpoint(system);
      await depositUsd(system, trader, 1_000_000_000n);
      await orders.trade(trader, users[1]!, { size: UNIT });
      await system.ethFeed.update(2_500n * 10n ** 8n);
      await orders.trade(users[1]!, trader, { size: UNIT, price: 2_500n * UNIT });
      await enterPause();
      const of = accountOf(trader);
      const witness = await readWitness(system, attested, of, system.usd);
      expect(await ledger.quoteOf(of)).to.equal(2_500n * UNIT);
      expect(await system.vault.payableWitnessed(of, system.usd.target, witness)).to.equal(2_500_000_000n);
    });

    it("G3: does not pay what a tampered balance adds, before or after legal withdrawals", async () => {
      await system.vault.connect(owner()).withdraw(account, system.usd.target, 600n, owner().address);
      const million = 1_000_000n * SCALE;
      await tamper(million);
      await expectPaidByBooks(1_000n);
      await enterPause();
      expect(await system.ledger.quoteOf(account)).to.equal(million);
      expect(await payable()).to.equal(400);
      await expectAbove(401n, 400n);
      await withdraw(400n);
      await tamper(million);
      await expectAbove(1n, 0n);
    });

    it("G2: lets a thief that wrote itself a fortune out with what is proven, one block after the pause and ever after", async () => {
      const { ethers, usd } = system;
      const fortune = 1_000_000n * SCALE;
      await tamper(fortune);
      const divergent = await readHead(system);
      await expectPaidByBooks(1_300n);
      await pause(system, 0, id("incident"), divergent);
      expect(await ethers.provider.getBlockNumber()).to.equal(divergent.number + 1);
      await expectAbove(1_001n, 1_000n);
      await withdraw(1_000n);
      for (let round = 0; round < 3; round += 1) {
        await tamper(fortune);
        await expectAbove(1n, 0n);
      }
      expect(await usd.balanceOf(owner().address)).to.equal(1_200);
    });

    it("pays no more than a balance that has shrunk, and nothing of a debt", async () => {
      await enterPause();
      for (const quote of [40n * SCALE + SCALE - 1n, -1n]) {
        await tamper(quote);
        expect(await payable()).to.equal(quote > 0n ? 40 : 0);
      }
    });

    it("pays nothing when the counter of what left has fallen below a proven one", async () => {
      await enterPause();
      await tamperFlow({ withdrawn: 199n });
      expect((await system.vault.flowOf(account, system.usd.target)).withdrawn).to.equal(199);
      expect(await payable()).to.equal(0);
      await expectAbove(1n, 0n);
      // So too for the other counter.
      await tamperFlow({ withdrawn: 200n, deposited: 1_199n });
      expect(await payable()).to.equal(0);
      await tamperFlow({ deposited: 1_200n });
      expect(await payable()).to.equal(1_000);
    });

    it("never pays more than is there for a counter that was set, nor for an age", async () => {
      await system.vault.connect(owner()).withdraw(account, system.usd.target, 990n, owner().address);
      await depositUsd(system, owner(), 25n);
      await enterPause();
      expect(await payable()).to.equal(35);
      const { openedAt, deposited, withdrawn } = await system.vault.flowOf(account, system.usd.target);
      const honest = { openedAt, deposited, withdrawn };
      const young = BigInt(await system.ethers.provider.getBlockNumber());
      const thefts: Partial<FlowsWord>[] = [
        { withdrawn: 200n },
        { deposited: 1n << 100n },
        { openedAt: young },
        { deposited: 0n, withdrawn: 0n, openedAt: 0n },
      ];
      for (const theft of thefts) {
        await tamperFlow({ ...honest, ...theft });
        expect(await payable()).to.equal(35);
      }
      // An age of none is one of ever when anything has moved.
      await tamperFlow({ ...honest, openedAt: 0n });
      expect(await payable()).to.equal(35);
      await tamperFlow(honest);
      await withdraw(35n);
      // What is left of the balance is nothing, whatever the words say.
      const last = await system.vault.flowOf(account, system.usd.target);
      for (const theft of thefts) {
        await tamperFlow({ openedAt: last.openedAt, deposited: last.deposited, withdrawn: last.withdrawn, ...theft });
        await expectAbove(1n, 0n);
      }
    });

    it("pays what was bought and never deposited, in parts, without a flow to prove", async () => {
      const { ledger, vault, users, auction } = system;
      const bidder = users[1]!;
      const bought = accountOf(bidder);
      const seller = await impersonate(system, auction.target as string);
      await ledger.connect(seller).sellCollateral(account, bought, token.target, 200n, 5n);
      expect(await vault.flowOf(bought, token.target)).to.deep.equal([0n, 0n, 0n]);
      attested = await postCheckpoint(system);
      await enterPause();
      const witness = await readWitness(system, attested, bought, token);
      expect(witness.flowProof).to.deep.equal([]);
      await vault.connect(bidder).withdrawWitnessed(bought, token.target, 150n, bidder.address, witness);
      const openedAt = BigInt(await system.ethers.provider.getBlockNumber());
      expect(openedAt > BigInt(attested.attestation.blockNumber)).to.equal(true);
      await vault.connect(bidder).withdrawWitnessed(bought, token.target, 50n, bidder.address, witness);
      expect(await vault.flowOf(bought, token.target)).to.deep.equal([0n, 200n, openedAt]);
      await expect(vault.connect(bidder).withdrawWitnessed(bought, token.target, 1n, bidder.address, witness))
        .to.be.revertedWithCustomError(vault, "VaultAboveWitnessed")
        .withArgs(bought, token.target, 1, 0);
    });

    it("is not closed to an account by a deposit that somebody makes to it", async () => {
      const { ledger, vault, usd, users, fund } = system;
      // Paid by the fund, never deposited: there is no flow word at the witness.
      const [carrier, stranger] = [users[6]!, users[7]!];
      const earned = accountOf(carrier);
      const payer = await impersonate(system, fund.target as string);
      await usd.mint(stranger.address, 101n);
      await usd.connect(stranger).approve(vault.target, 101n);
      await vault.connect(stranger).deposit(await ledger.fundAccount(), usd.target, 100n);
      await ledger.connect(payer).release(earned, 100n * SCALE);
      attested = await postCheckpoint(system);
      await vault.connect(stranger).deposit(earned, usd.target, 1n);
      await enterPause();
      const witness = await readWitness(system, attested, earned, usd);
      for (const amount of [60n, 41n]) {
        await vault.connect(carrier).withdrawWitnessed(earned, usd.target, amount, carrier.address, witness);
      }
      expect(await usd.balanceOf(carrier.address)).to.equal(101);
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
      expect(await vault.claimPaidOf(account, usd.target)).to.deep.equal([100n, true]);
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

  describe("no checkpoint before the incident", () => {
    /** Nothing was ever posted. User 0 has 1,000 of 1,200; user 1 has won 100 dollars from user 2. */
    async function unposted(): Promise<Lockstep> {
      const base = await deployLockstep(connection, { keeperCount: 4 });
      const { users, usd, vault } = base;
      await depositUsd(base, users[0]!, 1_200n);
      await vault.connect(users[0]!).withdraw(accountOf(users[0]!), usd.target, 200n, users[7]!.address);
      for (const user of users.slice(1, 3)) await depositUsd(base, user, 5_000_000_000n);
      const orders = new OrderBook(base);
      await orders.trade(users[1]!, users[2]!, { size: UNIT });
      await base.ethFeed.update(3_100n * 10n ** 8n);
      await orders.trade(users[2]!, users[1]!, { size: UNIT, price: 3_100n * UNIT });
      await networkHelpers.mine();
      return base;
    }

    beforeEach(async () => {
      system = await networkHelpers.loadFixture(unposted);
      account = accountOf(system.users[0]!);
    });

    const leave = async (index: number, amount: bigint, witness = EMPTY_WITNESS) => {
      const user = system.users[index]!;
      return await system.vault
        .connect(user)
        .withdrawWitnessed(accountOf(user), system.usd.target, amount, user.address, witness);
    };
    const payableOf = async (index: number) =>
      await system.vault.payableWitnessed(accountOf(system.users[index]!), system.usd.target, EMPTY_WITNESS);
    const stages: readonly (readonly [string, () => Promise<unknown>])[] = [
      ["soft", async () => await pause(system, 0, id("incident"), await readHead(system))],
      ["stale", async () => await networkHelpers.time.increase(5_000)],
      ["halted", async () => await hardPause(system, id("incident"), await readHead(system))],
    ];

    for (const [stage, enter] of stages) {
      it(`pays everybody what he has brought and not taken, and no more: ${stage}`, async () => {
        await enter();
        expect(await system.guard.witnessNumber()).to.equal(0);
        const dollars = 1_000_000n;
        // A winner waits with what was won, a loser has lost it.
        expect([await payableOf(0), await payableOf(1), await payableOf(2)]).to.deep.equal([
          1_000n,
          5_000n * dollars,
          4_900n * dollars,
        ]);
        await tamper(1_000_000n * SCALE);
        await leave(0, 600n);
        await depositUsd(system, owner(), 9n);
        await leave(0, 409n);
        await tamper(1_000_000n * SCALE);
        await expect(leave(0, 1n))
          .to.be.revertedWithCustomError(system.vault, "VaultAboveWitnessed")
          .withArgs(account, system.usd.target, 1, 0);
        await leave(1, 5_000n * dollars);
        await expect(leave(1, 1n)).to.be.revertedWithCustomError(system.vault, "VaultAboveWitnessed");
      });
    }

    it("is no witness for anything: proofs are not looked at", async () => {
      await hardPause(system, id("incident"), await readHead(system));
      const roots = [id("root")];
      const attestation = { ...EMPTY_WITNESS.attestation, blockNumber: 7 };
      await leave(0, 1_000n, { ...EMPTY_WITNESS, attestation, roots, balanceProof: ["0x00"], flowProof: ["0x00"] });
      await expect(leave(0, 1n)).to.be.revertedWithCustomError(system.vault, "VaultAboveWitnessed");
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

  describe("words of both contracts", () => {
    it("that are tampered with let out what the outflow limit does, and not a unit more", async () => {
      const { vault, users } = system;
      await token.mint(users[4]!.address, 9_000n);
      await token.connect(users[4]!).approve(vault.target, 9_000n);
      await vault.connect(users[4]!).deposit(accountOf(users[4]!), token.target, 9_000n);
      await enterPause();
      // What deposits brought above the capacity has decayed.
      await networkHelpers.time.increase(5_000);
      const witness = await witnessOf("balance", token);
      const start = await networkHelpers.time.latest();
      const words = [
        { book: system.ledger.target as string, slot: slotOf.collateral(account, token.target as string) },
        { book: vault.target as string, slot: slotOf.flow(account, token.target as string) },
      ];
      const proven = await Promise.all(
        words.map(async ({ book, slot }) => await system.ethers.provider.getStorage(book, slot)),
      );
      for (let round = 0; round < 8; round += 1) {
        for (const [index, { book, slot }] of words.entries()) {
          await networkHelpers.setStorageAt(book, slot, proven[index]!);
        }
        await networkHelpers.time.increase(20);
        // All that the shared limit lets out, then the account's own allowance.
        const [level] = await vault.availableOf(account, token.target);
        await withdraw(level, witness, token);
        const [, allowance] = await vault.availableOf(account, token.target);
        if (allowance > 0n) await withdraw(allowance, witness, token);
      }
      const seconds = BigInt((await networkHelpers.time.latest()) - start);
      const stolen = await token.balanceOf(owner().address);
      // A full limit and a full allowance, and what refills of both in the meantime.
      const bound = 300n + 50n + (seconds * (300n + 50n)) / GOLD_LIMITS.period;
      expect(stolen <= bound, `${stolen} of ${bound}`).to.equal(true);
      // With one word it were what is proven.
      expect(stolen > 700n, String(stolen)).to.equal(true);
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
