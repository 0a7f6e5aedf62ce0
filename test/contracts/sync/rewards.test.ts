import { expect } from "chai";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { concat, Wallet, ZeroHash } from "ethers";
import { network } from "hardhat";

import { depositUsd, deployLockstep, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { attest, falsify, postSigned, signAttestation, type Attested } from "../../helpers/attestations.ts";
import { convict } from "../../helpers/convict.ts";
import { attestLike, hardPause, pause, readHead } from "../../helpers/guard.ts";
import { readMultiProof } from "../../helpers/proofs.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const UNIT = 10n ** 18n;
const RING = 64;
const TERMS = { perBlock: UNIT / 2n, maxBlocks: 20n } as const;
const FUNDED = 1_000n;

/** A fund with money, carriers that are paid, and four keepers. */
async function fixture(): Promise<Lockstep> {
  const system = await deployLockstep(connection, { keeperCount: 4 });
  const { vault, usd, fund, admin, registry } = system;
  await usd.mint(admin.address, FUNDED * 10n ** 6n);
  await usd.approve(vault.target, FUNDED * 10n ** 6n);
  await vault.deposit(await fund.ACCOUNT(), usd.target, FUNDED * 10n ** 6n);
  await registry.setReward(TERMS.perBlock, TERMS.maxBlocks);
  await networkHelpers.mine();
  return system;
}

describe("CheckpointRegistry > claimReward", () => {
  let system: Lockstep;
  let like: Attested;
  let carrier: HardhatEthersSigner;
  let account: string;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    like = await attest(system);
    carrier = system.users[2]!;
    account = accountOf(system.users[3]!);
  });

  /** Posts a checkpoint of the head `ahead` blocks from now, with any roots unless told; its number. */
  async function post(ahead = 0, attested?: Attested, by = carrier): Promise<number> {
    if (ahead > 0) await networkHelpers.mine(ahead);
    const chosen = attested ?? (await attestLike(system, like));
    await postSigned(system, chosen, await signAttestation(system, chosen.attestation), by);
    return chosen.attestation.blockNumber;
  }

  const claim = async (number: number | bigint, by = carrier) =>
    await system.registry.connect(by).claimReward(number, account);

  const refused = async (number: number, error: string, ...values: unknown[]) =>
    await expect(claim(number))
      .to.be.revertedWithCustomError(system.registry, error)
      .withArgs(...values);

  const paid = async (): Promise<bigint> => await system.ledger.quoteOf(account);

  /** What the blocks between two checkpoints earn. */
  function earned(from: number, to: number): bigint {
    const advanced = BigInt(to - from);
    return (advanced > TERMS.maxBlocks ? TERMS.maxBlocks : advanced) * TERMS.perBlock;
  }

  it("is for a checkpoint that is kept", async () => {
    const number = await post();
    for (const other of [0, number - 1, number + 1]) await refused(other, "RegistryUnknownCheckpoint", other);
  });

  it("is the carrier's", async () => {
    const number = await post();
    for (const other of [system.admin, system.users[3]!, system.keepers[0]!.pauser]) {
      await expect(claim(number, other))
        .to.be.revertedWithCustomError(system.registry, "RegistryNotCarrier")
        .withArgs(number, other.address);
    }
  });

  it("is paid by the blocks advanced, to any account, once, out of the fund", async () => {
    const { registry, fund, ledger } = system;
    const [first, second] = [await post(), await post(7)];
    const fundAccount = await fund.ACCOUNT();
    const before = await ledger.quoteOf(fundAccount);
    const amount = earned(first, second);
    expect(amount).to.equal(BigInt(second - first) * TERMS.perBlock);
    expect(await registry.connect(carrier).claimReward.staticCall(second, account)).to.equal(amount);
    await expect(claim(second)).to.emit(registry, "RewardPaid").withArgs(second, carrier.address, account, amount);
    expect(await paid()).to.equal(amount);
    expect(await ledger.quoteOf(fundAccount)).to.equal(before - amount);
    expect((await registry.checkpointOf(second)).isPaid).to.equal(true);
    await refused(second, "RegistryAlreadyPaid", second);
    expect((await registry.checkpointOf(first)).isPaid).to.equal(false);
  });

  it("is for one block for the very first checkpoint", async () => {
    const number = await post(5);
    await claim(number);
    expect(await paid()).to.equal(TERMS.perBlock);
  });

  it("is capped", async () => {
    const first = await post();
    const [second, third] = [await post(Number(TERMS.maxBlocks) - 1), await post(Number(TERMS.maxBlocks) + 30)];
    expect(second - first).to.equal(Number(TERMS.maxBlocks));
    await claim(second);
    expect(await paid()).to.equal(TERMS.maxBlocks * TERMS.perBlock);
    await claim(third);
    expect(await paid()).to.equal(2n * TERMS.maxBlocks * TERMS.perBlock);
  });

  it("is nothing before the terms are set, and by terms of nothing", async () => {
    const fresh = await deployLockstep(connection, { keeperCount: 4 });
    await networkHelpers.mine();
    const attested = await attest(fresh);
    await postSigned(fresh, attested, await signAttestation(fresh, attested.attestation), carrier);
    const { blockNumber } = attested.attestation;
    for (const terms of [null, [0n, 20n], [UNIT, 0n]] as const) {
      if (terms !== null) await fresh.registry.setReward(...terms);
      await expect(fresh.registry.connect(carrier).claimReward(blockNumber, account))
        .to.be.revertedWithCustomError(fresh.registry, "RegistryNothingToPay")
        .withArgs(blockNumber);
    }
    expect((await fresh.registry.checkpointOf(blockNumber)).isPaid).to.equal(false);
  });

  it("is paid by the terms of the day of the claim", async () => {
    const [first, second] = [await post(), await post(3)];
    await system.registry.setReward(3n * UNIT, 2n);
    await claim(second);
    expect(await paid()).to.equal(6n * UNIT);
    expect(second - first).to.be.greaterThan(2);
  });

  it("is due for a proven checkpoint, before and after", async () => {
    await post();
    const numbers: number[] = [];
    for (const index of [0, 1]) {
      await networkHelpers.mine();
      const attested = await attest(system);
      numbers.push(await post(0, attested));
      const { headerRlp, nodes, paths } = await readMultiProof(system.ethers, system.books, numbers[index]!);
      if (index === 0) await claim(numbers[0]!);
      await system.registry.prove(attested.attestation, attested.roots, headerRlp, nodes, paths);
      const { status, isPaid } = await system.registry.checkpointOf(numbers[index]!);
      expect([status, isPaid]).to.deep.equal([2n, index === 0]);
    }
    await refused(numbers[0]!, "RegistryAlreadyPaid", numbers[0]);
    await claim(numbers[1]!);
  });

  it("is never due for a convicted checkpoint; the one after it is paid for its own blocks only", async () => {
    const first = await post();
    await networkHelpers.mine(4);
    const lie = falsify(await attest(system), 1);
    const void_ = await post(0, lie);
    const after = await post(2);
    await convict(system, lie, { index: 1, signers: [Wallet.createRandom()] });
    await refused(void_, "RegistryNotPosted", void_, 3);
    await claim(after);
    expect(await paid()).to.equal(earned(void_, after));
    expect(first).to.be.lessThan(void_);
  });

  it("is due while the one before is kept, and not for the oldest", async () => {
    const numbers: number[] = [];
    for (let posts = 0; posts < RING + 1; posts += 1) numbers.push(await post());
    await refused(numbers[0]!, "RegistryUnknownCheckpoint", numbers[0]);
    await refused(numbers[1]!, "RegistryNothingToPay", numbers[1]);
    await claim(numbers[2]!);
    expect(await paid()).to.equal(earned(numbers[1]!, numbers[2]!));
  });

  it("is refused while the fund is short or empty, and due again later", async () => {
    const { fund, registry } = system;
    const [, second] = [await post(), await post(3)];
    await fund.setTarget(10n * FUNDED * UNIT);
    await fund.refresh();
    await expect(claim(second)).to.be.revertedWithCustomError(fund, "FundShort");
    await fund.setTarget(0n);
    await fund.refresh();
    await registry.setReward(FUNDED * UNIT, TERMS.maxBlocks);
    await expect(claim(second)).to.be.revertedWithCustomError(fund, "FundExhausted");
    expect((await registry.checkpointOf(second)).isPaid).to.equal(false);
    await registry.setReward(TERMS.perBlock, TERMS.maxBlocks);
    await claim(second);
  });

  it("is paid while halted, too", async () => {
    const [first, second] = [await post(), await post(3)];
    await hardPause(system, concat([ZeroHash.slice(0, -2), "0x01"]), await readHead(system));
    await claim(second);
    expect(await paid()).to.equal(earned(first, second));
  });

  describe("of a checkpoint that takes the place of the newest one", () => {
    let numbers: number[];

    /** A full ring whose oldest checkpoint is the witness of a halt: from here on each post replaces the one before it. */
    beforeEach(async () => {
      numbers = [await post()];
      await hardPause(system, concat([ZeroHash.slice(0, -2), "0x01"]), await readHead(system));
      for (let posts = 1; posts < RING; posts += 1) numbers.push(await post());
      expect(await system.guard.witnessNumber()).to.equal(numbers[0]);
    });

    const kept = async () => await system.registry.newest();

    it("is for what both advanced, as long as the one before was not paid", async () => {
      const [before, replaced] = [numbers.at(-2)!, numbers.at(-1)!];
      const next = await post(3);
      await refused(replaced, "RegistryUnknownCheckpoint", replaced);
      expect((await kept()).carrier).to.equal(carrier.address);
      await claim(next);
      expect(await paid()).to.equal(earned(before, next));
    });

    it("is nothing after the one before was paid, however many follow: no block is paid twice", async () => {
      const [before, replaced] = [numbers.at(-2)!, numbers.at(-1)!];
      await claim(replaced);
      for (let posts = 0; posts < 3; posts += 1) {
        const next = await post(3);
        expect((await kept()).carrier).to.equal("0x0000000000000000000000000000000000000000");
        await refused(next, "RegistryNotCarrier", next, carrier.address);
      }
      expect(await paid()).to.equal(earned(before, replaced));
    });
  });

  it("adds up to no more than the blocks that went by, whoever carries and claims through pauses", async () => {
    const start = await post();
    await depositUsd(system, system.users[3]!, 1n);
    const before = await paid();
    await pause(system, 0, concat([ZeroHash.slice(0, -2), "0x02"]), await readHead(system));
    let last = start;
    for (let posts = 0; posts < 2 * RING + 10; posts += 1) {
      last = await post(posts % 3);
      if (posts % 2 === 0) await claim(last).catch(() => null);
    }
    const total = (await paid()) - before;
    expect(total).to.be.lessThanOrEqual(BigInt(last - start) * TERMS.perBlock);
    expect(total).to.be.greaterThan(0n);
  });
});
