import type { Address, Hash } from "../lib/hex.ts";
import { keccak256Hex } from "../lib/keccak.ts";
import { keccakWords } from "../lib/keccakWords.ts";

/** What makes an incident the same one for every keeper. */
export interface IncidentKey {
  readonly chainId: number;
  readonly guard: Address;
  /** First divergent block. */
  readonly blockHash: Hash;
  /** The book contract, or the guard itself when the cause is not one contract's. */
  readonly book: Address;
  readonly cause: string;
}

/** keccak256(chain id, guard, first divergent block hash, book contract, keccak256(cause)), 32 bytes each. */
export function incidentId({ chainId, guard, blockHash, book, cause }: IncidentKey): Hash {
  return keccakWords([BigInt(chainId), guard, blockHash, book, keccak256Hex(new TextEncoder().encode(cause))]);
}
