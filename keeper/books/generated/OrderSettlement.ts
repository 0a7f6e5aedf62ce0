// Generated from contracts/clearing/OrderSettlement.sol; do not edit: npm run generate.
import type { Hash, Hex } from "../../lib/hex.ts";
import type { Layout } from "../layout/Layout.ts";
import { decodeBytesWords, encodeBytesWords } from "../layout/bytesWords.ts";
import { checkLog, readFixedBytes, readUint, type LogData } from "../layout/readLog.ts";
import { addSlot, bytesKey, mappingSlot } from "../layout/slots.ts";
import { uintBits } from "../layout/wordFields.ts";

/** State variables of OrderSettlement, in storage order. */
export const VARIABLES = ["_nameFallback", "_versionFallback", "_filled"] as const;

/** The storage layout of OrderSettlement as data. */
export const LAYOUT: Layout = {
  contract: "OrderSettlement",
  variables: [
    { label: "_nameFallback", type: "string", slot: 0n, offset: 0, keyNames: [] },
    { label: "_versionFallback", type: "string", slot: 1n, offset: 0, keyNames: [] },
    { label: "_filled", type: "mapping(bytes32 => uint128)", slot: 2n, offset: 0, keyNames: ["orderHash"] },
  ],
  types: {
    bytes32: { kind: "value", label: "bytes32", elementary: "bytes32", value: "bytes", bytes: 32 },
    "mapping(bytes32 => uint128)": {
      kind: "mapping",
      label: "mapping(bytes32 => uint128)",
      key: "bytes32",
      value: "uint128",
    },
    string: { kind: "bytes", label: "string" },
    uint128: { kind: "value", label: "uint128", elementary: "uint128", value: "uint", bytes: 16 },
  },
};

/** Slots and packing of OrderSettlement, by variable. */
export const storage = {
  /** `string _nameFallback` */
  nameFallback: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000000",
    dataSlot: (index: bigint): Hash =>
      addSlot(
        "0x290decd9548b62a8d60345a988386fc84ba6bc95484008f6362f93160ef3e563",
        uintBits("nameFallback", index, 64),
      ),
    encode: (value: Hex): bigint[] => encodeBytesWords("nameFallback", value),
    decode: (words: readonly bigint[]): Hex => decodeBytesWords("nameFallback", words),
  },
  /** `string _versionFallback` */
  versionFallback: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000001",
    dataSlot: (index: bigint): Hash =>
      addSlot(
        "0xb10e2d527612073b26eecdfd717e6a320cf44b4afac2b0732d9fcbe2b7fa0cf6",
        uintBits("versionFallback", index, 64),
      ),
    encode: (value: Hex): bigint[] => encodeBytesWords("versionFallback", value),
    decode: (words: readonly bigint[]): Hex => decodeBytesWords("versionFallback", words),
  },
  /** `mapping(bytes32 => uint128) _filled` */
  filled: {
    slot: (orderHash: Hex): Hash =>
      mappingSlot(
        "0x0000000000000000000000000000000000000000000000000000000000000002",
        bytesKey("filled[orderHash]", orderHash, 32),
      ),
    encode: (value: bigint): bigint => uintBits("filled", value, 128),
    decode: (word: bigint): bigint => BigInt.asUintN(128, word),
  },
} as const;

/** Topic 0 of each event of OrderSettlement. */
export const TOPICS = {
  EIP712DomainChanged: "0x0a6387c9ea3628b88a633bb4f3b151770f70085117a15f9bf3787cda53f13d31",
  OrderCancelled: "0x033e1f0b5e28e735ea3977520afa3e5d3a189b6167466eaf5f6c3f8d3649d2ae",
  OrderFilled: "0x1954a8ccf5ca5a83c0e143f462d37bf1b84c790fc6fe780c5c25bbe8eaa2825b",
} as const;

/** `EIP712DomainChanged()` */
export interface EIP712DomainChangedEvent {
  readonly name: "EIP712DomainChanged";
}

/** Strictly decodes EIP712DomainChanged; throws {@link DecodeError}. */
export function decodeEIP712DomainChanged(log: LogData): EIP712DomainChangedEvent {
  checkLog("EIP712DomainChanged", log, "0x0a6387c9ea3628b88a633bb4f3b151770f70085117a15f9bf3787cda53f13d31", 1, 0);
  return { name: "EIP712DomainChanged" };
}

/** `OrderCancelled(bytes32 indexed orderHash, AccountId indexed account, uint128 filled)` */
export interface OrderCancelledEvent {
  readonly name: "OrderCancelled";
  readonly orderHash: Hex;
  readonly account: Hex;
  readonly filled: bigint;
}

/** Strictly decodes OrderCancelled; throws {@link DecodeError}. */
export function decodeOrderCancelled(log: LogData): OrderCancelledEvent {
  checkLog("OrderCancelled", log, "0x033e1f0b5e28e735ea3977520afa3e5d3a189b6167466eaf5f6c3f8d3649d2ae", 3, 1);
  const { topics, data } = log;
  return {
    name: "OrderCancelled",
    orderHash: readFixedBytes("OrderCancelled", "orderHash", topics[1] as Hex, 2, 32),
    account: readFixedBytes("OrderCancelled", "account", topics[2] as Hex, 2, 32),
    filled: readUint("OrderCancelled", "filled", data, 2, 128),
  };
}

/** `OrderFilled(bytes32 indexed orderHash, AccountId indexed account, uint128 size, uint128 price, uint128 filled)` */
export interface OrderFilledEvent {
  readonly name: "OrderFilled";
  readonly orderHash: Hex;
  readonly account: Hex;
  readonly size: bigint;
  readonly price: bigint;
  readonly filled: bigint;
}

/** Strictly decodes OrderFilled; throws {@link DecodeError}. */
export function decodeOrderFilled(log: LogData): OrderFilledEvent {
  checkLog("OrderFilled", log, "0x1954a8ccf5ca5a83c0e143f462d37bf1b84c790fc6fe780c5c25bbe8eaa2825b", 3, 3);
  const { topics, data } = log;
  return {
    name: "OrderFilled",
    orderHash: readFixedBytes("OrderFilled", "orderHash", topics[1] as Hex, 2, 32),
    account: readFixedBytes("OrderFilled", "account", topics[2] as Hex, 2, 32),
    size: readUint("OrderFilled", "size", data, 2, 128),
    price: readUint("OrderFilled", "price", data, 66, 128),
    filled: readUint("OrderFilled", "filled", data, 130, 128),
  };
}

/** Any event of OrderSettlement. */
export type OrderSettlementEvent = EIP712DomainChangedEvent | OrderCancelledEvent | OrderFilledEvent;

/** Decodes a log by its topic 0; null when that is no event of OrderSettlement. Throws {@link DecodeError}. */
export function decodeEvent(log: LogData): OrderSettlementEvent | null {
  switch (log.topics[0]) {
    case "0x0a6387c9ea3628b88a633bb4f3b151770f70085117a15f9bf3787cda53f13d31":
      return decodeEIP712DomainChanged(log);
    case "0x033e1f0b5e28e735ea3977520afa3e5d3a189b6167466eaf5f6c3f8d3649d2ae":
      return decodeOrderCancelled(log);
    case "0x1954a8ccf5ca5a83c0e143f462d37bf1b84c790fc6fe780c5c25bbe8eaa2825b":
      return decodeOrderFilled(log);
    default:
      return null;
  }
}

/** Names of OrderSettlement's errors by selector. */
export const ERROR_SELECTORS: Readonly<Record<Hex, string>> = {
  "0xb3512b0c": "InvalidShortString",
  "0x6dfcc650": "SafeCastOverflowedUintDowncast",
  "0x7e1219e5": "SettlementBadSignature",
  "0xf8dfec62": "SettlementExpired",
  "0xf2c3c0ce": "SettlementInstrumentMismatch",
  "0x683f08b6": "SettlementNotExecutor",
  "0x2aadcf7e": "SettlementNotOwner",
  "0xee1e0b47": "SettlementOutsideBand",
  "0x0a3b056d": "SettlementOverfill",
  "0xfd59ba24": "SettlementPriceBeyondLimit",
  "0x10ddd124": "SettlementSameOwner",
  "0x892fc22b": "SettlementSameSide",
  "0xa2a17260": "SettlementZeroAddress",
  "0x2a9582f1": "SettlementZeroSize",
  "0x305a27a9": "StringTooLong",
};
