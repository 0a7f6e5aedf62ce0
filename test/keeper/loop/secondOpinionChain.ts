import { encodeHeader } from "../../../keeper/chain/verify/header.ts";
import { verifyReceipts } from "../../../keeper/chain/verify/receipts.ts";
import { VerificationError } from "../../../keeper/chain/verify/VerificationError.ts";
import { Books } from "../../../keeper/books/Books.ts";
import { BOOK_NAMES, type BookName } from "../../../keeper/domain/bookSet.ts";
import { hexToBytes, type Address, type Hash } from "../../../keeper/lib/hex.ts";
import { keccak256 } from "../../../keeper/lib/keccak.ts";
import { EMPTY_ROOT } from "../../../keeper/trie/nodeEncoding.ts";
import { StateTrie } from "../../../scripts/histories/StateTrie.ts";
import { encodeAccount } from "../../../scripts/histories/World.ts";
import type { Head, Rpc } from "../../../testing/Rpc.ts";
import {
  DEPOSITED,
  DEPOSITED_IMMUTABLES,
  depositLogs,
  listingLogs,
  verified,
  type DepositLog,
} from "./secondOpinionDeposits.ts";

type Json = Readonly<Record<string, unknown>>;

interface Kept {
  readonly block: Json;
  readonly receipts: readonly Json[];
  readonly state: StateTrie;
}

const START = 1_700_000_000;
const LOGS_IN_RECEIPT = 100;
const ZERO: Hash = `0x${"00".repeat(32)}`;
const FULL_BLOOM = `0x${"ff".repeat(256)}`;
const FIELDS = {
  ...{ sha3Uncles: EMPTY_ROOT, miner: ZERO.slice(0, 42), difficulty: "0x0", gasLimit: "0x3b9aca00", gasUsed: "0x5208" },
  ...{ extraData: "0x", mixHash: ZERO, nonce: "0x0000000000000000", baseFeePerGas: "0x7", logsBloom: FULL_BLOOM },
};

/** The root of receipts, as their own verifier computes it. */
function receiptsRootOf(receipts: readonly Json[]): Hash {
  try {
    verifyReceipts(receipts, ZERO);
  } catch (error: unknown) {
    if (error instanceof VerificationError && error.code === "ReceiptsRootMismatch") {
      return error.payload["actual"] as Hash;
    }
    throw error;
  }
  throw new Error("receipts with a root of zero");
}

/**
 * A chain whose only transactions are deposits: headers, receipts and account proofs verify. A node that really executes has no
 * books of so many slots in the time of a test.
 */
export class DepositChain implements Rpc {
  readonly #books = new Books({ addresses: DEPOSITED, immutables: DEPOSITED_IMMUTABLES, undoDepth: 4 });
  readonly #keys: ReadonlyMap<string, Uint8Array>;
  readonly #kept = new Map<Hash, Kept>();
  readonly #byNumber = new Map<number, Hash>();
  #state = StateTrie.EMPTY;
  #number = -1;
  #parent: Hash = ZERO;

  /** @param own the keeper's own keys */
  constructor(own: readonly Address[]) {
    const known = [...BOOK_NAMES.map((name) => DEPOSITED[name]), ...own];
    this.#keys = new Map(known.map((address) => [address, keccak256(hexToBytes(address))]));
    for (const key of this.#keys.values()) this.#state = this.#state.with(key, encodeAccount(EMPTY_ROOT, 1));
    this.#grow([]);
  }

  /** Words of all books. */
  get slots(): number {
    return BOOK_NAMES.reduce((sum, name) => sum + this.#books.trie(name).size, 0);
  }

  /** The next block lists the asset. */
  list(): Head {
    return this.#grow(listingLogs(this.#nextTime));
  }

  /** The next block has a deposit to each of these accounts, and changes a word behind a contract's back, if one is given. */
  deposit(accounts: readonly number[], written?: { readonly book: BookName; readonly slot: Hash }): Head {
    return this.#grow(depositLogs(this.#books, accounts, this.#nextTime), written);
  }

  request(method: string, params: readonly unknown[]): Promise<unknown> {
    return Promise.resolve(this.#answer(method, params));
  }

  get #nextTime(): number {
    return START + 12 * (this.#number + 1);
  }

  #grow(logs: readonly DepositLog[], written?: { readonly book: BookName; readonly slot: Hash }): Head {
    const timestamp = this.#nextTime;
    this.#number += 1;
    const number = this.#number;
    const nameOf = (at: number): Hash => `0x${(at + 1).toString(16).padStart(64, "0")}`;
    const block = { number, hash: nameOf(number), parentHash: nameOf(number - 1), timestamp };
    this.#books.apply({ ...block, logs: verified(logs, LOGS_IN_RECEIPT) });
    if (written !== undefined) {
      const { book, slot } = written;
      this.#books.trie(book).set(slot, this.#books.read(book, slot) + 1n);
    }
    for (const [index, root] of this.#books.roots().entries()) {
      const key = this.#keys.get(DEPOSITED[BOOK_NAMES[index]!])!;
      this.#state = this.#state.with(key, encodeAccount(root, 1));
    }
    const receipts = receiptsOf(logs, number);
    const fields = {
      ...FIELDS,
      ...{ parentHash: this.#parent, number: `0x${number.toString(16)}`, timestamp: `0x${timestamp.toString(16)}` },
      ...{ stateRoot: this.#state.root(), transactionsRoot: receipts.length === 0 ? EMPTY_ROOT : ZERO },
      receiptsRoot: receipts.length === 0 ? EMPTY_ROOT : receiptsRootOf(receipts),
    };
    const { hash } = encodeHeader(fields);
    const transactions = receipts.map(({ transactionHash }) => transactionHash);
    this.#kept.set(hash, { block: { ...fields, hash, transactions }, receipts, state: this.#state });
    this.#byNumber.set(number, hash);
    this.#parent = hash;
    return { number, hash };
  }

  #answer(method: string, [first, , tag]: readonly unknown[]): unknown {
    const hashOf = (asked: unknown): Hash => (asked as { readonly blockHash: Hash }).blockHash;
    if (method === "eth_chainId") return "0x7a69";
    if (method === "eth_getBlockByHash") return this.#kept.get(first as Hash)?.block ?? null;
    if (method === "eth_getBlockByNumber") {
      const number = first === "latest" ? this.#number : Number(first);
      return this.#kept.get(this.#byNumber.get(number) ?? "0x")?.block ?? null;
    }
    if (method === "eth_getBlockReceipts") return this.#kept.get(hashOf(first))?.receipts ?? null;
    if (method === "eth_getProof") {
      const accountProof = this.#kept.get(hashOf(tag))!.state.prove(this.#keys.get(first as string)!);
      return { address: first, accountProof, storageProof: [] };
    }
    throw new Error(`${method} is not answered here`);
  }
}

function receiptsOf(logs: readonly DepositLog[], number: number): (Json & { readonly transactionHash: Hash })[] {
  const count = Math.ceil(logs.length / LOGS_IN_RECEIPT);
  return Array.from({ length: count }, (_, index) => ({
    ...{
      type: "0x2",
      status: "0x1",
      logsBloom: FULL_BLOOM,
      cumulativeGasUsed: `0x${(21_000 * (index + 1)).toString(16)}`,
    },
    transactionHash: `0x${(number * 1_000 + index + 1).toString(16).padStart(64, "0")}`,
    logs: logs.slice(index * LOGS_IN_RECEIPT, (index + 1) * LOGS_IN_RECEIPT),
  }));
}
