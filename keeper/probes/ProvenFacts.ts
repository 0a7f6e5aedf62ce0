import type { Header } from "../chain/verify/header.ts";
import type { Address, Hash } from "../lib/hex.ts";

/** What is proved of the chain at its newest block: a `VerifiedReader`, or books that are in sync. */
export interface ProvenFacts {
  head(): Promise<{ readonly header: Header }>;
  storage(address: Address, slot: Hash): Promise<bigint>;
  /** Transactions of an account. */
  nonce(address: Address): Promise<bigint>;
  /** Wei. */
  balance(address: Address): Promise<bigint>;
}
