// Generated from contracts/risk/PriceOracle.sol; do not edit: npm run generate.
import type { Hash, Hex } from "../../lib/hex.ts";
import type { Layout } from "../layout/Layout.ts";
import { checkLog, readAddress, readUint, type LogData } from "../layout/readLog.ts";
import { addSlot, uintSlot } from "../layout/slots.ts";
import { boolBits, hexBits, hexOf, uintBits } from "../layout/wordFields.ts";

/** State variables of PriceOracle, in storage order. */
export const VARIABLES = ["_authority", "_consumingSchedule", "_feeds"] as const;

/** The storage layout of PriceOracle as data. */
export const LAYOUT: Layout = {
  contract: "PriceOracle",
  variables: [
    { label: "_authority", type: "address", slot: 0n, offset: 0, keyNames: [] },
    { label: "_consumingSchedule", type: "bool", slot: 0n, offset: 20, keyNames: [] },
    { label: "_feeds", type: "mapping(uint16 => struct Feed)", slot: 1n, offset: 0, keyNames: ["feed"] },
  ],
  types: {
    address: { kind: "value", label: "address", elementary: "address", value: "address", bytes: 20 },
    bool: { kind: "value", label: "bool", elementary: "bool", value: "bool", bytes: 1 },
    "mapping(uint16 => struct Feed)": {
      kind: "mapping",
      label: "mapping(uint16 => struct Feed)",
      key: "uint16",
      value: "struct Feed",
    },
    "struct Feed": {
      kind: "struct",
      label: "struct Feed",
      slots: 3n,
      members: [
        { label: "aggregator", type: "address", slot: 0n, offset: 0, keyNames: [] },
        { label: "decimals", type: "uint8", slot: 0n, offset: 20, keyNames: [] },
        { label: "maxAge", type: "uint32", slot: 0n, offset: 21, keyNames: [] },
        { label: "maxDeviationPpm", type: "uint24", slot: 0n, offset: 25, keyNames: [] },
        { label: "hasSecondary", type: "bool", slot: 0n, offset: 28, keyNames: [] },
        { label: "minPrice", type: "uint128", slot: 1n, offset: 0, keyNames: [] },
        { label: "maxPrice", type: "uint128", slot: 1n, offset: 16, keyNames: [] },
        { label: "secondary", type: "address", slot: 2n, offset: 0, keyNames: [] },
        { label: "secondaryDecimals", type: "uint8", slot: 2n, offset: 20, keyNames: [] },
        { label: "secondaryMaxAge", type: "uint32", slot: 2n, offset: 21, keyNames: [] },
      ],
    },
    uint128: { kind: "value", label: "uint128", elementary: "uint128", value: "uint", bytes: 16 },
    uint16: { kind: "value", label: "uint16", elementary: "uint16", value: "uint", bytes: 2 },
    uint24: { kind: "value", label: "uint24", elementary: "uint24", value: "uint", bytes: 3 },
    uint32: { kind: "value", label: "uint32", elementary: "uint32", value: "uint", bytes: 4 },
    uint8: { kind: "value", label: "uint8", elementary: "uint8", value: "uint", bytes: 1 },
  },
};

/** A word of `word0`, low-order field first. */
export interface Word0 {
  /** address */ readonly authority: Hex;
  /** bool */ readonly consumingSchedule: boolean;
}

/** A word of `feeds.word0`, low-order field first. */
export interface FeedsWord0 {
  /** address */ readonly aggregator: Hex;
  /** uint8 */ readonly decimals: bigint;
  /** uint32 */ readonly maxAge: bigint;
  /** uint24 */ readonly maxDeviationPpm: bigint;
  /** bool */ readonly hasSecondary: boolean;
}

/** A word of `feeds.word1`, low-order field first. */
export interface FeedsWord1 {
  /** uint128 */ readonly minPrice: bigint;
  /** uint128 */ readonly maxPrice: bigint;
}

/** A word of `feeds.word2`, low-order field first. */
export interface FeedsWord2 {
  /** address */ readonly secondary: Hex;
  /** uint8 */ readonly secondaryDecimals: bigint;
  /** uint32 */ readonly secondaryMaxAge: bigint;
}

/** Slots and packing of PriceOracle, by variable. */
export const storage = {
  /** `address _authority`, `bool _consumingSchedule` */
  word0: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000000",
    mask: 0xffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: Word0): bigint =>
      hexBits("word0.authority", fields.authority, 20) | (boolBits(fields.consumingSchedule) << 160n),
    update: (word: bigint, fields: Partial<Word0>): bigint => {
      let next = word;
      if (fields.authority !== undefined)
        next =
          (next & 0xffffffffffffffffffffffff0000000000000000000000000000000000000000n) |
          hexBits("word0.authority", fields.authority, 20);
      if (fields.consumingSchedule !== undefined)
        next =
          (next & 0xffffffffffffffffffffff00ffffffffffffffffffffffffffffffffffffffffn) |
          (boolBits(fields.consumingSchedule) << 160n);
      return next;
    },
    decode: (word: bigint): Word0 => ({
      authority: hexOf(BigInt.asUintN(160, word), 20),
      consumingSchedule: BigInt.asUintN(8, word >> 160n) !== 0n,
    }),
  },
  /** `mapping(uint16 => struct Feed) _feeds` */
  feeds: {
    /** `address aggregator`, `uint8 decimals`, `uint32 maxAge`, `uint24 maxDeviationPpm`, `bool hasSecondary` */
    word0: {
      slot: (feed: bigint): Hash =>
        uintSlot("feeds[feed]", "0x0000000000000000000000000000000000000000000000000000000000000001", feed, 16),
      mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
      encode: (fields: FeedsWord0): bigint =>
        hexBits("feeds.word0.aggregator", fields.aggregator, 20) |
        (uintBits("feeds.word0.decimals", fields.decimals, 8) << 160n) |
        (uintBits("feeds.word0.maxAge", fields.maxAge, 32) << 168n) |
        (uintBits("feeds.word0.maxDeviationPpm", fields.maxDeviationPpm, 24) << 200n) |
        (boolBits(fields.hasSecondary) << 224n),
      update: (word: bigint, fields: Partial<FeedsWord0>): bigint => {
        let next = word;
        if (fields.aggregator !== undefined)
          next =
            (next & 0xffffffffffffffffffffffff0000000000000000000000000000000000000000n) |
            hexBits("feeds.word0.aggregator", fields.aggregator, 20);
        if (fields.decimals !== undefined)
          next =
            (next & 0xffffffffffffffffffffff00ffffffffffffffffffffffffffffffffffffffffn) |
            (uintBits("feeds.word0.decimals", fields.decimals, 8) << 160n);
        if (fields.maxAge !== undefined)
          next =
            (next & 0xffffffffffffff00000000ffffffffffffffffffffffffffffffffffffffffffn) |
            (uintBits("feeds.word0.maxAge", fields.maxAge, 32) << 168n);
        if (fields.maxDeviationPpm !== undefined)
          next =
            (next & 0xffffffff000000ffffffffffffffffffffffffffffffffffffffffffffffffffn) |
            (uintBits("feeds.word0.maxDeviationPpm", fields.maxDeviationPpm, 24) << 200n);
        if (fields.hasSecondary !== undefined)
          next =
            (next & 0xffffff00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
            (boolBits(fields.hasSecondary) << 224n);
        return next;
      },
      decode: (word: bigint): FeedsWord0 => ({
        aggregator: hexOf(BigInt.asUintN(160, word), 20),
        decimals: BigInt.asUintN(8, word >> 160n),
        maxAge: BigInt.asUintN(32, word >> 168n),
        maxDeviationPpm: BigInt.asUintN(24, word >> 200n),
        hasSecondary: BigInt.asUintN(8, word >> 224n) !== 0n,
      }),
    },
    /** `uint128 minPrice`, `uint128 maxPrice` */
    word1: {
      slot: (feed: bigint): Hash =>
        addSlot(
          uintSlot("feeds[feed]", "0x0000000000000000000000000000000000000000000000000000000000000001", feed, 16),
          1n,
        ),
      mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
      encode: (fields: FeedsWord1): bigint =>
        uintBits("feeds.word1.minPrice", fields.minPrice, 128) |
        (uintBits("feeds.word1.maxPrice", fields.maxPrice, 128) << 128n),
      update: (word: bigint, fields: Partial<FeedsWord1>): bigint => {
        let next = word;
        if (fields.minPrice !== undefined)
          next =
            (next & 0xffffffffffffffffffffffffffffffff00000000000000000000000000000000n) |
            uintBits("feeds.word1.minPrice", fields.minPrice, 128);
        if (fields.maxPrice !== undefined)
          next =
            (next & 0xffffffffffffffffffffffffffffffffn) |
            (uintBits("feeds.word1.maxPrice", fields.maxPrice, 128) << 128n);
        return next;
      },
      decode: (word: bigint): FeedsWord1 => ({
        minPrice: BigInt.asUintN(128, word),
        maxPrice: BigInt.asUintN(128, word >> 128n),
      }),
    },
    /** `address secondary`, `uint8 secondaryDecimals`, `uint32 secondaryMaxAge` */
    word2: {
      slot: (feed: bigint): Hash =>
        addSlot(
          uintSlot("feeds[feed]", "0x0000000000000000000000000000000000000000000000000000000000000001", feed, 16),
          2n,
        ),
      mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffn,
      encode: (fields: FeedsWord2): bigint =>
        hexBits("feeds.word2.secondary", fields.secondary, 20) |
        (uintBits("feeds.word2.secondaryDecimals", fields.secondaryDecimals, 8) << 160n) |
        (uintBits("feeds.word2.secondaryMaxAge", fields.secondaryMaxAge, 32) << 168n),
      update: (word: bigint, fields: Partial<FeedsWord2>): bigint => {
        let next = word;
        if (fields.secondary !== undefined)
          next =
            (next & 0xffffffffffffffffffffffff0000000000000000000000000000000000000000n) |
            hexBits("feeds.word2.secondary", fields.secondary, 20);
        if (fields.secondaryDecimals !== undefined)
          next =
            (next & 0xffffffffffffffffffffff00ffffffffffffffffffffffffffffffffffffffffn) |
            (uintBits("feeds.word2.secondaryDecimals", fields.secondaryDecimals, 8) << 160n);
        if (fields.secondaryMaxAge !== undefined)
          next =
            (next & 0xffffffffffffff00000000ffffffffffffffffffffffffffffffffffffffffffn) |
            (uintBits("feeds.word2.secondaryMaxAge", fields.secondaryMaxAge, 32) << 168n);
        return next;
      },
      decode: (word: bigint): FeedsWord2 => ({
        secondary: hexOf(BigInt.asUintN(160, word), 20),
        secondaryDecimals: BigInt.asUintN(8, word >> 160n),
        secondaryMaxAge: BigInt.asUintN(32, word >> 168n),
      }),
    },
  },
} as const;

/** Topic 0 of each event of PriceOracle. */
export const TOPICS = {
  AuthorityUpdated: "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad",
  FeedSet: "0x5abde1c9176723c2bbc06428a85b8d0480feddc43f44f7df4082b90d1b4bef17",
  SecondarySet: "0x38271210de55dd068258cbd6e8a7cab56359a2cef87cd0f97d57e76d64552a99",
} as const;

/** `AuthorityUpdated(address authority)` */
export interface AuthorityUpdatedEvent {
  readonly name: "AuthorityUpdated";
  readonly authority: Hex;
}

/** Strictly decodes AuthorityUpdated; throws {@link DecodeError}. */
export function decodeAuthorityUpdated(log: LogData): AuthorityUpdatedEvent {
  checkLog("AuthorityUpdated", log, "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad", 1, 1);
  const { data } = log;
  return { name: "AuthorityUpdated", authority: readAddress("AuthorityUpdated", "authority", data, 2) };
}

/** `FeedSet(uint16 indexed feed, address aggregator, uint8 decimals, uint32 maxAge, uint128 minPrice, uint128 maxPrice)` */
export interface FeedSetEvent {
  readonly name: "FeedSet";
  readonly feed: bigint;
  readonly aggregator: Hex;
  readonly decimals: bigint;
  readonly maxAge: bigint;
  readonly minPrice: bigint;
  readonly maxPrice: bigint;
}

/** Strictly decodes FeedSet; throws {@link DecodeError}. */
export function decodeFeedSet(log: LogData): FeedSetEvent {
  checkLog("FeedSet", log, "0x5abde1c9176723c2bbc06428a85b8d0480feddc43f44f7df4082b90d1b4bef17", 2, 5);
  const { topics, data } = log;
  return {
    name: "FeedSet",
    feed: readUint("FeedSet", "feed", topics[1] as Hex, 2, 16),
    aggregator: readAddress("FeedSet", "aggregator", data, 2),
    decimals: readUint("FeedSet", "decimals", data, 66, 8),
    maxAge: readUint("FeedSet", "maxAge", data, 130, 32),
    minPrice: readUint("FeedSet", "minPrice", data, 194, 128),
    maxPrice: readUint("FeedSet", "maxPrice", data, 258, 128),
  };
}

/** `SecondarySet(uint16 indexed feed, address secondary, uint8 secondaryDecimals, uint32 secondaryMaxAge, uint24 maxDeviationPpm)` */
export interface SecondarySetEvent {
  readonly name: "SecondarySet";
  readonly feed: bigint;
  readonly secondary: Hex;
  readonly secondaryDecimals: bigint;
  readonly secondaryMaxAge: bigint;
  readonly maxDeviationPpm: bigint;
}

/** Strictly decodes SecondarySet; throws {@link DecodeError}. */
export function decodeSecondarySet(log: LogData): SecondarySetEvent {
  checkLog("SecondarySet", log, "0x38271210de55dd068258cbd6e8a7cab56359a2cef87cd0f97d57e76d64552a99", 2, 4);
  const { topics, data } = log;
  return {
    name: "SecondarySet",
    feed: readUint("SecondarySet", "feed", topics[1] as Hex, 2, 16),
    secondary: readAddress("SecondarySet", "secondary", data, 2),
    secondaryDecimals: readUint("SecondarySet", "secondaryDecimals", data, 66, 8),
    secondaryMaxAge: readUint("SecondarySet", "secondaryMaxAge", data, 130, 32),
    maxDeviationPpm: readUint("SecondarySet", "maxDeviationPpm", data, 194, 24),
  };
}

/** Any event of PriceOracle. */
export type PriceOracleEvent = AuthorityUpdatedEvent | FeedSetEvent | SecondarySetEvent;

/** Decodes a log by its topic 0; null when that is no event of PriceOracle. Throws {@link DecodeError}. */
export function decodeEvent(log: LogData): PriceOracleEvent | null {
  switch (log.topics[0]) {
    case "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad":
      return decodeAuthorityUpdated(log);
    case "0x5abde1c9176723c2bbc06428a85b8d0480feddc43f44f7df4082b90d1b4bef17":
      return decodeFeedSet(log);
    case "0x38271210de55dd068258cbd6e8a7cab56359a2cef87cd0f97d57e76d64552a99":
      return decodeSecondarySet(log);
    default:
      return null;
  }
}

/** Names of PriceOracle's errors by selector. */
export const ERROR_SELECTORS: Readonly<Record<Hex, string>> = {
  "0xc2f31e5e": "AccessManagedInvalidAuthority",
  "0xaf77169d": "AccessManagedRequiredDelay",
  "0x068ca9d8": "AccessManagedUnauthorized",
  "0xc9548722": "OracleBadBounds",
  "0xf67e2769": "OracleBadDeviation",
  "0x4a3d426b": "OracleDeviation",
  "0x3ab2e76b": "OracleFuturePrice",
  "0xc5d0bbdf": "OracleIncompleteRound",
  "0x08adfea1": "OracleNotLastRound",
  "0xa8299b51": "OracleOutOfBounds",
  "0x0c89c44a": "OracleRoundInvalid",
  "0xce9b0a14": "OracleSameAggregator",
  "0xa7f1feaf": "OracleSequencerDown",
  "0xdb8e5ee3": "OracleSequencerGrace",
  "0xd98cfbb9": "OracleStalePrice",
  "0x229103e2": "OracleTooLittleGas",
  "0x53f6753e": "OracleUnknownFeed",
  "0x1177573c": "OracleUnreachable",
  "0x71080c79": "OracleUnsupportedDecimals",
  "0x0f99e776": "OracleZero",
};
