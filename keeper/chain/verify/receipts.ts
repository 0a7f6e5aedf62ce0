import type { VerifiedLog } from "../../domain/VerifiedLog.ts";
import { concatBytes } from "../../lib/bytes.ts";
import {
  HexError,
  parseData,
  parseHash,
  parseQuantity,
  parseQuantityBytes,
  type Address,
  type DataBounds,
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

const ADDRESS_BOUNDS: DataBounds = { length: 20 };
const HASH_BOUNDS: DataBounds = { length: 32 };
const BLOOM_BOUNDS: DataBounds = { length: 256 };
const LOG_DATA_BOUNDS: DataBounds = { maxLength: MAX_DATA_BYTES };

type Fields = Readonly<Record<string, unknown>>;

/** The error names nothing: who parses the list knows which element it is. */
function asFields(value: unknown): Fields {
  if (typeof value !== "object" || value === null) throw new HexError("HexMalformed", "", "not an object");
  return value as Fields;
}

/** The list itself; what it holds has not been looked at, and may be holes. */
function asList(value: unknown, name: string, maxLength: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new HexError("HexMalformed", name, "not a list");
  if (value.length > maxLength) throw new HexError("HexWrongLength", name, `more than ${maxLength} elements`);
  return value;
}

/** The elements of a list, each parsed: by index, so that holes are parsed too. Errors name the element. */
function parseList<Parsed>(list: readonly unknown[], name: string, parse: (element: unknown) => Parsed): Parsed[] {
  const parsed: Parsed[] = [];
  for (let at = 0; at < list.length; at += 1) {
    try {
      parsed.push(parse(list[at]));
    } catch (error: unknown) {
      throw error instanceof HexError ? error.inside(`${name}[${at}]`) : error;
    }
  }
  return parsed;
}

/** Data as bytes for the encoding, and in lower case as it was written. */
interface ParsedData {
  readonly bytes: Uint8Array;
  readonly hex: Hex;
}

function parseBoth(value: unknown, input: string, bounds: DataBounds): ParsedData {
  const bytes = parseData(value, input, bounds);
  return { bytes, hex: (value as Hex).toLowerCase() as Hex };
}

interface ParsedLog {
  readonly item: RlpInput;
  readonly address: Address;
  readonly topics: readonly Hash[];
  readonly data: Hex;
}

function parseTopic(value: unknown): ParsedData {
  return parseBoth(value, "", HASH_BOUNDS);
}

function parseLog(value: unknown): ParsedLog {
  const fields = asFields(value);
  const address = parseBoth(fields["address"], "address", ADDRESS_BOUNDS);
  const topics = parseList(asList(fields["topics"], "topics", MAX_TOPICS), "topics", parseTopic);
  const data = parseBoth(fields["data"], "data", LOG_DATA_BOUNDS);
  return {
    item: [address.bytes, topics.map(({ bytes }) => bytes), data.bytes],
    address: address.hex,
    topics: topics.map(({ hex }) => hex),
    data: data.hex,
  };
}

/** The state root of a receipt before Byzantium, the status (EIP-658) since. */
function parseOutcome(fields: Fields): Uint8Array {
  const status = fields["status"];
  if (status === undefined || status === null) return parseData(fields["root"], "root", HASH_BOUNDS);
  return parseQuantityBytes(status, "status", 1);
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
    parseQuantityBytes(fields["depositNonce"], "depositNonce", 64),
    parseQuantityBytes(version, "depositReceiptVersion", 64),
  ];
}

interface ParsedReceipt {
  readonly encoded: Uint8Array;
  readonly transactionHash: Hash;
  readonly logs: readonly ParsedLog[];
}

function parseReceipt(value: unknown, index: number): ParsedReceipt {
  const fields = asFields(value);
  const type = parseType(fields, index);
  const logs = parseList(asList(fields["logs"], "logs", MAX_ELEMENTS), "logs", parseLog);
  const payload = encodeRlp([
    parseOutcome(fields),
    parseQuantityBytes(fields["cumulativeGasUsed"], "cumulativeGasUsed", 64),
    parseData(fields["logsBloom"], "logsBloom", BLOOM_BOUNDS),
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
  const parsed: ParsedReceipt[] = [];
  for (let index = 0; index < list.length; index += 1) {
    try {
      parsed.push(parseReceipt(list[index], index));
    } catch (error: unknown) {
      if (!(error instanceof HexError)) throw error;
      const { message, input, code } = error;
      const payload = { index, field: input === "" ? "receipt" : input, detail: code };
      throw new VerificationError("ReceiptMalformed", `receipt ${index}: ${message}`, payload, { cause: error });
    }
  }
  return parsed;
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
