import { encodeHeader } from "../../keeper/chain/verify/header.ts";
import { BOOK_NAMES, type BookAddresses } from "../../keeper/domain/bookSet.ts";
import { assert } from "../../keeper/lib/assert.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import { EMPTY_ROOT } from "../../keeper/trie/nodeEncoding.ts";

/** Addresses at which the invented chain has nothing. */
export const NOWHERE = Object.fromEntries(
  BOOK_NAMES.map((name, index) => [name, `0x${"c0".repeat(19)}${index.toString(16).padStart(2, "0")}`]),
) as BookAddresses;

type Block = Readonly<Record<string, unknown>> & { readonly hash: Hash };

const ZERO = `0x${"00".repeat(32)}`;
const START_SECONDS = 1_700_000_000;
const BLOCK_SECONDS = 12;
/** Older blocks are forgotten: whoever asks for them has no use for them. */
const BLOCKS_KEPT = 256;

/**
 * A chain of empty blocks over an empty state, all of which verifies, made as fast as it can be hashed. On it the books
 * of contracts that were never deployed are in sync with nothing.
 */
export class InventedChain {
  readonly #byHash = new Map<Hash, Block>();
  readonly #byNumber = new Map<number, Block>();
  #head = -1;
  #parent: Hash = ZERO as Hash;

  constructor() {
    this.grow();
  }

  /** Seconds since the epoch of the newest block. */
  get timestamp(): number {
    return START_SECONDS + this.#head * BLOCK_SECONDS;
  }

  /** Makes the next block. */
  grow(): { readonly number: number; readonly hash: Hash } {
    this.#head += 1;
    const number = this.#head;
    const fields = {
      ...{ parentHash: this.#parent, sha3Uncles: EMPTY_ROOT, miner: ZERO.slice(0, 42), stateRoot: EMPTY_ROOT },
      ...{ transactionsRoot: EMPTY_ROOT, receiptsRoot: EMPTY_ROOT, logsBloom: `0x${"00".repeat(256)}` },
      ...{ difficulty: "0x0", number: toQuantity(number), gasLimit: "0x1c9c380", gasUsed: "0x0" },
      ...{ timestamp: toQuantity(this.timestamp), extraData: "0x", mixHash: EMPTY_ROOT },
      ...{ nonce: "0x0000000000000000", baseFeePerGas: "0x7" },
    };
    const { hash } = encodeHeader(fields);
    this.#add(number, { ...fields, hash, transactions: [] });
    this.#parent = hash;
    return { number, hash };
  }

  /** What a node of the chain answers; the same objects are never given twice. */
  answer(method: string, [first]: readonly unknown[]): unknown {
    switch (method) {
      case "eth_chainId":
        return "0x1";
      case "eth_getBlockByHash":
        return structuredClone(this.#byHash.get(first as Hash) ?? null);
      case "eth_getBlockByNumber":
        return structuredClone(this.#byNumber.get(this.#numberOf(first)) ?? null);
      case "eth_getBlockReceipts":
        return [];
      case "eth_getProof":
        return { accountProof: ["0x80"], storageProof: [] };
      default:
        throw new Error(`${method} is not answered here`);
    }
  }

  #numberOf(tag: unknown): number {
    if (tag === "latest") return this.#head;
    // Two epochs of four, as a local node has them.
    return tag === "safe" || tag === "finalized" ? Math.max(0, this.#head - 8) : Number(tag);
  }

  #add(number: number, block: Block): void {
    this.#byHash.set(block.hash, block);
    this.#byNumber.set(number, block);
    const old = this.#byNumber.get(number - BLOCKS_KEPT);
    // Who asks for the chain's identity asks for block 0.
    if (old === undefined || number === BLOCKS_KEPT) return;
    this.#byHash.delete(old.hash);
    this.#byNumber.delete(number - BLOCKS_KEPT);
    assert(this.#byHash.size <= BLOCKS_KEPT + 1, "old blocks are forgotten");
  }
}

function toQuantity(value: number): string {
  return `0x${value.toString(16)}`;
}
