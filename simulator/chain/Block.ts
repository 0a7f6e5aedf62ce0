import { encodeHeader, type Header } from "../../keeper/chain/verify/header.ts";
import { orderedTrieRoot } from "../../keeper/chain/verify/orderedTrieRoot.ts";
import type { VerifiedLog } from "../../keeper/domain/VerifiedLog.ts";
import { bigintToBytes, concatBytes } from "../../keeper/lib/bytes.ts";
import { bytesToHex, hexToBytes, type Hash, type Hex } from "../../keeper/lib/hex.ts";
import { encodeRlp } from "../../keeper/lib/rlp.ts";
import { EMPTY_ROOT } from "../../keeper/trie/nodeEncoding.ts";
import type { RawLog } from "../contracts/encodeEvent.ts";
import type { State } from "./State.ts";

/** How the chain's state was changed behind its contracts' back, or by a flaw of them. */
export type TamperKind = "write" | "new-word" | "result" | "missing-effect" | "illegal" | "unreadable" | "code";

/** What is wrong with a block, by the truth. */
export interface Taint {
  readonly kind: TamperKind;
  readonly book: string;
  readonly number: number;
  readonly hash: Hash;
}

/** A transaction that was executed. */
export interface Executed {
  readonly hash: Hash;
  readonly succeeded: boolean;
  readonly logs: readonly RawLog[];
  /** Of a keeper's transaction: what it was, and of which keeper. */
  readonly effect?: ChainEffect;
}

/** What a keeper's transaction did. */
export interface ChainEffect {
  readonly kind: "soft-pause" | "hard-pause" | "checkpoint";
  readonly keeper: number;
  /** The block that it names. */
  readonly blockHash: Hash;
  readonly blockNumber: number;
  readonly incidentId: Hash | null;
}

/** A block of the tree. */
export interface SimBlock {
  readonly number: number;
  readonly hash: Hash;
  readonly parent: SimBlock | null;
  /** Seconds. */
  readonly timestamp: number;
  readonly header: Header;
  readonly baseFeePerGas: bigint;
  readonly state: State;
  readonly transactions: readonly Executed[];
  readonly logs: readonly VerifiedLog[];
  /** The first thing that is wrong with the block or one of its ancestors, by the truth; null when nothing is. */
  readonly taint: Taint | null;
  /** Made by the chain's own producers; otherwise a liar made it up. */
  readonly isReal: boolean;
  readonly effects: readonly ChainEffect[];
  /** `eth_getBlockByHash` without bodies, and `eth_getBlockReceipts`. */
  readonly json: Readonly<Record<string, unknown>>;
  readonly receipts: readonly Readonly<Record<string, unknown>>[];
}

/** What a block is sealed of. */
export interface BlockContent {
  readonly parent: SimBlock | null;
  readonly number: number;
  readonly timestamp: number;
  readonly baseFeePerGas: bigint;
  readonly state: State;
  readonly transactions: readonly Executed[];
  readonly tamper: Omit<Taint, "number" | "hash"> | null;
  readonly isReal: boolean;
  /** Makes blocks of the same contents different ones; at most 32 bytes. */
  readonly salt: string;
}

const EMPTY_BLOOM: Hex = `0x${"00".repeat(256)}`;
const FULL_BLOOM: Hex = `0x${"ff".repeat(256)}`;
const BLOOMS = { empty: hexToBytes(EMPTY_BLOOM), full: hexToBytes(FULL_BLOOM) };
const GAS = 100_000n;
const TYPE = Uint8Array.of(2);
const ZERO_HASH: Hash = `0x${"00".repeat(32)}`;

/** A block with its header, receipts and hash: everything in it verifies. */
export function sealBlock(content: BlockContent): SimBlock {
  const { parent, number, timestamp, baseFeePerGas, state, transactions, tamper, isReal, salt } = content;
  const receiptsRoot =
    transactions.length === 0 ? EMPTY_ROOT : orderedTrieRoot(transactions.map((one, at) => encodeReceipt(one, at)));
  const hasLogs = transactions.some(({ logs }) => logs.length > 0);
  const fields = {
    ...{ parentHash: parent?.hash ?? ZERO_HASH, sha3Uncles: EMPTY_ROOT, miner: `0x${"00".repeat(20)}` },
    ...{ stateRoot: state.root, transactionsRoot: EMPTY_ROOT, receiptsRoot },
    ...{ logsBloom: hasLogs ? FULL_BLOOM : EMPTY_BLOOM, difficulty: "0x0", number: quantity(number) },
    ...{ gasLimit: "0x1c9c380", gasUsed: quantity(GAS * BigInt(transactions.length)), timestamp: quantity(timestamp) },
    ...{ extraData: bytesToHex(new TextEncoder().encode(salt)), mixHash: EMPTY_ROOT, nonce: "0x0000000000000000" },
    baseFeePerGas: quantity(baseFeePerGas),
  };
  const { hash, header } = encodeHeader(fields);
  const taint = parent?.taint ?? (tamper === null ? null : { ...tamper, number, hash });
  return {
    ...{ number, hash, parent, timestamp, header, baseFeePerGas, state, transactions, taint, isReal },
    logs: logsOf(transactions),
    effects: transactions.flatMap(({ effect }) => (effect === undefined ? [] : [effect])),
    json: Object.freeze({ ...fields, hash, transactions: transactions.map((one) => one.hash) }),
    receipts: transactions.map((one, at) => ({
      ...{ type: "0x2", status: one.succeeded ? "0x1" : "0x0", cumulativeGasUsed: quantity(GAS * BigInt(at + 1)) },
      ...{ logsBloom: one.logs.length > 0 ? FULL_BLOOM : EMPTY_BLOOM, transactionHash: one.hash, blockHash: hash },
      logs: one.logs,
    })),
  };
}

/** Logs as their block has them. */
export function logsOf(transactions: readonly Pick<Executed, "hash" | "logs">[]): VerifiedLog[] {
  const verified: VerifiedLog[] = [];
  for (const [transactionIndex, { hash, logs }] of transactions.entries()) {
    for (const [logPositionInTransaction, log] of logs.entries()) {
      const place = { transactionIndex, logIndex: verified.length, logPositionInTransaction };
      verified.push({ ...log, transactionHash: hash, ...place });
    }
  }
  return verified;
}

/** The block so many below another, or the oldest. */
export function ancestorOf(block: SimBlock, depth: number): SimBlock {
  let found = block;
  for (let left = depth; left > 0 && found.parent !== null; left -= 1) found = found.parent;
  return found;
}

/** The block of a branch at a height; null above it and below the oldest. */
export function blockAt(tip: SimBlock, number: number): SimBlock | null {
  let block: SimBlock | null = tip;
  while (block !== null && block.number > number) block = block.parent;
  return block?.number === number ? block : null;
}

function encodeReceipt({ succeeded, logs }: Executed, index: number): Uint8Array {
  const payload = encodeRlp([
    bigintToBytes(succeeded ? 1n : 0n),
    bigintToBytes(GAS * BigInt(index + 1)),
    logs.length > 0 ? BLOOMS.full : BLOOMS.empty,
    logs.map(({ address, topics, data }) => [
      hexToBytes(address),
      topics.map((topic) => hexToBytes(topic)),
      hexToBytes(data),
    ]),
  ]);
  return concatBytes([TYPE, payload]);
}

function quantity(value: bigint | number): Hex {
  return `0x${value.toString(16)}`;
}
