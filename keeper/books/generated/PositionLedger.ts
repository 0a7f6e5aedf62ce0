// Generated from contracts/clearing/PositionLedger.sol; do not edit: npm run generate.
import type { Hash, Hex } from "../../lib/hex.ts";
import type { Layout } from "../layout/Layout.ts";
import { checkLog, readAddress, readBool, readFixedBytes, readInt, readUint, type LogData } from "../layout/readLog.ts";
import { addressSlot, addSlot, bytesSlot, uintSlot } from "../layout/slots.ts";
import { boolBits, hexBits, hexOf, intBits, uintBits } from "../layout/wordFields.ts";

/** State variables of PositionLedger, in storage order. */
export const VARIABLES = [
  "_hot",
  "_accounts",
  "_positions",
  "_openIds",
  "_collateral",
  "_markets",
  "_clearingSizes",
  "_debts",
  "_totalDebt",
  "_modules",
] as const;

/** The storage layout of PositionLedger as data. */
export const LAYOUT: Layout = {
  contract: "PositionLedger",
  variables: [
    { label: "_hot", type: "struct HotWord", slot: 0n, offset: 0, keyNames: [] },
    { label: "_accounts", type: "mapping(AccountId => struct Account)", slot: 1n, offset: 0, keyNames: ["account"] },
    {
      label: "_positions",
      type: "mapping(AccountId => mapping(uint16 => struct PositionWord))",
      slot: 2n,
      offset: 0,
      keyNames: ["account", "instrument"],
    },
    {
      label: "_openIds",
      type: "mapping(AccountId => mapping(uint256 => uint256))",
      slot: 3n,
      offset: 0,
      keyNames: ["account", "page"],
    },
    {
      label: "_collateral",
      type: "mapping(AccountId => mapping(address => struct Collateral))",
      slot: 4n,
      offset: 0,
      keyNames: ["account", "asset"],
    },
    { label: "_markets", type: "mapping(uint16 => struct Market)", slot: 5n, offset: 0, keyNames: ["instrument"] },
    {
      label: "_clearingSizes",
      type: "mapping(uint16 => struct ClearingSize)",
      slot: 6n,
      offset: 0,
      keyNames: ["instrument"],
    },
    { label: "_debts", type: "mapping(AccountId => struct Debt)", slot: 7n, offset: 0, keyNames: ["account"] },
    { label: "_totalDebt", type: "struct Debt", slot: 8n, offset: 0, keyNames: [] },
    { label: "_modules", type: "struct Modules", slot: 9n, offset: 0, keyNames: [] },
  ],
  types: {
    AccountId: { kind: "value", label: "AccountId", elementary: "bytes32", value: "bytes", bytes: 32 },
    Flags: { kind: "value", label: "Flags", elementary: "uint8", value: "uint", bytes: 1 },
    address: { kind: "value", label: "address", elementary: "address", value: "address", bytes: 20 },
    bool: { kind: "value", label: "bool", elementary: "bool", value: "bool", bytes: 1 },
    int112: { kind: "value", label: "int112", elementary: "int112", value: "int", bytes: 14 },
    int128: { kind: "value", label: "int128", elementary: "int128", value: "int", bytes: 16 },
    int32: { kind: "value", label: "int32", elementary: "int32", value: "int", bytes: 4 },
    int96: { kind: "value", label: "int96", elementary: "int96", value: "int", bytes: 12 },
    "mapping(AccountId => mapping(address => struct Collateral))": {
      kind: "mapping",
      label: "mapping(AccountId => mapping(address => struct Collateral))",
      key: "AccountId",
      value: "mapping(address => struct Collateral)",
    },
    "mapping(AccountId => mapping(uint16 => struct PositionWord))": {
      kind: "mapping",
      label: "mapping(AccountId => mapping(uint16 => struct PositionWord))",
      key: "AccountId",
      value: "mapping(uint16 => struct PositionWord)",
    },
    "mapping(AccountId => mapping(uint256 => uint256))": {
      kind: "mapping",
      label: "mapping(AccountId => mapping(uint256 => uint256))",
      key: "AccountId",
      value: "mapping(uint256 => uint256)",
    },
    "mapping(AccountId => struct Account)": {
      kind: "mapping",
      label: "mapping(AccountId => struct Account)",
      key: "AccountId",
      value: "struct Account",
    },
    "mapping(AccountId => struct Debt)": {
      kind: "mapping",
      label: "mapping(AccountId => struct Debt)",
      key: "AccountId",
      value: "struct Debt",
    },
    "mapping(address => struct Collateral)": {
      kind: "mapping",
      label: "mapping(address => struct Collateral)",
      key: "address",
      value: "struct Collateral",
    },
    "mapping(uint16 => struct ClearingSize)": {
      kind: "mapping",
      label: "mapping(uint16 => struct ClearingSize)",
      key: "uint16",
      value: "struct ClearingSize",
    },
    "mapping(uint16 => struct Market)": {
      kind: "mapping",
      label: "mapping(uint16 => struct Market)",
      key: "uint16",
      value: "struct Market",
    },
    "mapping(uint16 => struct PositionWord)": {
      kind: "mapping",
      label: "mapping(uint16 => struct PositionWord)",
      key: "uint16",
      value: "struct PositionWord",
    },
    "mapping(uint256 => uint256)": {
      kind: "mapping",
      label: "mapping(uint256 => uint256)",
      key: "uint256",
      value: "uint256",
    },
    "struct Account": {
      kind: "struct",
      label: "struct Account",
      slots: 1n,
      members: [
        { label: "quote", type: "int128", slot: 0n, offset: 0, keyNames: [] },
        { label: "openCount", type: "uint16", slot: 0n, offset: 16, keyNames: [] },
        { label: "epoch", type: "uint32", slot: 0n, offset: 18, keyNames: [] },
        { label: "assets", type: "uint32", slot: 0n, offset: 22, keyNames: [] },
        { label: "lastInstrument", type: "uint16", slot: 0n, offset: 26, keyNames: [] },
        { label: "lastWasLong", type: "bool", slot: 0n, offset: 28, keyNames: [] },
        { label: "hasDebt", type: "bool", slot: 0n, offset: 29, keyNames: [] },
        { label: "isUsed", type: "bool", slot: 0n, offset: 30, keyNames: [] },
      ],
    },
    "struct ClearingSize": {
      kind: "struct",
      label: "struct ClearingSize",
      slots: 1n,
      members: [
        { label: "size", type: "int96", slot: 0n, offset: 0, keyNames: [] },
        { label: "uncovered", type: "uint112", slot: 0n, offset: 12, keyNames: [] },
        { label: "isUsed", type: "bool", slot: 0n, offset: 26, keyNames: [] },
      ],
    },
    "struct Collateral": {
      kind: "struct",
      label: "struct Collateral",
      slots: 1n,
      members: [
        { label: "balance", type: "uint128", slot: 0n, offset: 0, keyNames: [] },
        { label: "isUsed", type: "bool", slot: 0n, offset: 16, keyNames: [] },
      ],
    },
    "struct Debt": {
      kind: "struct",
      label: "struct Debt",
      slots: 1n,
      members: [
        { label: "amount", type: "uint128", slot: 0n, offset: 0, keyNames: [] },
        { label: "isUsed", type: "bool", slot: 0n, offset: 16, keyNames: [] },
      ],
    },
    "struct HotWord": {
      kind: "struct",
      label: "struct HotWord",
      slots: 1n,
      members: [
        { label: "sequence", type: "uint64", slot: 0n, offset: 0, keyNames: [] },
        { label: "flags", type: "Flags", slot: 0n, offset: 8, keyNames: [] },
        { label: "checkpointTime", type: "uint40", slot: 0n, offset: 9, keyNames: [] },
        { label: "graceUntil", type: "uint40", slot: 0n, offset: 14, keyNames: [] },
        { label: "fees", type: "uint104", slot: 0n, offset: 19, keyNames: [] },
      ],
    },
    "struct Market": {
      kind: "struct",
      label: "struct Market",
      slots: 2n,
      members: [
        { label: "longIndex", type: "int96", slot: 0n, offset: 0, keyNames: [] },
        { label: "shortIndex", type: "int96", slot: 0n, offset: 12, keyNames: [] },
        { label: "accruedAt", type: "uint32", slot: 0n, offset: 24, keyNames: [] },
        { label: "observedAt", type: "uint32", slot: 0n, offset: 28, keyNames: [] },
        { label: "clearing", type: "int112", slot: 1n, offset: 0, keyNames: [] },
        { label: "openInterest", type: "uint96", slot: 1n, offset: 14, keyNames: [] },
        { label: "premiumPpb", type: "int32", slot: 1n, offset: 26, keyNames: [] },
        { label: "isUsed", type: "bool", slot: 1n, offset: 30, keyNames: [] },
      ],
    },
    "struct Modules": {
      kind: "struct",
      label: "struct Modules",
      slots: 5n,
      members: [
        { label: "vault", type: "address", slot: 0n, offset: 0, keyNames: [] },
        { label: "settlement", type: "address", slot: 1n, offset: 0, keyNames: [] },
        { label: "guard", type: "address", slot: 2n, offset: 0, keyNames: [] },
        { label: "auction", type: "address", slot: 3n, offset: 0, keyNames: [] },
        { label: "fund", type: "address", slot: 4n, offset: 0, keyNames: [] },
      ],
    },
    "struct PositionWord": {
      kind: "struct",
      label: "struct PositionWord",
      slots: 1n,
      members: [
        { label: "size", type: "int96", slot: 0n, offset: 0, keyNames: [] },
        { label: "index", type: "int96", slot: 0n, offset: 12, keyNames: [] },
        { label: "increasedAt", type: "uint40", slot: 0n, offset: 24, keyNames: [] },
      ],
    },
    uint104: { kind: "value", label: "uint104", elementary: "uint104", value: "uint", bytes: 13 },
    uint112: { kind: "value", label: "uint112", elementary: "uint112", value: "uint", bytes: 14 },
    uint128: { kind: "value", label: "uint128", elementary: "uint128", value: "uint", bytes: 16 },
    uint16: { kind: "value", label: "uint16", elementary: "uint16", value: "uint", bytes: 2 },
    uint256: { kind: "value", label: "uint256", elementary: "uint256", value: "uint", bytes: 32 },
    uint32: { kind: "value", label: "uint32", elementary: "uint32", value: "uint", bytes: 4 },
    uint40: { kind: "value", label: "uint40", elementary: "uint40", value: "uint", bytes: 5 },
    uint64: { kind: "value", label: "uint64", elementary: "uint64", value: "uint", bytes: 8 },
    uint96: { kind: "value", label: "uint96", elementary: "uint96", value: "uint", bytes: 12 },
  },
};

/** A word of `hot`, low-order field first. */
export interface HotWord {
  /** uint64 */ readonly sequence: bigint;
  /** Flags */ readonly flags: bigint;
  /** uint40 */ readonly checkpointTime: bigint;
  /** uint40 */ readonly graceUntil: bigint;
  /** uint104 */ readonly fees: bigint;
}

/** A word of `accounts`, low-order field first. */
export interface AccountsWord {
  /** int128 */ readonly quote: bigint;
  /** uint16 */ readonly openCount: bigint;
  /** uint32 */ readonly epoch: bigint;
  /** uint32 */ readonly assets: bigint;
  /** uint16 */ readonly lastInstrument: bigint;
  /** bool */ readonly lastWasLong: boolean;
  /** bool */ readonly hasDebt: boolean;
  /** bool */ readonly isUsed: boolean;
}

/** A word of `positions`, low-order field first. */
export interface PositionsWord {
  /** int96 */ readonly size: bigint;
  /** int96 */ readonly index: bigint;
  /** uint40 */ readonly increasedAt: bigint;
}

/** A word of `collateral`, low-order field first. */
export interface CollateralWord {
  /** uint128 */ readonly balance: bigint;
  /** bool */ readonly isUsed: boolean;
}

/** A word of `markets.word0`, low-order field first. */
export interface MarketsWord0 {
  /** int96 */ readonly longIndex: bigint;
  /** int96 */ readonly shortIndex: bigint;
  /** uint32 */ readonly accruedAt: bigint;
  /** uint32 */ readonly observedAt: bigint;
}

/** A word of `markets.word1`, low-order field first. */
export interface MarketsWord1 {
  /** int112 */ readonly clearing: bigint;
  /** uint96 */ readonly openInterest: bigint;
  /** int32 */ readonly premiumPpb: bigint;
  /** bool */ readonly isUsed: boolean;
}

/** A word of `clearingSizes`, low-order field first. */
export interface ClearingSizesWord {
  /** int96 */ readonly size: bigint;
  /** uint112 */ readonly uncovered: bigint;
  /** bool */ readonly isUsed: boolean;
}

/** A word of `debts`, low-order field first. */
export interface DebtsWord {
  /** uint128 */ readonly amount: bigint;
  /** bool */ readonly isUsed: boolean;
}

/** A word of `totalDebt`, low-order field first. */
export interface TotalDebtWord {
  /** uint128 */ readonly amount: bigint;
  /** bool */ readonly isUsed: boolean;
}

/** Slots and packing of PositionLedger, by variable. */
export const storage = {
  /** `struct HotWord _hot` */
  hot: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000000",
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: HotWord): bigint =>
      uintBits("hot.sequence", fields.sequence, 64) |
      (uintBits("hot.flags", fields.flags, 8) << 64n) |
      (uintBits("hot.checkpointTime", fields.checkpointTime, 40) << 72n) |
      (uintBits("hot.graceUntil", fields.graceUntil, 40) << 112n) |
      (uintBits("hot.fees", fields.fees, 104) << 152n),
    update: (word: bigint, fields: Partial<HotWord>): bigint => {
      let next = word;
      if (fields.sequence !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffffffff0000000000000000n) |
          uintBits("hot.sequence", fields.sequence, 64);
      if (fields.flags !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffffff00ffffffffffffffffn) |
          (uintBits("hot.flags", fields.flags, 8) << 64n);
      if (fields.checkpointTime !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffff0000000000ffffffffffffffffffn) |
          (uintBits("hot.checkpointTime", fields.checkpointTime, 40) << 72n);
      if (fields.graceUntil !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffff0000000000ffffffffffffffffffffffffffffn) |
          (uintBits("hot.graceUntil", fields.graceUntil, 40) << 112n);
      if (fields.fees !== undefined)
        next = (next & 0xffffffffffffffffffffffffffffffffffffffn) | (uintBits("hot.fees", fields.fees, 104) << 152n);
      return next;
    },
    decode: (word: bigint): HotWord => ({
      sequence: BigInt.asUintN(64, word),
      flags: BigInt.asUintN(8, word >> 64n),
      checkpointTime: BigInt.asUintN(40, word >> 72n),
      graceUntil: BigInt.asUintN(40, word >> 112n),
      fees: BigInt.asUintN(104, word >> 152n),
    }),
  },
  /** `mapping(AccountId => struct Account) _accounts` */
  accounts: {
    slot: (account: Hex): Hash =>
      bytesSlot("accounts[account]", "0x0000000000000000000000000000000000000000000000000000000000000001", account, 32),
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: AccountsWord): bigint =>
      intBits("accounts.quote", fields.quote, 128) |
      (uintBits("accounts.openCount", fields.openCount, 16) << 128n) |
      (uintBits("accounts.epoch", fields.epoch, 32) << 144n) |
      (uintBits("accounts.assets", fields.assets, 32) << 176n) |
      (uintBits("accounts.lastInstrument", fields.lastInstrument, 16) << 208n) |
      (boolBits(fields.lastWasLong) << 224n) |
      (boolBits(fields.hasDebt) << 232n) |
      (boolBits(fields.isUsed) << 240n),
    update: (word: bigint, fields: Partial<AccountsWord>): bigint => {
      let next = word;
      if (fields.quote !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffff00000000000000000000000000000000n) |
          intBits("accounts.quote", fields.quote, 128);
      if (fields.openCount !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffff0000ffffffffffffffffffffffffffffffffn) |
          (uintBits("accounts.openCount", fields.openCount, 16) << 128n);
      if (fields.epoch !== undefined)
        next =
          (next & 0xffffffffffffffffffff00000000ffffffffffffffffffffffffffffffffffffn) |
          (uintBits("accounts.epoch", fields.epoch, 32) << 144n);
      if (fields.assets !== undefined)
        next =
          (next & 0xffffffffffff00000000ffffffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("accounts.assets", fields.assets, 32) << 176n);
      if (fields.lastInstrument !== undefined)
        next =
          (next & 0xffffffff0000ffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("accounts.lastInstrument", fields.lastInstrument, 16) << 208n);
      if (fields.lastWasLong !== undefined)
        next =
          (next & 0xffffff00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
          (boolBits(fields.lastWasLong) << 224n);
      if (fields.hasDebt !== undefined)
        next =
          (next & 0xffff00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
          (boolBits(fields.hasDebt) << 232n);
      if (fields.isUsed !== undefined)
        next =
          (next & 0xff00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
          (boolBits(fields.isUsed) << 240n);
      return next;
    },
    decode: (word: bigint): AccountsWord => ({
      quote: BigInt.asIntN(128, word),
      openCount: BigInt.asUintN(16, word >> 128n),
      epoch: BigInt.asUintN(32, word >> 144n),
      assets: BigInt.asUintN(32, word >> 176n),
      lastInstrument: BigInt.asUintN(16, word >> 208n),
      lastWasLong: BigInt.asUintN(8, word >> 224n) !== 0n,
      hasDebt: BigInt.asUintN(8, word >> 232n) !== 0n,
      isUsed: BigInt.asUintN(8, word >> 240n) !== 0n,
    }),
  },
  /** `mapping(AccountId => mapping(uint16 => struct PositionWord)) _positions` */
  positions: {
    slot: (account: Hex, instrument: bigint): Hash =>
      uintSlot(
        "positions[instrument]",
        bytesSlot(
          "positions[account]",
          "0x0000000000000000000000000000000000000000000000000000000000000002",
          account,
          32,
        ),
        instrument,
        16,
      ),
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: PositionsWord): bigint =>
      intBits("positions.size", fields.size, 96) |
      (intBits("positions.index", fields.index, 96) << 96n) |
      (uintBits("positions.increasedAt", fields.increasedAt, 40) << 192n),
    update: (word: bigint, fields: Partial<PositionsWord>): bigint => {
      let next = word;
      if (fields.size !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffff000000000000000000000000n) |
          intBits("positions.size", fields.size, 96);
      if (fields.index !== undefined)
        next =
          (next & 0xffffffffffffffff000000000000000000000000ffffffffffffffffffffffffn) |
          (intBits("positions.index", fields.index, 96) << 96n);
      if (fields.increasedAt !== undefined)
        next =
          (next & 0xffffff0000000000ffffffffffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("positions.increasedAt", fields.increasedAt, 40) << 192n);
      return next;
    },
    decode: (word: bigint): PositionsWord => ({
      size: BigInt.asIntN(96, word),
      index: BigInt.asIntN(96, word >> 96n),
      increasedAt: BigInt.asUintN(40, word >> 192n),
    }),
  },
  /** `mapping(AccountId => mapping(uint256 => uint256)) _openIds` */
  openIds: {
    slot: (account: Hex, page: bigint): Hash =>
      uintSlot(
        "openIds[page]",
        bytesSlot(
          "openIds[account]",
          "0x0000000000000000000000000000000000000000000000000000000000000003",
          account,
          32,
        ),
        page,
        256,
      ),
    encode: (value: bigint): bigint => uintBits("openIds", value, 256),
    decode: (word: bigint): bigint => BigInt.asUintN(256, word),
  },
  /** `mapping(AccountId => mapping(address => struct Collateral)) _collateral` */
  collateral: {
    slot: (account: Hex, asset: Hex): Hash =>
      addressSlot(
        "collateral[asset]",
        bytesSlot(
          "collateral[account]",
          "0x0000000000000000000000000000000000000000000000000000000000000004",
          account,
          32,
        ),
        asset,
      ),
    mask: 0xffffffffffffffffffffffffffffffffffn,
    encode: (fields: CollateralWord): bigint =>
      uintBits("collateral.balance", fields.balance, 128) | (boolBits(fields.isUsed) << 128n),
    update: (word: bigint, fields: Partial<CollateralWord>): bigint => {
      let next = word;
      if (fields.balance !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffff00000000000000000000000000000000n) |
          uintBits("collateral.balance", fields.balance, 128);
      if (fields.isUsed !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffff00ffffffffffffffffffffffffffffffffn) |
          (boolBits(fields.isUsed) << 128n);
      return next;
    },
    decode: (word: bigint): CollateralWord => ({
      balance: BigInt.asUintN(128, word),
      isUsed: BigInt.asUintN(8, word >> 128n) !== 0n,
    }),
  },
  /** `mapping(uint16 => struct Market) _markets` */
  markets: {
    /** `int96 longIndex`, `int96 shortIndex`, `uint32 accruedAt`, `uint32 observedAt` */
    word0: {
      slot: (instrument: bigint): Hash =>
        uintSlot(
          "markets[instrument]",
          "0x0000000000000000000000000000000000000000000000000000000000000005",
          instrument,
          16,
        ),
      mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
      encode: (fields: MarketsWord0): bigint =>
        intBits("markets.word0.longIndex", fields.longIndex, 96) |
        (intBits("markets.word0.shortIndex", fields.shortIndex, 96) << 96n) |
        (uintBits("markets.word0.accruedAt", fields.accruedAt, 32) << 192n) |
        (uintBits("markets.word0.observedAt", fields.observedAt, 32) << 224n),
      update: (word: bigint, fields: Partial<MarketsWord0>): bigint => {
        let next = word;
        if (fields.longIndex !== undefined)
          next =
            (next & 0xffffffffffffffffffffffffffffffffffffffff000000000000000000000000n) |
            intBits("markets.word0.longIndex", fields.longIndex, 96);
        if (fields.shortIndex !== undefined)
          next =
            (next & 0xffffffffffffffff000000000000000000000000ffffffffffffffffffffffffn) |
            (intBits("markets.word0.shortIndex", fields.shortIndex, 96) << 96n);
        if (fields.accruedAt !== undefined)
          next =
            (next & 0xffffffff00000000ffffffffffffffffffffffffffffffffffffffffffffffffn) |
            (uintBits("markets.word0.accruedAt", fields.accruedAt, 32) << 192n);
        if (fields.observedAt !== undefined)
          next =
            (next & 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
            (uintBits("markets.word0.observedAt", fields.observedAt, 32) << 224n);
        return next;
      },
      decode: (word: bigint): MarketsWord0 => ({
        longIndex: BigInt.asIntN(96, word),
        shortIndex: BigInt.asIntN(96, word >> 96n),
        accruedAt: BigInt.asUintN(32, word >> 192n),
        observedAt: BigInt.asUintN(32, word >> 224n),
      }),
    },
    /** `int112 clearing`, `uint96 openInterest`, `int32 premiumPpb`, `bool isUsed` */
    word1: {
      slot: (instrument: bigint): Hash =>
        addSlot(
          uintSlot(
            "markets[instrument]",
            "0x0000000000000000000000000000000000000000000000000000000000000005",
            instrument,
            16,
          ),
          1n,
        ),
      mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
      encode: (fields: MarketsWord1): bigint =>
        intBits("markets.word1.clearing", fields.clearing, 112) |
        (uintBits("markets.word1.openInterest", fields.openInterest, 96) << 112n) |
        (intBits("markets.word1.premiumPpb", fields.premiumPpb, 32) << 208n) |
        (boolBits(fields.isUsed) << 240n),
      update: (word: bigint, fields: Partial<MarketsWord1>): bigint => {
        let next = word;
        if (fields.clearing !== undefined)
          next =
            (next & 0xffffffffffffffffffffffffffffffffffff0000000000000000000000000000n) |
            intBits("markets.word1.clearing", fields.clearing, 112);
        if (fields.openInterest !== undefined)
          next =
            (next & 0xffffffffffff000000000000000000000000ffffffffffffffffffffffffffffn) |
            (uintBits("markets.word1.openInterest", fields.openInterest, 96) << 112n);
        if (fields.premiumPpb !== undefined)
          next =
            (next & 0xffff00000000ffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
            (intBits("markets.word1.premiumPpb", fields.premiumPpb, 32) << 208n);
        if (fields.isUsed !== undefined)
          next =
            (next & 0xff00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
            (boolBits(fields.isUsed) << 240n);
        return next;
      },
      decode: (word: bigint): MarketsWord1 => ({
        clearing: BigInt.asIntN(112, word),
        openInterest: BigInt.asUintN(96, word >> 112n),
        premiumPpb: BigInt.asIntN(32, word >> 208n),
        isUsed: BigInt.asUintN(8, word >> 240n) !== 0n,
      }),
    },
  },
  /** `mapping(uint16 => struct ClearingSize) _clearingSizes` */
  clearingSizes: {
    slot: (instrument: bigint): Hash =>
      uintSlot(
        "clearingSizes[instrument]",
        "0x0000000000000000000000000000000000000000000000000000000000000006",
        instrument,
        16,
      ),
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: ClearingSizesWord): bigint =>
      intBits("clearingSizes.size", fields.size, 96) |
      (uintBits("clearingSizes.uncovered", fields.uncovered, 112) << 96n) |
      (boolBits(fields.isUsed) << 208n),
    update: (word: bigint, fields: Partial<ClearingSizesWord>): bigint => {
      let next = word;
      if (fields.size !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffff000000000000000000000000n) |
          intBits("clearingSizes.size", fields.size, 96);
      if (fields.uncovered !== undefined)
        next =
          (next & 0xffffffffffff0000000000000000000000000000ffffffffffffffffffffffffn) |
          (uintBits("clearingSizes.uncovered", fields.uncovered, 112) << 96n);
      if (fields.isUsed !== undefined)
        next =
          (next & 0xffffffffff00ffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
          (boolBits(fields.isUsed) << 208n);
      return next;
    },
    decode: (word: bigint): ClearingSizesWord => ({
      size: BigInt.asIntN(96, word),
      uncovered: BigInt.asUintN(112, word >> 96n),
      isUsed: BigInt.asUintN(8, word >> 208n) !== 0n,
    }),
  },
  /** `mapping(AccountId => struct Debt) _debts` */
  debts: {
    slot: (account: Hex): Hash =>
      bytesSlot("debts[account]", "0x0000000000000000000000000000000000000000000000000000000000000007", account, 32),
    mask: 0xffffffffffffffffffffffffffffffffffn,
    encode: (fields: DebtsWord): bigint =>
      uintBits("debts.amount", fields.amount, 128) | (boolBits(fields.isUsed) << 128n),
    update: (word: bigint, fields: Partial<DebtsWord>): bigint => {
      let next = word;
      if (fields.amount !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffff00000000000000000000000000000000n) |
          uintBits("debts.amount", fields.amount, 128);
      if (fields.isUsed !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffff00ffffffffffffffffffffffffffffffffn) |
          (boolBits(fields.isUsed) << 128n);
      return next;
    },
    decode: (word: bigint): DebtsWord => ({
      amount: BigInt.asUintN(128, word),
      isUsed: BigInt.asUintN(8, word >> 128n) !== 0n,
    }),
  },
  /** `struct Debt _totalDebt` */
  totalDebt: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000008",
    mask: 0xffffffffffffffffffffffffffffffffffn,
    encode: (fields: TotalDebtWord): bigint =>
      uintBits("totalDebt.amount", fields.amount, 128) | (boolBits(fields.isUsed) << 128n),
    update: (word: bigint, fields: Partial<TotalDebtWord>): bigint => {
      let next = word;
      if (fields.amount !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffff00000000000000000000000000000000n) |
          uintBits("totalDebt.amount", fields.amount, 128);
      if (fields.isUsed !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffff00ffffffffffffffffffffffffffffffffn) |
          (boolBits(fields.isUsed) << 128n);
      return next;
    },
    decode: (word: bigint): TotalDebtWord => ({
      amount: BigInt.asUintN(128, word),
      isUsed: BigInt.asUintN(8, word >> 128n) !== 0n,
    }),
  },
  /** `struct Modules _modules` */
  modules: {
    /** `address vault` */
    vault: {
      slot: "0x0000000000000000000000000000000000000000000000000000000000000009",
      encode: (value: Hex): bigint => hexBits("modules.vault", value, 20),
      decode: (word: bigint): Hex => hexOf(BigInt.asUintN(160, word), 20),
      update: (word: bigint, value: Hex): bigint =>
        (word & 0xffffffffffffffffffffffff0000000000000000000000000000000000000000n) |
        hexBits("modules.vault", value, 20),
    },
    /** `address settlement` */
    settlement: {
      slot: "0x000000000000000000000000000000000000000000000000000000000000000a",
      encode: (value: Hex): bigint => hexBits("modules.settlement", value, 20),
      decode: (word: bigint): Hex => hexOf(BigInt.asUintN(160, word), 20),
      update: (word: bigint, value: Hex): bigint =>
        (word & 0xffffffffffffffffffffffff0000000000000000000000000000000000000000n) |
        hexBits("modules.settlement", value, 20),
    },
    /** `address guard` */
    guard: {
      slot: "0x000000000000000000000000000000000000000000000000000000000000000b",
      encode: (value: Hex): bigint => hexBits("modules.guard", value, 20),
      decode: (word: bigint): Hex => hexOf(BigInt.asUintN(160, word), 20),
      update: (word: bigint, value: Hex): bigint =>
        (word & 0xffffffffffffffffffffffff0000000000000000000000000000000000000000n) |
        hexBits("modules.guard", value, 20),
    },
    /** `address auction` */
    auction: {
      slot: "0x000000000000000000000000000000000000000000000000000000000000000c",
      encode: (value: Hex): bigint => hexBits("modules.auction", value, 20),
      decode: (word: bigint): Hex => hexOf(BigInt.asUintN(160, word), 20),
      update: (word: bigint, value: Hex): bigint =>
        (word & 0xffffffffffffffffffffffff0000000000000000000000000000000000000000n) |
        hexBits("modules.auction", value, 20),
    },
    /** `address fund` */
    fund: {
      slot: "0x000000000000000000000000000000000000000000000000000000000000000d",
      encode: (value: Hex): bigint => hexBits("modules.fund", value, 20),
      decode: (word: bigint): Hex => hexOf(BigInt.asUintN(160, word), 20),
      update: (word: bigint, value: Hex): bigint =>
        (word & 0xffffffffffffffffffffffff0000000000000000000000000000000000000000n) |
        hexBits("modules.fund", value, 20),
    },
  },
} as const;

/** Topic 0 of each event of PositionLedger. */
export const TOPICS = {
  DebtRecorded: "0xf83c0af10f0c684bd6d1efb80415b47bc68e21ac905c140084f7d37787357e04",
  EntryPosted: "0xe7ee7fc65cbe9d174bfdc48548a471e5b70b29d1f62292781c9ed58c9f208571",
  EpochAdvanced: "0x784d08f1fb08afa3c07c5ddd256819a24216301f0bf216aa35580ea2413c8354",
  FundingUpdated: "0x9d7a56d2e3a6264943bdddf999d01138f734640a9ffe4f6a578f9ca6760162e5",
  HotWordPushed: "0x74385341d2034804679031993d9ac1e1f00f64cf9b6f7b0b04f51c555e209436",
  LossSocialised: "0x624222e4f4b7a347230502c5af53671c185cd73e82b6ab6b3118e5e8e390da96",
  ModulesBound: "0x4a46788c0c08bbb4809a13bee7e0196f94514703135a96d25a0dae930c4968b7",
  WordRepaired: "0xc5432e833a2a3ec2c8a5cd7c01feb93495cef2a652170224858fcaae615ea778",
} as const;

/** `DebtRecorded(AccountId indexed account, uint128 debt, uint128 totalDebt)` */
export interface DebtRecordedEvent {
  readonly name: "DebtRecorded";
  readonly account: Hex;
  readonly debt: bigint;
  readonly totalDebt: bigint;
}

/** Strictly decodes DebtRecorded; throws {@link DecodeError}. */
export function decodeDebtRecorded(log: LogData): DebtRecordedEvent {
  checkLog("DebtRecorded", log, "0xf83c0af10f0c684bd6d1efb80415b47bc68e21ac905c140084f7d37787357e04", 2, 2);
  const { topics, data } = log;
  return {
    name: "DebtRecorded",
    account: readFixedBytes("DebtRecorded", "account", topics[1] as Hex, 2, 32),
    debt: readUint("DebtRecorded", "debt", data, 2, 128),
    totalDebt: readUint("DebtRecorded", "totalDebt", data, 66, 128),
  };
}

/** `EntryPosted(uint64 indexed sequence, AccountId indexed account, enum EntryKind kind, uint256 key, int256 sizeDelta, int256 quoteDelta, uint256 fee, int256 funding, int256 sizeAfter, int256 quoteAfter)` */
export interface EntryPostedEvent {
  readonly name: "EntryPosted";
  readonly sequence: bigint;
  readonly account: Hex;
  readonly kind: bigint;
  readonly key: bigint;
  readonly sizeDelta: bigint;
  readonly quoteDelta: bigint;
  readonly fee: bigint;
  readonly funding: bigint;
  readonly sizeAfter: bigint;
  readonly quoteAfter: bigint;
}

/** Strictly decodes EntryPosted; throws {@link DecodeError}. */
export function decodeEntryPosted(log: LogData): EntryPostedEvent {
  checkLog("EntryPosted", log, "0xe7ee7fc65cbe9d174bfdc48548a471e5b70b29d1f62292781c9ed58c9f208571", 3, 8);
  const { topics, data } = log;
  return {
    name: "EntryPosted",
    sequence: readUint("EntryPosted", "sequence", topics[1] as Hex, 2, 64),
    account: readFixedBytes("EntryPosted", "account", topics[2] as Hex, 2, 32),
    kind: readUint("EntryPosted", "kind", data, 2, 8),
    key: readUint("EntryPosted", "key", data, 66, 256),
    sizeDelta: readInt("EntryPosted", "sizeDelta", data, 130, 256),
    quoteDelta: readInt("EntryPosted", "quoteDelta", data, 194, 256),
    fee: readUint("EntryPosted", "fee", data, 258, 256),
    funding: readInt("EntryPosted", "funding", data, 322, 256),
    sizeAfter: readInt("EntryPosted", "sizeAfter", data, 386, 256),
    quoteAfter: readInt("EntryPosted", "quoteAfter", data, 450, 256),
  };
}

/** `EpochAdvanced(AccountId indexed account, uint32 epoch)` */
export interface EpochAdvancedEvent {
  readonly name: "EpochAdvanced";
  readonly account: Hex;
  readonly epoch: bigint;
}

/** Strictly decodes EpochAdvanced; throws {@link DecodeError}. */
export function decodeEpochAdvanced(log: LogData): EpochAdvancedEvent {
  checkLog("EpochAdvanced", log, "0x784d08f1fb08afa3c07c5ddd256819a24216301f0bf216aa35580ea2413c8354", 2, 1);
  const { topics, data } = log;
  return {
    name: "EpochAdvanced",
    account: readFixedBytes("EpochAdvanced", "account", topics[1] as Hex, 2, 32),
    epoch: readUint("EpochAdvanced", "epoch", data, 2, 32),
  };
}

/** `FundingUpdated(uint16 indexed instrument, uint128 mark, uint128 price, uint128 size, int96 longIndex, int96 shortIndex, int32 premiumPpb)` */
export interface FundingUpdatedEvent {
  readonly name: "FundingUpdated";
  readonly instrument: bigint;
  readonly mark: bigint;
  readonly price: bigint;
  readonly size: bigint;
  readonly longIndex: bigint;
  readonly shortIndex: bigint;
  readonly premiumPpb: bigint;
}

/** Strictly decodes FundingUpdated; throws {@link DecodeError}. */
export function decodeFundingUpdated(log: LogData): FundingUpdatedEvent {
  checkLog("FundingUpdated", log, "0x9d7a56d2e3a6264943bdddf999d01138f734640a9ffe4f6a578f9ca6760162e5", 2, 6);
  const { topics, data } = log;
  return {
    name: "FundingUpdated",
    instrument: readUint("FundingUpdated", "instrument", topics[1] as Hex, 2, 16),
    mark: readUint("FundingUpdated", "mark", data, 2, 128),
    price: readUint("FundingUpdated", "price", data, 66, 128),
    size: readUint("FundingUpdated", "size", data, 130, 128),
    longIndex: readInt("FundingUpdated", "longIndex", data, 194, 96),
    shortIndex: readInt("FundingUpdated", "shortIndex", data, 258, 96),
    premiumPpb: readInt("FundingUpdated", "premiumPpb", data, 322, 32),
  };
}

/** `HotWordPushed(Flags flags, uint48 checkpointTime, uint48 graceUntil)` */
export interface HotWordPushedEvent {
  readonly name: "HotWordPushed";
  readonly flags: bigint;
  readonly checkpointTime: bigint;
  readonly graceUntil: bigint;
}

/** Strictly decodes HotWordPushed; throws {@link DecodeError}. */
export function decodeHotWordPushed(log: LogData): HotWordPushedEvent {
  checkLog("HotWordPushed", log, "0x74385341d2034804679031993d9ac1e1f00f64cf9b6f7b0b04f51c555e209436", 1, 3);
  const { data } = log;
  return {
    name: "HotWordPushed",
    flags: readUint("HotWordPushed", "flags", data, 2, 8),
    checkpointTime: readUint("HotWordPushed", "checkpointTime", data, 66, 48),
    graceUntil: readUint("HotWordPushed", "graceUntil", data, 130, 48),
  };
}

/** `LossSocialised(uint16 indexed instrument, AccountId indexed account, bool fromLongs, uint256 amount, uint256 perUnit, int96 indexAfter)` */
export interface LossSocialisedEvent {
  readonly name: "LossSocialised";
  readonly instrument: bigint;
  readonly account: Hex;
  readonly fromLongs: boolean;
  readonly amount: bigint;
  readonly perUnit: bigint;
  readonly indexAfter: bigint;
}

/** Strictly decodes LossSocialised; throws {@link DecodeError}. */
export function decodeLossSocialised(log: LogData): LossSocialisedEvent {
  checkLog("LossSocialised", log, "0x624222e4f4b7a347230502c5af53671c185cd73e82b6ab6b3118e5e8e390da96", 3, 4);
  const { topics, data } = log;
  return {
    name: "LossSocialised",
    instrument: readUint("LossSocialised", "instrument", topics[1] as Hex, 2, 16),
    account: readFixedBytes("LossSocialised", "account", topics[2] as Hex, 2, 32),
    fromLongs: readBool("LossSocialised", "fromLongs", data, 2),
    amount: readUint("LossSocialised", "amount", data, 66, 256),
    perUnit: readUint("LossSocialised", "perUnit", data, 130, 256),
    indexAfter: readInt("LossSocialised", "indexAfter", data, 194, 96),
  };
}

/** `ModulesBound(address vault, address settlement, address guard, address auction, address fund)` */
export interface ModulesBoundEvent {
  readonly name: "ModulesBound";
  readonly vault: Hex;
  readonly settlement: Hex;
  readonly guard: Hex;
  readonly auction: Hex;
  readonly fund: Hex;
}

/** Strictly decodes ModulesBound; throws {@link DecodeError}. */
export function decodeModulesBound(log: LogData): ModulesBoundEvent {
  checkLog("ModulesBound", log, "0x4a46788c0c08bbb4809a13bee7e0196f94514703135a96d25a0dae930c4968b7", 1, 5);
  const { data } = log;
  return {
    name: "ModulesBound",
    vault: readAddress("ModulesBound", "vault", data, 2),
    settlement: readAddress("ModulesBound", "settlement", data, 66),
    guard: readAddress("ModulesBound", "guard", data, 130),
    auction: readAddress("ModulesBound", "auction", data, 194),
    fund: readAddress("ModulesBound", "fund", data, 258),
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

/** Any event of PositionLedger. */
export type PositionLedgerEvent =
  | DebtRecordedEvent
  | EntryPostedEvent
  | EpochAdvancedEvent
  | FundingUpdatedEvent
  | HotWordPushedEvent
  | LossSocialisedEvent
  | ModulesBoundEvent
  | WordRepairedEvent;

/** Decodes a log by its topic 0; null when that is no event of PositionLedger. Throws {@link DecodeError}. */
export function decodeEvent(log: LogData): PositionLedgerEvent | null {
  switch (log.topics[0]) {
    case "0xf83c0af10f0c684bd6d1efb80415b47bc68e21ac905c140084f7d37787357e04":
      return decodeDebtRecorded(log);
    case "0xe7ee7fc65cbe9d174bfdc48548a471e5b70b29d1f62292781c9ed58c9f208571":
      return decodeEntryPosted(log);
    case "0x784d08f1fb08afa3c07c5ddd256819a24216301f0bf216aa35580ea2413c8354":
      return decodeEpochAdvanced(log);
    case "0x9d7a56d2e3a6264943bdddf999d01138f734640a9ffe4f6a578f9ca6760162e5":
      return decodeFundingUpdated(log);
    case "0x74385341d2034804679031993d9ac1e1f00f64cf9b6f7b0b04f51c555e209436":
      return decodeHotWordPushed(log);
    case "0x624222e4f4b7a347230502c5af53671c185cd73e82b6ab6b3118e5e8e390da96":
      return decodeLossSocialised(log);
    case "0x4a46788c0c08bbb4809a13bee7e0196f94514703135a96d25a0dae930c4968b7":
      return decodeModulesBound(log);
    case "0xc5432e833a2a3ec2c8a5cd7c01feb93495cef2a652170224858fcaae615ea778":
      return decodeWordRepaired(log);
    default:
      return null;
  }
}

/** Names of PositionLedger's errors by selector. */
export const ERROR_SELECTORS: Readonly<Record<Hex, string>> = {
  "0x0f714079": "LedgerAlreadyBound",
  "0xbfa1c2ca": "LedgerAmountTooLarge",
  "0xac4caff0": "LedgerBelowInitialMargin",
  "0x40c5c72f": "LedgerDebtCap",
  "0xecf98519": "LedgerHalted",
  "0xc265db4c": "LedgerIncreaseRestricted",
  "0x98262dfa": "LedgerInsufficientCollateral",
  "0x4eb62d4c": "LedgerInsufficientQuote",
  "0xb27b32dd": "LedgerLiquidationRestricted",
  "0x089dafc2": "LedgerNoPosition",
  "0x214daeee": "LedgerNoShortfall",
  "0x409ca641": "LedgerNotConserved",
  "0xc006462a": "LedgerNotDeployer",
  "0x75f5eba5": "LedgerNotFlat",
  "0x9d12a6a6": "LedgerNotModule",
  "0xf1d47533": "LedgerNotReducing",
  "0xc23afd95": "LedgerNotSettled",
  "0x2c4c2643": "LedgerNothingToAccrue",
  "0x8b3f24ee": "LedgerNothingToLevel",
  "0x60197db2": "LedgerOldEpoch",
  "0xb75ebfd6": "LedgerOpenInterestCap",
  "0x605d1be0": "LedgerReductionWorsensHealth",
  "0x977feb58": "LedgerSameAccount",
  "0x29f28b84": "LedgerSameOwner",
  "0x94027ecd": "LedgerTooManyPositions",
  "0x1fcd9107": "LedgerTotalDebtCap",
  "0xd3909234": "LedgerUnknownCollateral",
  "0x90820fee": "LedgerUnsupportedDecimals",
  "0x37670119": "LedgerWithdrawalRestricted",
  "0x9e9ea0db": "LedgerZeroAddress",
  "0x39a2d0fe": "LedgerZeroAmount",
  "0xfab11d06": "RepairForbidden",
  "0x41aed728": "RepairNotGuard",
  "0xd06bee61": "RepairUnexpected",
  "0xcb07a49c": "RepairZeroValue",
  "0x327269a7": "SafeCastOverflowedIntDowncast",
  "0x6dfcc650": "SafeCastOverflowedUintDowncast",
  "0x24775e06": "SafeCastOverflowedUintToInt",
};
