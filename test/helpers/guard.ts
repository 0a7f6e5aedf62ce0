import { id, type ContractTransactionResponse } from "ethers";

import type { Lockstep } from "../fixtures/deployLockstep.ts";

/** A block, as a keeper that judges it knows it. */
export interface JudgedBlock {
  readonly number: number;
  readonly hash: string;
  readonly parentHash: string;
  readonly timestamp: number;
}

/** The newest block. */
export async function readHead(system: Lockstep): Promise<JudgedBlock> {
  const { number, hash, parentHash, timestamp } = (await system.ethers.provider.getBlock("latest"))!;
  return { number, hash: hash!, parentHash, timestamp };
}

/** Lets keeper `index` pause for a block. */
export async function pause(system: Lockstep, index: number, incidentId: string, { number, hash }: JudgedBlock) {
  const guard = system.guard.connect(system.keepers[index]!.pauser);
  return await guard.softPause(incidentId, number, hash, id("evidence"), { gasLimit: 500_000 });
}

/** `seconds` after the block that included `sent`. */
export async function deadline(
  system: Lockstep,
  sent: Promise<ContractTransactionResponse>,
  seconds: number,
): Promise<number> {
  const { blockNumber } = (await (await sent).wait())!;
  return (await system.ethers.provider.getBlock(blockNumber))!.timestamp + seconds;
}
