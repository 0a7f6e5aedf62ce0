// Generated from contracts/risk/InstrumentRegistry.sol; do not edit: npm run generate.
import type { Hash, Hex } from "../../lib/hex.ts";
import type { Layout } from "../layout/Layout.ts";
import { checkLog, readAddress, readUint, type LogData } from "../layout/readLog.ts";
import { addressSlot, uintSlot } from "../layout/slots.ts";
import { boolBits, hexBits, hexOf, uintBits } from "../layout/wordFields.ts";

/** State variables of InstrumentRegistry, in storage order. */
export const VARIABLES = [
  "_authority",
  "_consumingSchedule",
  "_instruments",
  "_options",
  "_settlements",
  "_collateral",
  "_collateralIds",
  "_collateralCount",
  "_debtCaps",
] as const;

/** The storage layout of InstrumentRegistry as data. */
export const LAYOUT: Layout = {
  contract: "InstrumentRegistry",
  variables: [
    { label: "_authority", type: "address", slot: 0n, offset: 0, keyNames: [] },
    { label: "_consumingSchedule", type: "bool", slot: 0n, offset: 20, keyNames: [] },
    {
      label: "_instruments",
      type: "mapping(uint16 => struct Instrument)",
      slot: 1n,
      offset: 0,
      keyNames: ["instrument"],
    },
    { label: "_options", type: "mapping(uint16 => struct OptionTerms)", slot: 2n, offset: 0, keyNames: ["instrument"] },
    {
      label: "_settlements",
      type: "mapping(uint16 => struct Settlement)",
      slot: 3n,
      offset: 0,
      keyNames: ["instrument"],
    },
    { label: "_collateral", type: "mapping(uint8 => struct CollateralTerms)", slot: 4n, offset: 0, keyNames: ["id"] },
    { label: "_collateralIds", type: "mapping(address => uint8)", slot: 5n, offset: 0, keyNames: ["asset"] },
    { label: "_collateralCount", type: "uint8", slot: 6n, offset: 0, keyNames: [] },
    { label: "_debtCaps", type: "struct DebtCaps", slot: 7n, offset: 0, keyNames: [] },
  ],
  types: {
    address: { kind: "value", label: "address", elementary: "address", value: "address", bytes: 20 },
    bool: { kind: "value", label: "bool", elementary: "bool", value: "bool", bytes: 1 },
    "enum InstrumentKind": {
      kind: "value",
      label: "enum InstrumentKind",
      elementary: "uint8",
      value: "uint",
      bytes: 1,
      members: ["None", "Perpetual", "Call", "Put"],
    },
    "mapping(address => uint8)": {
      kind: "mapping",
      label: "mapping(address => uint8)",
      key: "address",
      value: "uint8",
    },
    "mapping(uint16 => struct Instrument)": {
      kind: "mapping",
      label: "mapping(uint16 => struct Instrument)",
      key: "uint16",
      value: "struct Instrument",
    },
    "mapping(uint16 => struct OptionTerms)": {
      kind: "mapping",
      label: "mapping(uint16 => struct OptionTerms)",
      key: "uint16",
      value: "struct OptionTerms",
    },
    "mapping(uint16 => struct Settlement)": {
      kind: "mapping",
      label: "mapping(uint16 => struct Settlement)",
      key: "uint16",
      value: "struct Settlement",
    },
    "mapping(uint8 => struct CollateralTerms)": {
      kind: "mapping",
      label: "mapping(uint8 => struct CollateralTerms)",
      key: "uint8",
      value: "struct CollateralTerms",
    },
    "struct CollateralTerms": {
      kind: "struct",
      label: "struct CollateralTerms",
      slots: 1n,
      members: [
        { label: "asset", type: "address", slot: 0n, offset: 0, keyNames: [] },
        { label: "feed", type: "uint16", slot: 0n, offset: 20, keyNames: [] },
        { label: "haircutPpm", type: "uint24", slot: 0n, offset: 22, keyNames: [] },
        { label: "decimals", type: "uint8", slot: 0n, offset: 25, keyNames: [] },
      ],
    },
    "struct DebtCaps": {
      kind: "struct",
      label: "struct DebtCaps",
      slots: 1n,
      members: [
        { label: "account", type: "uint128", slot: 0n, offset: 0, keyNames: [] },
        { label: "total", type: "uint128", slot: 0n, offset: 16, keyNames: [] },
      ],
    },
    "struct Instrument": {
      kind: "struct",
      label: "struct Instrument",
      slots: 1n,
      members: [
        { label: "kind", type: "enum InstrumentKind", slot: 0n, offset: 0, keyNames: [] },
        { label: "feed", type: "uint16", slot: 0n, offset: 1, keyNames: [] },
        { label: "initialPpm", type: "uint24", slot: 0n, offset: 3, keyNames: [] },
        { label: "maintenancePpm", type: "uint24", slot: 0n, offset: 6, keyNames: [] },
        { label: "priceBandPpm", type: "uint24", slot: 0n, offset: 9, keyNames: [] },
        { label: "lagVolatilityPpm", type: "uint24", slot: 0n, offset: 12, keyNames: [] },
        { label: "maxFundingPpm", type: "uint24", slot: 0n, offset: 15, keyNames: [] },
        { label: "makerFeePpm", type: "uint16", slot: 0n, offset: 18, keyNames: [] },
        { label: "takerFeePpm", type: "uint16", slot: 0n, offset: 20, keyNames: [] },
        { label: "maxOpenInterest", type: "uint80", slot: 0n, offset: 22, keyNames: [] },
      ],
    },
    "struct OptionTerms": {
      kind: "struct",
      label: "struct OptionTerms",
      slots: 1n,
      members: [
        { label: "strike", type: "uint128", slot: 0n, offset: 0, keyNames: [] },
        { label: "expiry", type: "uint40", slot: 0n, offset: 16, keyNames: [] },
        { label: "volatilityPpm", type: "uint32", slot: 0n, offset: 21, keyNames: [] },
        { label: "volatilityShockPpm", type: "uint24", slot: 0n, offset: 25, keyNames: [] },
        { label: "volatilityAt", type: "uint32", slot: 0n, offset: 28, keyNames: [] },
      ],
    },
    "struct Settlement": {
      kind: "struct",
      label: "struct Settlement",
      slots: 1n,
      members: [
        { label: "price", type: "uint128", slot: 0n, offset: 0, keyNames: [] },
        { label: "settledAt", type: "uint40", slot: 0n, offset: 16, keyNames: [] },
        { label: "isUsed", type: "bool", slot: 0n, offset: 21, keyNames: [] },
        { label: "isWindDown", type: "bool", slot: 0n, offset: 22, keyNames: [] },
      ],
    },
    uint128: { kind: "value", label: "uint128", elementary: "uint128", value: "uint", bytes: 16 },
    uint16: { kind: "value", label: "uint16", elementary: "uint16", value: "uint", bytes: 2 },
    uint24: { kind: "value", label: "uint24", elementary: "uint24", value: "uint", bytes: 3 },
    uint32: { kind: "value", label: "uint32", elementary: "uint32", value: "uint", bytes: 4 },
    uint40: { kind: "value", label: "uint40", elementary: "uint40", value: "uint", bytes: 5 },
    uint8: { kind: "value", label: "uint8", elementary: "uint8", value: "uint", bytes: 1 },
    uint80: { kind: "value", label: "uint80", elementary: "uint80", value: "uint", bytes: 10 },
  },
};

/** A word of `word0`, low-order field first. */
export interface Word0 {
  /** address */ readonly authority: Hex;
  /** bool */ readonly consumingSchedule: boolean;
}

/** A word of `instruments`, low-order field first. */
export interface InstrumentsWord {
  /** enum InstrumentKind */ readonly kind: bigint;
  /** uint16 */ readonly feed: bigint;
  /** uint24 */ readonly initialPpm: bigint;
  /** uint24 */ readonly maintenancePpm: bigint;
  /** uint24 */ readonly priceBandPpm: bigint;
  /** uint24 */ readonly lagVolatilityPpm: bigint;
  /** uint24 */ readonly maxFundingPpm: bigint;
  /** uint16 */ readonly makerFeePpm: bigint;
  /** uint16 */ readonly takerFeePpm: bigint;
  /** uint80 */ readonly maxOpenInterest: bigint;
}

/** A word of `options`, low-order field first. */
export interface OptionsWord {
  /** uint128 */ readonly strike: bigint;
  /** uint40 */ readonly expiry: bigint;
  /** uint32 */ readonly volatilityPpm: bigint;
  /** uint24 */ readonly volatilityShockPpm: bigint;
  /** uint32 */ readonly volatilityAt: bigint;
}

/** A word of `settlements`, low-order field first. */
export interface SettlementsWord {
  /** uint128 */ readonly price: bigint;
  /** uint40 */ readonly settledAt: bigint;
  /** bool */ readonly isUsed: boolean;
  /** bool */ readonly isWindDown: boolean;
}

/** A word of `collateral`, low-order field first. */
export interface CollateralWord {
  /** address */ readonly asset: Hex;
  /** uint16 */ readonly feed: bigint;
  /** uint24 */ readonly haircutPpm: bigint;
  /** uint8 */ readonly decimals: bigint;
}

/** A word of `debtCaps`, low-order field first. */
export interface DebtCapsWord {
  /** uint128 */ readonly account: bigint;
  /** uint128 */ readonly total: bigint;
}

/** Slots and packing of InstrumentRegistry, by variable. */
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
  /** `mapping(uint16 => struct Instrument) _instruments` */
  instruments: {
    slot: (instrument: bigint): Hash =>
      uintSlot(
        "instruments[instrument]",
        "0x0000000000000000000000000000000000000000000000000000000000000001",
        instrument,
        16,
      ),
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: InstrumentsWord): bigint =>
      uintBits("instruments.kind", fields.kind, 8) |
      (uintBits("instruments.feed", fields.feed, 16) << 8n) |
      (uintBits("instruments.initialPpm", fields.initialPpm, 24) << 24n) |
      (uintBits("instruments.maintenancePpm", fields.maintenancePpm, 24) << 48n) |
      (uintBits("instruments.priceBandPpm", fields.priceBandPpm, 24) << 72n) |
      (uintBits("instruments.lagVolatilityPpm", fields.lagVolatilityPpm, 24) << 96n) |
      (uintBits("instruments.maxFundingPpm", fields.maxFundingPpm, 24) << 120n) |
      (uintBits("instruments.makerFeePpm", fields.makerFeePpm, 16) << 144n) |
      (uintBits("instruments.takerFeePpm", fields.takerFeePpm, 16) << 160n) |
      (uintBits("instruments.maxOpenInterest", fields.maxOpenInterest, 80) << 176n),
    update: (word: bigint, fields: Partial<InstrumentsWord>): bigint => {
      let next = word;
      if (fields.kind !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff00n) |
          uintBits("instruments.kind", fields.kind, 8);
      if (fields.feed !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffff0000ffn) |
          (uintBits("instruments.feed", fields.feed, 16) << 8n);
      if (fields.initialPpm !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffffffffffff000000ffffffn) |
          (uintBits("instruments.initialPpm", fields.initialPpm, 24) << 24n);
      if (fields.maintenancePpm !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffffff000000ffffffffffffn) |
          (uintBits("instruments.maintenancePpm", fields.maintenancePpm, 24) << 48n);
      if (fields.priceBandPpm !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffff000000ffffffffffffffffffn) |
          (uintBits("instruments.priceBandPpm", fields.priceBandPpm, 24) << 72n);
      if (fields.lagVolatilityPpm !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffff000000ffffffffffffffffffffffffn) |
          (uintBits("instruments.lagVolatilityPpm", fields.lagVolatilityPpm, 24) << 96n);
      if (fields.maxFundingPpm !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffff000000ffffffffffffffffffffffffffffffn) |
          (uintBits("instruments.maxFundingPpm", fields.maxFundingPpm, 24) << 120n);
      if (fields.makerFeePpm !== undefined)
        next =
          (next & 0xffffffffffffffffffffffff0000ffffffffffffffffffffffffffffffffffffn) |
          (uintBits("instruments.makerFeePpm", fields.makerFeePpm, 16) << 144n);
      if (fields.takerFeePpm !== undefined)
        next =
          (next & 0xffffffffffffffffffff0000ffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("instruments.takerFeePpm", fields.takerFeePpm, 16) << 160n);
      if (fields.maxOpenInterest !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("instruments.maxOpenInterest", fields.maxOpenInterest, 80) << 176n);
      return next;
    },
    decode: (word: bigint): InstrumentsWord => ({
      kind: BigInt.asUintN(8, word),
      feed: BigInt.asUintN(16, word >> 8n),
      initialPpm: BigInt.asUintN(24, word >> 24n),
      maintenancePpm: BigInt.asUintN(24, word >> 48n),
      priceBandPpm: BigInt.asUintN(24, word >> 72n),
      lagVolatilityPpm: BigInt.asUintN(24, word >> 96n),
      maxFundingPpm: BigInt.asUintN(24, word >> 120n),
      makerFeePpm: BigInt.asUintN(16, word >> 144n),
      takerFeePpm: BigInt.asUintN(16, word >> 160n),
      maxOpenInterest: BigInt.asUintN(80, word >> 176n),
    }),
  },
  /** `mapping(uint16 => struct OptionTerms) _options` */
  options: {
    slot: (instrument: bigint): Hash =>
      uintSlot(
        "options[instrument]",
        "0x0000000000000000000000000000000000000000000000000000000000000002",
        instrument,
        16,
      ),
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: OptionsWord): bigint =>
      uintBits("options.strike", fields.strike, 128) |
      (uintBits("options.expiry", fields.expiry, 40) << 128n) |
      (uintBits("options.volatilityPpm", fields.volatilityPpm, 32) << 168n) |
      (uintBits("options.volatilityShockPpm", fields.volatilityShockPpm, 24) << 200n) |
      (uintBits("options.volatilityAt", fields.volatilityAt, 32) << 224n),
    update: (word: bigint, fields: Partial<OptionsWord>): bigint => {
      let next = word;
      if (fields.strike !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffff00000000000000000000000000000000n) |
          uintBits("options.strike", fields.strike, 128);
      if (fields.expiry !== undefined)
        next =
          (next & 0xffffffffffffffffffffff0000000000ffffffffffffffffffffffffffffffffn) |
          (uintBits("options.expiry", fields.expiry, 40) << 128n);
      if (fields.volatilityPpm !== undefined)
        next =
          (next & 0xffffffffffffff00000000ffffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("options.volatilityPpm", fields.volatilityPpm, 32) << 168n);
      if (fields.volatilityShockPpm !== undefined)
        next =
          (next & 0xffffffff000000ffffffffffffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("options.volatilityShockPpm", fields.volatilityShockPpm, 24) << 200n);
      if (fields.volatilityAt !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("options.volatilityAt", fields.volatilityAt, 32) << 224n);
      return next;
    },
    decode: (word: bigint): OptionsWord => ({
      strike: BigInt.asUintN(128, word),
      expiry: BigInt.asUintN(40, word >> 128n),
      volatilityPpm: BigInt.asUintN(32, word >> 168n),
      volatilityShockPpm: BigInt.asUintN(24, word >> 200n),
      volatilityAt: BigInt.asUintN(32, word >> 224n),
    }),
  },
  /** `mapping(uint16 => struct Settlement) _settlements` */
  settlements: {
    slot: (instrument: bigint): Hash =>
      uintSlot(
        "settlements[instrument]",
        "0x0000000000000000000000000000000000000000000000000000000000000003",
        instrument,
        16,
      ),
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: SettlementsWord): bigint =>
      uintBits("settlements.price", fields.price, 128) |
      (uintBits("settlements.settledAt", fields.settledAt, 40) << 128n) |
      (boolBits(fields.isUsed) << 168n) |
      (boolBits(fields.isWindDown) << 176n),
    update: (word: bigint, fields: Partial<SettlementsWord>): bigint => {
      let next = word;
      if (fields.price !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffff00000000000000000000000000000000n) |
          uintBits("settlements.price", fields.price, 128);
      if (fields.settledAt !== undefined)
        next =
          (next & 0xffffffffffffffffffffff0000000000ffffffffffffffffffffffffffffffffn) |
          (uintBits("settlements.settledAt", fields.settledAt, 40) << 128n);
      if (fields.isUsed !== undefined)
        next =
          (next & 0xffffffffffffffffffff00ffffffffffffffffffffffffffffffffffffffffffn) |
          (boolBits(fields.isUsed) << 168n);
      if (fields.isWindDown !== undefined)
        next =
          (next & 0xffffffffffffffffff00ffffffffffffffffffffffffffffffffffffffffffffn) |
          (boolBits(fields.isWindDown) << 176n);
      return next;
    },
    decode: (word: bigint): SettlementsWord => ({
      price: BigInt.asUintN(128, word),
      settledAt: BigInt.asUintN(40, word >> 128n),
      isUsed: BigInt.asUintN(8, word >> 168n) !== 0n,
      isWindDown: BigInt.asUintN(8, word >> 176n) !== 0n,
    }),
  },
  /** `mapping(uint8 => struct CollateralTerms) _collateral` */
  collateral: {
    slot: (id: bigint): Hash =>
      uintSlot("collateral[id]", "0x0000000000000000000000000000000000000000000000000000000000000004", id, 8),
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: CollateralWord): bigint =>
      hexBits("collateral.asset", fields.asset, 20) |
      (uintBits("collateral.feed", fields.feed, 16) << 160n) |
      (uintBits("collateral.haircutPpm", fields.haircutPpm, 24) << 176n) |
      (uintBits("collateral.decimals", fields.decimals, 8) << 200n),
    update: (word: bigint, fields: Partial<CollateralWord>): bigint => {
      let next = word;
      if (fields.asset !== undefined)
        next =
          (next & 0xffffffffffffffffffffffff0000000000000000000000000000000000000000n) |
          hexBits("collateral.asset", fields.asset, 20);
      if (fields.feed !== undefined)
        next =
          (next & 0xffffffffffffffffffff0000ffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("collateral.feed", fields.feed, 16) << 160n);
      if (fields.haircutPpm !== undefined)
        next =
          (next & 0xffffffffffffff000000ffffffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("collateral.haircutPpm", fields.haircutPpm, 24) << 176n);
      if (fields.decimals !== undefined)
        next =
          (next & 0xffffffffffff00ffffffffffffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("collateral.decimals", fields.decimals, 8) << 200n);
      return next;
    },
    decode: (word: bigint): CollateralWord => ({
      asset: hexOf(BigInt.asUintN(160, word), 20),
      feed: BigInt.asUintN(16, word >> 160n),
      haircutPpm: BigInt.asUintN(24, word >> 176n),
      decimals: BigInt.asUintN(8, word >> 200n),
    }),
  },
  /** `mapping(address => uint8) _collateralIds` */
  collateralIds: {
    slot: (asset: Hex): Hash =>
      addressSlot("collateralIds[asset]", "0x0000000000000000000000000000000000000000000000000000000000000005", asset),
    encode: (value: bigint): bigint => uintBits("collateralIds", value, 8),
    decode: (word: bigint): bigint => BigInt.asUintN(8, word),
    update: (word: bigint, value: bigint): bigint =>
      (word & 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff00n) |
      uintBits("collateralIds", value, 8),
  },
  /** `uint8 _collateralCount` */
  collateralCount: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000006",
    encode: (value: bigint): bigint => uintBits("collateralCount", value, 8),
    decode: (word: bigint): bigint => BigInt.asUintN(8, word),
    update: (word: bigint, value: bigint): bigint =>
      (word & 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff00n) |
      uintBits("collateralCount", value, 8),
  },
  /** `struct DebtCaps _debtCaps` */
  debtCaps: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000007",
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: DebtCapsWord): bigint =>
      uintBits("debtCaps.account", fields.account, 128) | (uintBits("debtCaps.total", fields.total, 128) << 128n),
    update: (word: bigint, fields: Partial<DebtCapsWord>): bigint => {
      let next = word;
      if (fields.account !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffff00000000000000000000000000000000n) |
          uintBits("debtCaps.account", fields.account, 128);
      if (fields.total !== undefined)
        next = (next & 0xffffffffffffffffffffffffffffffffn) | (uintBits("debtCaps.total", fields.total, 128) << 128n);
      return next;
    },
    decode: (word: bigint): DebtCapsWord => ({
      account: BigInt.asUintN(128, word),
      total: BigInt.asUintN(128, word >> 128n),
    }),
  },
} as const;

/** Topic 0 of each event of InstrumentRegistry. */
export const TOPICS = {
  AuthorityUpdated: "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad",
  CollateralSet: "0x69fc6379fbb5084ba23c91e8ce7dc209d8e738de28729b39acb028ad86608133",
  DebtCapsSet: "0xb42fe299aec436af412b53a6b10da9022eae70bc4ec61104e3e0dfb52ca68000",
  ExpirySettled: "0x3efc993565a61b711681b6eb74ca3d978bcab037af2de580d4eb39bcf087d2a7",
  InstrumentSet: "0x2fc113ef73290c42e630419c9cb7e1cb14fa164110061229b4ef19dcbd26d5a5",
  OptionListed: "0x2a0c5f43060c353a96222b7f8537bc8134cdfcaa3e2ec0084e5f4f3b70f7b5eb",
  VolatilitySet: "0xb84216e13c1ad10e91b4023c7b7c9b5db92708bb77e7dca351ed46a05711e920",
  WindDownPriceFixed: "0x5d7a46103311ef7432f2d8791fbd21b7e0bd298e228531256f8cbf8a39636eec",
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

/** `CollateralSet(uint8 indexed id, address indexed asset, uint16 feed, uint24 haircutPpm, uint8 decimals)` */
export interface CollateralSetEvent {
  readonly name: "CollateralSet";
  readonly id: bigint;
  readonly asset: Hex;
  readonly feed: bigint;
  readonly haircutPpm: bigint;
  readonly decimals: bigint;
}

/** Strictly decodes CollateralSet; throws {@link DecodeError}. */
export function decodeCollateralSet(log: LogData): CollateralSetEvent {
  checkLog("CollateralSet", log, "0x69fc6379fbb5084ba23c91e8ce7dc209d8e738de28729b39acb028ad86608133", 3, 3);
  const { topics, data } = log;
  return {
    name: "CollateralSet",
    id: readUint("CollateralSet", "id", topics[1] as Hex, 2, 8),
    asset: readAddress("CollateralSet", "asset", topics[2] as Hex, 2),
    feed: readUint("CollateralSet", "feed", data, 2, 16),
    haircutPpm: readUint("CollateralSet", "haircutPpm", data, 66, 24),
    decimals: readUint("CollateralSet", "decimals", data, 130, 8),
  };
}

/** `DebtCapsSet(uint128 account, uint128 total)` */
export interface DebtCapsSetEvent {
  readonly name: "DebtCapsSet";
  readonly account: bigint;
  readonly total: bigint;
}

/** Strictly decodes DebtCapsSet; throws {@link DecodeError}. */
export function decodeDebtCapsSet(log: LogData): DebtCapsSetEvent {
  checkLog("DebtCapsSet", log, "0xb42fe299aec436af412b53a6b10da9022eae70bc4ec61104e3e0dfb52ca68000", 1, 2);
  const { data } = log;
  return {
    name: "DebtCapsSet",
    account: readUint("DebtCapsSet", "account", data, 2, 128),
    total: readUint("DebtCapsSet", "total", data, 66, 128),
  };
}

/** `ExpirySettled(uint16 indexed instrument, uint128 price, uint40 settledAt, uint80 roundId)` */
export interface ExpirySettledEvent {
  readonly name: "ExpirySettled";
  readonly instrument: bigint;
  readonly price: bigint;
  readonly settledAt: bigint;
  readonly roundId: bigint;
}

/** Strictly decodes ExpirySettled; throws {@link DecodeError}. */
export function decodeExpirySettled(log: LogData): ExpirySettledEvent {
  checkLog("ExpirySettled", log, "0x3efc993565a61b711681b6eb74ca3d978bcab037af2de580d4eb39bcf087d2a7", 2, 3);
  const { topics, data } = log;
  return {
    name: "ExpirySettled",
    instrument: readUint("ExpirySettled", "instrument", topics[1] as Hex, 2, 16),
    price: readUint("ExpirySettled", "price", data, 2, 128),
    settledAt: readUint("ExpirySettled", "settledAt", data, 66, 40),
    roundId: readUint("ExpirySettled", "roundId", data, 130, 80),
  };
}

/** `InstrumentSet(uint16 indexed instrument, struct Instrument terms)` */
export interface InstrumentSetEvent {
  readonly name: "InstrumentSet";
  readonly instrument: bigint;
  readonly terms: {
    readonly kind: bigint;
    readonly feed: bigint;
    readonly initialPpm: bigint;
    readonly maintenancePpm: bigint;
    readonly priceBandPpm: bigint;
    readonly lagVolatilityPpm: bigint;
    readonly maxFundingPpm: bigint;
    readonly makerFeePpm: bigint;
    readonly takerFeePpm: bigint;
    readonly maxOpenInterest: bigint;
  };
}

/** Strictly decodes InstrumentSet; throws {@link DecodeError}. */
export function decodeInstrumentSet(log: LogData): InstrumentSetEvent {
  checkLog("InstrumentSet", log, "0x2fc113ef73290c42e630419c9cb7e1cb14fa164110061229b4ef19dcbd26d5a5", 2, 10);
  const { topics, data } = log;
  return {
    name: "InstrumentSet",
    instrument: readUint("InstrumentSet", "instrument", topics[1] as Hex, 2, 16),
    terms: {
      kind: readUint("InstrumentSet", "terms.kind", data, 2, 8),
      feed: readUint("InstrumentSet", "terms.feed", data, 66, 16),
      initialPpm: readUint("InstrumentSet", "terms.initialPpm", data, 130, 24),
      maintenancePpm: readUint("InstrumentSet", "terms.maintenancePpm", data, 194, 24),
      priceBandPpm: readUint("InstrumentSet", "terms.priceBandPpm", data, 258, 24),
      lagVolatilityPpm: readUint("InstrumentSet", "terms.lagVolatilityPpm", data, 322, 24),
      maxFundingPpm: readUint("InstrumentSet", "terms.maxFundingPpm", data, 386, 24),
      makerFeePpm: readUint("InstrumentSet", "terms.makerFeePpm", data, 450, 16),
      takerFeePpm: readUint("InstrumentSet", "terms.takerFeePpm", data, 514, 16),
      maxOpenInterest: readUint("InstrumentSet", "terms.maxOpenInterest", data, 578, 80),
    },
  };
}

/** `OptionListed(uint16 indexed instrument, uint128 strike, uint40 expiry, uint24 volatilityShockPpm)` */
export interface OptionListedEvent {
  readonly name: "OptionListed";
  readonly instrument: bigint;
  readonly strike: bigint;
  readonly expiry: bigint;
  readonly volatilityShockPpm: bigint;
}

/** Strictly decodes OptionListed; throws {@link DecodeError}. */
export function decodeOptionListed(log: LogData): OptionListedEvent {
  checkLog("OptionListed", log, "0x2a0c5f43060c353a96222b7f8537bc8134cdfcaa3e2ec0084e5f4f3b70f7b5eb", 2, 3);
  const { topics, data } = log;
  return {
    name: "OptionListed",
    instrument: readUint("OptionListed", "instrument", topics[1] as Hex, 2, 16),
    strike: readUint("OptionListed", "strike", data, 2, 128),
    expiry: readUint("OptionListed", "expiry", data, 66, 40),
    volatilityShockPpm: readUint("OptionListed", "volatilityShockPpm", data, 130, 24),
  };
}

/** `VolatilitySet(uint16 indexed instrument, uint32 volatilityPpm, uint32 volatilityAt)` */
export interface VolatilitySetEvent {
  readonly name: "VolatilitySet";
  readonly instrument: bigint;
  readonly volatilityPpm: bigint;
  readonly volatilityAt: bigint;
}

/** Strictly decodes VolatilitySet; throws {@link DecodeError}. */
export function decodeVolatilitySet(log: LogData): VolatilitySetEvent {
  checkLog("VolatilitySet", log, "0xb84216e13c1ad10e91b4023c7b7c9b5db92708bb77e7dca351ed46a05711e920", 2, 2);
  const { topics, data } = log;
  return {
    name: "VolatilitySet",
    instrument: readUint("VolatilitySet", "instrument", topics[1] as Hex, 2, 16),
    volatilityPpm: readUint("VolatilitySet", "volatilityPpm", data, 2, 32),
    volatilityAt: readUint("VolatilitySet", "volatilityAt", data, 66, 32),
  };
}

/** `WindDownPriceFixed(uint16 indexed instrument, uint128 price, uint40 settledAt, uint128 spot, uint40 time)` */
export interface WindDownPriceFixedEvent {
  readonly name: "WindDownPriceFixed";
  readonly instrument: bigint;
  readonly price: bigint;
  readonly settledAt: bigint;
  readonly spot: bigint;
  readonly time: bigint;
}

/** Strictly decodes WindDownPriceFixed; throws {@link DecodeError}. */
export function decodeWindDownPriceFixed(log: LogData): WindDownPriceFixedEvent {
  checkLog("WindDownPriceFixed", log, "0x5d7a46103311ef7432f2d8791fbd21b7e0bd298e228531256f8cbf8a39636eec", 2, 4);
  const { topics, data } = log;
  return {
    name: "WindDownPriceFixed",
    instrument: readUint("WindDownPriceFixed", "instrument", topics[1] as Hex, 2, 16),
    price: readUint("WindDownPriceFixed", "price", data, 2, 128),
    settledAt: readUint("WindDownPriceFixed", "settledAt", data, 66, 40),
    spot: readUint("WindDownPriceFixed", "spot", data, 130, 128),
    time: readUint("WindDownPriceFixed", "time", data, 194, 40),
  };
}

/** Any event of InstrumentRegistry. */
export type InstrumentRegistryEvent =
  | AuthorityUpdatedEvent
  | CollateralSetEvent
  | DebtCapsSetEvent
  | ExpirySettledEvent
  | InstrumentSetEvent
  | OptionListedEvent
  | VolatilitySetEvent
  | WindDownPriceFixedEvent;

/** Decodes a log by its topic 0; null when that is no event of InstrumentRegistry. Throws {@link DecodeError}. */
export function decodeEvent(log: LogData): InstrumentRegistryEvent | null {
  switch (log.topics[0]) {
    case "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad":
      return decodeAuthorityUpdated(log);
    case "0x69fc6379fbb5084ba23c91e8ce7dc209d8e738de28729b39acb028ad86608133":
      return decodeCollateralSet(log);
    case "0xb42fe299aec436af412b53a6b10da9022eae70bc4ec61104e3e0dfb52ca68000":
      return decodeDebtCapsSet(log);
    case "0x3efc993565a61b711681b6eb74ca3d978bcab037af2de580d4eb39bcf087d2a7":
      return decodeExpirySettled(log);
    case "0x2fc113ef73290c42e630419c9cb7e1cb14fa164110061229b4ef19dcbd26d5a5":
      return decodeInstrumentSet(log);
    case "0x2a0c5f43060c353a96222b7f8537bc8134cdfcaa3e2ec0084e5f4f3b70f7b5eb":
      return decodeOptionListed(log);
    case "0xb84216e13c1ad10e91b4023c7b7c9b5db92708bb77e7dca351ed46a05711e920":
      return decodeVolatilitySet(log);
    case "0x5d7a46103311ef7432f2d8791fbd21b7e0bd298e228531256f8cbf8a39636eec":
      return decodeWindDownPriceFixed(log);
    default:
      return null;
  }
}

/** Names of InstrumentRegistry's errors by selector. */
export const ERROR_SELECTORS: Readonly<Record<Hex, string>> = {
  "0xc2f31e5e": "AccessManagedInvalidAuthority",
  "0xaf77169d": "AccessManagedRequiredDelay",
  "0x068ca9d8": "AccessManagedUnauthorized",
  "0xd5ff1017": "InstrumentAlreadySettled",
  "0xed68c94e": "InstrumentBadBand",
  "0xbbdc775a": "InstrumentBadDecimals",
  "0x9b6274c4": "InstrumentBadExpiry",
  "0x076794fb": "InstrumentBadFee",
  "0xa82d82f2": "InstrumentBadFunding",
  "0xdc88f86b": "InstrumentBadHaircut",
  "0xae5ecbfb": "InstrumentBadLag",
  "0x33498988": "InstrumentBadMargin",
  "0x14af7a23": "InstrumentBadStrike",
  "0x83e5ab19": "InstrumentBadVolatility",
  "0x1eaede0d": "InstrumentExpiredBefore",
  "0x79ba1451": "InstrumentFeedFixed",
  "0x4ee26ea1": "InstrumentKindFixed",
  "0x973912f5": "InstrumentNotExpired",
  "0x45a71e84": "InstrumentNotOption",
  "0xe0773629": "InstrumentSettlementTooEarly",
  "0x66f8ec24": "InstrumentTooManyCollaterals",
  "0x00329ce4": "InstrumentUnknown",
  "0xebaa21a9": "InstrumentVolatilityStep",
  "0x0176659c": "InstrumentZero",
  "0x84a2afd5": "InstrumentZeroCap",
  "0x2f488000": "OptionPricingExpiryTooFar",
  "0xff547c62": "OptionPricingSpotOutOfRange",
  "0x936f602e": "OptionPricingStrikeOutOfRange",
  "0x32886f39": "OptionPricingVolatilityTooHigh",
};
