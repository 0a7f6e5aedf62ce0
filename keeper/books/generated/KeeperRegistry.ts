// Generated from contracts/sync/KeeperRegistry.sol; do not edit: npm run generate.
import type { Hash, Hex } from "../../lib/hex.ts";
import type { Layout } from "../layout/Layout.ts";
import { checkLog, readAddress, readUint, type LogData } from "../layout/readLog.ts";
import { addressKey, mappingSlot } from "../layout/slots.ts";
import { boolBits, hexBits, hexOf, uintBits } from "../layout/wordFields.ts";

/** State variables of KeeperRegistry, in storage order. */
export const VARIABLES = [
  "_authority",
  "_consumingSchedule",
  "_keepers",
  "_attesters",
  "_registry",
  "_setId",
  "_count",
] as const;

/** The storage layout of KeeperRegistry as data. */
export const LAYOUT: Layout = {
  contract: "KeeperRegistry",
  variables: [
    { label: "_authority", type: "address", slot: 0n, offset: 0, keyNames: [] },
    { label: "_consumingSchedule", type: "bool", slot: 0n, offset: 20, keyNames: [] },
    { label: "_keepers", type: "mapping(address => struct Keeper)", slot: 1n, offset: 0, keyNames: ["attester"] },
    { label: "_attesters", type: "mapping(address => address)", slot: 2n, offset: 0, keyNames: ["key"] },
    { label: "_registry", type: "address", slot: 3n, offset: 0, keyNames: [] },
    { label: "_setId", type: "uint32", slot: 3n, offset: 20, keyNames: [] },
    { label: "_count", type: "uint16", slot: 3n, offset: 24, keyNames: [] },
  ],
  types: {
    address: { kind: "value", label: "address", elementary: "address", value: "address", bytes: 20 },
    bool: { kind: "value", label: "bool", elementary: "bool", value: "bool", bytes: 1 },
    "mapping(address => address)": {
      kind: "mapping",
      label: "mapping(address => address)",
      key: "address",
      value: "address",
    },
    "mapping(address => struct Keeper)": {
      kind: "mapping",
      label: "mapping(address => struct Keeper)",
      key: "address",
      value: "struct Keeper",
    },
    "struct Keeper": {
      kind: "struct",
      label: "struct Keeper",
      slots: 1n,
      members: [
        { label: "pauser", type: "address", slot: 0n, offset: 0, keyNames: [] },
        { label: "isActive", type: "bool", slot: 0n, offset: 20, keyNames: [] },
        { label: "isJailed", type: "bool", slot: 0n, offset: 21, keyNames: [] },
      ],
    },
    uint16: { kind: "value", label: "uint16", elementary: "uint16", value: "uint", bytes: 2 },
    uint32: { kind: "value", label: "uint32", elementary: "uint32", value: "uint", bytes: 4 },
  },
};

/** A word of `word0`, low-order field first. */
export interface Word0 {
  /** address */ readonly authority: Hex;
  /** bool */ readonly consumingSchedule: boolean;
}

/** A word of `keepers`, low-order field first. */
export interface KeepersWord {
  /** address */ readonly pauser: Hex;
  /** bool */ readonly isActive: boolean;
  /** bool */ readonly isJailed: boolean;
}

/** A word of `word3`, low-order field first. */
export interface Word3 {
  /** address */ readonly registry: Hex;
  /** uint32 */ readonly setId: bigint;
  /** uint16 */ readonly count: bigint;
}

/** Slots and packing of KeeperRegistry, by variable. */
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
  /** `mapping(address => struct Keeper) _keepers` */
  keepers: {
    slot: (attester: Hex): Hash =>
      mappingSlot(
        "0x0000000000000000000000000000000000000000000000000000000000000001",
        addressKey("keepers[attester]", attester),
      ),
    encode: (fields: KeepersWord): bigint =>
      hexBits("keepers.pauser", fields.pauser, 20) |
      (boolBits(fields.isActive) << 160n) |
      (boolBits(fields.isJailed) << 168n),
    decode: (word: bigint): KeepersWord => ({
      pauser: hexOf(BigInt.asUintN(160, word), 20),
      isActive: BigInt.asUintN(8, word >> 160n) !== 0n,
      isJailed: BigInt.asUintN(8, word >> 168n) !== 0n,
    }),
  },
  /** `mapping(address => address) _attesters` */
  attesters: {
    slot: (key: Hex): Hash =>
      mappingSlot(
        "0x0000000000000000000000000000000000000000000000000000000000000002",
        addressKey("attesters[key]", key),
      ),
    encode: (value: Hex): bigint => hexBits("attesters", value, 20),
    decode: (word: bigint): Hex => hexOf(BigInt.asUintN(160, word), 20),
  },
  /** `address _registry`, `uint32 _setId`, `uint16 _count` */
  word3: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000003",
    encode: (fields: Word3): bigint =>
      hexBits("word3.registry", fields.registry, 20) |
      (uintBits("word3.setId", fields.setId, 32) << 160n) |
      (uintBits("word3.count", fields.count, 16) << 192n),
    decode: (word: bigint): Word3 => ({
      registry: hexOf(BigInt.asUintN(160, word), 20),
      setId: BigInt.asUintN(32, word >> 160n),
      count: BigInt.asUintN(16, word >> 192n),
    }),
  },
} as const;

/** Topic 0 of each event of KeeperRegistry. */
export const TOPICS = {
  AuthorityUpdated: "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad",
  KeeperAdded: "0xde44913aeccfe16355e82d529d56181dea5678dd5c68be20f333131c97ac9301",
  KeeperJailed: "0xe3e210fc653b24fd709b305dc308a45383140e45106de3e6aba1f3caf92e81fc",
  KeeperRegistryBound: "0x779b274263c057b54eae80fdaacdfd0bc60aad13e2daca50df37968432cb76b4",
  KeeperRemoved: "0xd8ba76a3b36aaceb47b9f6ebfeab70af43834321f8a3227676a033cd3dbbd668",
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

/** `KeeperAdded(address indexed attester, address indexed pauser, uint32 setId, uint16 count)` */
export interface KeeperAddedEvent {
  readonly name: "KeeperAdded";
  readonly attester: Hex;
  readonly pauser: Hex;
  readonly setId: bigint;
  readonly count: bigint;
}

/** Strictly decodes KeeperAdded; throws {@link DecodeError}. */
export function decodeKeeperAdded(log: LogData): KeeperAddedEvent {
  checkLog("KeeperAdded", log, "0xde44913aeccfe16355e82d529d56181dea5678dd5c68be20f333131c97ac9301", 3, 2);
  const { topics, data } = log;
  return {
    name: "KeeperAdded",
    attester: readAddress("KeeperAdded", "attester", topics[1] as Hex, 2),
    pauser: readAddress("KeeperAdded", "pauser", topics[2] as Hex, 2),
    setId: readUint("KeeperAdded", "setId", data, 2, 32),
    count: readUint("KeeperAdded", "count", data, 66, 16),
  };
}

/** `KeeperJailed(address indexed attester, address indexed challenger, uint32 setId, uint16 count)` */
export interface KeeperJailedEvent {
  readonly name: "KeeperJailed";
  readonly attester: Hex;
  readonly challenger: Hex;
  readonly setId: bigint;
  readonly count: bigint;
}

/** Strictly decodes KeeperJailed; throws {@link DecodeError}. */
export function decodeKeeperJailed(log: LogData): KeeperJailedEvent {
  checkLog("KeeperJailed", log, "0xe3e210fc653b24fd709b305dc308a45383140e45106de3e6aba1f3caf92e81fc", 3, 2);
  const { topics, data } = log;
  return {
    name: "KeeperJailed",
    attester: readAddress("KeeperJailed", "attester", topics[1] as Hex, 2),
    challenger: readAddress("KeeperJailed", "challenger", topics[2] as Hex, 2),
    setId: readUint("KeeperJailed", "setId", data, 2, 32),
    count: readUint("KeeperJailed", "count", data, 66, 16),
  };
}

/** `KeeperRegistryBound(address registry)` */
export interface KeeperRegistryBoundEvent {
  readonly name: "KeeperRegistryBound";
  readonly registry: Hex;
}

/** Strictly decodes KeeperRegistryBound; throws {@link DecodeError}. */
export function decodeKeeperRegistryBound(log: LogData): KeeperRegistryBoundEvent {
  checkLog("KeeperRegistryBound", log, "0x779b274263c057b54eae80fdaacdfd0bc60aad13e2daca50df37968432cb76b4", 1, 1);
  const { data } = log;
  return { name: "KeeperRegistryBound", registry: readAddress("KeeperRegistryBound", "registry", data, 2) };
}

/** `KeeperRemoved(address indexed attester, uint32 setId, uint16 count)` */
export interface KeeperRemovedEvent {
  readonly name: "KeeperRemoved";
  readonly attester: Hex;
  readonly setId: bigint;
  readonly count: bigint;
}

/** Strictly decodes KeeperRemoved; throws {@link DecodeError}. */
export function decodeKeeperRemoved(log: LogData): KeeperRemovedEvent {
  checkLog("KeeperRemoved", log, "0xd8ba76a3b36aaceb47b9f6ebfeab70af43834321f8a3227676a033cd3dbbd668", 2, 2);
  const { topics, data } = log;
  return {
    name: "KeeperRemoved",
    attester: readAddress("KeeperRemoved", "attester", topics[1] as Hex, 2),
    setId: readUint("KeeperRemoved", "setId", data, 2, 32),
    count: readUint("KeeperRemoved", "count", data, 66, 16),
  };
}

/** Any event of KeeperRegistry. */
export type KeeperRegistryEvent =
  AuthorityUpdatedEvent | KeeperAddedEvent | KeeperJailedEvent | KeeperRegistryBoundEvent | KeeperRemovedEvent;

/** Decodes a log by its topic 0; null when that is no event of KeeperRegistry. Throws {@link DecodeError}. */
export function decodeEvent(log: LogData): KeeperRegistryEvent | null {
  switch (log.topics[0]) {
    case "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad":
      return decodeAuthorityUpdated(log);
    case "0xde44913aeccfe16355e82d529d56181dea5678dd5c68be20f333131c97ac9301":
      return decodeKeeperAdded(log);
    case "0xe3e210fc653b24fd709b305dc308a45383140e45106de3e6aba1f3caf92e81fc":
      return decodeKeeperJailed(log);
    case "0x779b274263c057b54eae80fdaacdfd0bc60aad13e2daca50df37968432cb76b4":
      return decodeKeeperRegistryBound(log);
    case "0xd8ba76a3b36aaceb47b9f6ebfeab70af43834321f8a3227676a033cd3dbbd668":
      return decodeKeeperRemoved(log);
    default:
      return null;
  }
}

/** Names of KeeperRegistry's errors by selector. */
export const ERROR_SELECTORS: Readonly<Record<Hex, string>> = {
  "0xc2f31e5e": "AccessManagedInvalidAuthority",
  "0xaf77169d": "AccessManagedRequiredDelay",
  "0x068ca9d8": "AccessManagedUnauthorized",
  "0x093b3e2a": "KeeperRegistryAlreadyBound",
  "0xa39af8a7": "KeeperRegistryKeyInUse",
  "0xf61149a8": "KeeperRegistryNotActive",
  "0xcc6b3699": "KeeperRegistryNotCheckpointRegistry",
  "0x4cbbc1e6": "KeeperRegistryNotDeployer",
  "0xd3371690": "KeeperRegistryUnknown",
  "0x4b93009d": "KeeperRegistryZeroAddress",
};
