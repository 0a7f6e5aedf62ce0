import { encodeHeader } from "../../keeper/chain/verify/header.ts";
import { verifyReceipts } from "../../keeper/chain/verify/receipts.ts";
import { VerificationError } from "../../keeper/chain/verify/VerificationError.ts";
import { BOOK_NAMES, type BookAddresses } from "../../keeper/domain/bookSet.ts";
import type { VerifiedLog } from "../../keeper/domain/VerifiedLog.ts";
import { assert } from "../../keeper/lib/assert.ts";
import { hexToBytes, type Address, type Hash, type Hex } from "../../keeper/lib/hex.ts";
import { keccak256 } from "../../keeper/lib/keccak.ts";
import { EMPTY_ROOT } from "../../keeper/trie/nodeEncoding.ts";
import { StateTrie } from "../../scripts/histories/StateTrie.ts";
import { encodeAccount } from "../../scripts/histories/World.ts";

/** A receipt of `eth_getBlockReceipts`, as far as the receipts root commits to it, with the hash that is asked for by. */
export interface Receipt {
  readonly transactionHash: Hash;
  readonly type: Hex;
  readonly status: Hex;
  readonly cumulativeGasUsed: Hex;
  readonly logsBloom: Hex;
  readonly logs: readonly { readonly address: Address; readonly topics: readonly Hash[]; readonly data: Hex }[];
}

/** What a block of this chain is made of; the rest of its header follows from it. */
export interface Content {
  /** Fields of the header as in JSON-RPC; those that the chain sets itself are not looked at. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly receipts: readonly Receipt[];
  readonly receiptsRoot: Hash;
  readonly logsBloom: Hex;
  /** Seconds. */
  readonly timestamp: number;
}

/** Number and hash of a block. */
export interface Head {
  readonly number: number;
  readonly hash: Hash;
}

interface Kept {
  readonly block: Readonly<Record<string, unknown>>;
  readonly receipts: readonly Receipt[];
  readonly state: StateTrie;
}

const ZERO: Hash = `0x${"00".repeat(32)}`;
const ZERO_BLOOM: Hex = `0x${"00".repeat(256)}`;
const PLENTY: Hash = `0x00${"ff".repeat(31)}`;
/** Older blocks are forgotten: whoever asks for them has no use for them. */
const BLOCKS_KEPT = 256;
/** Accounts beside those that are asked for, so that proofs have about as many nodes as on a chain of some size. */
const BYSTANDERS = 20_000;
const NO_FIELDS = {
  ...{ sha3Uncles: EMPTY_ROOT, miner: ZERO.slice(0, 42), difficulty: "0x0", gasLimit: "0x3b9aca00", gasUsed: "0x0" },
  ...{ extraData: "0x", mixHash: ZERO, nonce: "0x0000000000000000", baseFeePerGas: "0x7" },
};

/** The receipts root of receipts that nobody has a header for: what the verifier finds instead of the root it is told. */
export function receiptsRootOf(receipts: readonly Receipt[]): Hash {
  if (receipts.length === 0) return EMPTY_ROOT;
  try {
    verifyReceipts(receipts, ZERO);
  } catch (error: unknown) {
    if (error instanceof VerificationError && error.code === "ReceiptsRootMismatch")
      return error.payload["actual"] as Hash;
    throw error;
  }
  throw new Error("receipts with a root of zero");
}

/**
 * A chain of one's own: headers, receipts and account proofs that verify, under a genesis of its own, for storage roots that
 * it is told. A node cannot have books of a million slots in the time of a benchmark; what it would answer, this does.
 */
export class OwnChain {
  readonly #addresses: BookAddresses;
  readonly #keys: ReadonlyMap<Address, Uint8Array>;
  readonly #byHash = new Map<Hash, Kept>();
  readonly #byNumber = new Map<number, Hash>();
  #state: StateTrie;
  #head = -1;
  #parent: Hash = ZERO;

  /** @param keys the keeper's own keys, of which account proofs are asked for as well */
  constructor(addresses: BookAddresses, keys: readonly Address[]) {
    this.#addresses = addresses;
    const known = [...BOOK_NAMES.map((name) => addresses[name]), ...keys];
    this.#keys = new Map(known.map((address) => [address, keccak256(hexToBytes(address))]));
    this.#state = [...this.#keys.values()].reduce(
      (state, key) => state.with(key, encodeAccount(EMPTY_ROOT, 1)),
      StateTrie.EMPTY,
    );
    for (let index = 0; index < BYSTANDERS; index += 1) {
      const key = keccak256(Uint8Array.of(index & 255, index >> 8, 7));
      this.#state = this.#state.with(key, encodeAccount(EMPTY_ROOT, index & 127));
    }
  }

  /** Hash of the newest block. */
  get headHash(): Hash {
    return this.#parent;
  }

  get nextNumber(): number {
    return this.#head + 1;
  }

  /** Makes the next block. */
  grow(content: Content, roots: readonly Hash[]): Head {
    for (const [index, name] of BOOK_NAMES.entries()) {
      const key = this.#keys.get(this.#addresses[name]);
      assert(key !== undefined, "the chain knows the books");
      this.#state = this.#state.with(key, encodeAccount(roots[index] ?? EMPTY_ROOT, 1));
    }
    this.#head += 1;
    const { fields, receipts, receiptsRoot, logsBloom, timestamp } = content;
    const own = {
      ...{ parentHash: this.#parent, number: toQuantity(this.#head), stateRoot: this.#state.root() },
      ...{ receiptsRoot, logsBloom, timestamp: toQuantity(timestamp) },
    };
    const given = {
      ...NO_FIELDS,
      transactionsRoot: receipts.length === 0 ? EMPTY_ROOT : receiptsRoot,
      ...fields,
      ...own,
    };
    const { hash } = encodeHeader(given);
    const transactions = receipts.map(({ transactionHash }) => transactionHash);
    this.#keep({ block: { ...given, hash, transactions }, receipts, state: this.#state }, hash);
    this.#parent = hash;
    return { number: this.#head, hash };
  }

  /** A block without transactions. */
  growEmpty(timestamp: number, roots: readonly Hash[]): Head {
    const nothing = { fields: {}, receipts: [], receiptsRoot: EMPTY_ROOT, logsBloom: ZERO_BLOOM };
    return this.grow({ ...nothing, timestamp }, roots);
  }

  /** What a node of the chain answers. */
  answer(method: string, params: readonly unknown[]): unknown {
    const [first, , tag] = params;
    switch (method) {
      case "eth_chainId":
        return "0x7a69";
      case "eth_getBlockByHash":
        return this.#byHash.get(first as Hash)?.block ?? null;
      case "eth_getBlockByNumber":
        return this.#byHash.get(this.#byNumber.get(this.#numberOf(first)) ?? "0x")?.block ?? null;
      case "eth_getBlockReceipts":
        return this.#byHash.get((first as { readonly blockHash: Hash }).blockHash)?.receipts ?? null;
      case "eth_getProof": {
        const kept = this.#byHash.get((tag as { readonly blockHash: Hash }).blockHash);
        const key = this.#keys.get(first as Address);
        assert(kept !== undefined && key !== undefined, "a proof of a known account at a recent block");
        return { address: first, accountProof: kept.state.prove(key), storageProof: [] };
      }
      case "eth_call":
        // The vault's balance of a token, the only call that there is: more than it owes.
        return PLENTY;
      default:
        throw new Error(`${method} is not answered here`);
    }
  }

  #numberOf(tag: unknown): number {
    if (tag === "latest") return this.#head;
    // Two epochs of thirty-two, as on the main network.
    return tag === "safe" || tag === "finalized" ? Math.max(0, this.#head - 64) : Number(tag);
  }

  #keep(kept: Kept, hash: Hash): void {
    this.#byHash.set(hash, kept);
    this.#byNumber.set(this.#head, hash);
    const old = this.#byNumber.get(this.#head - BLOCKS_KEPT);
    // Who asks for the chain's identity asks for block 0.
    if (old === undefined || this.#head === BLOCKS_KEPT) return;
    this.#byHash.delete(old);
    this.#byNumber.delete(this.#head - BLOCKS_KEPT);
  }
}

/** The logs of receipts as a block of the books has them, without verifying anything. */
export function logsOf(receipts: readonly Receipt[]): VerifiedLog[] {
  const logs: VerifiedLog[] = [];
  for (const [transactionIndex, receipt] of receipts.entries()) {
    for (const [logPositionInTransaction, { address, topics, data }] of receipt.logs.entries()) {
      const at = { transactionHash: receipt.transactionHash, transactionIndex, logPositionInTransaction };
      logs.push({ address, topics, data, logIndex: logs.length, ...at });
    }
  }
  return logs;
}

function toQuantity(value: number): Hex {
  return `0x${value.toString(16)}`;
}
