import { bytesToBigint } from "../../lib/bytes.ts";
import { bytesToHex, HexError, hexToBytes, parseData, parseQuantityBytes, type Hash, type Hex } from "../../lib/hex.ts";
import { keccak256Hex } from "../../lib/keccak.ts";
import { decodeRlp, encodeRlp, RlpError, type RlpItem } from "../../lib/rlp.ts";
import { BODY_FIELDS, HEADER_FIELD_COUNTS, HEADER_FIELDS, type HeaderField } from "./headerFields.ts";
import { VerificationError } from "./VerificationError.ts";

/** What a verified header commits to. */
export interface Header {
  /** keccak256 of `rlp`. */
  readonly hash: Hash;
  readonly parentHash: Hash;
  readonly number: number;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  readonly stateRoot: Hash;
  readonly receiptsRoot: Hash;
  /** 256 bytes. */
  readonly logsBloom: Hex;
  /** Wei per gas; absent before London. */
  readonly baseFeePerGas?: bigint;
  readonly gasLimit: bigint;
  readonly gasUsed: bigint;
  /** The whole header, as contracts and third parties verify it; `0x` where it was let go by {@link withoutEncoding}. */
  readonly rlp: Hex;
}

/** A header with the encoding that its hash is of. */
export interface EncodedHeader {
  readonly rlp: Uint8Array;
  readonly hash: Hash;
  readonly header: Header;
}

/** Every header has these. */
const LEGACY_FIELDS = 15;
/** No chain's header comes near it; bounds what is hashed for an untrusted answer. */
const MAX_HEADER_BYTES = 70_000;

function malformed(field: string, detail: string, cause?: unknown): VerificationError {
  const options = cause === undefined ? {} : { cause };
  return new VerificationError("HeaderMalformed", `header field ${field}: ${detail}`, { field, detail }, options);
}

function tooLong(field: string, maxLength: number): VerificationError {
  const detail = `header field ${field}: more than ${maxLength} bytes`;
  return new VerificationError("HeaderUnsupported", detail, { fields: [field] });
}

/** The RLP string of a field of a JSON-RPC block. */
function fieldFromJson({ name, kind }: HeaderField, value: unknown): Uint8Array {
  try {
    if (kind.type === "quantity") return parseQuantityBytes(value, name, kind.maxBits);
    return parseData(value, name, kind.type === "data" ? { length: kind.length } : { maxLength: kind.maxLength });
  } catch (error: unknown) {
    if (!(error instanceof HexError)) throw error;
    if (kind.type === "bytes" && error.code === "HexWrongLength") throw tooLong(name, kind.maxLength);
    throw malformed(name, error.code, error);
  }
}

/** Checks the RLP string of a field as it stands in an encoded header. */
function checkField({ name, kind }: HeaderField, item: RlpItem): Uint8Array {
  if (!(item instanceof Uint8Array)) throw malformed(name, "a list");
  if (kind.type === "data") {
    if (item.length !== kind.length) throw malformed(name, `not ${kind.length} bytes`);
  } else if (kind.type === "bytes") {
    if (item.length > kind.maxLength) throw tooLong(name, kind.maxLength);
  } else {
    if (item[0] === 0) throw malformed(name, "an integer with a leading zero");
    if (item.length > 32 || bytesToBigint(item) >> BigInt(kind.maxBits) !== 0n) {
      throw malformed(name, `more than ${kind.maxBits} bits`);
    }
  }
  return item;
}

const FIELD_INDEX: ReadonlyMap<string, number> = new Map(HEADER_FIELDS.map(({ name }, index) => [name, index]));

function toHeader(rlp: Uint8Array, values: readonly Uint8Array[]): Header {
  const field = (name: string): Uint8Array => values[FIELD_INDEX.get(name) ?? -1]!;
  const hex = (name: string): Hex => bytesToHex(field(name));
  const integer = (name: string): bigint => bytesToBigint(field(name));
  return {
    hash: keccak256Hex(rlp),
    parentHash: hex("parentHash"),
    number: Number(integer("number")),
    timestamp: Number(integer("timestamp")),
    stateRoot: hex("stateRoot"),
    receiptsRoot: hex("receiptsRoot"),
    logsBloom: hex("logsBloom"),
    ...(values.length > LEGACY_FIELDS ? { baseFeePerGas: integer("baseFeePerGas") } : {}),
    gasLimit: integer("gasLimit"),
    gasUsed: integer("gasUsed"),
    rlp: bytesToHex(rlp),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function asFields(rpcBlock: unknown): Fields {
  if (typeof rpcBlock !== "object" || rpcBlock === null || Array.isArray(rpcBlock)) {
    throw malformed("block", "not an object");
  }
  return rpcBlock as Fields;
}

/** A field of the block's own; null and what it inherits count as absent. */
function ownField(block: Fields, name: string): unknown {
  return Object.hasOwn(block, name) ? (block[name] ?? undefined) : undefined;
}

/**
 * Encodes the header in a JSON-RPC block object. Which optional fields are present (null counts as absent) decides the
 * shape; they have to be those of a fork.
 *
 * The result is self-consistent and nothing more: whether it is the wanted block is for {@link verifyHeader}.
 *
 * @throws VerificationError `HeaderMalformed` naming the field; `HeaderUnsupported` for extra data of no known chain
 */
export function encodeHeader(rpcBlock: unknown): EncodedHeader {
  const block = asFields(rpcBlock);
  const given = HEADER_FIELDS.map(({ name }) => ownField(block, name));
  const count = Math.max(LEGACY_FIELDS, given.findLastIndex((value) => value !== undefined) + 1);
  const missing = given.indexOf(undefined);
  if (missing >= 0 && missing < count) throw malformed(HEADER_FIELDS[missing]!.name, "missing");
  if (!HEADER_FIELD_COUNTS.has(count)) throw malformed(HEADER_FIELDS[count]?.name ?? "block", "missing");
  const values = HEADER_FIELDS.slice(0, count).map((field, at) => fieldFromJson(field, given[at]));
  const rlp = encodeRlp(values);
  const header = toHeader(rlp, values);
  return { rlp, hash: header.hash, header };
}

const KNOWN_FIELDS: ReadonlySet<string> = new Set([...HEADER_FIELDS.map(({ name }) => name), ...BODY_FIELDS]);
/** Names of unknown fields that an error tells. */
const MAX_NAMED = 10;

/** Fields that a header of a later fork, or of another chain, may commit to, however their values are written. */
function unknownHeaderFields(rpcBlock: unknown): string[] {
  return Object.entries(asFields(rpcBlock))
    .filter(([name, value]) => !KNOWN_FIELDS.has(name) && value !== undefined && value !== null)
    .slice(0, MAX_NAMED)
    .map(([name]) => name);
}

/** A block cannot use more gas than it has; what is bounded by the gas used counts on that. */
function checkGas({ gasUsed, gasLimit }: Header): void {
  if (gasUsed > gasLimit) throw malformed("gasUsed", "more than gasLimit");
}

/**
 * The header in a JSON-RPC block object, verified to be the preimage of `expectedHash`. The block's own `hash` and its
 * body are not looked at.
 *
 * @throws VerificationError `HeaderMalformed`, `HeaderHashMismatch`, or `HeaderUnsupported` when it does not re-hash
 * and carries fields this version does not know: then nobody is shown to be wrong.
 */
export function verifyHeader(rpcBlock: unknown, expectedHash: Hash): Header {
  const { hash, header } = encodeHeader(rpcBlock);
  if (hash === expectedHash) {
    checkGas(header);
    return header;
  }
  const fields = unknownHeaderFields(rpcBlock);
  const payload = { expected: expectedHash, actual: hash };
  if (fields.length > 0) {
    throw new VerificationError("HeaderUnsupported", "the header has unknown fields", { ...payload, fields });
  }
  throw new VerificationError("HeaderHashMismatch", `the header hashes to ${hash}`, payload);
}

/**
 * The header that the bytes encode, for evidence and peers, who hand over headers as bytes. Strict: canonical RLP, the
 * shape of a known fork, every field within its type. The caller compares `hash`.
 *
 * @throws VerificationError `HeaderMalformed`, or `HeaderUnsupported` for more fields, or longer ones, than are known
 */
export function decodeHeader(rlp: Uint8Array | Hex): Header {
  let bytes: Uint8Array;
  let item: RlpItem;
  try {
    bytes = typeof rlp === "string" ? hexToBytes(rlp, "rlp") : rlp;
    if (bytes.length > MAX_HEADER_BYTES) throw malformed("rlp", `more than ${MAX_HEADER_BYTES} bytes`);
    item = decodeRlp(bytes);
  } catch (error: unknown) {
    if (error instanceof RlpError || error instanceof HexError) throw malformed("rlp", error.code, error);
    throw error;
  }
  if (item instanceof Uint8Array) throw malformed("rlp", "not a list");
  if (item.length > HEADER_FIELDS.length) {
    const count = item.length;
    throw new VerificationError("HeaderUnsupported", `a header of ${count} fields`, { count });
  }
  if (!HEADER_FIELD_COUNTS.has(item.length)) throw malformed("rlp", `${item.length} fields`);
  const values = item.map((value, index) => checkField(HEADER_FIELDS[index]!, value));
  const header = toHeader(bytes, values);
  checkGas(header);
  return header;
}

/** The header without its encoding, for those that are held by the thousand. */
export function withoutEncoding(header: Header): Header {
  return { ...header, rlp: "0x" };
}
