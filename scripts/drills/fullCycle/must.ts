import type { Wallet } from "ethers";

import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import type { LockstepContractName } from "../../local/deployLockstep.ts";
import type { LocalChain } from "../../local/LocalChain.ts";

/** Calls what the protocol has to accept; the block that includes it. @throws KeeperError `DrillFailed` */
export async function must(
  chain: LocalChain,
  wallet: Wallet,
  contract: LockstepContractName,
  fn: string,
  args: readonly unknown[],
): Promise<number> {
  const attempt = await chain.attempt(wallet, contract, fn, args);
  if (attempt.accepted) return attempt.blockNumber;
  throw new KeeperError("DrillFailed", `${contract}.${fn} was refused: ${attempt.error}`);
}
