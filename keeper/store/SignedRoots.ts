import { KeeperError } from "../errors/KeeperError.ts";
import type { SignatureRow } from "./tables.ts";

type Signature = Omit<SignatureRow, "seq">;

/** Every root that was signed, by chain and block hash. */
export class SignedRoots {
  readonly #rows = new Map<string, SignatureRow>();

  get size(): number {
    return this.#rows.size;
  }

  /** The signature of the same block, if there is one. */
  find({ chain_id, block_hash }: Signature): SignatureRow | undefined {
    return this.#rows.get(keyOf(chain_id, block_hash));
  }

  /** Keeps a durable signature. False when there is one of that block already. */
  add(row: SignatureRow): boolean {
    if (this.find(row) !== undefined) return false;
    this.#rows.set(keyOf(row.chain_id, row.block_hash), row);
    return true;
  }

  /** The refusal of a root for a block that has another one. */
  static secondRoot(wanted: Signature, signedRoot: string): KeeperError {
    const { chain_id: chainId, block_hash: blockHash, books_root: booksRoot } = wanted;
    const message =
      `block ${blockHash} of chain ${chainId} has been signed with the books root ${signedRoot}; ` +
      `${booksRoot} is a second one, for which the keeper's bond could be slashed`;
    return new KeeperError("SecondRoot", message, { chainId, blockHash, booksRoot, signedRoot });
  }
}

function keyOf(chainId: number, blockHash: string): string {
  return `${chainId}:${blockHash}`;
}
