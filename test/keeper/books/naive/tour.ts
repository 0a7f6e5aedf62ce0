import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { id, Wallet, type Signer } from "ethers";

import { depositUsd, type Lockstep } from "../../../fixtures/deployLockstep.ts";
import { accountOf } from "../../../helpers/accounts.ts";
import { attest, falsify, postAttested, postCheckpoint, signAttestation } from "../../../helpers/attestations.ts";
import { convict } from "../../../helpers/convict.ts";
import { ETH_PRICE, OrderBook, UNIT } from "../../../helpers/orders.ts";
import { nestedSlot, readMultiProof, readStorageProof, mappingSlot } from "../../../helpers/proofs.ts";

const USD = 1_000_000n;
const HOUR = 3_600;

async function wait({ ethers }: Lockstep, seconds: number): Promise<void> {
  await ethers.provider.send("evm_increaseTime", [seconds]);
}

/** A soft pause that judges the head. */
async function pause({ ethers, guard }: Lockstep, pauser: HardhatEthersSigner, incident: string): Promise<void> {
  const { number, hash } = (await ethers.provider.getBlock("latest"))!;
  await guard.connect(pauser).softPause(id(incident), number, hash!, id("evidence"));
}

/** Deposits, withdrawals, a claim kept and paid, of two assets. */
async function tourVault(system: Lockstep): Promise<void> {
  const { vault, usd } = system;
  const [first, second] = system.users as [HardhatEthersSigner, HardhatEthersSigner];
  const token = await system.ethers.deployContract("MockToken", ["Ether", "ETH", 18]);
  await vault.listAsset(token.target);
  await token.mint(first.address, 10n * UNIT);
  await token.connect(first).approve(vault.target, 10n * UNIT);
  // Another asset before the settlement asset: the flow of both opens.
  await vault.connect(first).deposit(accountOf(first), token.target, 3n * UNIT);
  for (const user of [first, second]) await depositUsd(system, user, 100_000n * USD);
  await vault.connect(first).withdraw(accountOf(first), token.target, 3n * UNIT, first.address);
  await usd.setBlocked(second.address, true);
  await vault.connect(second).withdraw(accountOf(second), usd.target, 40n * USD, second.address);
  await vault.connect(second).withdraw(accountOf(second), usd.target, 2n * USD, second.address);
  await vault.connect(second).claim(accountOf(second), usd.target, first.address);
  await usd.setBlocked(second.address, false);
}

/** Opens thirty positions, which is all that is allowed and fills two pages, closes them, and flips another one. */
async function tourTrades(system: Lockstep): Promise<void> {
  const [first, second] = system.users as [HardhatEthersSigner, HardhatEthersSigner];
  const orders = new OrderBook(system);
  const size = UNIT / 100n;
  const instruments = Array.from({ length: 30 }, (_, index) => 101 + index);
  for (const instrument of instruments) {
    await system.instruments.setInstrument(instrument, 1, 100_000, 50_000, 20_000);
    await orders.trade(first, second, { instrument, size });
  }
  // From the middle, from both ends: 30 = 17 + 13, and 17 has no common divisor with 30.
  for (const step of instruments.keys()) {
    await orders.trade(second, first, { instrument: instruments[(step * 17 + 4) % 30]!, size });
  }
  await orders.trade(first, second, { size: UNIT });
  await orders.trade(second, first, { size: 3n * UNIT, price: (ETH_PRICE * 99n) / 100n });
  await system.settlement.connect(first).cancel(orders.order(first, true));
}

/**
 * Soft pauses, lifted by a checkpoint and by anyone; under the first a whole ring of checkpoints and more, so that the
 * witness of withdrawals becomes the oldest; one proven.
 */
async function tourGuard(system: Lockstep): Promise<void> {
  const { ethers, guard, registry } = system;
  const [one, two] = system.keepers;
  const [first, second] = system.users as [HardhatEthersSigner, HardhatEthersSigner];
  const orders = new OrderBook(system);
  for (let posted = 0; posted < 2; posted += 1) await postCheckpoint(system);
  const { roots, attestation } = await postCheckpoint(system);
  await pause(system, one!.pauser, "first");
  await pause(system, two!.pauser, "second");
  // Restricted: of the two positions of 2 first a part goes, then the rest.
  for (let closed = 0; closed < 2; closed += 1) await orders.trade(first, second);
  for (let posted = 0; posted < 66; posted += 1) await postCheckpoint(system);
  // The witness, by now the oldest in the ring.
  const proof = await readMultiProof(ethers, system.books, attestation.blockNumber);
  await registry.prove(attestation.blockNumber, roots, proof.headerRlp, proof.nodes, proof.paths);
  await wait(system, 2 * HOUR);
  await postCheckpoint(system);
  await wait(system, 2 * HOUR);
  await pause(system, one!.pauser, "third");
  await postCheckpoint(system);
  await wait(system, 2 * HOUR);
  await guard.liftSoft();
}

/** Convictions of a posted and of an unposted attestation; trades and a witnessed withdrawal of a flat account halted. */
async function tourConvictions(system: Lockstep): Promise<void> {
  const { keeperRegistry, registry, ledger, users } = system;
  const witness = await postCheckpoint(system);
  const wrong = falsify(await attest(system), 3);
  await postAttested(system, wrong);
  // The false checkpoint becomes the witness, and falls with the conviction.
  await pause(system, system.keepers[1]!.pauser, "fourth");
  await convict(system, wrong, { index: 3 });

  const third = Wallet.createRandom();
  const fourth = Wallet.createRandom();
  await keeperRegistry.add(third.address, users[7]!.address);
  await keeperRegistry.add(fourth.address, users[8]!.address);
  await keeperRegistry.remove(fourth.address);
  const next = await attest(system);
  const signers: Signer[] = [third];
  await registry.post(next.attestation, next.roots, await signAttestation(system, next.attestation, signers));
  const unposted = falsify(await attest(system), 0);
  await convict(system, unposted, { index: 0, signers });

  const number = Number(await system.guard.witnessNumber());
  const account = accountOf(users[0]!);
  const usd = system.usd.target as string;
  const slots = [mappingSlot("bytes32", account, 1n), nestedSlot(account, usd, 2n)] as const;
  const books = [ledger.target as string, system.vault.target as string] as const;
  const balanceProof = await readStorageProof(system.ethers, books[0], slots[0], number);
  const flowProof = await readStorageProof(system.ethers, books[1], slots[1], number);
  const shown = { number, roots: witness.roots, balanceProof, flowProof };
  await system.vault.connect(users[0]).withdrawWitnessed(account, usd, 5n * USD, users[0]!.address, shown);
}

/** Second book set and another authority. */
async function tourGovernance(system: Lockstep): Promise<void> {
  const { authority, registry, oracle, books, admin, ethFeed } = system;
  const head = await system.ethers.provider.getBlockNumber();
  await registry.setBooks([...books].reverse(), head + 100);
  await oracle.setFeed(3, ethFeed.target, 77, 5, 10n ** 24n);
  const other = await system.ethers.deployContract("AccessManager", [admin.address]);
  await authority.updateAuthority(oracle.target, other.target);
}

/** One of everything that an honest protocol can do, so that every event of every book contract is emitted. */
export async function tour(system: Lockstep): Promise<void> {
  await tourVault(system);
  await tourTrades(system);
  await tourGuard(system);
  await tourConvictions(system);
  await tourGovernance(system);
}
