import type { Address, Hash, Hex } from "../../lib/hex.ts";
import type { TransactionRequest } from "../plan/TransactionRequest.ts";
import type { TypedData } from "../plan/TypedData.ts";

/** Where a key is: in this process, read from a setting or from an encrypted keystore, or at a remote signer. */
export type SignerKind = "key" | "keystore" | "remote";

/** A transaction that is ready to be broadcast; the hash was computed here and is not believed from anybody. */
export interface SignedTransaction {
  readonly raw: Hex;
  readonly hash: Hash;
}

/**
 * Something that signs with one key. What is in this process answers at once, without a promise; a remote one answers with
 * a promise. Either throws a KeeperError when it could not sign.
 */
export interface Signer {
  readonly address: Address;
  readonly kind: SignerKind;
  signTransaction(request: TransactionRequest): SignedTransaction | Promise<SignedTransaction>;
  /** The EIP-712 signature, 65 bytes: r, s, and v of 27 or 28. */
  signTypedData(typed: TypedData): Hex | Promise<Hex>;
  /** Rejects with a KeeperError when it could not sign now. */
  check(): Promise<void>;
  /** Wipes the key, or closes the connections; what is asked afterwards fails with `SignerClosed`. */
  close(): void;
}
