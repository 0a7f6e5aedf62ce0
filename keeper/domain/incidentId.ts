import { hexToBytes, bigintToHex32, type Address, type Hash } from "../lib/hex.ts";
import { keccak256Hex } from "../lib/keccak.ts";
import { concatBytes } from "../lib/bytes.ts";

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
  const words = [
    hexToBytes(bigintToHex32(BigInt(chainId))),
    hexToBytes(bigintToHex32(BigInt(guard))),
    hexToBytes(blockHash),
    hexToBytes(bigintToHex32(BigInt(book))),
    hexToBytes(keccak256Hex(new TextEncoder().encode(cause))),
  ];
  return keccak256Hex(concatBytes(words));
}
