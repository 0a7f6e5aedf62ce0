// Generated from contracts/clearing/PositionLedger.sol; do not edit: npm run generate.
import type { Hash, Hex } from "../../lib/hex.ts";
import type { Layout } from "../layout/Layout.ts";
import { checkLog, readAddress, readFixedBytes, readInt, readUint, type LogData } from "../layout/readLog.ts";
import { addressKey, bytesKey, mappingSlot, uintKey } from "../layout/slots.ts";
import { boolBits, hexBits, hexOf, intBits, uintBits } from "../layout/wordFields.ts";

/** State variables of PositionLedger, in storage order. */
export const VARIABLES = [
  "_hot",
  "_accounts",
  "_sizes",
  "_openIds",
  "_collateral",
  "_vault",
  "_settlement",
  "_guard",
] as const;

/** The storage layout of PositionLedger as data. */
export const LAYOUT: Layout = {
  contract: "PositionLedger",
  variables: [
    { label: "_hot", type: "struct HotWord", slot: 0n, offset: 0, keyNames: [] },
    {
      label: "_accounts",
      type: "mapping(AccountId => struct PositionLedger.Account)",
      slot: 1n,
      offset: 0,
      keyNames: ["account"],
    },
    {
      label: "_sizes",
      type: "mapping(AccountId => mapping(uint16 => struct PositionLedger.Size))",
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
      type: "mapping(AccountId => mapping(address => struct PositionLedger.Collateral))",
      slot: 4n,
      offset: 0,
      keyNames: ["account", "asset"],
    },
    { label: "_vault", type: "address", slot: 5n, offset: 0, keyNames: [] },
    { label: "_settlement", type: "address", slot: 6n, offset: 0, keyNames: [] },
    { label: "_guard", type: "address", slot: 7n, offset: 0, keyNames: [] },
  ],
  types: {
    AccountId: { kind: "value", label: "AccountId", elementary: "bytes32", value: "bytes", bytes: 32 },
    Flags: { kind: "value", label: "Flags", elementary: "uint8", value: "uint", bytes: 1 },
    address: { kind: "value", label: "address", elementary: "address", value: "address", bytes: 20 },
    bool: { kind: "value", label: "bool", elementary: "bool", value: "bool", bytes: 1 },
    int128: { kind: "value", label: "int128", elementary: "int128", value: "int", bytes: 16 },
    "mapping(AccountId => mapping(address => struct PositionLedger.Collateral))": {
      kind: "mapping",
      label: "mapping(AccountId => mapping(address => struct PositionLedger.Collateral))",
      key: "AccountId",
      value: "mapping(address => struct PositionLedger.Collateral)",
    },
    "mapping(AccountId => mapping(uint16 => struct PositionLedger.Size))": {
      kind: "mapping",
      label: "mapping(AccountId => mapping(uint16 => struct PositionLedger.Size))",
      key: "AccountId",
      value: "mapping(uint16 => struct PositionLedger.Size)",
    },
    "mapping(AccountId => mapping(uint256 => uint256))": {
      kind: "mapping",
      label: "mapping(AccountId => mapping(uint256 => uint256))",
      key: "AccountId",
      value: "mapping(uint256 => uint256)",
    },
    "mapping(AccountId => struct PositionLedger.Account)": {
      kind: "mapping",
      label: "mapping(AccountId => struct PositionLedger.Account)",
      key: "AccountId",
      value: "struct PositionLedger.Account",
    },
    "mapping(address => struct PositionLedger.Collateral)": {
      kind: "mapping",
      label: "mapping(address => struct PositionLedger.Collateral)",
      key: "address",
      value: "struct PositionLedger.Collateral",
    },
    "mapping(uint16 => struct PositionLedger.Size)": {
      kind: "mapping",
      label: "mapping(uint16 => struct PositionLedger.Size)",
      key: "uint16",
      value: "struct PositionLedger.Size",
    },
    "mapping(uint256 => uint256)": {
      kind: "mapping",
      label: "mapping(uint256 => uint256)",
      key: "uint256",
      value: "uint256",
    },
    "struct HotWord": {
      kind: "struct",
      label: "struct HotWord",
      slots: 1n,
      members: [
        { label: "sequence", type: "uint64", slot: 0n, offset: 0, keyNames: [] },
        { label: "flags", type: "Flags", slot: 0n, offset: 8, keyNames: [] },
        { label: "checkpointTime", type: "uint48", slot: 0n, offset: 9, keyNames: [] },
        { label: "graceUntil", type: "uint48", slot: 0n, offset: 15, keyNames: [] },
      ],
    },
    "struct PositionLedger.Account": {
      kind: "struct",
      label: "struct PositionLedger.Account",
      slots: 1n,
      members: [
        { label: "quote", type: "int128", slot: 0n, offset: 0, keyNames: [] },
        { label: "openCount", type: "uint16", slot: 0n, offset: 16, keyNames: [] },
        { label: "isUsed", type: "bool", slot: 0n, offset: 18, keyNames: [] },
      ],
    },
    "struct PositionLedger.Collateral": {
      kind: "struct",
      label: "struct PositionLedger.Collateral",
      slots: 1n,
      members: [
        { label: "balance", type: "uint128", slot: 0n, offset: 0, keyNames: [] },
        { label: "isUsed", type: "bool", slot: 0n, offset: 16, keyNames: [] },
      ],
    },
    "struct PositionLedger.Size": {
      kind: "struct",
      label: "struct PositionLedger.Size",
      slots: 1n,
      members: [
        { label: "size", type: "int128", slot: 0n, offset: 0, keyNames: [] },
        { label: "isUsed", type: "bool", slot: 0n, offset: 16, keyNames: [] },
      ],
    },
    uint128: { kind: "value", label: "uint128", elementary: "uint128", value: "uint", bytes: 16 },
    uint16: { kind: "value", label: "uint16", elementary: "uint16", value: "uint", bytes: 2 },
    uint256: { kind: "value", label: "uint256", elementary: "uint256", value: "uint", bytes: 32 },
    uint48: { kind: "value", label: "uint48", elementary: "uint48", value: "uint", bytes: 6 },
    uint64: { kind: "value", label: "uint64", elementary: "uint64", value: "uint", bytes: 8 },
  },
};

/** A word of `hot`, low-order field first. */
export interface HotWord {
  /** uint64 */ readonly sequence: bigint;
  /** Flags */ readonly flags: bigint;
  /** uint48 */ readonly checkpointTime: bigint;
  /** uint48 */ readonly graceUntil: bigint;
}

/** A word of `accounts`, low-order field first. */
export interface AccountsWord {
  /** int128 */ readonly quote: bigint;
  /** uint16 */ readonly openCount: bigint;
  /** bool */ readonly isUsed: boolean;
}

/** A word of `sizes`, low-order field first. */
export interface SizesWord {
  /** int128 */ readonly size: bigint;
  /** bool */ readonly isUsed: boolean;
}

/** A word of `collateral`, low-order field first. */
export interface CollateralWord {
  /** uint128 */ readonly balance: bigint;
  /** bool */ readonly isUsed: boolean;
}

/** Slots and packing of PositionLedger, by variable. */
export const storage = {
  /** `struct HotWord _hot` */
  hot: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000000",
    encode: (fields: HotWord): bigint =>
      uintBits("hot.sequence", fields.sequence, 64) |
      (uintBits("hot.flags", fields.flags, 8) << 64n) |
      (uintBits("hot.checkpointTime", fields.checkpointTime, 48) << 72n) |
      (uintBits("hot.graceUntil", fields.graceUntil, 48) << 120n),
    decode: (word: bigint): HotWord => ({
      sequence: BigInt.asUintN(64, word),
      flags: BigInt.asUintN(8, word >> 64n),
      checkpointTime: BigInt.asUintN(48, word >> 72n),
      graceUntil: BigInt.asUintN(48, word >> 120n),
    }),
  },
  /** `mapping(AccountId => struct PositionLedger.Account) _accounts` */
  accounts: {
    slot: (account: Hex): Hash =>
      mappingSlot(
        "0x0000000000000000000000000000000000000000000000000000000000000001",
        bytesKey("accounts[account]", account, 32),
      ),
    encode: (fields: AccountsWord): bigint =>
      intBits("accounts.quote", fields.quote, 128) |
      (uintBits("accounts.openCount", fields.openCount, 16) << 128n) |
      (boolBits(fields.isUsed) << 144n),
    decode: (word: bigint): AccountsWord => ({
      quote: BigInt.asIntN(128, word),
      openCount: BigInt.asUintN(16, word >> 128n),
      isUsed: BigInt.asUintN(8, word >> 144n) !== 0n,
    }),
  },
  /** `mapping(AccountId => mapping(uint16 => struct PositionLedger.Size)) _sizes` */
  sizes: {
    slot: (account: Hex, instrument: bigint): Hash =>
      mappingSlot(
        mappingSlot(
          "0x0000000000000000000000000000000000000000000000000000000000000002",
          bytesKey("sizes[account]", account, 32),
        ),
        uintKey("sizes[instrument]", instrument, 16),
      ),
    encode: (fields: SizesWord): bigint => intBits("sizes.size", fields.size, 128) | (boolBits(fields.isUsed) << 128n),
    decode: (word: bigint): SizesWord => ({
      size: BigInt.asIntN(128, word),
      isUsed: BigInt.asUintN(8, word >> 128n) !== 0n,
    }),
  },
  /** `mapping(AccountId => mapping(uint256 => uint256)) _openIds` */
  openIds: {
    slot: (account: Hex, page: bigint): Hash =>
      mappingSlot(
        mappingSlot(
          "0x0000000000000000000000000000000000000000000000000000000000000003",
          bytesKey("openIds[account]", account, 32),
        ),
        uintKey("openIds[page]", page, 256),
      ),
    encode: (value: bigint): bigint => uintBits("openIds", value, 256),
    decode: (word: bigint): bigint => BigInt.asUintN(256, word),
  },
  /** `mapping(AccountId => mapping(address => struct PositionLedger.Collateral)) _collateral` */
  collateral: {
    slot: (account: Hex, asset: Hex): Hash =>
      mappingSlot(
        mappingSlot(
          "0x0000000000000000000000000000000000000000000000000000000000000004",
          bytesKey("collateral[account]", account, 32),
        ),
        addressKey("collateral[asset]", asset),
      ),
    encode: (fields: CollateralWord): bigint =>
      uintBits("collateral.balance", fields.balance, 128) | (boolBits(fields.isUsed) << 128n),
    decode: (word: bigint): CollateralWord => ({
      balance: BigInt.asUintN(128, word),
      isUsed: BigInt.asUintN(8, word >> 128n) !== 0n,
    }),
  },
  /** `address _vault` */
  vault: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000005",
    encode: (value: Hex): bigint => hexBits("vault", value, 20),
    decode: (word: bigint): Hex => hexOf(BigInt.asUintN(160, word), 20),
  },
  /** `address _settlement` */
  settlement: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000006",
    encode: (value: Hex): bigint => hexBits("settlement", value, 20),
    decode: (word: bigint): Hex => hexOf(BigInt.asUintN(160, word), 20),
  },
  /** `address _guard` */
  guard: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000007",
    encode: (value: Hex): bigint => hexBits("guard", value, 20),
    decode: (word: bigint): Hex => hexOf(BigInt.asUintN(160, word), 20),
  },
} as const;

/** Topic 0 of each event of PositionLedger. */
export const TOPICS = {
  EntryPosted: "0xe9a324d070b6dcf905e3836b174ca555d94deb311ab75c341458698edf3724df",
  HotWordPushed: "0x74385341d2034804679031993d9ac1e1f00f64cf9b6f7b0b04f51c555e209436",
  ModulesBound: "0x2a72a6c1a518b4130563ba26293f551a3f42c5d6a72177379df22c2b95a572eb",
} as const;

/** `EntryPosted(uint64 indexed sequence, AccountId indexed account, enum EntryKind kind, uint256 key, int256 sizeDelta, int256 quoteDelta, int256 sizeAfter, int256 quoteAfter)` */
export interface EntryPostedEvent {
  readonly name: "EntryPosted";
  readonly sequence: bigint;
  readonly account: Hex;
  readonly kind: bigint;
  readonly key: bigint;
  readonly sizeDelta: bigint;
  readonly quoteDelta: bigint;
  readonly sizeAfter: bigint;
  readonly quoteAfter: bigint;
}

/** Strictly decodes EntryPosted; throws {@link DecodeError}. */
export function decodeEntryPosted(log: LogData): EntryPostedEvent {
  checkLog("EntryPosted", log, "0xe9a324d070b6dcf905e3836b174ca555d94deb311ab75c341458698edf3724df", 3, 6);
  const { topics, data } = log;
  return {
    name: "EntryPosted",
    sequence: readUint("EntryPosted", "sequence", topics[1] as Hex, 2, 64),
    account: readFixedBytes("EntryPosted", "account", topics[2] as Hex, 2, 32),
    kind: readUint("EntryPosted", "kind", data, 2, 8),
    key: readUint("EntryPosted", "key", data, 66, 256),
    sizeDelta: readInt("EntryPosted", "sizeDelta", data, 130, 256),
    quoteDelta: readInt("EntryPosted", "quoteDelta", data, 194, 256),
    sizeAfter: readInt("EntryPosted", "sizeAfter", data, 258, 256),
    quoteAfter: readInt("EntryPosted", "quoteAfter", data, 322, 256),
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

/** `ModulesBound(address vault, address settlement, address guard)` */
export interface ModulesBoundEvent {
  readonly name: "ModulesBound";
  readonly vault: Hex;
  readonly settlement: Hex;
  readonly guard: Hex;
}

/** Strictly decodes ModulesBound; throws {@link DecodeError}. */
export function decodeModulesBound(log: LogData): ModulesBoundEvent {
  checkLog("ModulesBound", log, "0x2a72a6c1a518b4130563ba26293f551a3f42c5d6a72177379df22c2b95a572eb", 1, 3);
  const { data } = log;
  return {
    name: "ModulesBound",
    vault: readAddress("ModulesBound", "vault", data, 2),
    settlement: readAddress("ModulesBound", "settlement", data, 66),
    guard: readAddress("ModulesBound", "guard", data, 130),
  };
}

/** Any event of PositionLedger. */
export type PositionLedgerEvent = EntryPostedEvent | HotWordPushedEvent | ModulesBoundEvent;

/** Decodes a log by its topic 0; null when that is no event of PositionLedger. Throws {@link DecodeError}. */
export function decodeEvent(log: LogData): PositionLedgerEvent | null {
  switch (log.topics[0]) {
    case "0xe9a324d070b6dcf905e3836b174ca555d94deb311ab75c341458698edf3724df":
      return decodeEntryPosted(log);
    case "0x74385341d2034804679031993d9ac1e1f00f64cf9b6f7b0b04f51c555e209436":
      return decodeHotWordPushed(log);
    case "0x2a72a6c1a518b4130563ba26293f551a3f42c5d6a72177379df22c2b95a572eb":
      return decodeModulesBound(log);
    default:
      return null;
  }
}

/** Names of PositionLedger's errors by selector. */
export const ERROR_SELECTORS: Readonly<Record<Hex, string>> = {
  "0x0f714079": "LedgerAlreadyBound",
  "0xbfa1c2ca": "LedgerAmountTooLarge",
  "0xac4caff0": "LedgerBelowInitialMargin",
  "0xc265db4c": "LedgerIncreaseRestricted",
  "0x98262dfa": "LedgerInsufficientCollateral",
  "0x409ca641": "LedgerNotConserved",
  "0xc006462a": "LedgerNotDeployer",
  "0x75f5eba5": "LedgerNotFlat",
  "0x9d12a6a6": "LedgerNotModule",
  "0x605d1be0": "LedgerReductionWorsensHealth",
  "0x977feb58": "LedgerSameAccount",
  "0x94027ecd": "LedgerTooManyPositions",
  "0x37670119": "LedgerWithdrawalRestricted",
  "0x9e9ea0db": "LedgerZeroAddress",
  "0x39a2d0fe": "LedgerZeroAmount",
  "0x327269a7": "SafeCastOverflowedIntDowncast",
  "0x6dfcc650": "SafeCastOverflowedUintDowncast",
  "0x24775e06": "SafeCastOverflowedUintToInt",
};
