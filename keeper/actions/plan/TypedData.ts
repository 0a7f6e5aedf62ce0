import type { Hash } from "../../lib/hex.ts";

/** What EIP-712 signs: a struct under a domain, both hashed already. */
export interface TypedData {
  readonly domainSeparator: Hash;
  readonly structHash: Hash;
}
