import { encodeHeader } from "../../../keeper/chain/verify/header.ts";
import { verifyReceipts } from "../../../keeper/chain/verify/receipts.ts";
import { VerificationError } from "../../../keeper/chain/verify/VerificationError.ts";
import { BOOK_NAMES, type BookAddresses } from "../../../keeper/domain/bookSet.ts";
import { bytesToHex, hexToBytes, type Address, type Hash, type Hex } from "../../../keeper/lib/hex.ts";
import { keccak256, keccak256Hex } from "../../../keeper/lib/keccak.ts";
import { encodeRlp } from "../../../keeper/lib/rlp.ts";
import { EMPTY_ROOT } from "../../../keeper/trie/nodeEncoding.ts";

/** Addresses of book contracts that are nowhere. */
export const ADDRESSES = Object.fromEntries(
  BOOK_NAMES.map((name, index) => [name, `0x${"c0".repeat(19)}${index.toString(16).padStart(2, "0")}`]),
) as BookAddresses;

export const EMPTY_BLOOM: Hex = `0x${"00".repeat(256)}`;
export const FULL_BLOOM: Hex = `0x${"ff".repeat(256)}`;

/** Storage root of the one contract that the invented state holds. */
export const LEDGER_ROOT: Hash = `0x${"a7".repeat(32)}`;

type Json = Readonly<Record<string, unknown>>;

/** A block that is on nobody's chain, with everything that a node answers about it: all of it verifies. */
export interface InventedBlock {
  readonly number: number;
  readonly hash: Hash;
  /** `eth_getBlockByHash` without transaction bodies. */
  readonly json: Json & { readonly transactions: readonly Hash[] };
  /** `eth_getBlockReceipts`. */
  readonly receipts: readonly (Json & { readonly transactionHash: Hash })[];
  /** `eth_getProof`, of any account. */
  readonly proof: Json;
}

/** The state: an account with code and storage at one address, and nothing else. */
function stateWith(address: Address): { readonly root: Hash; readonly proof: Json } {
  const codeHash = new Uint8Array(32).fill(9);
  const account = encodeRlp([new Uint8Array(0), new Uint8Array(0), hexToBytes(LEDGER_ROOT), codeHash]);
  const leaf = encodeRlp([new Uint8Array([0x20, ...keccak256(hexToBytes(address))]), account]);
  return { root: keccak256Hex(leaf), proof: { accountProof: [bytesToHex(leaf)], storageProof: [] } };
}

/** The root of receipts, as their own verifier computes it. */
function receiptsRootOf(receipts: readonly Json[]): Hash {
  if (receipts.length === 0) return EMPTY_ROOT;
  try {
    verifyReceipts(receipts, EMPTY_ROOT);
  } catch (error: unknown) {
    if (error instanceof VerificationError && error.code === "ReceiptsRootMismatch") {
      return error.payload["actual"] as Hash;
    }
    throw error;
  }
  throw new Error("receipts have the root of none");
}

function receiptOf(transactionHash: Hash, logCount: number): InventedBlock["receipts"][number] {
  const log = { address: ADDRESSES.PositionLedger, topics: [], data: transactionHash };
  return {
    type: "0x2",
    status: "0x1",
    cumulativeGasUsed: "0x5208",
    logsBloom: FULL_BLOOM,
    transactionHash,
    logs: Array.from({ length: logCount }, () => log),
  };
}

/** Invents a block. Transactions have one log each; those of the same salt are the same. */
export function inventBlock(options: {
  readonly number: number;
  readonly parentHash?: Hash;
  readonly transactions?: number;
  readonly salt?: string;
  readonly header?: Json;
}): InventedBlock {
  const { number, transactions = 0, salt = "", header = {} } = options;
  const state = stateWith(ADDRESSES.PositionLedger);
  const hashes = Array.from({ length: transactions }, (_, index) =>
    keccak256Hex(new TextEncoder().encode(`${number} ${index} ${salt}`)),
  );
  const receipts = hashes.map((hash) => receiptOf(hash, 1));
  const fields = {
    parentHash: options.parentHash ?? `0x${"0".repeat(64)}`,
    sha3Uncles: EMPTY_ROOT,
    miner: `0x${"00".repeat(20)}`,
    stateRoot: state.root,
    transactionsRoot: EMPTY_ROOT,
    receiptsRoot: receiptsRootOf(receipts),
    logsBloom: transactions === 0 ? EMPTY_BLOOM : FULL_BLOOM,
    difficulty: "0x0",
    number: `0x${number.toString(16)}`,
    gasLimit: "0x1c9c380",
    gasUsed: "0x0",
    timestamp: `0x${(1_700_000_000 + number).toString(16)}`,
    extraData: bytesToHex(new TextEncoder().encode(salt)),
    mixHash: EMPTY_ROOT,
    nonce: "0x0000000000000000",
    baseFeePerGas: "0x7",
    ...header,
  };
  const { hash } = encodeHeader(fields);
  return {
    number,
    hash,
    json: { ...fields, hash, transactions: hashes },
    receipts: receipts.map((receipt) => ({ ...receipt, blockHash: hash })),
    proof: state.proof,
  };
}

/** So many blocks on top of each other, the lowest first. */
export function inventChain(from: number, count: number, transactions = 0): InventedBlock[] {
  const blocks: InventedBlock[] = [];
  for (let number = from; number < from + count; number += 1) {
    const parent = blocks.at(-1);
    blocks.push(inventBlock({ number, transactions, ...(parent === undefined ? {} : { parentHash: parent.hash }) }));
  }
  return blocks;
}
