// Generated from contracts/clearing/CollateralVault.sol; do not edit: npm run generate.
import type { Hash, Hex } from "../../lib/hex.ts";
import type { Layout } from "../layout/Layout.ts";
import { checkLog, readAddress, readFixedBytes, readUint, type LogData } from "../layout/readLog.ts";
import { addressKey, bytesKey, mappingSlot } from "../layout/slots.ts";
import { boolBits, hexBits, hexOf, uintBits } from "../layout/wordFields.ts";

/** State variables of CollateralVault, in storage order. */
export const VARIABLES = ["_authority", "_consumingSchedule", "_assets", "_flows", "_claims"] as const;

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
  ],
  types: {
    AccountId: { kind: "value", label: "AccountId", elementary: "bytes32", value: "bytes", bytes: 32 },
    address: { kind: "value", label: "address", elementary: "address", value: "address", bytes: 20 },
    bool: { kind: "value", label: "bool", elementary: "bool", value: "bool", bytes: 1 },
    "mapping(AccountId => mapping(address => struct Claim))": {
      kind: "mapping",
      label: "mapping(AccountId => mapping(address => struct Claim))",
      key: "AccountId",
      value: "mapping(address => struct Claim)",
    },
    "mapping(AccountId => mapping(address => struct Flow))": {
      kind: "mapping",
      label: "mapping(AccountId => mapping(address => struct Flow))",
      key: "AccountId",
      value: "mapping(address => struct Flow)",
    },
    "mapping(address => struct Asset)": {
      kind: "mapping",
      label: "mapping(address => struct Asset)",
      key: "address",
      value: "struct Asset",
    },
    "mapping(address => struct Claim)": {
      kind: "mapping",
      label: "mapping(address => struct Claim)",
      key: "address",
      value: "struct Claim",
    },
    "mapping(address => struct Flow)": {
      kind: "mapping",
      label: "mapping(address => struct Flow)",
      key: "address",
      value: "struct Flow",
    },
    "struct Asset": {
      kind: "struct",
      label: "struct Asset",
      slots: 1n,
      members: [
        { label: "isListed", type: "bool", slot: 0n, offset: 0, keyNames: [] },
        { label: "held", type: "uint120", slot: 0n, offset: 1, keyNames: [] },
        { label: "claimable", type: "uint120", slot: 0n, offset: 16, keyNames: [] },
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
    "struct Flow": {
      kind: "struct",
      label: "struct Flow",
      slots: 1n,
      members: [
        { label: "withdrawn", type: "uint120", slot: 0n, offset: 0, keyNames: [] },
        { label: "claimed", type: "uint120", slot: 0n, offset: 15, keyNames: [] },
        { label: "isOpen", type: "bool", slot: 0n, offset: 30, keyNames: [] },
      ],
    },
    uint120: { kind: "value", label: "uint120", elementary: "uint120", value: "uint", bytes: 15 },
    uint128: { kind: "value", label: "uint128", elementary: "uint128", value: "uint", bytes: 16 },
  },
};

/** A word of `word0`, low-order field first. */
export interface Word0 {
  /** address */ readonly authority: Hex;
  /** bool */ readonly consumingSchedule: boolean;
}

/** A word of `assets`, low-order field first. */
export interface AssetsWord {
  /** bool */ readonly isListed: boolean;
  /** uint120 */ readonly held: bigint;
  /** uint120 */ readonly claimable: bigint;
}

/** A word of `flows`, low-order field first. */
export interface FlowsWord {
  /** uint120 */ readonly withdrawn: bigint;
  /** uint120 */ readonly claimed: bigint;
  /** bool */ readonly isOpen: boolean;
}

/** A word of `claims`, low-order field first. */
export interface ClaimsWord {
  /** uint128 */ readonly owed: bigint;
  /** uint128 */ readonly paid: bigint;
}

/** Slots and packing of CollateralVault, by variable. */
export const storage = {
  /** `address _authority`, `bool _consumingSchedule` */
  word0: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000000",
    encode: (fields: Word0): bigint =>
      hexBits("word0.authority", fields.authority, 20) | (boolBits(fields.consumingSchedule) << 160n),
    decode: (word: bigint): Word0 => ({
      authority: hexOf(BigInt.asUintN(160, word), 20),
      consumingSchedule: BigInt.asUintN(8, word >> 160n) !== 0n,
    }),
  },
  /** `mapping(address => struct Asset) _assets` */
  assets: {
    slot: (asset: Hex): Hash =>
      mappingSlot(
        "0x0000000000000000000000000000000000000000000000000000000000000001",
        addressKey("assets[asset]", asset),
      ),
    encode: (fields: AssetsWord): bigint =>
      boolBits(fields.isListed) |
      (uintBits("assets.held", fields.held, 120) << 8n) |
      (uintBits("assets.claimable", fields.claimable, 120) << 128n),
    decode: (word: bigint): AssetsWord => ({
      isListed: BigInt.asUintN(8, word) !== 0n,
      held: BigInt.asUintN(120, word >> 8n),
      claimable: BigInt.asUintN(120, word >> 128n),
    }),
  },
  /** `mapping(AccountId => mapping(address => struct Flow)) _flows` */
  flows: {
    slot: (account: Hex, asset: Hex): Hash =>
      mappingSlot(
        mappingSlot(
          "0x0000000000000000000000000000000000000000000000000000000000000002",
          bytesKey("flows[account]", account, 32),
        ),
        addressKey("flows[asset]", asset),
      ),
    encode: (fields: FlowsWord): bigint =>
      uintBits("flows.withdrawn", fields.withdrawn, 120) |
      (uintBits("flows.claimed", fields.claimed, 120) << 120n) |
      (boolBits(fields.isOpen) << 240n),
    decode: (word: bigint): FlowsWord => ({
      withdrawn: BigInt.asUintN(120, word),
      claimed: BigInt.asUintN(120, word >> 120n),
      isOpen: BigInt.asUintN(8, word >> 240n) !== 0n,
    }),
  },
  /** `mapping(AccountId => mapping(address => struct Claim)) _claims` */
  claims: {
    slot: (account: Hex, asset: Hex): Hash =>
      mappingSlot(
        mappingSlot(
          "0x0000000000000000000000000000000000000000000000000000000000000003",
          bytesKey("claims[account]", account, 32),
        ),
        addressKey("claims[asset]", asset),
      ),
    encode: (fields: ClaimsWord): bigint =>
      uintBits("claims.owed", fields.owed, 128) | (uintBits("claims.paid", fields.paid, 128) << 128n),
    decode: (word: bigint): ClaimsWord => ({
      owed: BigInt.asUintN(128, word),
      paid: BigInt.asUintN(128, word >> 128n),
    }),
  },
} as const;

/** Topic 0 of each event of CollateralVault. */
export const TOPICS = {
  AssetListed: "0x6c5d9f29f71186240b8efdc1781edc2facd88a578fcddb831991cfe156eb187d",
  AuthorityUpdated: "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad",
  ClaimKept: "0x66ed0ec508b7c85138ad7fbaa5fa704ff7e27dfc1228858c3338be981a20e280",
  Claimed: "0x9092659126665034aead95be4fec3c99543de6c9f5e1c86d5f13ddb11b00090d",
  Deposited: "0x74cc37cd7d8891f3bdde4ab0f890e8684cbb432021df57d6eca6aece3082281b",
  Withdrawn: "0x7fe19091e3e6f0d3f8ba7627c48d583dfbc4de8c17046177909c4ec1d3335c40",
} as const;

/** `AssetListed(address indexed asset)` */
export interface AssetListedEvent {
  readonly name: "AssetListed";
  readonly asset: Hex;
}

/** Strictly decodes AssetListed; throws {@link DecodeError}. */
export function decodeAssetListed(log: LogData): AssetListedEvent {
  checkLog("AssetListed", log, "0x6c5d9f29f71186240b8efdc1781edc2facd88a578fcddb831991cfe156eb187d", 2, 0);
  const { topics } = log;
  return { name: "AssetListed", asset: readAddress("AssetListed", "asset", topics[1] as Hex, 2) };
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

/** `ClaimKept(AccountId indexed account, address indexed asset, uint256 amount, uint128 owed, uint120 claimable)` */
export interface ClaimKeptEvent {
  readonly name: "ClaimKept";
  readonly account: Hex;
  readonly asset: Hex;
  readonly amount: bigint;
  readonly owed: bigint;
  readonly claimable: bigint;
}

/** Strictly decodes ClaimKept; throws {@link DecodeError}. */
export function decodeClaimKept(log: LogData): ClaimKeptEvent {
  checkLog("ClaimKept", log, "0x66ed0ec508b7c85138ad7fbaa5fa704ff7e27dfc1228858c3338be981a20e280", 3, 3);
  const { topics, data } = log;
  return {
    name: "ClaimKept",
    account: readFixedBytes("ClaimKept", "account", topics[1] as Hex, 2, 32),
    asset: readAddress("ClaimKept", "asset", topics[2] as Hex, 2),
    amount: readUint("ClaimKept", "amount", data, 2, 256),
    owed: readUint("ClaimKept", "owed", data, 66, 128),
    claimable: readUint("ClaimKept", "claimable", data, 130, 120),
  };
}

/** `Claimed(AccountId indexed account, address indexed asset, address to, uint256 amount, uint128 paid, uint120 claimed, uint120 claimable)` */
export interface ClaimedEvent {
  readonly name: "Claimed";
  readonly account: Hex;
  readonly asset: Hex;
  readonly to: Hex;
  readonly amount: bigint;
  readonly paid: bigint;
  readonly claimed: bigint;
  readonly claimable: bigint;
}

/** Strictly decodes Claimed; throws {@link DecodeError}. */
export function decodeClaimed(log: LogData): ClaimedEvent {
  checkLog("Claimed", log, "0x9092659126665034aead95be4fec3c99543de6c9f5e1c86d5f13ddb11b00090d", 3, 5);
  const { topics, data } = log;
  return {
    name: "Claimed",
    account: readFixedBytes("Claimed", "account", topics[1] as Hex, 2, 32),
    asset: readAddress("Claimed", "asset", topics[2] as Hex, 2),
    to: readAddress("Claimed", "to", data, 2),
    amount: readUint("Claimed", "amount", data, 66, 256),
    paid: readUint("Claimed", "paid", data, 130, 128),
    claimed: readUint("Claimed", "claimed", data, 194, 120),
    claimable: readUint("Claimed", "claimable", data, 258, 120),
  };
}

/** `Deposited(AccountId indexed account, address indexed asset, address payer, uint256 amount, uint120 held)` */
export interface DepositedEvent {
  readonly name: "Deposited";
  readonly account: Hex;
  readonly asset: Hex;
  readonly payer: Hex;
  readonly amount: bigint;
  readonly held: bigint;
}

/** Strictly decodes Deposited; throws {@link DecodeError}. */
export function decodeDeposited(log: LogData): DepositedEvent {
  checkLog("Deposited", log, "0x74cc37cd7d8891f3bdde4ab0f890e8684cbb432021df57d6eca6aece3082281b", 3, 3);
  const { topics, data } = log;
  return {
    name: "Deposited",
    account: readFixedBytes("Deposited", "account", topics[1] as Hex, 2, 32),
    asset: readAddress("Deposited", "asset", topics[2] as Hex, 2),
    payer: readAddress("Deposited", "payer", data, 2),
    amount: readUint("Deposited", "amount", data, 66, 256),
    held: readUint("Deposited", "held", data, 130, 120),
  };
}

/** `Withdrawn(AccountId indexed account, address indexed asset, address to, uint256 amount, uint120 withdrawn, uint120 held)` */
export interface WithdrawnEvent {
  readonly name: "Withdrawn";
  readonly account: Hex;
  readonly asset: Hex;
  readonly to: Hex;
  readonly amount: bigint;
  readonly withdrawn: bigint;
  readonly held: bigint;
}

/** Strictly decodes Withdrawn; throws {@link DecodeError}. */
export function decodeWithdrawn(log: LogData): WithdrawnEvent {
  checkLog("Withdrawn", log, "0x7fe19091e3e6f0d3f8ba7627c48d583dfbc4de8c17046177909c4ec1d3335c40", 3, 4);
  const { topics, data } = log;
  return {
    name: "Withdrawn",
    account: readFixedBytes("Withdrawn", "account", topics[1] as Hex, 2, 32),
    asset: readAddress("Withdrawn", "asset", topics[2] as Hex, 2),
    to: readAddress("Withdrawn", "to", data, 2),
    amount: readUint("Withdrawn", "amount", data, 66, 256),
    withdrawn: readUint("Withdrawn", "withdrawn", data, 130, 120),
    held: readUint("Withdrawn", "held", data, 194, 120),
  };
}

/** Any event of CollateralVault. */
export type CollateralVaultEvent =
  AssetListedEvent | AuthorityUpdatedEvent | ClaimKeptEvent | ClaimedEvent | DepositedEvent | WithdrawnEvent;

/** Decodes a log by its topic 0; null when that is no event of CollateralVault. Throws {@link DecodeError}. */
export function decodeEvent(log: LogData): CollateralVaultEvent | null {
  switch (log.topics[0]) {
    case "0x6c5d9f29f71186240b8efdc1781edc2facd88a578fcddb831991cfe156eb187d":
      return decodeAssetListed(log);
    case "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad":
      return decodeAuthorityUpdated(log);
    case "0x66ed0ec508b7c85138ad7fbaa5fa704ff7e27dfc1228858c3338be981a20e280":
      return decodeClaimKept(log);
    case "0x9092659126665034aead95be4fec3c99543de6c9f5e1c86d5f13ddb11b00090d":
      return decodeClaimed(log);
    case "0x74cc37cd7d8891f3bdde4ab0f890e8684cbb432021df57d6eca6aece3082281b":
      return decodeDeposited(log);
    case "0x7fe19091e3e6f0d3f8ba7627c48d583dfbc4de8c17046177909c4ec1d3335c40":
      return decodeWithdrawn(log);
    default:
      return null;
  }
}

/** Names of CollateralVault's errors by selector. */
export const ERROR_SELECTORS: Readonly<Record<Hex, string>> = {
  "0xc2f31e5e": "AccessManagedInvalidAuthority",
  "0xaf77169d": "AccessManagedRequiredDelay",
  "0x068ca9d8": "AccessManagedUnauthorized",
  "0xf3dd7004": "RLPInvalidEncoding",
  "0x6dfcc650": "SafeCastOverflowedUintDowncast",
  "0x5274afe7": "SafeERC20FailedOperation",
  "0x306ce43e": "StorageProofOversizedWord",
  "0x1121c9d0": "TrieProofTraversalError",
  "0x329d815a": "VaultAboveWitnessed",
  "0x04f231c2": "VaultAlreadyListed",
  "0xb2f352b9": "VaultClaimsRestricted",
  "0xf13be00c": "VaultNotBacked",
  "0xf80fb767": "VaultNotOwner",
  "0x3b3875b1": "VaultNothingReceived",
  "0x25d04b19": "VaultNothingToClaim",
  "0x051c4e3b": "VaultReentered",
  "0xd1b1a694": "VaultUnlistedAsset",
  "0x630d83d8": "VaultUnsupportedDecimals",
  "0x62441713": "VaultWitnessNotFlat",
  "0x2d1290f2": "VaultWrongWitness",
  "0xe44a0eef": "VaultZeroAddress",
  "0xa3e24d66": "VaultZeroAmount",
};
