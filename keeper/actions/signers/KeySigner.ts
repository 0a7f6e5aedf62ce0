import { KeeperError } from "../../errors/KeeperError.ts";
import { assert } from "../../lib/assert.ts";
import { bytesToHex, hexToBytes, type Address, type Hex } from "../../lib/hex.ts";
import { keccak256, keccak256Hex } from "../../lib/keccak.ts";
import { encodeTransaction } from "../plan/encodeTransaction.ts";
import { encodeTypedData } from "../plan/encodeTypedData.ts";
import type { TransactionRequest } from "../plan/TransactionRequest.ts";
import type { TypedData } from "../plan/TypedData.ts";
import { secp256k1 } from "./secp256k1.ts";
import type { SignedTransaction, Signer } from "./Signer.ts";
import { toSignature } from "./toSignature.ts";

/**
 * Signs with a private key held in memory, at once. The key never leaves it, is shown by nothing that prints a value, and
 * is wiped by {@link KeySigner.close}.
 */
export class KeySigner implements Signer {
  readonly address: Address;
  readonly kind: "key" | "keystore";
  /** A copy of its own: the caller may wipe what it gave. */
  readonly #key: Uint8Array;
  #isClosed = false;

  /** @throws Error when the key is none: not 32 bytes, 0, or not below the group's order. */
  constructor(privateKey: Hex | Uint8Array, kind: "key" | "keystore" = "key") {
    this.#key = typeof privateKey === "string" ? hexToBytes(privateKey, "private key") : privateKey.slice();
    this.kind = kind;
    this.address = secp256k1.addressOfKey(this.#key);
    // A library or a machine that signs wrongly is found here and not at the first pause.
    const probe = keccak256(hexToBytes(this.address));
    assert(secp256k1.recover(probe, this.#sign(probe)) === this.address, "a signature is not of the key that signed");
  }

  /** The raw transaction and its hash, computed here and not believed from a node. */
  signTransaction(request: TransactionRequest): SignedTransaction {
    const signature = this.#sign(keccak256(encodeTransaction(request)));
    const raw = encodeTransaction(request, signature);
    return { raw: bytesToHex(raw), hash: keccak256Hex(raw) };
  }

  signTypedData(typed: TypedData): Hex {
    return toSignature(this.#sign(keccak256(encodeTypedData(typed))));
  }

  async check(): Promise<void> {
    if (this.#isClosed) throw closed(this.address);
    return Promise.resolve();
  }

  close(): void {
    this.#isClosed = true;
    this.#key.fill(0);
  }

  #sign(digest: Uint8Array): ReturnType<typeof secp256k1.sign> {
    if (this.#isClosed) throw closed(this.address);
    return secp256k1.sign(digest, this.#key);
  }
}

function closed(address: Address): KeeperError {
  return new KeeperError("SignerClosed", `the signer of ${address} is closed: its key was wiped`, { address });
}
