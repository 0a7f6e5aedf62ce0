import { id, type ContractRunner } from "ethers";

import type { MockToken } from "../../../types/ethers-contracts/index.ts";
import { depositUsd, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../accounts.ts";
import { attest, falsify, postAttested, postCheckpoint } from "../attestations.ts";
import { convict } from "../convict.ts";
import { pause, readHead } from "../guard.ts";
import { OrderBook, UNIT } from "../orders.ts";
import { readMultiProof } from "../proofs.ts";

const USD = 1_000_000n;
const TWO_HOURS = 7_200;

/** A short history in which the book contracts emit every event that changes a word, some of them several times. */
export async function emitEveryEvent(system: Lockstep): Promise<void> {
  await moveCollateral(system);
  await trade(system);
  await guard(system);
  await govern(system);
  await convictKeepers(system);
}

async function moveCollateral({ ethers, vault, usd, users, ...rest }: Lockstep): Promise<void> {
  const system = { ethers, vault, usd, users, ...rest };
  const [first, second] = users;
  const token = (await ethers.deployContract("MockToken", ["Ether", "ETH", 18])) as unknown as MockToken;
  await vault.listAsset(token.target);
  await token.mint(first!.address, 10n * UNIT);
  const as = <Contract>(contract: { connect(runner: ContractRunner): Contract }): Contract => contract.connect(first!);
  await as(token).approve(vault.target, 10n * UNIT);
  await as(vault).deposit(accountOf(first!), token.target, 3n * UNIT);
  for (const user of [first!, second!]) await depositUsd(system, user, 100_000n * USD);
  await as(vault).withdraw(accountOf(first!), token.target, UNIT, first!.address);
  await usd.setBlocked(second!.address, true);
  await vault.connect(second!).withdraw(accountOf(second!), usd.target, 40n * USD, second!.address);
  await vault.connect(second!).claim(accountOf(second!), usd.target, first!.address);
}

async function trade(system: Lockstep): Promise<void> {
  const [first, second] = system.users;
  const orders = new OrderBook(system);
  await orders.trade(first!, second!, { size: 2n * UNIT });
  await orders.trade(first!, second!, { instrument: 2, size: UNIT / 20n, price: 60_000n * UNIT });
  await orders.trade(second!, first!, { size: 3n * UNIT });
  await orders.trade(first!, second!, { size: UNIT });
  await system.settlement.connect(first!).cancel(orders.order(first!, true));
}

async function guard(system: Lockstep): Promise<void> {
  const { roots, attestation } = await postCheckpoint(system);
  const proof = await readMultiProof(system.ethers, system.books, attestation.blockNumber);
  await system.registry.prove(attestation.blockNumber, roots, proof.headerRlp, proof.nodes, proof.paths);
  await pause(system, 0, id("first"), await readHead(system));
  await postCheckpoint(system);
  await system.ethers.provider.send("evm_increaseTime", [TWO_HOURS]);
  await postCheckpoint(system);
}

async function govern({ oracle, instruments, keeperRegistry, ethFeed, registry, books, ethers, users }: Lockstep) {
  await oracle.setFeed(3, ethFeed.target, 77, 5, 10n ** 24n);
  await instruments.setInstrument(3, 3, 200_000, 100_000, 10_000);
  await keeperRegistry.add(users[5]!.address, users[6]!.address);
  await keeperRegistry.remove(users[5]!.address);
  await registry.setBooks([...books].reverse(), (await ethers.provider.getBlockNumber()) + 1_000);
}

/** The newest checkpoint is false, and falls with the keepers that signed it. */
async function convictKeepers(system: Lockstep): Promise<void> {
  await postCheckpoint(system);
  const wrong = falsify(await attest(system), 3);
  await postAttested(system, wrong);
  await convict(system, wrong, { index: 3 });
}
