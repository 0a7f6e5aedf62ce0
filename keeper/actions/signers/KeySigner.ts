import { Transaction, Wallet } from "ethers";
import type { Address, Hash, Hex } from "../../lib/hex.ts";
import type { Attestation } from "../plan/Attestation.ts";
import type { TransactionRequest } from "../plan/TransactionRequest.ts";

/** Where attestations are verified: the EIP-712 domain of CheckpointRegistry. */
export interface AttestationDomain {
  readonly chainId: number;
  readonly registry: Address;
}

const ATTESTATION_TYPES = {
  Attestation: [
    { name: "setId", type: "uint32" },
    { name: "bookSetVersion", type: "uint32" },
    { name: "blockNumber", type: "uint64" },
    { name: "blockHash", type: "bytes32" },
    { name: "booksRoot", type: "bytes32" },
  ],
};

/** Signs with a private key held in memory. The key never leaves it. */
export class KeySigner {
  readonly address: Address;
  readonly #wallet: Wallet;

  constructor(privateKey: Hex) {
    this.#wallet = new Wallet(privateKey);
    this.address = this.#wallet.address.toLowerCase() as Address;
  }

  /** The raw transaction and its hash, computed here and not believed from a node. */
  signTransaction(request: TransactionRequest): { readonly raw: Hex; readonly hash: Hash } {
    const { nonce, to, data, gasLimit, maxFeePerGas, maxPriorityFeePerGas, chainId } = request;
    const transaction = Transaction.from({
      type: 2,
      chainId,
      nonce,
      to,
      data,
      gasLimit,
      maxFeePerGas,
      maxPriorityFeePerGas,
      value: 0n,
    });
    transaction.signature = this.#wallet.signingKey.sign(transaction.unsignedHash);
    return { raw: transaction.serialized as Hex, hash: transaction.hash as Hash };
  }

  /** The EIP-712 signature of an attestation, 65 bytes. */
  async signAttestation(attestation: Attestation, { chainId, registry }: AttestationDomain): Promise<Hex> {
    const domain = { name: "Lockstep", version: "1", chainId, verifyingContract: registry };
    return (await this.#wallet.signTypedData(domain, ATTESTATION_TYPES, attestation)) as Hex;
  }
}
