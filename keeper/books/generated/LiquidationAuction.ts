// Generated from contracts/clearing/LiquidationAuction.sol; do not edit: npm run generate.
import type { Hash, Hex } from "../../lib/hex.ts";
import type { Layout } from "../layout/Layout.ts";
import { checkLog, readAddress, readFixedBytes, readInt, readUint, type LogData } from "../layout/readLog.ts";
import { addressSlot, bytesSlot, uintSlot } from "../layout/slots.ts";
import { boolBits, hexBits, hexOf, uintBits } from "../layout/wordFields.ts";

/** State variables of LiquidationAuction, in storage order. */
export const VARIABLES = [
  "_authority",
  "_consumingSchedule",
  "_terms",
  "_auctions",
  "_collateralAuctions",
  "_windows",
] as const;

/** The storage layout of LiquidationAuction as data. */
export const LAYOUT: Layout = {
  contract: "LiquidationAuction",
  variables: [
    { label: "_authority", type: "address", slot: 0n, offset: 0, keyNames: [] },
    { label: "_consumingSchedule", type: "bool", slot: 0n, offset: 20, keyNames: [] },
    { label: "_terms", type: "struct AuctionTerms", slot: 1n, offset: 0, keyNames: [] },
    {
      label: "_auctions",
      type: "mapping(AccountId => mapping(uint16 => struct LiquidationAuction.Auction))",
      slot: 2n,
      offset: 0,
      keyNames: ["account", "instrument"],
    },
    {
      label: "_collateralAuctions",
      type: "mapping(AccountId => mapping(address => struct LiquidationAuction.Auction))",
      slot: 3n,
      offset: 0,
      keyNames: ["account", "asset"],
    },
    { label: "_windows", type: "mapping(uint16 => struct Window)", slot: 4n, offset: 0, keyNames: ["instrument"] },
  ],
  types: {
    AccountId: { kind: "value", label: "AccountId", elementary: "bytes32", value: "bytes", bytes: 32 },
    address: { kind: "value", label: "address", elementary: "address", value: "address", bytes: 20 },
    bool: { kind: "value", label: "bool", elementary: "bool", value: "bool", bytes: 1 },
    "mapping(AccountId => mapping(address => struct LiquidationAuction.Auction))": {
      kind: "mapping",
      label: "mapping(AccountId => mapping(address => struct LiquidationAuction.Auction))",
      key: "AccountId",
      value: "mapping(address => struct LiquidationAuction.Auction)",
    },
    "mapping(AccountId => mapping(uint16 => struct LiquidationAuction.Auction))": {
      kind: "mapping",
      label: "mapping(AccountId => mapping(uint16 => struct LiquidationAuction.Auction))",
      key: "AccountId",
      value: "mapping(uint16 => struct LiquidationAuction.Auction)",
    },
    "mapping(address => struct LiquidationAuction.Auction)": {
      kind: "mapping",
      label: "mapping(address => struct LiquidationAuction.Auction)",
      key: "address",
      value: "struct LiquidationAuction.Auction",
    },
    "mapping(uint16 => struct LiquidationAuction.Auction)": {
      kind: "mapping",
      label: "mapping(uint16 => struct LiquidationAuction.Auction)",
      key: "uint16",
      value: "struct LiquidationAuction.Auction",
    },
    "mapping(uint16 => struct Window)": {
      kind: "mapping",
      label: "mapping(uint16 => struct Window)",
      key: "uint16",
      value: "struct Window",
    },
    "struct AuctionTerms": {
      kind: "struct",
      label: "struct AuctionTerms",
      slots: 1n,
      members: [
        { label: "duration", type: "uint32", slot: 0n, offset: 0, keyNames: [] },
        { label: "maxDiscountPpm", type: "uint24", slot: 0n, offset: 4, keyNames: [] },
        { label: "window", type: "uint32", slot: 0n, offset: 7, keyNames: [] },
        { label: "capacity", type: "uint128", slot: 0n, offset: 11, keyNames: [] },
      ],
    },
    "struct LiquidationAuction.Auction": {
      kind: "struct",
      label: "struct LiquidationAuction.Auction",
      slots: 1n,
      members: [
        { label: "startedAt", type: "uint40", slot: 0n, offset: 0, keyNames: [] },
        { label: "isUsed", type: "bool", slot: 0n, offset: 5, keyNames: [] },
      ],
    },
    "struct Window": {
      kind: "struct",
      label: "struct Window",
      slots: 1n,
      members: [
        { label: "start", type: "uint40", slot: 0n, offset: 0, keyNames: [] },
        { label: "used", type: "uint128", slot: 0n, offset: 5, keyNames: [] },
      ],
    },
    uint128: { kind: "value", label: "uint128", elementary: "uint128", value: "uint", bytes: 16 },
    uint16: { kind: "value", label: "uint16", elementary: "uint16", value: "uint", bytes: 2 },
    uint24: { kind: "value", label: "uint24", elementary: "uint24", value: "uint", bytes: 3 },
    uint32: { kind: "value", label: "uint32", elementary: "uint32", value: "uint", bytes: 4 },
    uint40: { kind: "value", label: "uint40", elementary: "uint40", value: "uint", bytes: 5 },
  },
};

/** A word of `word0`, low-order field first. */
export interface Word0 {
  /** address */ readonly authority: Hex;
  /** bool */ readonly consumingSchedule: boolean;
}

/** A word of `terms`, low-order field first. */
export interface TermsWord {
  /** uint32 */ readonly duration: bigint;
  /** uint24 */ readonly maxDiscountPpm: bigint;
  /** uint32 */ readonly window: bigint;
  /** uint128 */ readonly capacity: bigint;
}

/** A word of `auctions`, low-order field first. */
export interface AuctionsWord {
  /** uint40 */ readonly startedAt: bigint;
  /** bool */ readonly isUsed: boolean;
}

/** A word of `collateralAuctions`, low-order field first. */
export interface CollateralAuctionsWord {
  /** uint40 */ readonly startedAt: bigint;
  /** bool */ readonly isUsed: boolean;
}

/** A word of `windows`, low-order field first. */
export interface WindowsWord {
  /** uint40 */ readonly start: bigint;
  /** uint128 */ readonly used: bigint;
}

/** Slots and packing of LiquidationAuction, by variable. */
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
  /** `struct AuctionTerms _terms` */
  terms: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000001",
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: TermsWord): bigint =>
      uintBits("terms.duration", fields.duration, 32) |
      (uintBits("terms.maxDiscountPpm", fields.maxDiscountPpm, 24) << 32n) |
      (uintBits("terms.window", fields.window, 32) << 56n) |
      (uintBits("terms.capacity", fields.capacity, 128) << 88n),
    update: (word: bigint, fields: Partial<TermsWord>): bigint => {
      let next = word;
      if (fields.duration !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffff00000000n) |
          uintBits("terms.duration", fields.duration, 32);
      if (fields.maxDiscountPpm !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffffffffff000000ffffffffn) |
          (uintBits("terms.maxDiscountPpm", fields.maxDiscountPpm, 24) << 32n);
      if (fields.window !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffff00000000ffffffffffffffn) |
          (uintBits("terms.window", fields.window, 32) << 56n);
      if (fields.capacity !== undefined)
        next =
          (next & 0xffffffffff00000000000000000000000000000000ffffffffffffffffffffffn) |
          (uintBits("terms.capacity", fields.capacity, 128) << 88n);
      return next;
    },
    decode: (word: bigint): TermsWord => ({
      duration: BigInt.asUintN(32, word),
      maxDiscountPpm: BigInt.asUintN(24, word >> 32n),
      window: BigInt.asUintN(32, word >> 56n),
      capacity: BigInt.asUintN(128, word >> 88n),
    }),
  },
  /** `mapping(AccountId => mapping(uint16 => struct LiquidationAuction.Auction)) _auctions` */
  auctions: {
    slot: (account: Hex, instrument: bigint): Hash =>
      uintSlot(
        "auctions[instrument]",
        bytesSlot(
          "auctions[account]",
          "0x0000000000000000000000000000000000000000000000000000000000000002",
          account,
          32,
        ),
        instrument,
        16,
      ),
    mask: 0xffffffffffffn,
    encode: (fields: AuctionsWord): bigint =>
      uintBits("auctions.startedAt", fields.startedAt, 40) | (boolBits(fields.isUsed) << 40n),
    update: (word: bigint, fields: Partial<AuctionsWord>): bigint => {
      let next = word;
      if (fields.startedAt !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffffffffffffff0000000000n) |
          uintBits("auctions.startedAt", fields.startedAt, 40);
      if (fields.isUsed !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffffffffffff00ffffffffffn) |
          (boolBits(fields.isUsed) << 40n);
      return next;
    },
    decode: (word: bigint): AuctionsWord => ({
      startedAt: BigInt.asUintN(40, word),
      isUsed: BigInt.asUintN(8, word >> 40n) !== 0n,
    }),
  },
  /** `mapping(AccountId => mapping(address => struct LiquidationAuction.Auction)) _collateralAuctions` */
  collateralAuctions: {
    slot: (account: Hex, asset: Hex): Hash =>
      addressSlot(
        "collateralAuctions[asset]",
        bytesSlot(
          "collateralAuctions[account]",
          "0x0000000000000000000000000000000000000000000000000000000000000003",
          account,
          32,
        ),
        asset,
      ),
    mask: 0xffffffffffffn,
    encode: (fields: CollateralAuctionsWord): bigint =>
      uintBits("collateralAuctions.startedAt", fields.startedAt, 40) | (boolBits(fields.isUsed) << 40n),
    update: (word: bigint, fields: Partial<CollateralAuctionsWord>): bigint => {
      let next = word;
      if (fields.startedAt !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffffffffffffff0000000000n) |
          uintBits("collateralAuctions.startedAt", fields.startedAt, 40);
      if (fields.isUsed !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffffffffffff00ffffffffffn) |
          (boolBits(fields.isUsed) << 40n);
      return next;
    },
    decode: (word: bigint): CollateralAuctionsWord => ({
      startedAt: BigInt.asUintN(40, word),
      isUsed: BigInt.asUintN(8, word >> 40n) !== 0n,
    }),
  },
  /** `mapping(uint16 => struct Window) _windows` */
  windows: {
    slot: (instrument: bigint): Hash =>
      uintSlot(
        "windows[instrument]",
        "0x0000000000000000000000000000000000000000000000000000000000000004",
        instrument,
        16,
      ),
    mask: 0xffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: WindowsWord): bigint =>
      uintBits("windows.start", fields.start, 40) | (uintBits("windows.used", fields.used, 128) << 40n),
    update: (word: bigint, fields: Partial<WindowsWord>): bigint => {
      let next = word;
      if (fields.start !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffffffffffffff0000000000n) |
          uintBits("windows.start", fields.start, 40);
      if (fields.used !== undefined)
        next =
          (next & 0xffffffffffffffffffffff00000000000000000000000000000000ffffffffffn) |
          (uintBits("windows.used", fields.used, 128) << 40n);
      return next;
    },
    decode: (word: bigint): WindowsWord => ({
      start: BigInt.asUintN(40, word),
      used: BigInt.asUintN(128, word >> 40n),
    }),
  },
} as const;

/** Topic 0 of each event of LiquidationAuction. */
export const TOPICS = {
  AuctionStarted: "0xc419fdaace0c1292c2ffd31e24ffee8ae76a1b3494d86e6a09097cc17ad1c41a",
  AuctionStopped: "0x0555f49f9b78728aab0911f9c83489cc1f463acc0e3de82f38b149516b151a7a",
  AuctionTermsSet: "0xf5bfa04197e847a4b6311693915054f298f34cb3f91842912287d201880b7eda",
  AuthorityUpdated: "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad",
  CollateralAuctionStarted: "0x4eeca5bab4f7f8415d4d243e70a8e6c3c0b4ec314e4628a17f5d9e2766c58f6b",
  CollateralAuctionStopped: "0xb9926767b3ed8d3c4315458248932c0040caed49e4ed9f59ae7de3b613c92022",
  CollateralSold: "0x6767e1adcb30e103a967a283210abefe2329f512327b64e72ed71c84082548fc",
  PositionSold: "0xe5f27eecb585f2451469f694e47dda90bdbb8fd9b709fdf8c8e30dd419d56c43",
  WordRepaired: "0xc5432e833a2a3ec2c8a5cd7c01feb93495cef2a652170224858fcaae615ea778",
} as const;

/** `AuctionStarted(AccountId indexed account, uint16 indexed instrument, uint40 startedAt)` */
export interface AuctionStartedEvent {
  readonly name: "AuctionStarted";
  readonly account: Hex;
  readonly instrument: bigint;
  readonly startedAt: bigint;
}

/** Strictly decodes AuctionStarted; throws {@link DecodeError}. */
export function decodeAuctionStarted(log: LogData): AuctionStartedEvent {
  checkLog("AuctionStarted", log, "0xc419fdaace0c1292c2ffd31e24ffee8ae76a1b3494d86e6a09097cc17ad1c41a", 3, 1);
  const { topics, data } = log;
  return {
    name: "AuctionStarted",
    account: readFixedBytes("AuctionStarted", "account", topics[1] as Hex, 2, 32),
    instrument: readUint("AuctionStarted", "instrument", topics[2] as Hex, 2, 16),
    startedAt: readUint("AuctionStarted", "startedAt", data, 2, 40),
  };
}

/** `AuctionStopped(AccountId indexed account, uint16 indexed instrument)` */
export interface AuctionStoppedEvent {
  readonly name: "AuctionStopped";
  readonly account: Hex;
  readonly instrument: bigint;
}

/** Strictly decodes AuctionStopped; throws {@link DecodeError}. */
export function decodeAuctionStopped(log: LogData): AuctionStoppedEvent {
  checkLog("AuctionStopped", log, "0x0555f49f9b78728aab0911f9c83489cc1f463acc0e3de82f38b149516b151a7a", 3, 0);
  const { topics } = log;
  return {
    name: "AuctionStopped",
    account: readFixedBytes("AuctionStopped", "account", topics[1] as Hex, 2, 32),
    instrument: readUint("AuctionStopped", "instrument", topics[2] as Hex, 2, 16),
  };
}

/** `AuctionTermsSet(uint32 duration, uint24 maxDiscountPpm, uint32 window, uint128 capacity)` */
export interface AuctionTermsSetEvent {
  readonly name: "AuctionTermsSet";
  readonly duration: bigint;
  readonly maxDiscountPpm: bigint;
  readonly window: bigint;
  readonly capacity: bigint;
}

/** Strictly decodes AuctionTermsSet; throws {@link DecodeError}. */
export function decodeAuctionTermsSet(log: LogData): AuctionTermsSetEvent {
  checkLog("AuctionTermsSet", log, "0xf5bfa04197e847a4b6311693915054f298f34cb3f91842912287d201880b7eda", 1, 4);
  const { data } = log;
  return {
    name: "AuctionTermsSet",
    duration: readUint("AuctionTermsSet", "duration", data, 2, 32),
    maxDiscountPpm: readUint("AuctionTermsSet", "maxDiscountPpm", data, 66, 24),
    window: readUint("AuctionTermsSet", "window", data, 130, 32),
    capacity: readUint("AuctionTermsSet", "capacity", data, 194, 128),
  };
}

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

/** `CollateralAuctionStarted(AccountId indexed account, address indexed asset, uint40 startedAt)` */
export interface CollateralAuctionStartedEvent {
  readonly name: "CollateralAuctionStarted";
  readonly account: Hex;
  readonly asset: Hex;
  readonly startedAt: bigint;
}

/** Strictly decodes CollateralAuctionStarted; throws {@link DecodeError}. */
export function decodeCollateralAuctionStarted(log: LogData): CollateralAuctionStartedEvent {
  checkLog("CollateralAuctionStarted", log, "0x4eeca5bab4f7f8415d4d243e70a8e6c3c0b4ec314e4628a17f5d9e2766c58f6b", 3, 1);
  const { topics, data } = log;
  return {
    name: "CollateralAuctionStarted",
    account: readFixedBytes("CollateralAuctionStarted", "account", topics[1] as Hex, 2, 32),
    asset: readAddress("CollateralAuctionStarted", "asset", topics[2] as Hex, 2),
    startedAt: readUint("CollateralAuctionStarted", "startedAt", data, 2, 40),
  };
}

/** `CollateralAuctionStopped(AccountId indexed account, address indexed asset)` */
export interface CollateralAuctionStoppedEvent {
  readonly name: "CollateralAuctionStopped";
  readonly account: Hex;
  readonly asset: Hex;
}

/** Strictly decodes CollateralAuctionStopped; throws {@link DecodeError}. */
export function decodeCollateralAuctionStopped(log: LogData): CollateralAuctionStoppedEvent {
  checkLog("CollateralAuctionStopped", log, "0xb9926767b3ed8d3c4315458248932c0040caed49e4ed9f59ae7de3b613c92022", 3, 0);
  const { topics } = log;
  return {
    name: "CollateralAuctionStopped",
    account: readFixedBytes("CollateralAuctionStopped", "account", topics[1] as Hex, 2, 32),
    asset: readAddress("CollateralAuctionStopped", "asset", topics[2] as Hex, 2),
  };
}

/** `CollateralSold(AccountId indexed account, AccountId indexed bidder, address indexed asset, uint128 amount, uint128 quote)` */
export interface CollateralSoldEvent {
  readonly name: "CollateralSold";
  readonly account: Hex;
  readonly bidder: Hex;
  readonly asset: Hex;
  readonly amount: bigint;
  readonly quote: bigint;
}

/** Strictly decodes CollateralSold; throws {@link DecodeError}. */
export function decodeCollateralSold(log: LogData): CollateralSoldEvent {
  checkLog("CollateralSold", log, "0x6767e1adcb30e103a967a283210abefe2329f512327b64e72ed71c84082548fc", 4, 2);
  const { topics, data } = log;
  return {
    name: "CollateralSold",
    account: readFixedBytes("CollateralSold", "account", topics[1] as Hex, 2, 32),
    bidder: readFixedBytes("CollateralSold", "bidder", topics[2] as Hex, 2, 32),
    asset: readAddress("CollateralSold", "asset", topics[3] as Hex, 2),
    amount: readUint("CollateralSold", "amount", data, 2, 128),
    quote: readUint("CollateralSold", "quote", data, 66, 128),
  };
}

/** `PositionSold(AccountId indexed account, AccountId indexed bidder, uint16 indexed instrument, int128 size, uint128 price, uint40 windowStart, uint128 windowUsed)` */
export interface PositionSoldEvent {
  readonly name: "PositionSold";
  readonly account: Hex;
  readonly bidder: Hex;
  readonly instrument: bigint;
  readonly size: bigint;
  readonly price: bigint;
  readonly windowStart: bigint;
  readonly windowUsed: bigint;
}

/** Strictly decodes PositionSold; throws {@link DecodeError}. */
export function decodePositionSold(log: LogData): PositionSoldEvent {
  checkLog("PositionSold", log, "0xe5f27eecb585f2451469f694e47dda90bdbb8fd9b709fdf8c8e30dd419d56c43", 4, 4);
  const { topics, data } = log;
  return {
    name: "PositionSold",
    account: readFixedBytes("PositionSold", "account", topics[1] as Hex, 2, 32),
    bidder: readFixedBytes("PositionSold", "bidder", topics[2] as Hex, 2, 32),
    instrument: readUint("PositionSold", "instrument", topics[3] as Hex, 2, 16),
    size: readInt("PositionSold", "size", data, 2, 128),
    price: readUint("PositionSold", "price", data, 66, 128),
    windowStart: readUint("PositionSold", "windowStart", data, 130, 40),
    windowUsed: readUint("PositionSold", "windowUsed", data, 194, 128),
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

/** Any event of LiquidationAuction. */
export type LiquidationAuctionEvent =
  | AuctionStartedEvent
  | AuctionStoppedEvent
  | AuctionTermsSetEvent
  | AuthorityUpdatedEvent
  | CollateralAuctionStartedEvent
  | CollateralAuctionStoppedEvent
  | CollateralSoldEvent
  | PositionSoldEvent
  | WordRepairedEvent;

/** Decodes a log by its topic 0; null when that is no event of LiquidationAuction. Throws {@link DecodeError}. */
export function decodeEvent(log: LogData): LiquidationAuctionEvent | null {
  switch (log.topics[0]) {
    case "0xc419fdaace0c1292c2ffd31e24ffee8ae76a1b3494d86e6a09097cc17ad1c41a":
      return decodeAuctionStarted(log);
    case "0x0555f49f9b78728aab0911f9c83489cc1f463acc0e3de82f38b149516b151a7a":
      return decodeAuctionStopped(log);
    case "0xf5bfa04197e847a4b6311693915054f298f34cb3f91842912287d201880b7eda":
      return decodeAuctionTermsSet(log);
    case "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad":
      return decodeAuthorityUpdated(log);
    case "0x4eeca5bab4f7f8415d4d243e70a8e6c3c0b4ec314e4628a17f5d9e2766c58f6b":
      return decodeCollateralAuctionStarted(log);
    case "0xb9926767b3ed8d3c4315458248932c0040caed49e4ed9f59ae7de3b613c92022":
      return decodeCollateralAuctionStopped(log);
    case "0x6767e1adcb30e103a967a283210abefe2329f512327b64e72ed71c84082548fc":
      return decodeCollateralSold(log);
    case "0xe5f27eecb585f2451469f694e47dda90bdbb8fd9b709fdf8c8e30dd419d56c43":
      return decodePositionSold(log);
    case "0xc5432e833a2a3ec2c8a5cd7c01feb93495cef2a652170224858fcaae615ea778":
      return decodeWordRepaired(log);
    default:
      return null;
  }
}

/** Names of LiquidationAuction's errors by selector. */
export const ERROR_SELECTORS: Readonly<Record<Hex, string>> = {
  "0xc2f31e5e": "AccessManagedInvalidAuthority",
  "0xaf77169d": "AccessManagedRequiredDelay",
  "0x068ca9d8": "AccessManagedUnauthorized",
  "0x265a4f91": "AuctionAmountTooLarge",
  "0x80c20697": "AuctionBadTerms",
  "0x43702a25": "AuctionBeyondLimit",
  "0x140ffe97": "AuctionCapacityUsed",
  "0xecb2b8d6": "AuctionExpired",
  "0x4fd2aa71": "AuctionHealthy",
  "0xc5f0091b": "AuctionInGrace",
  "0x4f0ce454": "AuctionNoCollateral",
  "0x0611c5dc": "AuctionNoPosition",
  "0x629ade02": "AuctionNotIndebted",
  "0x4bf46388": "AuctionNotOwner",
  "0xfb1454cc": "AuctionNotRunning",
  "0x5aa89368": "AuctionPriceNotNewer",
  "0x60f52634": "AuctionPriceNotValid",
  "0x190a501c": "AuctionRestricted",
  "0x06a46174": "AuctionRunning",
  "0x5073c8d4": "AuctionStillUnhealthy",
  "0x79fc4eed": "AuctionWorsensHealth",
  "0x24fb9a60": "AuctionZeroAddress",
  "0xe5e5dcba": "AuctionZeroAmount",
  "0xfab11d06": "RepairForbidden",
  "0x41aed728": "RepairNotGuard",
  "0xd06bee61": "RepairUnexpected",
  "0xcb07a49c": "RepairZeroValue",
  "0x327269a7": "SafeCastOverflowedIntDowncast",
  "0x6dfcc650": "SafeCastOverflowedUintDowncast",
  "0x24775e06": "SafeCastOverflowedUintToInt",
};
