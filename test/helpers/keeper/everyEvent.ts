import { id, type ContractRunner } from "ethers";

import type { PermitToken } from "../../../types/ethers-contracts/index.ts";
import { depositUsd, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { tourKeepers } from "../../keeper/books/naive/tourKeepers.ts";
import { tourLosses } from "../../keeper/books/naive/tourLosses.ts";
import { tourOptions } from "../../keeper/books/naive/tourOptions.ts";
import { tourRepairs } from "../../keeper/books/naive/tourRepairs.ts";
import { tourOutage } from "../../keeper/books/naive/tourSync.ts";
import { accountOf } from "../accounts.ts";
import { listCollateral, WIDE } from "../assets.ts";
import { postCheckpoint } from "../attestations.ts";
import { CAUSES, pause, readHead } from "../guard.ts";
import { changeTerms, OrderBook, UNIT } from "../orders.ts";
import { readMultiProof } from "../proofs.ts";
import { endProtocol } from "./endProtocol.ts";

const USD = 1_000_000n;
/** One unit of the token, which has 8 decimals. */
const COIN = 10n ** 8n;
const TWO_HOURS = 7_200;

/**
 * A short history in which the book contracts emit every event that changes a word, some of them several times, to the very
 * end of the protocol. For a deployment of {@link deployToured}.
 */
export async function emitEveryEvent(system: Lockstep): Promise<void> {
  const token = await moveCollateral(system);
  await trade(system);
  await tourOptions(system);
  await tourLosses(system, token);
  await reward(system);
  await guard(system);
  await tourOutage(system);
  const grown = await tourKeepers(system);
  await tourRepairs(grown);
  await govern(grown, token);
  await endProtocol(grown);
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
  for (const user of users.slice(0, 3)) await depositUsd(system, user, 100_000n * USD);
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

/** The carrier of a checkpoint is paid, below what the fund should hold. */
async function reward(system: Lockstep): Promise<void> {
  const { registry, fund, ledger, vault, usd, admin } = system;
  await usd.mint(admin.address, 100n * USD);
  await usd.connect(admin).approve(vault.target, 100n * USD);
  await vault.connect(admin).deposit(await fund.ACCOUNT(), usd.target, 100n * USD);
  await registry.setReward(UNIT / 100n, 50);
  await postCheckpoint(system);
  await fund.setTarget((await ledger.quoteOf(await fund.ACCOUNT())) as bigint);
  await registry.claimReward(await registry.newestNumber(), accountOf(admin));
  await fund.setTarget(0n);
}

/** A proven checkpoint, and pauses of both classes, lifted by a checkpoint and by anyone. */
async function guard(system: Lockstep): Promise<void> {
  const { ethers, registry } = system;
  const { roots, attestation } = await postCheckpoint(system);
  const proof = await readMultiProof(ethers, system.books, attestation.blockNumber);
  await registry.prove(attestation, roots, proof.headerRlp, proof.nodes, proof.paths);
  await pause(system, 0, id("first"), await readHead(system));
  await postCheckpoint(system);
  await ethers.provider.send("evm_increaseTime", [TWO_HOURS]);
  await postCheckpoint(system);
  await ethers.provider.send("evm_increaseTime", [TWO_HOURS]);
  await pause(system, 1, id("second"), await readHead(system), CAUSES.view);
  await postCheckpoint(system);
  await ethers.provider.send("evm_increaseTime", [TWO_HOURS]);
  await system.guard.liftSoft();
}

async function govern(system: Lockstep, token: PermitToken): Promise<void> {
  const { oracle, vault, ethFeed, btcFeed, registry, books, ethers } = system;
  await oracle.setFeed(3, ethFeed.target, 77, 5, 10n ** 24n);
  await oracle.setSecondary(3, btcFeed.target, 77, 10_000);
  await changeTerms(system, 2, { priceBandPpm: 30_000 });
  await vault.setLimits(token.target, { ...WIDE, outflowPpm: 500_000n });
  await registry.setBooks([...books].reverse(), (await ethers.provider.getBlockNumber()) + 1_000);
}
