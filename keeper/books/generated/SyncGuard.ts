// Generated from contracts/sync/SyncGuard.sol; do not edit: npm run generate.
import type { Hash, Hex } from "../../lib/hex.ts";
import type { Layout } from "../layout/Layout.ts";
import { decodeBytesWords, encodeBytesWords } from "../layout/bytesWords.ts";
import {
  checkEnd,
  checkLog,
  DYNAMIC,
  readAddress,
  readFixedBytes,
  readTailLength,
  readUint,
  type LogData,
} from "../layout/readLog.ts";
import { addSlot } from "../layout/slots.ts";
import { boolBits, hexBits, hexOf, uintBits } from "../layout/wordFields.ts";

/** State variables of SyncGuard, in storage order. */
export const VARIABLES = [
  "_authority",
  "_consumingSchedule",
  "_nameFallback",
  "_versionFallback",
  "_registry",
  "_creditedAt",
  "_incident",
  "_halt",
  "_cause",
] as const;

/** The storage layout of SyncGuard as data. */
export const LAYOUT: Layout = {
  contract: "SyncGuard",
  variables: [
    { label: "_authority", type: "address", slot: 0n, offset: 0, keyNames: [] },
    { label: "_consumingSchedule", type: "bool", slot: 0n, offset: 20, keyNames: [] },
    { label: "_nameFallback", type: "string", slot: 1n, offset: 0, keyNames: [] },
    { label: "_versionFallback", type: "string", slot: 2n, offset: 0, keyNames: [] },
    { label: "_registry", type: "address", slot: 3n, offset: 0, keyNames: [] },
    { label: "_creditedAt", type: "uint40", slot: 3n, offset: 20, keyNames: [] },
    { label: "_incident", type: "struct Incident", slot: 4n, offset: 0, keyNames: [] },
    { label: "_halt", type: "struct Halt", slot: 5n, offset: 0, keyNames: [] },
    { label: "_cause", type: "bytes32", slot: 6n, offset: 0, keyNames: [] },
  ],
  types: {
    address: { kind: "value", label: "address", elementary: "address", value: "address", bytes: 20 },
    bool: { kind: "value", label: "bool", elementary: "bool", value: "bool", bytes: 1 },
    bytes32: { kind: "value", label: "bytes32", elementary: "bytes32", value: "bytes", bytes: 32 },
    string: { kind: "bytes", label: "string" },
    "struct Halt": {
      kind: "struct",
      label: "struct Halt",
      slots: 1n,
      members: [
        { label: "haltedAt", type: "uint40", slot: 0n, offset: 0, keyNames: [] },
        { label: "pausedAt", type: "uint40", slot: 0n, offset: 5, keyNames: [] },
        { label: "haltBlock", type: "uint40", slot: 0n, offset: 10, keyNames: [] },
        { label: "repairBlock", type: "uint40", slot: 0n, offset: 15, keyNames: [] },
        { label: "windDownAt", type: "uint40", slot: 0n, offset: 20, keyNames: [] },
        { label: "clearedNonce", type: "uint32", slot: 0n, offset: 25, keyNames: [] },
        { label: "isUsed", type: "bool", slot: 0n, offset: 29, keyNames: [] },
      ],
    },
    "struct Incident": {
      kind: "struct",
      label: "struct Incident",
      slots: 1n,
      members: [
        { label: "softUntil", type: "uint40", slot: 0n, offset: 0, keyNames: [] },
        { label: "softBlock", type: "uint40", slot: 0n, offset: 5, keyNames: [] },
        { label: "witnessNumber", type: "uint40", slot: 0n, offset: 10, keyNames: [] },
        { label: "generation", type: "uint24", slot: 0n, offset: 15, keyNames: [] },
        { label: "nonce", type: "uint32", slot: 0n, offset: 18, keyNames: [] },
        { label: "liftedAt", type: "uint40", slot: 0n, offset: 22, keyNames: [] },
        { label: "startedAt", type: "uint40", slot: 0n, offset: 27, keyNames: [] },
      ],
    },
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

/** A word of `word3`, low-order field first. */
export interface Word3 {
  /** address */ readonly registry: Hex;
  /** uint40 */ readonly creditedAt: bigint;
}

/** A word of `incident`, low-order field first. */
export interface IncidentWord {
  /** uint40 */ readonly softUntil: bigint;
  /** uint40 */ readonly softBlock: bigint;
  /** uint40 */ readonly witnessNumber: bigint;
  /** uint24 */ readonly generation: bigint;
  /** uint32 */ readonly nonce: bigint;
  /** uint40 */ readonly liftedAt: bigint;
  /** uint40 */ readonly startedAt: bigint;
}

/** A word of `halt`, low-order field first. */
export interface HaltWord {
  /** uint40 */ readonly haltedAt: bigint;
  /** uint40 */ readonly pausedAt: bigint;
  /** uint40 */ readonly haltBlock: bigint;
  /** uint40 */ readonly repairBlock: bigint;
  /** uint40 */ readonly windDownAt: bigint;
  /** uint32 */ readonly clearedNonce: bigint;
  /** bool */ readonly isUsed: boolean;
}

/** Slots and packing of SyncGuard, by variable. */
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
  /** `string _nameFallback` */
  nameFallback: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000001",
    dataSlot: (index: bigint): Hash =>
      addSlot(
        "0xb10e2d527612073b26eecdfd717e6a320cf44b4afac2b0732d9fcbe2b7fa0cf6",
        uintBits("nameFallback", index, 64),
      ),
    encode: (value: Hex): bigint[] => encodeBytesWords("nameFallback", value),
    decode: (words: readonly bigint[]): Hex => decodeBytesWords("nameFallback", words),
  },
  /** `string _versionFallback` */
  versionFallback: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000002",
    dataSlot: (index: bigint): Hash =>
      addSlot(
        "0x405787fa12a823e0f2b7631cc41b3ba8828b3321ca811111fa75cd3aa3bb5ace",
        uintBits("versionFallback", index, 64),
      ),
    encode: (value: Hex): bigint[] => encodeBytesWords("versionFallback", value),
    decode: (words: readonly bigint[]): Hex => decodeBytesWords("versionFallback", words),
  },
  /** `address _registry`, `uint40 _creditedAt` */
  word3: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000003",
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: Word3): bigint =>
      hexBits("word3.registry", fields.registry, 20) | (uintBits("word3.creditedAt", fields.creditedAt, 40) << 160n),
    update: (word: bigint, fields: Partial<Word3>): bigint => {
      let next = word;
      if (fields.registry !== undefined)
        next =
          (next & 0xffffffffffffffffffffffff0000000000000000000000000000000000000000n) |
          hexBits("word3.registry", fields.registry, 20);
      if (fields.creditedAt !== undefined)
        next =
          (next & 0xffffffffffffff0000000000ffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("word3.creditedAt", fields.creditedAt, 40) << 160n);
      return next;
    },
    decode: (word: bigint): Word3 => ({
      registry: hexOf(BigInt.asUintN(160, word), 20),
      creditedAt: BigInt.asUintN(40, word >> 160n),
    }),
  },
  /** `struct Incident _incident` */
  incident: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000004",
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: IncidentWord): bigint =>
      uintBits("incident.softUntil", fields.softUntil, 40) |
      (uintBits("incident.softBlock", fields.softBlock, 40) << 40n) |
      (uintBits("incident.witnessNumber", fields.witnessNumber, 40) << 80n) |
      (uintBits("incident.generation", fields.generation, 24) << 120n) |
      (uintBits("incident.nonce", fields.nonce, 32) << 144n) |
      (uintBits("incident.liftedAt", fields.liftedAt, 40) << 176n) |
      (uintBits("incident.startedAt", fields.startedAt, 40) << 216n),
    update: (word: bigint, fields: Partial<IncidentWord>): bigint => {
      let next = word;
      if (fields.softUntil !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffffffffffffff0000000000n) |
          uintBits("incident.softUntil", fields.softUntil, 40);
      if (fields.softBlock !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffff0000000000ffffffffffn) |
          (uintBits("incident.softBlock", fields.softBlock, 40) << 40n);
      if (fields.witnessNumber !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffff0000000000ffffffffffffffffffffn) |
          (uintBits("incident.witnessNumber", fields.witnessNumber, 40) << 80n);
      if (fields.generation !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffff000000ffffffffffffffffffffffffffffffn) |
          (uintBits("incident.generation", fields.generation, 24) << 120n);
      if (fields.nonce !== undefined)
        next =
          (next & 0xffffffffffffffffffff00000000ffffffffffffffffffffffffffffffffffffn) |
          (uintBits("incident.nonce", fields.nonce, 32) << 144n);
      if (fields.liftedAt !== undefined)
        next =
          (next & 0xffffffffff0000000000ffffffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("incident.liftedAt", fields.liftedAt, 40) << 176n);
      if (fields.startedAt !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("incident.startedAt", fields.startedAt, 40) << 216n);
      return next;
    },
    decode: (word: bigint): IncidentWord => ({
      softUntil: BigInt.asUintN(40, word),
      softBlock: BigInt.asUintN(40, word >> 40n),
      witnessNumber: BigInt.asUintN(40, word >> 80n),
      generation: BigInt.asUintN(24, word >> 120n),
      nonce: BigInt.asUintN(32, word >> 144n),
      liftedAt: BigInt.asUintN(40, word >> 176n),
      startedAt: BigInt.asUintN(40, word >> 216n),
    }),
  },
  /** `struct Halt _halt` */
  halt: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000005",
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: HaltWord): bigint =>
      uintBits("halt.haltedAt", fields.haltedAt, 40) |
      (uintBits("halt.pausedAt", fields.pausedAt, 40) << 40n) |
      (uintBits("halt.haltBlock", fields.haltBlock, 40) << 80n) |
      (uintBits("halt.repairBlock", fields.repairBlock, 40) << 120n) |
      (uintBits("halt.windDownAt", fields.windDownAt, 40) << 160n) |
      (uintBits("halt.clearedNonce", fields.clearedNonce, 32) << 200n) |
      (boolBits(fields.isUsed) << 232n),
    update: (word: bigint, fields: Partial<HaltWord>): bigint => {
      let next = word;
      if (fields.haltedAt !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffffffffffffff0000000000n) |
          uintBits("halt.haltedAt", fields.haltedAt, 40);
      if (fields.pausedAt !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffff0000000000ffffffffffn) |
          (uintBits("halt.pausedAt", fields.pausedAt, 40) << 40n);
      if (fields.haltBlock !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffff0000000000ffffffffffffffffffffn) |
          (uintBits("halt.haltBlock", fields.haltBlock, 40) << 80n);
      if (fields.repairBlock !== undefined)
        next =
          (next & 0xffffffffffffffffffffffff0000000000ffffffffffffffffffffffffffffffn) |
          (uintBits("halt.repairBlock", fields.repairBlock, 40) << 120n);
      if (fields.windDownAt !== undefined)
        next =
          (next & 0xffffffffffffff0000000000ffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("halt.windDownAt", fields.windDownAt, 40) << 160n);
      if (fields.clearedNonce !== undefined)
        next =
          (next & 0xffffff00000000ffffffffffffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("halt.clearedNonce", fields.clearedNonce, 32) << 200n);
      if (fields.isUsed !== undefined)
        next =
          (next & 0xffff00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
          (boolBits(fields.isUsed) << 232n);
      return next;
    },
    decode: (word: bigint): HaltWord => ({
      haltedAt: BigInt.asUintN(40, word),
      pausedAt: BigInt.asUintN(40, word >> 40n),
      haltBlock: BigInt.asUintN(40, word >> 80n),
      repairBlock: BigInt.asUintN(40, word >> 120n),
      windDownAt: BigInt.asUintN(40, word >> 160n),
      clearedNonce: BigInt.asUintN(32, word >> 200n),
      isUsed: BigInt.asUintN(8, word >> 232n) !== 0n,
    }),
  },
  /** `bytes32 _cause` */
  cause: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000006",
    encode: (value: Hex): bigint => hexBits("cause", value, 32),
    decode: (word: bigint): Hex => hexOf(BigInt.asUintN(256, word), 32),
  },
} as const;

/** Topic 0 of each event of SyncGuard. */
export const TOPICS = {
  AuthorityUpdated: "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad",
  BooksAccepted: "0x09fab8d37790262a655d7c3327ec165ac2dc500901e72c6bc853d98fbb33bbcc",
  EIP712DomainChanged: "0x0a6387c9ea3628b88a633bb4f3b151770f70085117a15f9bf3787cda53f13d31",
  GuardBound: "0x8e63d73ae4fae7664acc3153177f9abc07ec4a430b5f0d56c101239a32c12149",
  HardPaused: "0x684ba7c811922e24d6a5eef4cd5ecadb484454a7d0f2a73cddc7f7a11d2989c9",
  OutageCredited: "0x26e9b7aa43ffe5f785968e8aaf566ae0ab621892bf9aa5b9a140c1918a69bb7b",
  RepairMade: "0xeaa8edb7558bd0dde4b5537a58eebbd3a876a3ba0d1fe6928a5a65121790fce2",
  Resumed: "0x9c98b319adeae0b702a282b46a9504df37c6b9c6392cebfeb67f0c41c31ce9e0",
  SoftLifted: "0x04b2fd27b6ce870199eab90e257dd18e398bd344ee2f3f784e9b5c82a4de4c89",
  SoftPaused: "0x125440339f8e9be1484dd2db913f190f70e4b5483524b5059b2a241ccfb21a78",
  WindDownStarted: "0x3df123fb2571af5e75e0c9dcbf6c8eb3bf303e1b01b2431bcee457d2cedea4eb",
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

/** `BooksAccepted(uint64 indexed blockNumber, bytes32 indexed blockHash, struct Correction[] corrections)` */
export interface BooksAcceptedEvent {
  readonly name: "BooksAccepted";
  readonly blockNumber: bigint;
  readonly blockHash: Hex;
  readonly corrections: readonly { readonly book: Hex; readonly slot: Hex; readonly value: Hex }[];
}

/** Strictly decodes BooksAccepted; throws {@link DecodeError}. */
export function decodeBooksAccepted(log: LogData): BooksAcceptedEvent {
  checkLog("BooksAccepted", log, "0x09fab8d37790262a655d7c3327ec165ac2dc500901e72c6bc853d98fbb33bbcc", 3, DYNAMIC);
  const { topics, data } = log;
  let tail = 1;
  const correctionsLength = readTailLength("BooksAccepted", "corrections", data, 0, tail, (length) => length * 3);
  const correctionsAt = 2 + 64 * (tail + 1);
  const correctionsValue = Array.from({ length: correctionsLength }, (_, i) => ({
    book: readAddress("BooksAccepted", "corrections[].book", data, correctionsAt + 192 * i),
    slot: readFixedBytes("BooksAccepted", "corrections[].slot", data, correctionsAt + 192 * i + 64, 32),
    value: readFixedBytes("BooksAccepted", "corrections[].value", data, correctionsAt + 192 * i + 128, 32),
  }));
  tail += 1 + correctionsLength * 3;
  checkEnd("BooksAccepted", data, tail);
  return {
    name: "BooksAccepted",
    blockNumber: readUint("BooksAccepted", "blockNumber", topics[1] as Hex, 2, 64),
    blockHash: readFixedBytes("BooksAccepted", "blockHash", topics[2] as Hex, 2, 32),
    corrections: correctionsValue,
  };
}

/** `EIP712DomainChanged()` */
export interface EIP712DomainChangedEvent {
  readonly name: "EIP712DomainChanged";
}

/** Strictly decodes EIP712DomainChanged; throws {@link DecodeError}. */
export function decodeEIP712DomainChanged(log: LogData): EIP712DomainChangedEvent {
  checkLog("EIP712DomainChanged", log, "0x0a6387c9ea3628b88a633bb4f3b151770f70085117a15f9bf3787cda53f13d31", 1, 0);
  return { name: "EIP712DomainChanged" };
}

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

/** `HardPaused(bytes32 indexed cause, uint40 witnessNumber, uint32 nonce, uint40 startedAt, uint40 haltedAt)` */
export interface HardPausedEvent {
  readonly name: "HardPaused";
  readonly cause: Hex;
  readonly witnessNumber: bigint;
  readonly nonce: bigint;
  readonly startedAt: bigint;
  readonly haltedAt: bigint;
}

/** Strictly decodes HardPaused; throws {@link DecodeError}. */
export function decodeHardPaused(log: LogData): HardPausedEvent {
  checkLog("HardPaused", log, "0x684ba7c811922e24d6a5eef4cd5ecadb484454a7d0f2a73cddc7f7a11d2989c9", 2, 4);
  const { topics, data } = log;
  return {
    name: "HardPaused",
    cause: readFixedBytes("HardPaused", "cause", topics[1] as Hex, 2, 32),
    witnessNumber: readUint("HardPaused", "witnessNumber", data, 2, 40),
    nonce: readUint("HardPaused", "nonce", data, 66, 32),
    startedAt: readUint("HardPaused", "startedAt", data, 130, 40),
    haltedAt: readUint("HardPaused", "haltedAt", data, 194, 40),
  };
}

/** `OutageCredited(uint40 from, uint40 to, uint40 checkpointTime)` */
export interface OutageCreditedEvent {
  readonly name: "OutageCredited";
  readonly from: bigint;
  readonly to: bigint;
  readonly checkpointTime: bigint;
}

/** Strictly decodes OutageCredited; throws {@link DecodeError}. */
export function decodeOutageCredited(log: LogData): OutageCreditedEvent {
  checkLog("OutageCredited", log, "0x26e9b7aa43ffe5f785968e8aaf566ae0ab621892bf9aa5b9a140c1918a69bb7b", 1, 3);
  const { data } = log;
  return {
    name: "OutageCredited",
    from: readUint("OutageCredited", "from", data, 2, 40),
    to: readUint("OutageCredited", "to", data, 66, 40),
    checkpointTime: readUint("OutageCredited", "checkpointTime", data, 130, 40),
  };
}

/** `RepairMade(address indexed book, uint40 repairBlock)` */
export interface RepairMadeEvent {
  readonly name: "RepairMade";
  readonly book: Hex;
  readonly repairBlock: bigint;
}

/** Strictly decodes RepairMade; throws {@link DecodeError}. */
export function decodeRepairMade(log: LogData): RepairMadeEvent {
  checkLog("RepairMade", log, "0xeaa8edb7558bd0dde4b5537a58eebbd3a876a3ba0d1fe6928a5a65121790fce2", 2, 1);
  const { topics, data } = log;
  return {
    name: "RepairMade",
    book: readAddress("RepairMade", "book", topics[1] as Hex, 2),
    repairBlock: readUint("RepairMade", "repairBlock", data, 2, 40),
  };
}

/** `Resumed(bytes32 indexed incidentId, uint64 checkpointNumber, uint24 generation, uint40 resumedAt)` */
export interface ResumedEvent {
  readonly name: "Resumed";
  readonly incidentId: Hex;
  readonly checkpointNumber: bigint;
  readonly generation: bigint;
  readonly resumedAt: bigint;
}

/** Strictly decodes Resumed; throws {@link DecodeError}. */
export function decodeResumed(log: LogData): ResumedEvent {
  checkLog("Resumed", log, "0x9c98b319adeae0b702a282b46a9504df37c6b9c6392cebfeb67f0c41c31ce9e0", 2, 3);
  const { topics, data } = log;
  return {
    name: "Resumed",
    incidentId: readFixedBytes("Resumed", "incidentId", topics[1] as Hex, 2, 32),
    checkpointNumber: readUint("Resumed", "checkpointNumber", data, 2, 64),
    generation: readUint("Resumed", "generation", data, 66, 24),
    resumedAt: readUint("Resumed", "resumedAt", data, 130, 40),
  };
}

/** `SoftLifted(uint24 generation, uint40 liftedAt)` */
export interface SoftLiftedEvent {
  readonly name: "SoftLifted";
  readonly generation: bigint;
  readonly liftedAt: bigint;
}

/** Strictly decodes SoftLifted; throws {@link DecodeError}. */
export function decodeSoftLifted(log: LogData): SoftLiftedEvent {
  checkLog("SoftLifted", log, "0x04b2fd27b6ce870199eab90e257dd18e398bd344ee2f3f784e9b5c82a4de4c89", 1, 2);
  const { data } = log;
  return {
    name: "SoftLifted",
    generation: readUint("SoftLifted", "generation", data, 2, 24),
    liftedAt: readUint("SoftLifted", "liftedAt", data, 66, 40),
  };
}

/** `SoftPaused(bytes32 indexed incidentId, address indexed attester, enum CauseClass class, uint64 blockNumber, bytes32 blockHash, bytes32 evidenceHash, uint40 softUntil, uint40 softBlock, uint40 witnessNumber, uint24 generation, uint32 nonce, uint40 startedAt)` */
export interface SoftPausedEvent {
  readonly name: "SoftPaused";
  readonly incidentId: Hex;
  readonly attester: Hex;
  readonly class: bigint;
  readonly blockNumber: bigint;
  readonly blockHash: Hex;
  readonly evidenceHash: Hex;
  readonly softUntil: bigint;
  readonly softBlock: bigint;
  readonly witnessNumber: bigint;
  readonly generation: bigint;
  readonly nonce: bigint;
  readonly startedAt: bigint;
}

/** Strictly decodes SoftPaused; throws {@link DecodeError}. */
export function decodeSoftPaused(log: LogData): SoftPausedEvent {
  checkLog("SoftPaused", log, "0x125440339f8e9be1484dd2db913f190f70e4b5483524b5059b2a241ccfb21a78", 3, 10);
  const { topics, data } = log;
  return {
    name: "SoftPaused",
    incidentId: readFixedBytes("SoftPaused", "incidentId", topics[1] as Hex, 2, 32),
    attester: readAddress("SoftPaused", "attester", topics[2] as Hex, 2),
    class: readUint("SoftPaused", "class", data, 2, 8),
    blockNumber: readUint("SoftPaused", "blockNumber", data, 66, 64),
    blockHash: readFixedBytes("SoftPaused", "blockHash", data, 130, 32),
    evidenceHash: readFixedBytes("SoftPaused", "evidenceHash", data, 194, 32),
    softUntil: readUint("SoftPaused", "softUntil", data, 258, 40),
    softBlock: readUint("SoftPaused", "softBlock", data, 322, 40),
    witnessNumber: readUint("SoftPaused", "witnessNumber", data, 386, 40),
    generation: readUint("SoftPaused", "generation", data, 450, 24),
    nonce: readUint("SoftPaused", "nonce", data, 514, 32),
    startedAt: readUint("SoftPaused", "startedAt", data, 578, 40),
  };
}

/** `WindDownStarted(uint40 windDownAt, uint40 witnessNumber, uint40 startedAt)` */
export interface WindDownStartedEvent {
  readonly name: "WindDownStarted";
  readonly windDownAt: bigint;
  readonly witnessNumber: bigint;
  readonly startedAt: bigint;
}

/** Strictly decodes WindDownStarted; throws {@link DecodeError}. */
export function decodeWindDownStarted(log: LogData): WindDownStartedEvent {
  checkLog("WindDownStarted", log, "0x3df123fb2571af5e75e0c9dcbf6c8eb3bf303e1b01b2431bcee457d2cedea4eb", 1, 3);
  const { data } = log;
  return {
    name: "WindDownStarted",
    windDownAt: readUint("WindDownStarted", "windDownAt", data, 2, 40),
    witnessNumber: readUint("WindDownStarted", "witnessNumber", data, 66, 40),
    startedAt: readUint("WindDownStarted", "startedAt", data, 130, 40),
  };
}

/** Any event of SyncGuard. */
export type SyncGuardEvent =
  | AuthorityUpdatedEvent
  | BooksAcceptedEvent
  | EIP712DomainChangedEvent
  | GuardBoundEvent
  | HardPausedEvent
  | OutageCreditedEvent
  | RepairMadeEvent
  | ResumedEvent
  | SoftLiftedEvent
  | SoftPausedEvent
  | WindDownStartedEvent;

/** Decodes a log by its topic 0; null when that is no event of SyncGuard. Throws {@link DecodeError}. */
export function decodeEvent(log: LogData): SyncGuardEvent | null {
  switch (log.topics[0]) {
    case "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad":
      return decodeAuthorityUpdated(log);
    case "0x09fab8d37790262a655d7c3327ec165ac2dc500901e72c6bc853d98fbb33bbcc":
      return decodeBooksAccepted(log);
    case "0x0a6387c9ea3628b88a633bb4f3b151770f70085117a15f9bf3787cda53f13d31":
      return decodeEIP712DomainChanged(log);
    case "0x8e63d73ae4fae7664acc3153177f9abc07ec4a430b5f0d56c101239a32c12149":
      return decodeGuardBound(log);
    case "0x684ba7c811922e24d6a5eef4cd5ecadb484454a7d0f2a73cddc7f7a11d2989c9":
      return decodeHardPaused(log);
    case "0x26e9b7aa43ffe5f785968e8aaf566ae0ab621892bf9aa5b9a140c1918a69bb7b":
      return decodeOutageCredited(log);
    case "0xeaa8edb7558bd0dde4b5537a58eebbd3a876a3ba0d1fe6928a5a65121790fce2":
      return decodeRepairMade(log);
    case "0x9c98b319adeae0b702a282b46a9504df37c6b9c6392cebfeb67f0c41c31ce9e0":
      return decodeResumed(log);
    case "0x04b2fd27b6ce870199eab90e257dd18e398bd344ee2f3f784e9b5c82a4de4c89":
      return decodeSoftLifted(log);
    case "0x125440339f8e9be1484dd2db913f190f70e4b5483524b5059b2a241ccfb21a78":
      return decodeSoftPaused(log);
    case "0x3df123fb2571af5e75e0c9dcbf6c8eb3bf303e1b01b2431bcee457d2cedea4eb":
      return decodeWindDownStarted(log);
    default:
      return null;
  }
}

/** Names of SyncGuard's errors by selector. */
export const ERROR_SELECTORS: Readonly<Record<Hex, string>> = {
  "0xc2f31e5e": "AccessManagedInvalidAuthority",
  "0xaf77169d": "AccessManagedRequiredDelay",
  "0x068ca9d8": "AccessManagedUnauthorized",
  "0xd75cd12a": "GuardAlreadyBound",
  "0xad17332f": "GuardBadTimes",
  "0x41ca2ac6": "GuardCheckpointTooOld",
  "0x229fbe37": "GuardCoolDown",
  "0x03cc4c1a": "GuardCustodyShort",
  "0xec8bf28b": "GuardFutureBlock",
  "0xfb5d357f": "GuardHalted",
  "0x14fa4b32": "GuardNoCorrections",
  "0x4ad377c9": "GuardNoOutage",
  "0x9fdc275c": "GuardNoSequencer",
  "0x26fafa76": "GuardNotBook",
  "0x21f39e96": "GuardNotDeployer",
  "0x979a3771": "GuardNotHalted",
  "0x87918d73": "GuardNotKeeperRegistry",
  "0x033c601e": "GuardNotLiftable",
  "0xf62e2c9e": "GuardNotPaused",
  "0x8ffff69f": "GuardNotRegistry",
  "0x2e9688df": "GuardNotWindDown",
  "0x90662437": "GuardOldBlock",
  "0x06aa1b68": "GuardWindDown",
  "0x81f54170": "GuardWindDownTooEarly",
  "0x98f54d82": "GuardWrongBlock",
  "0xabfb8852": "GuardWrongCheckpoint",
  "0x4a047607": "GuardWrongIncident",
  "0xdfce66ec": "GuardWrongKeeperSet",
  "0xd3b1b46d": "GuardWrongNonce",
  "0x41e0e76d": "GuardZeroAddress",
  "0x957eacd4": "GuardZeroHash",
  "0x121b3298": "GuardZeroIncident",
  "0xb3512b0c": "InvalidShortString",
  "0x1dd10424": "QuorumBadLength",
  "0x9f198d1b": "QuorumBadSignature",
  "0x25c2d0c7": "QuorumNotMember",
  "0x73b00612": "QuorumNotSorted",
  "0xe809649b": "QuorumTooFew",
  "0x50b60d67": "QuorumWrongSet",
  "0x6dfcc650": "SafeCastOverflowedUintDowncast",
  "0x305a27a9": "StringTooLong",
};
