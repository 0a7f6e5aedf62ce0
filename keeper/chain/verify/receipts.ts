import type { VerifiedLog } from "../../domain/VerifiedLog.ts";
import { bigintToBytes, concatBytes } from "../../lib/bytes.ts";
import {
  bytesToHex,
  HexError,
  parseData,
  parseHash,
  parseQuantity,
  type Address,
  type Hash,
  type Hex,
} from "../../lib/hex.ts";
import { encodeRlp, type RlpInput } from "../../lib/rlp.ts";
import { orderedTrieRoot } from "./orderedTrieRoot.ts";
import { VerificationError } from "./VerificationError.ts";

/** EIP-2930, EIP-1559, EIP-4844, EIP-7702: all with the plain payload. */
const PLAIN_TYPES: ReadonlySet<number> = new Set([1, 2, 3, 4]);
/** OP Stack deposits, whose receipts commit to two more fields since Canyon. */
const DEPOSIT_TYPE = 0x7e;
/** LOG0 to LOG4. */
const MAX_TOPICS = 4;
/** Receipts of a block and logs of a receipt: at 375 gas a log, beyond any block. */
const MAX_ELEMENTS = 1_000_000;
/** At 8 gas a byte, beyond any block. */
const MAX_DATA_BYTES = 16_777_216;

type Fields = Readonly<Record<string, unknown>>;

function asFields(value: unknown, input: string): Fields {
  if (typeof value !== "object" || value === null) throw new HexError("HexMalformed", input, "not an object");
  return value as Fields;
}

function asList(value: unknown, input: string, maxLength: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new HexError("HexMalformed", input, "not a list");
  if (value.length > maxLength) throw new HexError("HexWrongLength", input, `more than ${maxLength} elements`);
  // By index, so that holes in a list become undefined values instead of being skipped.
  return Array.from({ length: value.length }, (_, index) => value[index] as unknown);
}

interface ParsedLog {
  readonly item: RlpInput;
  readonly address: Address;
  readonly topics: readonly Hash[];
  readonly data: Hex;
}

function parseLog(value: unknown, input: string): ParsedLog {
  const fields = asFields(value, input);
  const address = parseData(fields["address"], `${input}.address`, { length: 20 });
  const list = asList(fields["topics"], `${input}.topics`, MAX_TOPICS);
  const topics = list.map((topic, at) => parseData(topic, `${input}.topics[${at}]`, { length: 32 }));
  const data = parseData(fields["data"], `${input}.data`, { maxLength: MAX_DATA_BYTES });
  return {
    item: [address, topics, data],
    address: bytesToHex(address),
    topics: topics.map(bytesToHex),
    data: bytesToHex(data),
  };
}

/** The state root of a receipt before Byzantium, the status (EIP-658) since. */
function parseOutcome(fields: Fields): Uint8Array {
  const status = fields["status"];
  if (status === undefined || status === null) return parseData(fields["root"], "root", { length: 32 });
  return bigintToBytes(parseQuantity(status, "status", 1));
}

function parseType(fields: Fields, index: number): number {
  const value = fields["type"];
  if (value === undefined || value === null) return 0;
  const type = Number(parseQuantity(value, "type", 8));
  if (type === 0 || PLAIN_TYPES.has(type) || type === DEPOSIT_TYPE) return type;
  throw new VerificationError("ReceiptUnsupported", `receipt ${index} has type ${type}`, { index, type });
}

/** The two fields of a deposit's receipt; before Canyon the root did not commit to them. Source: OP Stack deposits. */
function parseDepositFields(fields: Fields): Uint8Array[] {
  const version = fields["depositReceiptVersion"];
  if (version === undefined || version === null) return [];
  return [
    bigintToBytes(parseQuantity(fields["depositNonce"], "depositNonce", 64)),
    bigintToBytes(parseQuantity(version, "depositReceiptVersion", 64)),
  ];
}

interface ParsedReceipt {
  readonly encoded: Uint8Array;
  readonly transactionHash: Hash;
  readonly logs: readonly ParsedLog[];
}

function parseReceipt(value: unknown, index: number): ParsedReceipt {
  const fields = asFields(value, "receipt");
  const type = parseType(fields, index);
  const logs = asList(fields["logs"], "logs", MAX_ELEMENTS).map((log, at) => parseLog(log, `logs[${at}]`));
  const payload = encodeRlp([
    parseOutcome(fields),
    bigintToBytes(parseQuantity(fields["cumulativeGasUsed"], "cumulativeGasUsed", 64)),
    parseData(fields["logsBloom"], "logsBloom", { length: 256 }),
    logs.map(({ item }) => item),
    ...(type === DEPOSIT_TYPE ? parseDepositFields(fields) : []),
  ]);
  return {
    encoded: type === 0 ? payload : concatBytes([Uint8Array.of(type), payload]),
    transactionHash: parseHash(fields["transactionHash"], "transactionHash"),
    logs,
  };
}

function parseReceipts(receipts: unknown): ParsedReceipt[] {
  let list: readonly unknown[];
  try {
    list = asList(receipts, "receipts", MAX_ELEMENTS);
  } catch (error: unknown) {
    if (!(error instanceof HexError)) throw error;
    const payload = { field: "receipts", detail: error.code };
    throw new VerificationError("ReceiptMalformed", error.message, payload, { cause: error });
  }
  return list.map((receipt, index) => {
    try {
      return parseReceipt(receipt, index);
    } catch (error: unknown) {
      if (!(error instanceof HexError)) throw error;
      const payload = { index, field: error.input, detail: error.code };
      throw new VerificationError("ReceiptMalformed", `receipt ${index}: ${error.message}`, payload, { cause: error });
    }
  });
}

/**
 * All logs of a block in order, from the receipts of all its transactions in order (`eth_getBlockReceipts`), which are
 * verified to rebuild the receipts root of a verified header. Hence no log is dropped, invented, edited or moved, and
 * status, cumulative gas and bloom of each receipt are the block's. Positions are counted from what the root commits
 * to; what JSON claims beside that (`logIndex`, `blockHash`, `removed`, …) is not looked at.
 *
 * Not covered by the root, and therefore only a claim: `transactionHash`.
 *
 * @throws VerificationError `ReceiptMalformed`, `ReceiptUnsupported`, `ReceiptsRootMismatch`
 */
export function verifyReceipts(receipts: unknown, expectedRoot: Hash): VerifiedLog[] {
  const parsed = parseReceipts(receipts);
  const actual = orderedTrieRoot(parsed.map(({ encoded }) => encoded));
  if (actual !== expectedRoot) {
    const payload = { expected: expectedRoot, actual, receipts: parsed.length };
    throw new VerificationError("ReceiptsRootMismatch", `the receipts' root is ${actual}`, payload);
  }
  const verified: VerifiedLog[] = [];
  parsed.forEach(({ logs, transactionHash }, transactionIndex) => {
    logs.forEach(({ address, topics, data }, logPositionInTransaction) => {
      const logIndex = verified.length;
      verified.push({
        address,
        topics,
        data,
        transactionHash,
        transactionIndex,
        logIndex,
        logPositionInTransaction,
      });
    });
  });
  return verified;
}
