// Generated from contracts/sync/SyncGuard.sol; do not edit: npm run generate.
import type { Hash, Hex } from "../../lib/hex.ts";
import type { Layout } from "../layout/Layout.ts";
import { checkLog, readAddress, readFixedBytes, readUint, type LogData } from "../layout/readLog.ts";
import { addressKey, bytesKey, mappingSlot } from "../layout/slots.ts";
import { boolBits, hexBits, hexOf, uintBits } from "../layout/wordFields.ts";

/** State variables of SyncGuard, in storage order. */
export const VARIABLES = ["_registry", "_liftedAt", "_incident", "_pausedBlocks", "_uses"] as const;

/** The storage layout of SyncGuard as data. */
export const LAYOUT: Layout = {
  contract: "SyncGuard",
  variables: [
    { label: "_registry", type: "address", slot: 0n, offset: 0, keyNames: [] },
    { label: "_liftedAt", type: "uint48", slot: 0n, offset: 20, keyNames: [] },
    { label: "_incident", type: "struct Incident", slot: 1n, offset: 0, keyNames: [] },
    { label: "_pausedBlocks", type: "mapping(bytes32 => uint64)", slot: 2n, offset: 0, keyNames: ["incidentId"] },
    { label: "_uses", type: "mapping(address => struct Use)", slot: 3n, offset: 0, keyNames: ["attester"] },
  ],
  types: {
    address: { kind: "value", label: "address", elementary: "address", value: "address", bytes: 20 },
    bool: { kind: "value", label: "bool", elementary: "bool", value: "bool", bytes: 1 },
    bytes32: { kind: "value", label: "bytes32", elementary: "bytes32", value: "bytes", bytes: 32 },
    "mapping(address => struct Use)": {
      kind: "mapping",
      label: "mapping(address => struct Use)",
      key: "address",
      value: "struct Use",
    },
    "mapping(bytes32 => uint64)": {
      kind: "mapping",
      label: "mapping(bytes32 => uint64)",
      key: "bytes32",
      value: "uint64",
    },
    "struct Incident": {
      kind: "struct",
      label: "struct Incident",
      slots: 1n,
      members: [
        { label: "softUntil", type: "uint48", slot: 0n, offset: 0, keyNames: [] },
        { label: "softBlock", type: "uint64", slot: 0n, offset: 6, keyNames: [] },
        { label: "witnessNumber", type: "uint64", slot: 0n, offset: 14, keyNames: [] },
        { label: "generation", type: "uint32", slot: 0n, offset: 22, keyNames: [] },
      ],
    },
    "struct Use": {
      kind: "struct",
      label: "struct Use",
      slots: 1n,
      members: [
        { label: "isUsed", type: "bool", slot: 0n, offset: 0, keyNames: [] },
        { label: "generation", type: "uint32", slot: 0n, offset: 1, keyNames: [] },
      ],
    },
    uint32: { kind: "value", label: "uint32", elementary: "uint32", value: "uint", bytes: 4 },
    uint48: { kind: "value", label: "uint48", elementary: "uint48", value: "uint", bytes: 6 },
    uint64: { kind: "value", label: "uint64", elementary: "uint64", value: "uint", bytes: 8 },
  },
};

/** A word of `word0`, low-order field first. */
export interface Word0 {
  /** address */ readonly registry: Hex;
  /** uint48 */ readonly liftedAt: bigint;
}

/** A word of `incident`, low-order field first. */
export interface IncidentWord {
  /** uint48 */ readonly softUntil: bigint;
  /** uint64 */ readonly softBlock: bigint;
  /** uint64 */ readonly witnessNumber: bigint;
  /** uint32 */ readonly generation: bigint;
}

/** A word of `uses`, low-order field first. */
export interface UsesWord {
  /** bool */ readonly isUsed: boolean;
  /** uint32 */ readonly generation: bigint;
}

/** Slots and packing of SyncGuard, by variable. */
export const storage = {
  /** `address _registry`, `uint48 _liftedAt` */
  word0: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000000",
    encode: (fields: Word0): bigint =>
      hexBits("word0.registry", fields.registry, 20) | (uintBits("word0.liftedAt", fields.liftedAt, 48) << 160n),
    decode: (word: bigint): Word0 => ({
      registry: hexOf(BigInt.asUintN(160, word), 20),
      liftedAt: BigInt.asUintN(48, word >> 160n),
    }),
  },
  /** `struct Incident _incident` */
  incident: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000001",
    encode: (fields: IncidentWord): bigint =>
      uintBits("incident.softUntil", fields.softUntil, 48) |
      (uintBits("incident.softBlock", fields.softBlock, 64) << 48n) |
      (uintBits("incident.witnessNumber", fields.witnessNumber, 64) << 112n) |
      (uintBits("incident.generation", fields.generation, 32) << 176n),
    decode: (word: bigint): IncidentWord => ({
      softUntil: BigInt.asUintN(48, word),
      softBlock: BigInt.asUintN(64, word >> 48n),
      witnessNumber: BigInt.asUintN(64, word >> 112n),
      generation: BigInt.asUintN(32, word >> 176n),
    }),
  },
  /** `mapping(bytes32 => uint64) _pausedBlocks` */
  pausedBlocks: {
    slot: (incidentId: Hex): Hash =>
      mappingSlot(
        "0x0000000000000000000000000000000000000000000000000000000000000002",
        bytesKey("pausedBlocks[incidentId]", incidentId, 32),
      ),
    encode: (value: bigint): bigint => uintBits("pausedBlocks", value, 64),
    decode: (word: bigint): bigint => BigInt.asUintN(64, word),
  },
  /** `mapping(address => struct Use) _uses` */
  uses: {
    slot: (attester: Hex): Hash =>
      mappingSlot(
        "0x0000000000000000000000000000000000000000000000000000000000000003",
        addressKey("uses[attester]", attester),
      ),
    encode: (fields: UsesWord): bigint =>
      boolBits(fields.isUsed) | (uintBits("uses.generation", fields.generation, 32) << 8n),
    decode: (word: bigint): UsesWord => ({
      isUsed: BigInt.asUintN(8, word) !== 0n,
      generation: BigInt.asUintN(32, word >> 8n),
    }),
  },
} as const;

/** Topic 0 of each event of SyncGuard. */
export const TOPICS = {
  GuardBound: "0x8e63d73ae4fae7664acc3153177f9abc07ec4a430b5f0d56c101239a32c12149",
  HardPaused: "0x30c1c61853dec19a44064e97587af28bbd47f79084154da6bb420438efb35a22",
  SoftLifted: "0xa81651018aa58cf2a089503e52412eec2eded03a6dc64d25bedc6990a4d3f3ed",
  SoftPaused: "0xca1c0132825c25746575e97edd51e426f165f61d4892e905b52c6a5b33a2934c",
} as const;

/** `GuardBound(address registry)` */
export interface GuardBoundEvent {
  readonly name: "GuardBound";
  readonly registry: Hex;
}

/** Strictly decodes GuardBound; throws {@link DecodeError}. */
export function decodeGuardBound(log: LogData): GuardBoundEvent {
  checkLog("GuardBound", log, "0x8e63d73ae4fae7664acc3153177f9abc07ec4a430b5f0d56c101239a32c12149", 1, 1);
  const { data } = log;
  return { name: "GuardBound", registry: readAddress("GuardBound", "registry", data, 2) };
}

/** `HardPaused(bytes32 indexed cause, uint64 witnessNumber)` */
export interface HardPausedEvent {
  readonly name: "HardPaused";
  readonly cause: Hex;
  readonly witnessNumber: bigint;
}

/** Strictly decodes HardPaused; throws {@link DecodeError}. */
export function decodeHardPaused(log: LogData): HardPausedEvent {
  checkLog("HardPaused", log, "0x30c1c61853dec19a44064e97587af28bbd47f79084154da6bb420438efb35a22", 2, 1);
  const { topics, data } = log;
  return {
    name: "HardPaused",
    cause: readFixedBytes("HardPaused", "cause", topics[1] as Hex, 2, 32),
    witnessNumber: readUint("HardPaused", "witnessNumber", data, 2, 64),
  };
}

/** `SoftLifted(uint32 generation, uint48 liftedAt)` */
export interface SoftLiftedEvent {
  readonly name: "SoftLifted";
  readonly generation: bigint;
  readonly liftedAt: bigint;
}

/** Strictly decodes SoftLifted; throws {@link DecodeError}. */
export function decodeSoftLifted(log: LogData): SoftLiftedEvent {
  checkLog("SoftLifted", log, "0xa81651018aa58cf2a089503e52412eec2eded03a6dc64d25bedc6990a4d3f3ed", 1, 2);
  const { data } = log;
  return {
    name: "SoftLifted",
    generation: readUint("SoftLifted", "generation", data, 2, 32),
    liftedAt: readUint("SoftLifted", "liftedAt", data, 66, 48),
  };
}

/** `SoftPaused(bytes32 indexed incidentId, address indexed attester, uint64 blockNumber, bytes32 blockHash, bytes32 evidenceHash, uint48 softUntil, uint64 softBlock, uint64 witnessNumber, uint32 generation)` */
export interface SoftPausedEvent {
  readonly name: "SoftPaused";
  readonly incidentId: Hex;
  readonly attester: Hex;
  readonly blockNumber: bigint;
  readonly blockHash: Hex;
  readonly evidenceHash: Hex;
  readonly softUntil: bigint;
  readonly softBlock: bigint;
  readonly witnessNumber: bigint;
  readonly generation: bigint;
}

/** Strictly decodes SoftPaused; throws {@link DecodeError}. */
export function decodeSoftPaused(log: LogData): SoftPausedEvent {
  checkLog("SoftPaused", log, "0xca1c0132825c25746575e97edd51e426f165f61d4892e905b52c6a5b33a2934c", 3, 7);
  const { topics, data } = log;
  return {
    name: "SoftPaused",
    incidentId: readFixedBytes("SoftPaused", "incidentId", topics[1] as Hex, 2, 32),
    attester: readAddress("SoftPaused", "attester", topics[2] as Hex, 2),
    blockNumber: readUint("SoftPaused", "blockNumber", data, 2, 64),
    blockHash: readFixedBytes("SoftPaused", "blockHash", data, 66, 32),
    evidenceHash: readFixedBytes("SoftPaused", "evidenceHash", data, 130, 32),
    softUntil: readUint("SoftPaused", "softUntil", data, 194, 48),
    softBlock: readUint("SoftPaused", "softBlock", data, 258, 64),
    witnessNumber: readUint("SoftPaused", "witnessNumber", data, 322, 64),
    generation: readUint("SoftPaused", "generation", data, 386, 32),
  };
}

/** Any event of SyncGuard. */
export type SyncGuardEvent = GuardBoundEvent | HardPausedEvent | SoftLiftedEvent | SoftPausedEvent;

/** Decodes a log by its topic 0; null when that is no event of SyncGuard. Throws {@link DecodeError}. */
export function decodeEvent(log: LogData): SyncGuardEvent | null {
  switch (log.topics[0]) {
    case "0x8e63d73ae4fae7664acc3153177f9abc07ec4a430b5f0d56c101239a32c12149":
      return decodeGuardBound(log);
    case "0x30c1c61853dec19a44064e97587af28bbd47f79084154da6bb420438efb35a22":
      return decodeHardPaused(log);
    case "0xa81651018aa58cf2a089503e52412eec2eded03a6dc64d25bedc6990a4d3f3ed":
      return decodeSoftLifted(log);
    case "0xca1c0132825c25746575e97edd51e426f165f61d4892e905b52c6a5b33a2934c":
      return decodeSoftPaused(log);
    default:
      return null;
  }
}

/** Names of SyncGuard's errors by selector. */
export const ERROR_SELECTORS: Readonly<Record<Hex, string>> = {
  "0xd75cd12a": "GuardAlreadyBound",
  "0xec8bf28b": "GuardFutureBlock",
  "0x21f39e96": "GuardNotDeployer",
  "0x88efba92": "GuardNotKeeper",
  "0xba0aad67": "GuardNotLiftable",
  "0x020cb0d8": "GuardNotRearmed",
  "0x8ffff69f": "GuardNotRegistry",
  "0x90662437": "GuardOldBlock",
  "0x4079cd39": "GuardSoftShorterThanStale",
  "0x98f54d82": "GuardWrongBlock",
  "0x41e0e76d": "GuardZeroAddress",
  "0x957eacd4": "GuardZeroHash",
  "0x121b3298": "GuardZeroIncident",
};
