// Generated from contracts/sync/CheckpointRegistry.sol; do not edit: npm run generate.
import type { Hash, Hex } from "../../lib/hex.ts";
import type { Layout } from "../layout/Layout.ts";
import { decodeBytesWords, encodeBytesWords } from "../layout/bytesWords.ts";
import {
  checkEnd,
  checkLog,
  DYNAMIC,
  readAddress,
  readBool,
  readFixedBytes,
  readTailLength,
  readUint,
  type LogData,
} from "../layout/readLog.ts";
import { addSlot, dataSlot, mappingSlot, uintKey } from "../layout/slots.ts";
import { boolBits, hexBits, hexOf, indexWithin, uintBits } from "../layout/wordFields.ts";

/** State variables of CheckpointRegistry, in storage order. */
export const VARIABLES = [
  "_authority",
  "_consumingSchedule",
  "_nameFallback",
  "_versionFallback",
  "_ring",
  "_cursor",
  "_bookSetVersion",
  "_bookSets",
] as const;

/** The storage layout of CheckpointRegistry as data. */
export const LAYOUT: Layout = {
  contract: "CheckpointRegistry",
  variables: [
    { label: "_authority", type: "address", slot: 0n, offset: 0, keyNames: [] },
    { label: "_consumingSchedule", type: "bool", slot: 0n, offset: 20, keyNames: [] },
    { label: "_nameFallback", type: "string", slot: 1n, offset: 0, keyNames: [] },
    { label: "_versionFallback", type: "string", slot: 2n, offset: 0, keyNames: [] },
    { label: "_ring", type: "struct Checkpoint[64]", slot: 3n, offset: 0, keyNames: [] },
    { label: "_cursor", type: "struct Cursor", slot: 195n, offset: 0, keyNames: [] },
    { label: "_bookSetVersion", type: "uint32", slot: 196n, offset: 0, keyNames: [] },
    {
      label: "_bookSets",
      type: "mapping(uint32 => struct CheckpointRegistry.BookSet)",
      slot: 197n,
      offset: 0,
      keyNames: ["version"],
    },
  ],
  types: {
    address: { kind: "value", label: "address", elementary: "address", value: "address", bytes: 20 },
    "address[]": { kind: "array", label: "address[]", base: "address", length: null },
    bool: { kind: "value", label: "bool", elementary: "bool", value: "bool", bytes: 1 },
    bytes32: { kind: "value", label: "bytes32", elementary: "bytes32", value: "bytes", bytes: 32 },
    "enum CheckpointStatus": {
      kind: "value",
      label: "enum CheckpointStatus",
      elementary: "uint8",
      value: "uint",
      bytes: 1,
      members: ["None", "Posted", "Proven", "Convicted"],
    },
    "mapping(uint32 => struct CheckpointRegistry.BookSet)": {
      kind: "mapping",
      label: "mapping(uint32 => struct CheckpointRegistry.BookSet)",
      key: "uint32",
      value: "struct CheckpointRegistry.BookSet",
    },
    string: { kind: "bytes", label: "string" },
    "struct Checkpoint": {
      kind: "struct",
      label: "struct Checkpoint",
      slots: 3n,
      members: [
        { label: "blockHash", type: "bytes32", slot: 0n, offset: 0, keyNames: [] },
        { label: "booksRoot", type: "bytes32", slot: 1n, offset: 0, keyNames: [] },
        { label: "blockNumber", type: "uint64", slot: 2n, offset: 0, keyNames: [] },
        { label: "postedAt", type: "uint48", slot: 2n, offset: 8, keyNames: [] },
        { label: "setId", type: "uint32", slot: 2n, offset: 14, keyNames: [] },
        { label: "bookSetVersion", type: "uint32", slot: 2n, offset: 18, keyNames: [] },
        { label: "status", type: "enum CheckpointStatus", slot: 2n, offset: 22, keyNames: [] },
      ],
    },
    "struct CheckpointRegistry.BookSet": {
      kind: "struct",
      label: "struct CheckpointRegistry.BookSet",
      slots: 2n,
      members: [
        { label: "contracts", type: "address[]", slot: 0n, offset: 0, keyNames: [] },
        { label: "activeFrom", type: "uint64", slot: 1n, offset: 0, keyNames: [] },
      ],
    },
    "struct Checkpoint[64]": { kind: "array", label: "struct Checkpoint[64]", base: "struct Checkpoint", length: 64n },
    "struct Cursor": {
      kind: "struct",
      label: "struct Cursor",
      slots: 1n,
      members: [
        { label: "highest", type: "uint64", slot: 0n, offset: 0, keyNames: [] },
        { label: "newest", type: "uint64", slot: 0n, offset: 8, keyNames: [] },
        { label: "posts", type: "uint64", slot: 0n, offset: 16, keyNames: [] },
      ],
    },
    uint32: { kind: "value", label: "uint32", elementary: "uint32", value: "uint", bytes: 4 },
    uint48: { kind: "value", label: "uint48", elementary: "uint48", value: "uint", bytes: 6 },
    uint64: { kind: "value", label: "uint64", elementary: "uint64", value: "uint", bytes: 8 },
  },
};

/** A word of `word0`, low-order field first. */
export interface Word0 {
  /** address */ readonly authority: Hex;
  /** bool */ readonly consumingSchedule: boolean;
}

/** A word of `ring.at.word2`, low-order field first. */
export interface RingAtWord2 {
  /** uint64 */ readonly blockNumber: bigint;
  /** uint48 */ readonly postedAt: bigint;
  /** uint32 */ readonly setId: bigint;
  /** uint32 */ readonly bookSetVersion: bigint;
  /** enum CheckpointStatus */ readonly status: bigint;
}

/** A word of `cursor`, low-order field first. */
export interface CursorWord {
  /** uint64 */ readonly highest: bigint;
  /** uint64 */ readonly newest: bigint;
  /** uint64 */ readonly posts: bigint;
}

/** Slots and packing of CheckpointRegistry, by variable. */
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
  /** `struct Checkpoint[64] _ring` */
  ring: {
    at: {
      /** `bytes32 blockHash` */
      blockHash: {
        slot: (index: bigint): Hash =>
          addSlot(
            "0x0000000000000000000000000000000000000000000000000000000000000003",
            indexWithin("ring[index]", index, 64n) * 3n,
          ),
        encode: (value: Hex): bigint => hexBits("ring.at.blockHash", value, 32),
        decode: (word: bigint): Hex => hexOf(BigInt.asUintN(256, word), 32),
      },
      /** `bytes32 booksRoot` */
      booksRoot: {
        slot: (index: bigint): Hash =>
          addSlot(
            "0x0000000000000000000000000000000000000000000000000000000000000004",
            indexWithin("ring[index]", index, 64n) * 3n,
          ),
        encode: (value: Hex): bigint => hexBits("ring.at.booksRoot", value, 32),
        decode: (word: bigint): Hex => hexOf(BigInt.asUintN(256, word), 32),
      },
      /** `uint64 blockNumber`, `uint48 postedAt`, `uint32 setId`, `uint32 bookSetVersion`, `enum CheckpointStatus status` */
      word2: {
        slot: (index: bigint): Hash =>
          addSlot(
            "0x0000000000000000000000000000000000000000000000000000000000000005",
            indexWithin("ring[index]", index, 64n) * 3n,
          ),
        encode: (fields: RingAtWord2): bigint =>
          uintBits("ring.at.word2.blockNumber", fields.blockNumber, 64) |
          (uintBits("ring.at.word2.postedAt", fields.postedAt, 48) << 64n) |
          (uintBits("ring.at.word2.setId", fields.setId, 32) << 112n) |
          (uintBits("ring.at.word2.bookSetVersion", fields.bookSetVersion, 32) << 144n) |
          (uintBits("ring.at.word2.status", fields.status, 8) << 176n),
        decode: (word: bigint): RingAtWord2 => ({
          blockNumber: BigInt.asUintN(64, word),
          postedAt: BigInt.asUintN(48, word >> 64n),
          setId: BigInt.asUintN(32, word >> 112n),
          bookSetVersion: BigInt.asUintN(32, word >> 144n),
          status: BigInt.asUintN(8, word >> 176n),
        }),
      },
    },
  },
  /** `struct Cursor _cursor` */
  cursor: {
    slot: "0x00000000000000000000000000000000000000000000000000000000000000c3",
    encode: (fields: CursorWord): bigint =>
      uintBits("cursor.highest", fields.highest, 64) |
      (uintBits("cursor.newest", fields.newest, 64) << 64n) |
      (uintBits("cursor.posts", fields.posts, 64) << 128n),
    decode: (word: bigint): CursorWord => ({
      highest: BigInt.asUintN(64, word),
      newest: BigInt.asUintN(64, word >> 64n),
      posts: BigInt.asUintN(64, word >> 128n),
    }),
  },
  /** `uint32 _bookSetVersion` */
  bookSetVersion: {
    slot: "0x00000000000000000000000000000000000000000000000000000000000000c4",
    encode: (value: bigint): bigint => uintBits("bookSetVersion", value, 32),
    decode: (word: bigint): bigint => BigInt.asUintN(32, word),
  },
  /** `mapping(uint32 => struct CheckpointRegistry.BookSet) _bookSets` */
  bookSets: {
    /** `address[] contracts` */
    contracts: {
      length: {
        slot: (version: bigint): Hash =>
          mappingSlot(
            "0x00000000000000000000000000000000000000000000000000000000000000c5",
            uintKey("bookSets[version]", version, 32),
          ),
        encode: (value: bigint): bigint => uintBits("bookSets.contracts.length", value, 256),
        decode: (word: bigint): bigint => BigInt.asUintN(256, word),
      },
      at: {
        slot: (version: bigint, index: bigint): Hash =>
          addSlot(
            dataSlot(
              mappingSlot(
                "0x00000000000000000000000000000000000000000000000000000000000000c5",
                uintKey("bookSets[version]", version, 32),
              ),
            ),
            uintBits("bookSets.contracts[index]", index, 64),
          ),
        encode: (value: Hex): bigint => hexBits("bookSets.contracts.at", value, 20),
        decode: (word: bigint): Hex => hexOf(BigInt.asUintN(160, word), 20),
      },
    },
    /** `uint64 activeFrom` */
    activeFrom: {
      slot: (version: bigint): Hash =>
        addSlot(
          mappingSlot(
            "0x00000000000000000000000000000000000000000000000000000000000000c5",
            uintKey("bookSets[version]", version, 32),
          ),
          1n,
        ),
      encode: (value: bigint): bigint => uintBits("bookSets.activeFrom", value, 64),
      decode: (word: bigint): bigint => BigInt.asUintN(64, word),
    },
  },
} as const;

/** Topic 0 of each event of CheckpointRegistry. */
export const TOPICS = {
  AttestationConvicted: "0x073d1ab6a3ae2fa57d78be1d1d1b1b056483ca203b96d5c2bef4e0f6fe1d2373",
  AuthorityUpdated: "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad",
  BookSetChanged: "0x9bd2414aad746d99bbaf7550dd2f3019567749f0edce2a20d243023a74235e35",
  CheckpointPosted: "0xa15595a5b5d8c1276250aca70cc6bcb070d53983c74181b4cee9b6efd92b3b93",
  CheckpointProven: "0xf289f6b4b30d392979f4cc2c31fb5ec4e27e4972622a2ef310722e25f24f0d05",
  CheckpointReplaced: "0xc35086db23e43a88bfab3dcec839790962145ef4b17955b217b3173ef794f39f",
  EIP712DomainChanged: "0x0a6387c9ea3628b88a633bb4f3b151770f70085117a15f9bf3787cda53f13d31",
} as const;

/** `AttestationConvicted(uint64 indexed blockNumber, bytes32 indexed blockHash, bytes32 booksRoot, address challenger, bool isVoided, uint64 newest)` */
export interface AttestationConvictedEvent {
  readonly name: "AttestationConvicted";
  readonly blockNumber: bigint;
  readonly blockHash: Hex;
  readonly booksRoot: Hex;
  readonly challenger: Hex;
  readonly isVoided: boolean;
  readonly newest: bigint;
}

/** Strictly decodes AttestationConvicted; throws {@link DecodeError}. */
export function decodeAttestationConvicted(log: LogData): AttestationConvictedEvent {
  checkLog("AttestationConvicted", log, "0x073d1ab6a3ae2fa57d78be1d1d1b1b056483ca203b96d5c2bef4e0f6fe1d2373", 3, 4);
  const { topics, data } = log;
  return {
    name: "AttestationConvicted",
    blockNumber: readUint("AttestationConvicted", "blockNumber", topics[1] as Hex, 2, 64),
    blockHash: readFixedBytes("AttestationConvicted", "blockHash", topics[2] as Hex, 2, 32),
    booksRoot: readFixedBytes("AttestationConvicted", "booksRoot", data, 2, 32),
    challenger: readAddress("AttestationConvicted", "challenger", data, 66),
    isVoided: readBool("AttestationConvicted", "isVoided", data, 130),
    newest: readUint("AttestationConvicted", "newest", data, 194, 64),
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

/** `BookSetChanged(uint32 indexed version, uint64 activeFrom, address[] contracts)` */
export interface BookSetChangedEvent {
  readonly name: "BookSetChanged";
  readonly version: bigint;
  readonly activeFrom: bigint;
  readonly contracts: readonly Hex[];
}

/** Strictly decodes BookSetChanged; throws {@link DecodeError}. */
export function decodeBookSetChanged(log: LogData): BookSetChangedEvent {
  checkLog("BookSetChanged", log, "0x9bd2414aad746d99bbaf7550dd2f3019567749f0edce2a20d243023a74235e35", 2, DYNAMIC);
  const { topics, data } = log;
  let tail = 2;
  const contractsLength = readTailLength("BookSetChanged", "contracts", data, 1, tail, (length) => length);
  const contractsAt = 2 + 64 * (tail + 1);
  const contractsValue = Array.from({ length: contractsLength }, (_, i) =>
    readAddress("BookSetChanged", "contracts[]", data, contractsAt + 64 * i),
  );
  tail += 1 + contractsLength;
  checkEnd("BookSetChanged", data, tail);
  return {
    name: "BookSetChanged",
    version: readUint("BookSetChanged", "version", topics[1] as Hex, 2, 32),
    activeFrom: readUint("BookSetChanged", "activeFrom", data, 2, 64),
    contracts: contractsValue,
  };
}

/** `CheckpointPosted(uint64 indexed blockNumber, bytes32 indexed blockHash, bytes32 booksRoot, uint32 setId, uint32 bookSetVersion, uint48 postedAt, bytes32[] roots)` */
export interface CheckpointPostedEvent {
  readonly name: "CheckpointPosted";
  readonly blockNumber: bigint;
  readonly blockHash: Hex;
  readonly booksRoot: Hex;
  readonly setId: bigint;
  readonly bookSetVersion: bigint;
  readonly postedAt: bigint;
  readonly roots: readonly Hex[];
}

/** Strictly decodes CheckpointPosted; throws {@link DecodeError}. */
export function decodeCheckpointPosted(log: LogData): CheckpointPostedEvent {
  checkLog("CheckpointPosted", log, "0xa15595a5b5d8c1276250aca70cc6bcb070d53983c74181b4cee9b6efd92b3b93", 3, DYNAMIC);
  const { topics, data } = log;
  let tail = 5;
  const rootsLength = readTailLength("CheckpointPosted", "roots", data, 4, tail, (length) => length);
  const rootsAt = 2 + 64 * (tail + 1);
  const rootsValue = Array.from({ length: rootsLength }, (_, i) =>
    readFixedBytes("CheckpointPosted", "roots[]", data, rootsAt + 64 * i, 32),
  );
  tail += 1 + rootsLength;
  checkEnd("CheckpointPosted", data, tail);
  return {
    name: "CheckpointPosted",
    blockNumber: readUint("CheckpointPosted", "blockNumber", topics[1] as Hex, 2, 64),
    blockHash: readFixedBytes("CheckpointPosted", "blockHash", topics[2] as Hex, 2, 32),
    booksRoot: readFixedBytes("CheckpointPosted", "booksRoot", data, 2, 32),
    setId: readUint("CheckpointPosted", "setId", data, 66, 32),
    bookSetVersion: readUint("CheckpointPosted", "bookSetVersion", data, 130, 32),
    postedAt: readUint("CheckpointPosted", "postedAt", data, 194, 48),
    roots: rootsValue,
  };
}

/** `CheckpointProven(uint64 indexed blockNumber, bytes32 indexed blockHash)` */
export interface CheckpointProvenEvent {
  readonly name: "CheckpointProven";
  readonly blockNumber: bigint;
  readonly blockHash: Hex;
}

/** Strictly decodes CheckpointProven; throws {@link DecodeError}. */
export function decodeCheckpointProven(log: LogData): CheckpointProvenEvent {
  checkLog("CheckpointProven", log, "0xf289f6b4b30d392979f4cc2c31fb5ec4e27e4972622a2ef310722e25f24f0d05", 3, 0);
  const { topics } = log;
  return {
    name: "CheckpointProven",
    blockNumber: readUint("CheckpointProven", "blockNumber", topics[1] as Hex, 2, 64),
    blockHash: readFixedBytes("CheckpointProven", "blockHash", topics[2] as Hex, 2, 32),
  };
}

/** `CheckpointReplaced(uint64 indexed blockNumber, uint64 posts)` */
export interface CheckpointReplacedEvent {
  readonly name: "CheckpointReplaced";
  readonly blockNumber: bigint;
  readonly posts: bigint;
}

/** Strictly decodes CheckpointReplaced; throws {@link DecodeError}. */
export function decodeCheckpointReplaced(log: LogData): CheckpointReplacedEvent {
  checkLog("CheckpointReplaced", log, "0xc35086db23e43a88bfab3dcec839790962145ef4b17955b217b3173ef794f39f", 2, 1);
  const { topics, data } = log;
  return {
    name: "CheckpointReplaced",
    blockNumber: readUint("CheckpointReplaced", "blockNumber", topics[1] as Hex, 2, 64),
    posts: readUint("CheckpointReplaced", "posts", data, 2, 64),
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

/** Any event of CheckpointRegistry. */
export type CheckpointRegistryEvent =
  | AttestationConvictedEvent
  | AuthorityUpdatedEvent
  | BookSetChangedEvent
  | CheckpointPostedEvent
  | CheckpointProvenEvent
  | CheckpointReplacedEvent
  | EIP712DomainChangedEvent;

/** Decodes a log by its topic 0; null when that is no event of CheckpointRegistry. Throws {@link DecodeError}. */
export function decodeEvent(log: LogData): CheckpointRegistryEvent | null {
  switch (log.topics[0]) {
    case "0x073d1ab6a3ae2fa57d78be1d1d1b1b056483ca203b96d5c2bef4e0f6fe1d2373":
      return decodeAttestationConvicted(log);
    case "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad":
      return decodeAuthorityUpdated(log);
    case "0x9bd2414aad746d99bbaf7550dd2f3019567749f0edce2a20d243023a74235e35":
      return decodeBookSetChanged(log);
    case "0xa15595a5b5d8c1276250aca70cc6bcb070d53983c74181b4cee9b6efd92b3b93":
      return decodeCheckpointPosted(log);
    case "0xf289f6b4b30d392979f4cc2c31fb5ec4e27e4972622a2ef310722e25f24f0d05":
      return decodeCheckpointProven(log);
    case "0xc35086db23e43a88bfab3dcec839790962145ef4b17955b217b3173ef794f39f":
      return decodeCheckpointReplaced(log);
    case "0x0a6387c9ea3628b88a633bb4f3b151770f70085117a15f9bf3787cda53f13d31":
      return decodeEIP712DomainChanged(log);
    default:
      return null;
  }
}

/** Names of CheckpointRegistry's errors by selector. */
export const ERROR_SELECTORS: Readonly<Record<Hex, string>> = {
  "0xc2f31e5e": "AccessManagedInvalidAuthority",
  "0xaf77169d": "AccessManagedRequiredDelay",
  "0x068ca9d8": "AccessManagedUnauthorized",
  "0x3dc3cd92": "FieldNotPresentInBlockHeader",
  "0xb3512b0c": "InvalidShortString",
  "0xf3dd7004": "RLPInvalidEncoding",
  "0xa41d50c5": "RegistryAttestationTrue",
  "0x3555bdf2": "RegistryBadSignature",
  "0x4ca7caa0": "RegistryDuplicateBook",
  "0xba56894f": "RegistryEmptyBookSet",
  "0xfc5f2f65": "RegistryFutureBlock",
  "0x14b26a93": "RegistryNoQuorum",
  "0x2cf3fe92": "RegistryNotInBookSet",
  "0x7c41d4e3": "RegistryNotKeeper",
  "0xd690e7bd": "RegistryNotNewer",
  "0xd34d8ae0": "RegistryNotPosted",
  "0x414620ff": "RegistryNothingToConvict",
  "0xb081a0ea": "RegistryOldBlock",
  "0xb2c4d504": "RegistryPastActivation",
  "0xb83fa4a7": "RegistryRootCount",
  "0x234c8edb": "RegistryRootDiffers",
  "0xdeab9e4c": "RegistryRootsMismatch",
  "0xd78dc53e": "RegistrySignersNotSorted",
  "0xb1ab873d": "RegistryUnknownCheckpoint",
  "0x6fdad0ed": "RegistryWrongBlock",
  "0x12ba8282": "RegistryWrongBookSet",
  "0xc35a1910": "RegistryWrongKeeperSet",
  "0x6ca1fdd7": "RegistryZeroAddress",
  "0xfac6b3cf": "RegistryZeroHash",
  "0xa2ddf1d2": "RegistryZeroRoot",
  "0xf65db6e3": "StorageProofHeaderMismatch",
  "0xa23b5e8c": "StorageProofMalformedAccount",
  "0x305a27a9": "StringTooLong",
  "0x1121c9d0": "TrieProofTraversalError",
};
