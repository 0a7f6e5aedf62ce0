import { encodeSoftPause } from "../../keeper/actions/plan/calls.ts";
import type { TransactionRequest } from "../../keeper/actions/plan/TransactionRequest.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import { GENESIS } from "../world/genesis.ts";

const GWEI = 1_000_000_000n;

/** What a keeper signs that pauses softly for a block, whatever is true of it. */
export function softPauseFor(
  { number, hash }: { readonly number: number; readonly hash: Hash },
  nonce: number,
): TransactionRequest {
  const data = encodeSoftPause({
    ...{ incidentId: hash, causeClass: "books", blockNumber: number, blockHash: hash, evidenceHash: hash },
  });
  const { addresses, immutables } = GENESIS.contracts;
  const fees = { gasLimit: 400_000n, maxFeePerGas: 10n * GWEI, maxPriorityFeePerGas: GWEI };
  return { chainId: Number(immutables.chainId), to: addresses.SyncGuard, data, nonce, ...fees };
}
