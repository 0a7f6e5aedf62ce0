import { id, type ContractRunner } from "ethers";

import type { PermitToken } from "../../../types/ethers-contracts/index.ts";
import { depositUsd, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { tourLosses } from "../../keeper/books/naive/tourLosses.ts";
import { tourOptions } from "../../keeper/books/naive/tourOptions.ts";
import { accountOf } from "../accounts.ts";
import { listCollateral, WIDE } from "../assets.ts";
import { attest, falsify, postAttested, postCheckpoint } from "../attestations.ts";
import { convict } from "../convict.ts";
import { pause, readHead } from "../guard.ts";
import { changeTerms, OrderBook, UNIT } from "../orders.ts";
import { readMultiProof } from "../proofs.ts";

const USD = 1_000_000n;
/** One unit of the token, which has 8 decimals. */
const COIN = 10n ** 8n;
const TWO_HOURS = 7_200;

/** A short history in which the book contracts emit every event that changes a word, some of them several times. */
export async function emitEveryEvent(system: Lockstep): Promise<void> {
  const token = await moveCollateral(system);
  await trade(system);
  await tourOptions(system);
  await tourLosses(system, token);
  await guard(system);
  await govern(system, token);
  await convictKeepers(system);
}

async function moveCollateral(system: Lockstep): Promise<PermitToken> {
  const { ethers, vault, usd, users } = system;
  const [first, second] = users;
  const token = await ethers.deployContract("PermitToken");
  await listCollateral(system, token);
  await token.mint(first!.address, 10n * COIN);
  const as = <Contract>(contract: { connect(runner: ContractRunner): Contract }): Contract => contract.connect(first!);
  await as(token).approve(vault.target, 10n * COIN);
  await as(vault).deposit(accountOf(first!), token.target, 3n * COIN);
  for (const user of [first!, second!]) await depositUsd(system, user, 100_000n * USD);
  await as(vault).withdraw(accountOf(first!), token.target, COIN, first!.address);
  await usd.setBlocked(second!.address, true);
  await vault.connect(second!).withdraw(accountOf(second!), usd.target, 40n * USD, second!.address);
  await vault.connect(second!).claim(accountOf(second!), usd.target, first!.address);
  return token;
}

async function trade(system: Lockstep): Promise<void> {
  const [first, second] = system.users;
  const orders = new OrderBook(system);
  await orders.trade(first!, second!, { size: 2n * UNIT });
  await orders.trade(first!, second!, { instrument: 2, size: UNIT / 20n, price: 60_000n * UNIT });
  await orders.trade(second!, first!, { size: 3n * UNIT });
  await orders.trade(first!, second!, { size: UNIT });
  await system.settlement.connect(first!).cancel(accountOf(first!), 7n, 3n);
  await system.settlement.connect(first!).cancelAll(accountOf(first!));
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

async function govern(system: Lockstep, token: PermitToken): Promise<void> {
  const { oracle, keeperRegistry, vault, ethFeed, btcFeed, registry, books, ethers, users } = system;
  await oracle.setFeed(3, ethFeed.target, 77, 5, 10n ** 24n);
  await oracle.setSecondary(3, btcFeed.target, 77, 10_000);
  await changeTerms(system, 2, { priceBandPpm: 30_000 });
  await vault.setLimits(token.target, { ...WIDE, outflowPpm: 500_000n });
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
