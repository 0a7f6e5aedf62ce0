// Generated from contracts/clearing/CollateralVault.sol; do not edit: npm run generate.
import type { Hash, Hex } from "../../lib/hex.ts";
import type { Layout } from "../layout/Layout.ts";
import { checkLog, readAddress, readFixedBytes, readUint, type LogData } from "../layout/readLog.ts";
import { addressSlot, addSlot, bytesSlot } from "../layout/slots.ts";
import { boolBits, hexBits, hexOf, uintBits } from "../layout/wordFields.ts";

/** State variables of CollateralVault, in storage order. */
export const VARIABLES = [
  "_authority",
  "_consumingSchedule",
  "_assets",
  "_flows",
  "_claims",
  "_limits",
  "_allowances",
  "_registrations",
  "_windDowns",
  "_claimsPaid",
] as const;

/** The storage layout of CollateralVault as data. */
export const LAYOUT: Layout = {
  contract: "CollateralVault",
  variables: [
    { label: "_authority", type: "address", slot: 0n, offset: 0, keyNames: [] },
    { label: "_consumingSchedule", type: "bool", slot: 0n, offset: 20, keyNames: [] },
    { label: "_assets", type: "mapping(address => struct Asset)", slot: 1n, offset: 0, keyNames: ["asset"] },
    {
      label: "_flows",
      type: "mapping(AccountId => mapping(address => struct Flow))",
      slot: 2n,
      offset: 0,
      keyNames: ["account", "asset"],
    },
    {
      label: "_claims",
      type: "mapping(AccountId => mapping(address => struct Claim))",
      slot: 3n,
      offset: 0,
      keyNames: ["account", "asset"],
    },
    { label: "_limits", type: "mapping(address => struct AssetLimits)", slot: 4n, offset: 0, keyNames: ["asset"] },
    {
      label: "_allowances",
      type: "mapping(address => struct RateLimiter.RefillingBucket)",
      slot: 5n,
      offset: 0,
      keyNames: ["asset"],
    },
    {
      label: "_registrations",
      type: "mapping(AccountId => mapping(address => struct Registration))",
      slot: 6n,
      offset: 0,
      keyNames: ["account", "asset"],
    },
    { label: "_windDowns", type: "mapping(address => struct WindDown)", slot: 7n, offset: 0, keyNames: ["asset"] },
    {
      label: "_claimsPaid",
      type: "mapping(AccountId => mapping(address => struct ClaimPaid))",
      slot: 8n,
      offset: 0,
      keyNames: ["account", "asset"],
    },
  ],
  types: {
    AccountId: { kind: "value", label: "AccountId", elementary: "bytes32", value: "bytes", bytes: 32 },
    address: { kind: "value", label: "address", elementary: "address", value: "address", bytes: 20 },
    bool: { kind: "value", label: "bool", elementary: "bool", value: "bool", bytes: 1 },
    bytes32: { kind: "value", label: "bytes32", elementary: "bytes32", value: "bytes", bytes: 32 },
    "mapping(AccountId => mapping(address => struct Claim))": {
      kind: "mapping",
      label: "mapping(AccountId => mapping(address => struct Claim))",
      key: "AccountId",
      value: "mapping(address => struct Claim)",
    },
    "mapping(AccountId => mapping(address => struct ClaimPaid))": {
      kind: "mapping",
      label: "mapping(AccountId => mapping(address => struct ClaimPaid))",
      key: "AccountId",
      value: "mapping(address => struct ClaimPaid)",
    },
    "mapping(AccountId => mapping(address => struct Flow))": {
      kind: "mapping",
      label: "mapping(AccountId => mapping(address => struct Flow))",
      key: "AccountId",
      value: "mapping(address => struct Flow)",
    },
    "mapping(AccountId => mapping(address => struct Registration))": {
      kind: "mapping",
      label: "mapping(AccountId => mapping(address => struct Registration))",
      key: "AccountId",
      value: "mapping(address => struct Registration)",
    },
    "mapping(address => struct Asset)": {
      kind: "mapping",
      label: "mapping(address => struct Asset)",
      key: "address",
      value: "struct Asset",
    },
    "mapping(address => struct AssetLimits)": {
      kind: "mapping",
      label: "mapping(address => struct AssetLimits)",
      key: "address",
      value: "struct AssetLimits",
    },
    "mapping(address => struct Claim)": {
      kind: "mapping",
      label: "mapping(address => struct Claim)",
      key: "address",
      value: "struct Claim",
    },
    "mapping(address => struct ClaimPaid)": {
      kind: "mapping",
      label: "mapping(address => struct ClaimPaid)",
      key: "address",
      value: "struct ClaimPaid",
    },
    "mapping(address => struct Flow)": {
      kind: "mapping",
      label: "mapping(address => struct Flow)",
      key: "address",
      value: "struct Flow",
    },
    "mapping(address => struct RateLimiter.RefillingBucket)": {
      kind: "mapping",
      label: "mapping(address => struct RateLimiter.RefillingBucket)",
      key: "address",
      value: "struct RateLimiter.RefillingBucket",
    },
    "mapping(address => struct Registration)": {
      kind: "mapping",
      label: "mapping(address => struct Registration)",
      key: "address",
      value: "struct Registration",
    },
    "mapping(address => struct WindDown)": {
      kind: "mapping",
      label: "mapping(address => struct WindDown)",
      key: "address",
      value: "struct WindDown",
    },
    "mapping(bytes32 => struct RateLimiter.RefillingBucketItem)": {
      kind: "mapping",
      label: "mapping(bytes32 => struct RateLimiter.RefillingBucketItem)",
      key: "bytes32",
      value: "struct RateLimiter.RefillingBucketItem",
    },
    "struct Asset": {
      kind: "struct",
      label: "struct Asset",
      slots: 1n,
      members: [
        { label: "held", type: "uint112", slot: 0n, offset: 0, keyNames: [] },
        { label: "level", type: "uint96", slot: 0n, offset: 14, keyNames: [] },
        { label: "levelAt", type: "uint40", slot: 0n, offset: 26, keyNames: [] },
        { label: "isListed", type: "bool", slot: 0n, offset: 31, keyNames: [] },
      ],
    },
    "struct AssetLimits": {
      kind: "struct",
      label: "struct AssetLimits",
      slots: 1n,
      members: [
        { label: "cap", type: "uint112", slot: 0n, offset: 0, keyNames: [] },
        { label: "outflowPpm", type: "uint32", slot: 0n, offset: 14, keyNames: [] },
        { label: "allowancePpm", type: "uint32", slot: 0n, offset: 18, keyNames: [] },
        { label: "period", type: "uint32", slot: 0n, offset: 22, keyNames: [] },
      ],
    },
    "struct Claim": {
      kind: "struct",
      label: "struct Claim",
      slots: 1n,
      members: [
        { label: "owed", type: "uint128", slot: 0n, offset: 0, keyNames: [] },
        { label: "paid", type: "uint128", slot: 0n, offset: 16, keyNames: [] },
      ],
    },
    "struct ClaimPaid": {
      kind: "struct",
      label: "struct ClaimPaid",
      slots: 1n,
      members: [
        { label: "claimed", type: "uint120", slot: 0n, offset: 0, keyNames: [] },
        { label: "isUsed", type: "bool", slot: 0n, offset: 15, keyNames: [] },
      ],
    },
    "struct Flow": {
      kind: "struct",
      label: "struct Flow",
      slots: 1n,
      members: [
        { label: "deposited", type: "uint104", slot: 0n, offset: 0, keyNames: [] },
        { label: "withdrawn", type: "uint104", slot: 0n, offset: 13, keyNames: [] },
        { label: "openedAt", type: "uint40", slot: 0n, offset: 26, keyNames: [] },
      ],
    },
    "struct RateLimiter.RefillingBucket": {
      kind: "struct",
      label: "struct RateLimiter.RefillingBucket",
      slots: 2n,
      members: [
        { label: "_capacity", type: "uint208", slot: 0n, offset: 0, keyNames: [] },
        { label: "_window", type: "uint48", slot: 0n, offset: 26, keyNames: [] },
        {
          label: "_items",
          type: "mapping(bytes32 => struct RateLimiter.RefillingBucketItem)",
          slot: 1n,
          offset: 0,
          keyNames: ["key"],
        },
      ],
    },
    "struct RateLimiter.RefillingBucketItem": {
      kind: "struct",
      label: "struct RateLimiter.RefillingBucketItem",
      slots: 1n,
      members: [
        { label: "_lastUsed", type: "uint208", slot: 0n, offset: 0, keyNames: [] },
        { label: "_lastTimepoint", type: "uint48", slot: 0n, offset: 26, keyNames: [] },
      ],
    },
    "struct Registration": {
      kind: "struct",
      label: "struct Registration",
      slots: 1n,
      members: [
        { label: "amount", type: "uint112", slot: 0n, offset: 0, keyNames: [] },
        { label: "paid", type: "uint112", slot: 0n, offset: 14, keyNames: [] },
        { label: "isPaid", type: "bool", slot: 0n, offset: 28, keyNames: [] },
        { label: "isUsed", type: "bool", slot: 0n, offset: 29, keyNames: [] },
      ],
    },
    "struct WindDown": {
      kind: "struct",
      label: "struct WindDown",
      slots: 1n,
      members: [
        { label: "registered", type: "uint112", slot: 0n, offset: 0, keyNames: [] },
        { label: "custody", type: "uint112", slot: 0n, offset: 14, keyNames: [] },
        { label: "isFixed", type: "bool", slot: 0n, offset: 28, keyNames: [] },
        { label: "isUsed", type: "bool", slot: 0n, offset: 29, keyNames: [] },
      ],
    },
    uint104: { kind: "value", label: "uint104", elementary: "uint104", value: "uint", bytes: 13 },
    uint112: { kind: "value", label: "uint112", elementary: "uint112", value: "uint", bytes: 14 },
    uint120: { kind: "value", label: "uint120", elementary: "uint120", value: "uint", bytes: 15 },
    uint128: { kind: "value", label: "uint128", elementary: "uint128", value: "uint", bytes: 16 },
    uint208: { kind: "value", label: "uint208", elementary: "uint208", value: "uint", bytes: 26 },
    uint32: { kind: "value", label: "uint32", elementary: "uint32", value: "uint", bytes: 4 },
    uint40: { kind: "value", label: "uint40", elementary: "uint40", value: "uint", bytes: 5 },
    uint48: { kind: "value", label: "uint48", elementary: "uint48", value: "uint", bytes: 6 },
    uint96: { kind: "value", label: "uint96", elementary: "uint96", value: "uint", bytes: 12 },
  },
};

/** A word of `word0`, low-order field first. */
export interface Word0 {
  /** address */ readonly authority: Hex;
  /** bool */ readonly consumingSchedule: boolean;
}

/** A word of `assets`, low-order field first. */
export interface AssetsWord {
  /** uint112 */ readonly held: bigint;
  /** uint96 */ readonly level: bigint;
  /** uint40 */ readonly levelAt: bigint;
  /** bool */ readonly isListed: boolean;
}

/** A word of `flows`, low-order field first. */
export interface FlowsWord {
  /** uint104 */ readonly deposited: bigint;
  /** uint104 */ readonly withdrawn: bigint;
  /** uint40 */ readonly openedAt: bigint;
}

/** A word of `claims`, low-order field first. */
export interface ClaimsWord {
  /** uint128 */ readonly owed: bigint;
  /** uint128 */ readonly paid: bigint;
}

/** A word of `limits`, low-order field first. */
export interface LimitsWord {
  /** uint112 */ readonly cap: bigint;
  /** uint32 */ readonly outflowPpm: bigint;
  /** uint32 */ readonly allowancePpm: bigint;
  /** uint32 */ readonly period: bigint;
}

/** A word of `allowances.word0`, low-order field first. */
export interface AllowancesWord0 {
  /** uint208 */ readonly capacity: bigint;
  /** uint48 */ readonly window: bigint;
}

/** A word of `allowances.items`, low-order field first. */
export interface AllowancesItemsWord {
  /** uint208 */ readonly lastUsed: bigint;
  /** uint48 */ readonly lastTimepoint: bigint;
}

/** A word of `registrations`, low-order field first. */
export interface RegistrationsWord {
  /** uint112 */ readonly amount: bigint;
  /** uint112 */ readonly paid: bigint;
  /** bool */ readonly isPaid: boolean;
  /** bool */ readonly isUsed: boolean;
}

/** A word of `windDowns`, low-order field first. */
export interface WindDownsWord {
  /** uint112 */ readonly registered: bigint;
  /** uint112 */ readonly custody: bigint;
  /** bool */ readonly isFixed: boolean;
  /** bool */ readonly isUsed: boolean;
}

/** A word of `claimsPaid`, low-order field first. */
export interface ClaimsPaidWord {
  /** uint120 */ readonly claimed: bigint;
  /** bool */ readonly isUsed: boolean;
}

/** Slots and packing of CollateralVault, by variable. */
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
  /** `mapping(address => struct Asset) _assets` */
  assets: {
    slot: (asset: Hex): Hash =>
      addressSlot("assets[asset]", "0x0000000000000000000000000000000000000000000000000000000000000001", asset),
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: AssetsWord): bigint =>
      uintBits("assets.held", fields.held, 112) |
      (uintBits("assets.level", fields.level, 96) << 112n) |
      (uintBits("assets.levelAt", fields.levelAt, 40) << 208n) |
      (boolBits(fields.isListed) << 248n),
    update: (word: bigint, fields: Partial<AssetsWord>): bigint => {
      let next = word;
      if (fields.held !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffff0000000000000000000000000000n) |
          uintBits("assets.held", fields.held, 112);
      if (fields.level !== undefined)
        next =
          (next & 0xffffffffffff000000000000000000000000ffffffffffffffffffffffffffffn) |
          (uintBits("assets.level", fields.level, 96) << 112n);
      if (fields.levelAt !== undefined)
        next =
          (next & 0xff0000000000ffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("assets.levelAt", fields.levelAt, 40) << 208n);
      if (fields.isListed !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
          (boolBits(fields.isListed) << 248n);
      return next;
    },
    decode: (word: bigint): AssetsWord => ({
      held: BigInt.asUintN(112, word),
      level: BigInt.asUintN(96, word >> 112n),
      levelAt: BigInt.asUintN(40, word >> 208n),
      isListed: BigInt.asUintN(8, word >> 248n) !== 0n,
    }),
  },
  /** `mapping(AccountId => mapping(address => struct Flow)) _flows` */
  flows: {
    slot: (account: Hex, asset: Hex): Hash =>
      addressSlot(
        "flows[asset]",
        bytesSlot("flows[account]", "0x0000000000000000000000000000000000000000000000000000000000000002", account, 32),
        asset,
      ),
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: FlowsWord): bigint =>
      uintBits("flows.deposited", fields.deposited, 104) |
      (uintBits("flows.withdrawn", fields.withdrawn, 104) << 104n) |
      (uintBits("flows.openedAt", fields.openedAt, 40) << 208n),
    update: (word: bigint, fields: Partial<FlowsWord>): bigint => {
      let next = word;
      if (fields.deposited !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffff00000000000000000000000000n) |
          uintBits("flows.deposited", fields.deposited, 104);
      if (fields.withdrawn !== undefined)
        next =
          (next & 0xffffffffffff00000000000000000000000000ffffffffffffffffffffffffffn) |
          (uintBits("flows.withdrawn", fields.withdrawn, 104) << 104n);
      if (fields.openedAt !== undefined)
        next =
          (next & 0xff0000000000ffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("flows.openedAt", fields.openedAt, 40) << 208n);
      return next;
    },
    decode: (word: bigint): FlowsWord => ({
      deposited: BigInt.asUintN(104, word),
      withdrawn: BigInt.asUintN(104, word >> 104n),
      openedAt: BigInt.asUintN(40, word >> 208n),
    }),
  },
  /** `mapping(AccountId => mapping(address => struct Claim)) _claims` */
  claims: {
    slot: (account: Hex, asset: Hex): Hash =>
      addressSlot(
        "claims[asset]",
        bytesSlot("claims[account]", "0x0000000000000000000000000000000000000000000000000000000000000003", account, 32),
        asset,
      ),
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: ClaimsWord): bigint =>
      uintBits("claims.owed", fields.owed, 128) | (uintBits("claims.paid", fields.paid, 128) << 128n),
    update: (word: bigint, fields: Partial<ClaimsWord>): bigint => {
      let next = word;
      if (fields.owed !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffff00000000000000000000000000000000n) |
          uintBits("claims.owed", fields.owed, 128);
      if (fields.paid !== undefined)
        next = (next & 0xffffffffffffffffffffffffffffffffn) | (uintBits("claims.paid", fields.paid, 128) << 128n);
      return next;
    },
    decode: (word: bigint): ClaimsWord => ({
      owed: BigInt.asUintN(128, word),
      paid: BigInt.asUintN(128, word >> 128n),
    }),
  },
  /** `mapping(address => struct AssetLimits) _limits` */
  limits: {
    slot: (asset: Hex): Hash =>
      addressSlot("limits[asset]", "0x0000000000000000000000000000000000000000000000000000000000000004", asset),
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: LimitsWord): bigint =>
      uintBits("limits.cap", fields.cap, 112) |
      (uintBits("limits.outflowPpm", fields.outflowPpm, 32) << 112n) |
      (uintBits("limits.allowancePpm", fields.allowancePpm, 32) << 144n) |
      (uintBits("limits.period", fields.period, 32) << 176n),
    update: (word: bigint, fields: Partial<LimitsWord>): bigint => {
      let next = word;
      if (fields.cap !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffff0000000000000000000000000000n) |
          uintBits("limits.cap", fields.cap, 112);
      if (fields.outflowPpm !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffff00000000ffffffffffffffffffffffffffffn) |
          (uintBits("limits.outflowPpm", fields.outflowPpm, 32) << 112n);
      if (fields.allowancePpm !== undefined)
        next =
          (next & 0xffffffffffffffffffff00000000ffffffffffffffffffffffffffffffffffffn) |
          (uintBits("limits.allowancePpm", fields.allowancePpm, 32) << 144n);
      if (fields.period !== undefined)
        next =
          (next & 0xffffffffffff00000000ffffffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("limits.period", fields.period, 32) << 176n);
      return next;
    },
    decode: (word: bigint): LimitsWord => ({
      cap: BigInt.asUintN(112, word),
      outflowPpm: BigInt.asUintN(32, word >> 112n),
      allowancePpm: BigInt.asUintN(32, word >> 144n),
      period: BigInt.asUintN(32, word >> 176n),
    }),
  },
  /** `mapping(address => struct RateLimiter.RefillingBucket) _allowances` */
  allowances: {
    /** `uint208 _capacity`, `uint48 _window` */
    word0: {
      slot: (asset: Hex): Hash =>
        addressSlot("allowances[asset]", "0x0000000000000000000000000000000000000000000000000000000000000005", asset),
      mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
      encode: (fields: AllowancesWord0): bigint =>
        uintBits("allowances.word0.capacity", fields.capacity, 208) |
        (uintBits("allowances.word0.window", fields.window, 48) << 208n),
      update: (word: bigint, fields: Partial<AllowancesWord0>): bigint => {
        let next = word;
        if (fields.capacity !== undefined)
          next =
            (next & 0xffffffffffff0000000000000000000000000000000000000000000000000000n) |
            uintBits("allowances.word0.capacity", fields.capacity, 208);
        if (fields.window !== undefined)
          next =
            (next & 0xffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
            (uintBits("allowances.word0.window", fields.window, 48) << 208n);
        return next;
      },
      decode: (word: bigint): AllowancesWord0 => ({
        capacity: BigInt.asUintN(208, word),
        window: BigInt.asUintN(48, word >> 208n),
      }),
    },
    /** `mapping(bytes32 => struct RateLimiter.RefillingBucketItem) _items` */
    items: {
      slot: (asset: Hex, key: Hex): Hash =>
        bytesSlot(
          "allowances.items[key]",
          addSlot(
            addressSlot(
              "allowances[asset]",
              "0x0000000000000000000000000000000000000000000000000000000000000005",
              asset,
            ),
            1n,
          ),
          key,
          32,
        ),
      mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
      encode: (fields: AllowancesItemsWord): bigint =>
        uintBits("allowances.items.lastUsed", fields.lastUsed, 208) |
        (uintBits("allowances.items.lastTimepoint", fields.lastTimepoint, 48) << 208n),
      update: (word: bigint, fields: Partial<AllowancesItemsWord>): bigint => {
        let next = word;
        if (fields.lastUsed !== undefined)
          next =
            (next & 0xffffffffffff0000000000000000000000000000000000000000000000000000n) |
            uintBits("allowances.items.lastUsed", fields.lastUsed, 208);
        if (fields.lastTimepoint !== undefined)
          next =
            (next & 0xffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
            (uintBits("allowances.items.lastTimepoint", fields.lastTimepoint, 48) << 208n);
        return next;
      },
      decode: (word: bigint): AllowancesItemsWord => ({
        lastUsed: BigInt.asUintN(208, word),
        lastTimepoint: BigInt.asUintN(48, word >> 208n),
      }),
    },
  },
  /** `mapping(AccountId => mapping(address => struct Registration)) _registrations` */
  registrations: {
    slot: (account: Hex, asset: Hex): Hash =>
      addressSlot(
        "registrations[asset]",
        bytesSlot(
          "registrations[account]",
          "0x0000000000000000000000000000000000000000000000000000000000000006",
          account,
          32,
        ),
        asset,
      ),
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: RegistrationsWord): bigint =>
      uintBits("registrations.amount", fields.amount, 112) |
      (uintBits("registrations.paid", fields.paid, 112) << 112n) |
      (boolBits(fields.isPaid) << 224n) |
      (boolBits(fields.isUsed) << 232n),
    update: (word: bigint, fields: Partial<RegistrationsWord>): bigint => {
      let next = word;
      if (fields.amount !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffff0000000000000000000000000000n) |
          uintBits("registrations.amount", fields.amount, 112);
      if (fields.paid !== undefined)
        next =
          (next & 0xffffffff0000000000000000000000000000ffffffffffffffffffffffffffffn) |
          (uintBits("registrations.paid", fields.paid, 112) << 112n);
      if (fields.isPaid !== undefined)
        next =
          (next & 0xffffff00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
          (boolBits(fields.isPaid) << 224n);
      if (fields.isUsed !== undefined)
        next =
          (next & 0xffff00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
          (boolBits(fields.isUsed) << 232n);
      return next;
    },
    decode: (word: bigint): RegistrationsWord => ({
      amount: BigInt.asUintN(112, word),
      paid: BigInt.asUintN(112, word >> 112n),
      isPaid: BigInt.asUintN(8, word >> 224n) !== 0n,
      isUsed: BigInt.asUintN(8, word >> 232n) !== 0n,
    }),
  },
  /** `mapping(address => struct WindDown) _windDowns` */
  windDowns: {
    slot: (asset: Hex): Hash =>
      addressSlot("windDowns[asset]", "0x0000000000000000000000000000000000000000000000000000000000000007", asset),
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: WindDownsWord): bigint =>
      uintBits("windDowns.registered", fields.registered, 112) |
      (uintBits("windDowns.custody", fields.custody, 112) << 112n) |
      (boolBits(fields.isFixed) << 224n) |
      (boolBits(fields.isUsed) << 232n),
    update: (word: bigint, fields: Partial<WindDownsWord>): bigint => {
      let next = word;
      if (fields.registered !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffff0000000000000000000000000000n) |
          uintBits("windDowns.registered", fields.registered, 112);
      if (fields.custody !== undefined)
        next =
          (next & 0xffffffff0000000000000000000000000000ffffffffffffffffffffffffffffn) |
          (uintBits("windDowns.custody", fields.custody, 112) << 112n);
      if (fields.isFixed !== undefined)
        next =
          (next & 0xffffff00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
          (boolBits(fields.isFixed) << 224n);
      if (fields.isUsed !== undefined)
        next =
          (next & 0xffff00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
          (boolBits(fields.isUsed) << 232n);
      return next;
    },
    decode: (word: bigint): WindDownsWord => ({
      registered: BigInt.asUintN(112, word),
      custody: BigInt.asUintN(112, word >> 112n),
      isFixed: BigInt.asUintN(8, word >> 224n) !== 0n,
      isUsed: BigInt.asUintN(8, word >> 232n) !== 0n,
    }),
  },
  /** `mapping(AccountId => mapping(address => struct ClaimPaid)) _claimsPaid` */
  claimsPaid: {
    slot: (account: Hex, asset: Hex): Hash =>
      addressSlot(
        "claimsPaid[asset]",
        bytesSlot(
          "claimsPaid[account]",
          "0x0000000000000000000000000000000000000000000000000000000000000008",
          account,
          32,
        ),
        asset,
      ),
    mask: 0xffffffffffffffffffffffffffffffffn,
    encode: (fields: ClaimsPaidWord): bigint =>
      uintBits("claimsPaid.claimed", fields.claimed, 120) | (boolBits(fields.isUsed) << 120n),
    update: (word: bigint, fields: Partial<ClaimsPaidWord>): bigint => {
      let next = word;
      if (fields.claimed !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffff000000000000000000000000000000n) |
          uintBits("claimsPaid.claimed", fields.claimed, 120);
      if (fields.isUsed !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffff00ffffffffffffffffffffffffffffffn) |
          (boolBits(fields.isUsed) << 120n);
      return next;
    },
    decode: (word: bigint): ClaimsPaidWord => ({
      claimed: BigInt.asUintN(120, word),
      isUsed: BigInt.asUintN(8, word >> 120n) !== 0n,
    }),
  },
} as const;

/** Topic 0 of each event of CollateralVault. */
export const TOPICS = {
  AssetListed: "0x607b58c9841b1a746f474c19f0559123b4cfa10558dc0e917e1184a757585520",
  AuthorityUpdated: "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad",
  ClaimKept: "0x8464cc6492273e179fe74695e74c026567fd5522aae0fde99e44049447486174",
  ClaimRegistered: "0x47c64dbf5569769dabb60d44a1575c7c0869eb5026f1ef87e7f6f1156bd4b345",
  Claimed: "0xf432d6b21d656ef028922c141bfb7d81980f730cd8e2f2758087af90f4b87055",
  Deposited: "0x9c954324b50abec5a03a76c850f15af1f4633fabbae3b3ea308fafcd04a3b3c8",
  LimitsSet: "0x1ad3cc425a6d885117565b01544f00d671be45b10944008ad410c41920220be8",
  RegistrationPaid: "0x00e19254bd05fd4c706aa551d61d47b15f066333f591b50f489bb07310a7d40a",
  Withdrawn: "0xc481188cdf5cf10d5e9274566c949444215494b4f63a52c54fb68245b1e1d724",
  WordRepaired: "0xc5432e833a2a3ec2c8a5cd7c01feb93495cef2a652170224858fcaae615ea778",
} as const;

/** `AssetListed(address indexed asset, uint40 levelAt)` */
export interface AssetListedEvent {
  readonly name: "AssetListed";
  readonly asset: Hex;
  readonly levelAt: bigint;
}

/** Strictly decodes AssetListed; throws {@link DecodeError}. */
export function decodeAssetListed(log: LogData): AssetListedEvent {
  checkLog("AssetListed", log, "0x607b58c9841b1a746f474c19f0559123b4cfa10558dc0e917e1184a757585520", 2, 1);
  const { topics, data } = log;
  return {
    name: "AssetListed",
    asset: readAddress("AssetListed", "asset", topics[1] as Hex, 2),
    levelAt: readUint("AssetListed", "levelAt", data, 2, 40),
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

/** `ClaimKept(AccountId indexed account, address indexed asset, uint256 amount, uint128 owed, uint112 held)` */
export interface ClaimKeptEvent {
  readonly name: "ClaimKept";
  readonly account: Hex;
  readonly asset: Hex;
  readonly amount: bigint;
  readonly owed: bigint;
  readonly held: bigint;
}

/** Strictly decodes ClaimKept; throws {@link DecodeError}. */
export function decodeClaimKept(log: LogData): ClaimKeptEvent {
  checkLog("ClaimKept", log, "0x8464cc6492273e179fe74695e74c026567fd5522aae0fde99e44049447486174", 3, 3);
  const { topics, data } = log;
  return {
    name: "ClaimKept",
    account: readFixedBytes("ClaimKept", "account", topics[1] as Hex, 2, 32),
    asset: readAddress("ClaimKept", "asset", topics[2] as Hex, 2),
    amount: readUint("ClaimKept", "amount", data, 2, 256),
    owed: readUint("ClaimKept", "owed", data, 66, 128),
    held: readUint("ClaimKept", "held", data, 130, 112),
  };
}

/** `ClaimRegistered(AccountId indexed account, address indexed asset, uint112 amount, uint112 registered)` */
export interface ClaimRegisteredEvent {
  readonly name: "ClaimRegistered";
  readonly account: Hex;
  readonly asset: Hex;
  readonly amount: bigint;
  readonly registered: bigint;
}

/** Strictly decodes ClaimRegistered; throws {@link DecodeError}. */
export function decodeClaimRegistered(log: LogData): ClaimRegisteredEvent {
  checkLog("ClaimRegistered", log, "0x47c64dbf5569769dabb60d44a1575c7c0869eb5026f1ef87e7f6f1156bd4b345", 3, 2);
  const { topics, data } = log;
  return {
    name: "ClaimRegistered",
    account: readFixedBytes("ClaimRegistered", "account", topics[1] as Hex, 2, 32),
    asset: readAddress("ClaimRegistered", "asset", topics[2] as Hex, 2),
    amount: readUint("ClaimRegistered", "amount", data, 2, 112),
    registered: readUint("ClaimRegistered", "registered", data, 66, 112),
  };
}

/** `Claimed(AccountId indexed account, address indexed asset, address to, uint256 amount, uint128 paid, uint120 claimed, uint112 held)` */
export interface ClaimedEvent {
  readonly name: "Claimed";
  readonly account: Hex;
  readonly asset: Hex;
  readonly to: Hex;
  readonly amount: bigint;
  readonly paid: bigint;
  readonly claimed: bigint;
  readonly held: bigint;
}

/** Strictly decodes Claimed; throws {@link DecodeError}. */
export function decodeClaimed(log: LogData): ClaimedEvent {
  checkLog("Claimed", log, "0xf432d6b21d656ef028922c141bfb7d81980f730cd8e2f2758087af90f4b87055", 3, 5);
  const { topics, data } = log;
  return {
    name: "Claimed",
    account: readFixedBytes("Claimed", "account", topics[1] as Hex, 2, 32),
    asset: readAddress("Claimed", "asset", topics[2] as Hex, 2),
    to: readAddress("Claimed", "to", data, 2),
    amount: readUint("Claimed", "amount", data, 66, 256),
    paid: readUint("Claimed", "paid", data, 130, 128),
    claimed: readUint("Claimed", "claimed", data, 194, 120),
    held: readUint("Claimed", "held", data, 258, 112),
  };
}

/** `Deposited(AccountId indexed account, address indexed asset, address payer, uint256 amount, uint112 held, uint96 level)` */
export interface DepositedEvent {
  readonly name: "Deposited";
  readonly account: Hex;
  readonly asset: Hex;
  readonly payer: Hex;
  readonly amount: bigint;
  readonly held: bigint;
  readonly level: bigint;
}

/** Strictly decodes Deposited; throws {@link DecodeError}. */
export function decodeDeposited(log: LogData): DepositedEvent {
  checkLog("Deposited", log, "0x9c954324b50abec5a03a76c850f15af1f4633fabbae3b3ea308fafcd04a3b3c8", 3, 4);
  const { topics, data } = log;
  return {
    name: "Deposited",
    account: readFixedBytes("Deposited", "account", topics[1] as Hex, 2, 32),
    asset: readAddress("Deposited", "asset", topics[2] as Hex, 2),
    payer: readAddress("Deposited", "payer", data, 2),
    amount: readUint("Deposited", "amount", data, 66, 256),
    held: readUint("Deposited", "held", data, 130, 112),
    level: readUint("Deposited", "level", data, 194, 96),
  };
}

/** `LimitsSet(address indexed asset, uint112 cap, uint32 outflowPpm, uint32 allowancePpm, uint32 period, uint96 level, uint40 levelAt)` */
export interface LimitsSetEvent {
  readonly name: "LimitsSet";
  readonly asset: Hex;
  readonly cap: bigint;
  readonly outflowPpm: bigint;
  readonly allowancePpm: bigint;
  readonly period: bigint;
  readonly level: bigint;
  readonly levelAt: bigint;
}

/** Strictly decodes LimitsSet; throws {@link DecodeError}. */
export function decodeLimitsSet(log: LogData): LimitsSetEvent {
  checkLog("LimitsSet", log, "0x1ad3cc425a6d885117565b01544f00d671be45b10944008ad410c41920220be8", 2, 6);
  const { topics, data } = log;
  return {
    name: "LimitsSet",
    asset: readAddress("LimitsSet", "asset", topics[1] as Hex, 2),
    cap: readUint("LimitsSet", "cap", data, 2, 112),
    outflowPpm: readUint("LimitsSet", "outflowPpm", data, 66, 32),
    allowancePpm: readUint("LimitsSet", "allowancePpm", data, 130, 32),
    period: readUint("LimitsSet", "period", data, 194, 32),
    level: readUint("LimitsSet", "level", data, 258, 96),
    levelAt: readUint("LimitsSet", "levelAt", data, 322, 40),
  };
}

/** `RegistrationPaid(AccountId indexed account, address indexed asset, address to, uint112 paid, uint112 custody, uint112 held)` */
export interface RegistrationPaidEvent {
  readonly name: "RegistrationPaid";
  readonly account: Hex;
  readonly asset: Hex;
  readonly to: Hex;
  readonly paid: bigint;
  readonly custody: bigint;
  readonly held: bigint;
}

/** Strictly decodes RegistrationPaid; throws {@link DecodeError}. */
export function decodeRegistrationPaid(log: LogData): RegistrationPaidEvent {
  checkLog("RegistrationPaid", log, "0x00e19254bd05fd4c706aa551d61d47b15f066333f591b50f489bb07310a7d40a", 3, 4);
  const { topics, data } = log;
  return {
    name: "RegistrationPaid",
    account: readFixedBytes("RegistrationPaid", "account", topics[1] as Hex, 2, 32),
    asset: readAddress("RegistrationPaid", "asset", topics[2] as Hex, 2),
    to: readAddress("RegistrationPaid", "to", data, 2),
    paid: readUint("RegistrationPaid", "paid", data, 66, 112),
    custody: readUint("RegistrationPaid", "custody", data, 130, 112),
    held: readUint("RegistrationPaid", "held", data, 194, 112),
  };
}

/** `Withdrawn(AccountId indexed account, address indexed asset, address to, uint256 amount, uint120 withdrawn, uint208 allowanceUsed, uint112 held, uint96 level)` */
export interface WithdrawnEvent {
  readonly name: "Withdrawn";
  readonly account: Hex;
  readonly asset: Hex;
  readonly to: Hex;
  readonly amount: bigint;
  readonly withdrawn: bigint;
  readonly allowanceUsed: bigint;
  readonly held: bigint;
  readonly level: bigint;
}

/** Strictly decodes Withdrawn; throws {@link DecodeError}. */
export function decodeWithdrawn(log: LogData): WithdrawnEvent {
  checkLog("Withdrawn", log, "0xc481188cdf5cf10d5e9274566c949444215494b4f63a52c54fb68245b1e1d724", 3, 6);
  const { topics, data } = log;
  return {
    name: "Withdrawn",
    account: readFixedBytes("Withdrawn", "account", topics[1] as Hex, 2, 32),
    asset: readAddress("Withdrawn", "asset", topics[2] as Hex, 2),
    to: readAddress("Withdrawn", "to", data, 2),
    amount: readUint("Withdrawn", "amount", data, 66, 256),
    withdrawn: readUint("Withdrawn", "withdrawn", data, 130, 120),
    allowanceUsed: readUint("Withdrawn", "allowanceUsed", data, 194, 208),
    held: readUint("Withdrawn", "held", data, 258, 112),
    level: readUint("Withdrawn", "level", data, 322, 96),
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

/** Any event of CollateralVault. */
export type CollateralVaultEvent =
  | AssetListedEvent
  | AuthorityUpdatedEvent
  | ClaimKeptEvent
  | ClaimRegisteredEvent
  | ClaimedEvent
  | DepositedEvent
  | LimitsSetEvent
  | RegistrationPaidEvent
  | WithdrawnEvent
  | WordRepairedEvent;

/** Decodes a log by its topic 0; null when that is no event of CollateralVault. Throws {@link DecodeError}. */
export function decodeEvent(log: LogData): CollateralVaultEvent | null {
  switch (log.topics[0]) {
    case "0x607b58c9841b1a746f474c19f0559123b4cfa10558dc0e917e1184a757585520":
      return decodeAssetListed(log);
    case "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad":
      return decodeAuthorityUpdated(log);
    case "0x8464cc6492273e179fe74695e74c026567fd5522aae0fde99e44049447486174":
      return decodeClaimKept(log);
    case "0x47c64dbf5569769dabb60d44a1575c7c0869eb5026f1ef87e7f6f1156bd4b345":
      return decodeClaimRegistered(log);
    case "0xf432d6b21d656ef028922c141bfb7d81980f730cd8e2f2758087af90f4b87055":
      return decodeClaimed(log);
    case "0x9c954324b50abec5a03a76c850f15af1f4633fabbae3b3ea308fafcd04a3b3c8":
      return decodeDeposited(log);
    case "0x1ad3cc425a6d885117565b01544f00d671be45b10944008ad410c41920220be8":
      return decodeLimitsSet(log);
    case "0x00e19254bd05fd4c706aa551d61d47b15f066333f591b50f489bb07310a7d40a":
      return decodeRegistrationPaid(log);
    case "0xc481188cdf5cf10d5e9274566c949444215494b4f63a52c54fb68245b1e1d724":
      return decodeWithdrawn(log);
    case "0xc5432e833a2a3ec2c8a5cd7c01feb93495cef2a652170224858fcaae615ea778":
      return decodeWordRepaired(log);
    default:
      return null;
  }
}

/** Names of CollateralVault's errors by selector. */
export const ERROR_SELECTORS: Readonly<Record<Hex, string>> = {
  "0xc2f31e5e": "AccessManagedInvalidAuthority",
  "0xaf77169d": "AccessManagedRequiredDelay",
  "0x068ca9d8": "AccessManagedUnauthorized",
  "0xfab11d06": "RepairForbidden",
  "0x41aed728": "RepairNotGuard",
  "0xd06bee61": "RepairUnexpected",
  "0xcb07a49c": "RepairZeroValue",
  "0x6dfcc650": "SafeCastOverflowedUintDowncast",
  "0x5274afe7": "SafeERC20FailedOperation",
  "0x3d7cd26a": "VaultAboveCap",
  "0x329d815a": "VaultAboveWitnessed",
  "0x04f231c2": "VaultAlreadyListed",
  "0xc3cf5e86": "VaultBadLimits",
  "0xb2f352b9": "VaultClaimsRestricted",
  "0x8804748b": "VaultCustodyShort",
  "0x203f5d01": "VaultFundAccount",
  "0xf80fb767": "VaultNotOwner",
  "0xffc09a28": "VaultNotWindDown",
  "0x3b3875b1": "VaultNothingReceived",
  "0x8d7aafe3": "VaultNothingRegistered",
  "0x25d04b19": "VaultNothingToClaim",
  "0x950ab8c1": "VaultOutflowLimited",
  "0x051c4e3b": "VaultReentered",
  "0xdc4b3232": "VaultRegistrationClosed",
  "0xf1056b8c": "VaultRegistrationOpen",
  "0x439dfb5e": "VaultTookMore",
  "0xd1b1a694": "VaultUnlistedAsset",
  "0x630d83d8": "VaultUnsupportedDecimals",
  "0xd1a63c4f": "VaultWindDown",
  "0x2d1290f2": "VaultWrongWitness",
  "0xe44a0eef": "VaultZeroAddress",
  "0xa3e24d66": "VaultZeroAmount",
};
