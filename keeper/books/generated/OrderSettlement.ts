// Generated from contracts/clearing/OrderSettlement.sol; do not edit: npm run generate.
import type { Hash, Hex } from "../../lib/hex.ts";
import type { Layout } from "../layout/Layout.ts";
import { decodeBytesWords, encodeBytesWords } from "../layout/bytesWords.ts";
import { checkLog, readFixedBytes, readUint, type LogData } from "../layout/readLog.ts";
import { addSlot, bytesSlot, uintSlot } from "../layout/slots.ts";
import { uintBits } from "../layout/wordFields.ts";

/** State variables of OrderSettlement, in storage order. */
export const VARIABLES = ["_nameFallback", "_versionFallback", "_lanes"] as const;

/** The storage layout of OrderSettlement as data. */
export const LAYOUT: Layout = {
  contract: "OrderSettlement",
  variables: [
    { label: "_nameFallback", type: "string", slot: 0n, offset: 0, keyNames: [] },
    { label: "_versionFallback", type: "string", slot: 1n, offset: 0, keyNames: [] },
    {
      label: "_lanes",
      type: "mapping(AccountId => mapping(uint64 => struct LaneState))",
      slot: 2n,
      offset: 0,
      keyNames: ["", "lane"],
    },
  ],
  types: {
    AccountId: { kind: "value", label: "AccountId", elementary: "bytes32", value: "bytes", bytes: 32 },
    "mapping(AccountId => mapping(uint64 => struct LaneState))": {
      kind: "mapping",
      label: "mapping(AccountId => mapping(uint64 => struct LaneState))",
      key: "AccountId",
      value: "mapping(uint64 => struct LaneState)",
    },
    "mapping(uint64 => struct LaneState)": {
      kind: "mapping",
      label: "mapping(uint64 => struct LaneState)",
      key: "uint64",
      value: "struct LaneState",
    },
    string: { kind: "bytes", label: "string" },
    "struct LaneState": {
      kind: "struct",
      label: "struct LaneState",
      slots: 1n,
      members: [
        { label: "sequence", type: "uint64", slot: 0n, offset: 0, keyNames: [] },
        { label: "filled", type: "uint128", slot: 0n, offset: 8, keyNames: [] },
      ],
    },
    uint128: { kind: "value", label: "uint128", elementary: "uint128", value: "uint", bytes: 16 },
    uint64: { kind: "value", label: "uint64", elementary: "uint64", value: "uint", bytes: 8 },
  },
};

/** A word of `lanes`, low-order field first. */
export interface LanesWord {
  /** uint64 */ readonly sequence: bigint;
  /** uint128 */ readonly filled: bigint;
}

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
  /** `mapping(AccountId => mapping(uint64 => struct LaneState)) _lanes` */
  lanes: {
    slot: (key0: Hex, lane: bigint): Hash =>
      uintSlot(
        "lanes[lane]",
        bytesSlot("lanes[key0]", "0x0000000000000000000000000000000000000000000000000000000000000002", key0, 32),
        lane,
        64,
      ),
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: LanesWord): bigint =>
      uintBits("lanes.sequence", fields.sequence, 64) | (uintBits("lanes.filled", fields.filled, 128) << 64n),
    update: (word: bigint, fields: Partial<LanesWord>): bigint => {
      let next = word;
      if (fields.sequence !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffffffff0000000000000000n) |
          uintBits("lanes.sequence", fields.sequence, 64);
      if (fields.filled !== undefined)
        next =
          (next & 0xffffffffffffffff00000000000000000000000000000000ffffffffffffffffn) |
          (uintBits("lanes.filled", fields.filled, 128) << 64n);
      return next;
    },
    decode: (word: bigint): LanesWord => ({
      sequence: BigInt.asUintN(64, word),
      filled: BigInt.asUintN(128, word >> 64n),
    }),
  },
} as const;

/** Topic 0 of each event of OrderSettlement. */
export const TOPICS = {
  EIP712DomainChanged: "0x0a6387c9ea3628b88a633bb4f3b151770f70085117a15f9bf3787cda53f13d31",
  OrderCancelled: "0x358e3b6e444158dcbc18e67309ce4b9d3ed37c56a4f4a407e852131c873959a4",
  OrderFilled: "0x1ed5e072c784949e89e6782bac932be76417130200d68cdc31c3dab4ae7ad103",
  WordRepaired: "0xc5432e833a2a3ec2c8a5cd7c01feb93495cef2a652170224858fcaae615ea778",
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

/** `OrderCancelled(AccountId indexed account, uint64 lane, uint64 sequence)` */
export interface OrderCancelledEvent {
  readonly name: "OrderCancelled";
  readonly account: Hex;
  readonly lane: bigint;
  readonly sequence: bigint;
}

/** Strictly decodes OrderCancelled; throws {@link DecodeError}. */
export function decodeOrderCancelled(log: LogData): OrderCancelledEvent {
  checkLog("OrderCancelled", log, "0x358e3b6e444158dcbc18e67309ce4b9d3ed37c56a4f4a407e852131c873959a4", 2, 2);
  const { topics, data } = log;
  return {
    name: "OrderCancelled",
    account: readFixedBytes("OrderCancelled", "account", topics[1] as Hex, 2, 32),
    lane: readUint("OrderCancelled", "lane", data, 2, 64),
    sequence: readUint("OrderCancelled", "sequence", data, 66, 64),
  };
}

/** `OrderFilled(bytes32 indexed orderHash, AccountId indexed account, uint64 lane, uint64 sequence, uint128 size, uint128 price, uint128 filled)` */
export interface OrderFilledEvent {
  readonly name: "OrderFilled";
  readonly orderHash: Hex;
  readonly account: Hex;
  readonly lane: bigint;
  readonly sequence: bigint;
  readonly size: bigint;
  readonly price: bigint;
  readonly filled: bigint;
}

/** Strictly decodes OrderFilled; throws {@link DecodeError}. */
export function decodeOrderFilled(log: LogData): OrderFilledEvent {
  checkLog("OrderFilled", log, "0x1ed5e072c784949e89e6782bac932be76417130200d68cdc31c3dab4ae7ad103", 3, 5);
  const { topics, data } = log;
  return {
    name: "OrderFilled",
    orderHash: readFixedBytes("OrderFilled", "orderHash", topics[1] as Hex, 2, 32),
    account: readFixedBytes("OrderFilled", "account", topics[2] as Hex, 2, 32),
    lane: readUint("OrderFilled", "lane", data, 2, 64),
    sequence: readUint("OrderFilled", "sequence", data, 66, 64),
    size: readUint("OrderFilled", "size", data, 130, 128),
    price: readUint("OrderFilled", "price", data, 194, 128),
    filled: readUint("OrderFilled", "filled", data, 258, 128),
  };
}

/** `WordRepaired(bytes32 indexed slot, bytes32 expected, bytes32 value)` */
export interface WordRepairedEvent {
  readonly name: "WordRepaired";
  readonly slot: Hex;
  readonly expected: Hex;
  readonly value: Hex;
}

/** Strictly decodes WordRepaired; throws {@link DecodeError}. */
export function decodeWordRepaired(log: LogData): WordRepairedEvent {
  checkLog("WordRepaired", log, "0xc5432e833a2a3ec2c8a5cd7c01feb93495cef2a652170224858fcaae615ea778", 2, 2);
  const { topics, data } = log;
  return {
    name: "WordRepaired",
    slot: readFixedBytes("WordRepaired", "slot", topics[1] as Hex, 2, 32),
    expected: readFixedBytes("WordRepaired", "expected", data, 2, 32),
    value: readFixedBytes("WordRepaired", "value", data, 66, 32),
  };
}

/** Any event of OrderSettlement. */
export type OrderSettlementEvent =
  EIP712DomainChangedEvent | OrderCancelledEvent | OrderFilledEvent | WordRepairedEvent;

/** Decodes a log by its topic 0; null when that is no event of OrderSettlement. Throws {@link DecodeError}. */
export function decodeEvent(log: LogData): OrderSettlementEvent | null {
  switch (log.topics[0]) {
    case "0x0a6387c9ea3628b88a633bb4f3b151770f70085117a15f9bf3787cda53f13d31":
      return decodeEIP712DomainChanged(log);
    case "0x358e3b6e444158dcbc18e67309ce4b9d3ed37c56a4f4a407e852131c873959a4":
      return decodeOrderCancelled(log);
    case "0x1ed5e072c784949e89e6782bac932be76417130200d68cdc31c3dab4ae7ad103":
      return decodeOrderFilled(log);
    case "0xc5432e833a2a3ec2c8a5cd7c01feb93495cef2a652170224858fcaae615ea778":
      return decodeWordRepaired(log);
    default:
      return null;
  }
}

/** Names of OrderSettlement's errors by selector. */
export const ERROR_SELECTORS: Readonly<Record<Hex, string>> = {
  "0xb3512b0c": "InvalidShortString",
  "0x2f488000": "OptionPricingExpiryTooFar",
  "0xff547c62": "OptionPricingSpotOutOfRange",
  "0x936f602e": "OptionPricingStrikeOutOfRange",
  "0x32886f39": "OptionPricingVolatilityTooHigh",
  "0xfab11d06": "RepairForbidden",
  "0x41aed728": "RepairNotGuard",
  "0xd06bee61": "RepairUnexpected",
  "0xcb07a49c": "RepairZeroValue",
  "0x6dfcc650": "SafeCastOverflowedUintDowncast",
  "0x85e3d85a": "SettlementBadSignature",
  "0x239eaed4": "SettlementBothPostOnly",
  "0x2c97a1cb": "SettlementDeadSequence",
  "0x8d08e714": "SettlementEmptyBatch",
  "0xf8dfec62": "SettlementExpired",
  "0x9a585d00": "SettlementFeeAboveCap",
  "0x906168e5": "SettlementInstrumentExpired",
  "0xf2c3c0ce": "SettlementInstrumentMismatch",
  "0x3aad7128": "SettlementNotCrossing",
  "0x683f08b6": "SettlementNotExecutor",
  "0x2aadcf7e": "SettlementNotOwner",
  "0x5a51440c": "SettlementOutsideBand",
  "0x0a3b056d": "SettlementOverfill",
  "0x10ddd124": "SettlementSameOwner",
  "0xb50fc4cf": "SettlementUnknownInstrument",
  "0xe51cfb12": "SettlementWrongSide",
  "0xa2a17260": "SettlementZeroAddress",
  "0x9ea0a5ac": "SettlementZeroSequence",
  "0x2a9582f1": "SettlementZeroSize",
  "0x305a27a9": "StringTooLong",
};
