/** How a header field is written in JSON and in RLP. */
export type HeaderFieldKind =
  /** Data of exactly this many bytes. */
  | { readonly type: "data"; readonly length: number }
  /** Data of any length up to a bound. */
  | { readonly type: "bytes"; readonly maxLength: number }
  /** A quantity of at most this many bits. */
  | { readonly type: "quantity"; readonly maxBits: number };

/** One field of a header. */
export interface HeaderField {
  /** Its name in JSON-RPC. */
  readonly name: string;
  readonly kind: HeaderFieldKind;
}

const hash: HeaderFieldKind = { type: "data", length: 32 };
/** A number in consensus, which JavaScript has to hold exactly. */
const safe: HeaderFieldKind = { type: "quantity", maxBits: 53 };
const uint64: HeaderFieldKind = { type: "quantity", maxBits: 64 };
const uint256: HeaderFieldKind = { type: "quantity", maxBits: 256 };

/**
 * All header fields in RLP order, Amsterdam's shape being the longest. Sources: Yellow Paper 4.3, EIP-1559, EIP-4895,
 * EIP-4844, EIP-4788, EIP-7685, EIP-7928, EIP-7843. The OP Stack and others have the same fields in the same places, some
 * with a meaning of their own (`withdrawalsRoot` since Isthmus).
 */
export const HEADER_FIELDS: readonly HeaderField[] = [
  { name: "parentHash", kind: hash },
  { name: "sha3Uncles", kind: hash },
  { name: "miner", kind: { type: "data", length: 20 } },
  { name: "stateRoot", kind: hash },
  { name: "transactionsRoot", kind: hash },
  { name: "receiptsRoot", kind: hash },
  { name: "logsBloom", kind: { type: "data", length: 256 } },
  { name: "difficulty", kind: uint256 },
  { name: "number", kind: safe },
  { name: "gasLimit", kind: uint64 },
  { name: "gasUsed", kind: uint64 },
  { name: "timestamp", kind: safe },
  // 32 bytes on Ethereum, 17 on the OP Stack; Clique keeps signers and a seal here, some hundred bytes. What is longer is
  // not taken for wrong: this version does not judge it.
  { name: "extraData", kind: { type: "bytes", maxLength: 1_024 } },
  { name: "mixHash", kind: hash },
  { name: "nonce", kind: { type: "data", length: 8 } },
  { name: "baseFeePerGas", kind: uint256 },
  { name: "withdrawalsRoot", kind: hash },
  { name: "blobGasUsed", kind: uint64 },
  { name: "excessBlobGas", kind: uint64 },
  { name: "parentBeaconBlockRoot", kind: hash },
  { name: "requestsHash", kind: hash },
  { name: "blockAccessListHash", kind: hash },
  { name: "slotNumber", kind: uint64 },
];

/**
 * The numbers of fields that a fork's header has: legacy, London, Shanghai, Cancun, Prague, Amsterdam. With 22 there are
 * builds that took over EIP-7928 before, or without, EIP-7843 (op-geth, EDR).
 */
export const HEADER_FIELD_COUNTS: ReadonlySet<number> = new Set([15, 16, 17, 20, 21, 22, 23]);

/**
 * Fields of a JSON-RPC block that are not part of the header, of geth, Nethermind, Erigon, Besu, Reth, Anvil and Hardhat.
 * Those that chains of another consensus sign (`step` and `signature`, `auraStep` and `auraSeal`) are not among them.
 */
export const BODY_FIELDS: ReadonlySet<string> = new Set([
  "hash",
  "size",
  "totalDifficulty",
  "transactions",
  "uncles",
  "withdrawals",
  "blockAccessList",
  // OpenEthereum and its heirs; Arbitrum, whose values stand in extraData and mixHash as well.
  "author",
  "sealFields",
  "l1BlockNumber",
  "sendCount",
  "sendRoot",
]);
