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
import { addSlot, dataSlot, uintSlot } from "../layout/slots.ts";
import { boolBits, hexBits, hexOf, indexWithin, uintBits } from "../layout/wordFields.ts";

/** State variables of CheckpointRegistry, in storage order. */
export const VARIABLES = [
  "_authority",
  "_consumingSchedule",
  "_nameFallback",
  "_versionFallback",
  "_ring",
  "_cursor",
  "_keeperSet",
  "_reward",
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
    { label: "_cursor", type: "struct Cursor", slot: 131n, offset: 0, keyNames: [] },
    { label: "_keeperSet", type: "bytes32", slot: 132n, offset: 0, keyNames: [] },
    { label: "_reward", type: "struct Reward", slot: 133n, offset: 0, keyNames: [] },
    {
      label: "_bookSets",
      type: "mapping(uint32 => struct CheckpointRegistry.BookSet)",
      slot: 134n,
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
      slots: 2n,
      members: [
        { label: "digest", type: "bytes32", slot: 0n, offset: 0, keyNames: [] },
        { label: "blockNumber", type: "uint40", slot: 1n, offset: 0, keyNames: [] },
        { label: "postedAt", type: "uint40", slot: 1n, offset: 5, keyNames: [] },
        { label: "carrier", type: "address", slot: 1n, offset: 10, keyNames: [] },
        { label: "status", type: "enum CheckpointStatus", slot: 1n, offset: 30, keyNames: [] },
        { label: "isPaid", type: "bool", slot: 1n, offset: 31, keyNames: [] },
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
        { label: "highest", type: "uint40", slot: 0n, offset: 0, keyNames: [] },
        { label: "newest", type: "uint40", slot: 0n, offset: 5, keyNames: [] },
        { label: "posts", type: "uint40", slot: 0n, offset: 10, keyNames: [] },
        { label: "setId", type: "uint32", slot: 0n, offset: 15, keyNames: [] },
        { label: "bookSetVersion", type: "uint16", slot: 0n, offset: 19, keyNames: [] },
        { label: "bookSetFrom", type: "uint40", slot: 0n, offset: 21, keyNames: [] },
        { label: "bookCount", type: "uint8", slot: 0n, offset: 26, keyNames: [] },
      ],
    },
    "struct Reward": {
      kind: "struct",
      label: "struct Reward",
      slots: 1n,
      members: [
        { label: "perBlock", type: "uint96", slot: 0n, offset: 0, keyNames: [] },
        { label: "maxBlocks", type: "uint32", slot: 0n, offset: 12, keyNames: [] },
        { label: "isUsed", type: "bool", slot: 0n, offset: 16, keyNames: [] },
      ],
    },
    uint16: { kind: "value", label: "uint16", elementary: "uint16", value: "uint", bytes: 2 },
    uint32: { kind: "value", label: "uint32", elementary: "uint32", value: "uint", bytes: 4 },
    uint40: { kind: "value", label: "uint40", elementary: "uint40", value: "uint", bytes: 5 },
    uint64: { kind: "value", label: "uint64", elementary: "uint64", value: "uint", bytes: 8 },
    uint8: { kind: "value", label: "uint8", elementary: "uint8", value: "uint", bytes: 1 },
    uint96: { kind: "value", label: "uint96", elementary: "uint96", value: "uint", bytes: 12 },
  },
};

/** A word of `word0`, low-order field first. */
export interface Word0 {
  /** address */ readonly authority: Hex;
  /** bool */ readonly consumingSchedule: boolean;
}

/** A word of `ring.at.word1`, low-order field first. */
export interface RingAtWord1 {
  /** uint40 */ readonly blockNumber: bigint;
  /** uint40 */ readonly postedAt: bigint;
  /** address */ readonly carrier: Hex;
  /** enum CheckpointStatus */ readonly status: bigint;
  /** bool */ readonly isPaid: boolean;
}

/** A word of `cursor`, low-order field first. */
export interface CursorWord {
  /** uint40 */ readonly highest: bigint;
  /** uint40 */ readonly newest: bigint;
  /** uint40 */ readonly posts: bigint;
  /** uint32 */ readonly setId: bigint;
  /** uint16 */ readonly bookSetVersion: bigint;
  /** uint40 */ readonly bookSetFrom: bigint;
  /** uint8 */ readonly bookCount: bigint;
}

/** A word of `reward`, low-order field first. */
export interface RewardWord {
  /** uint96 */ readonly perBlock: bigint;
  /** uint32 */ readonly maxBlocks: bigint;
  /** bool */ readonly isUsed: boolean;
}

/** Slots and packing of CheckpointRegistry, by variable. */
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
  /** `struct Checkpoint[64] _ring` */
  ring: {
    at: {
      /** `bytes32 digest` */
      digest: {
        slot: (index: bigint): Hash =>
          addSlot(
            "0x0000000000000000000000000000000000000000000000000000000000000003",
            indexWithin("ring[index]", index, 64n) * 2n,
          ),
        encode: (value: Hex): bigint => hexBits("ring.at.digest", value, 32),
        decode: (word: bigint): Hex => hexOf(BigInt.asUintN(256, word), 32),
      },
      /** `uint40 blockNumber`, `uint40 postedAt`, `address carrier`, `enum CheckpointStatus status`, `bool isPaid` */
      word1: {
        slot: (index: bigint): Hash =>
          addSlot(
            "0x0000000000000000000000000000000000000000000000000000000000000004",
            indexWithin("ring[index]", index, 64n) * 2n,
          ),
        mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
        encode: (fields: RingAtWord1): bigint =>
          uintBits("ring.at.word1.blockNumber", fields.blockNumber, 40) |
          (uintBits("ring.at.word1.postedAt", fields.postedAt, 40) << 40n) |
          (hexBits("ring.at.word1.carrier", fields.carrier, 20) << 80n) |
          (uintBits("ring.at.word1.status", fields.status, 8) << 240n) |
          (boolBits(fields.isPaid) << 248n),
        update: (word: bigint, fields: Partial<RingAtWord1>): bigint => {
          let next = word;
          if (fields.blockNumber !== undefined)
            next =
              (next & 0xffffffffffffffffffffffffffffffffffffffffffffffffffffff0000000000n) |
              uintBits("ring.at.word1.blockNumber", fields.blockNumber, 40);
          if (fields.postedAt !== undefined)
            next =
              (next & 0xffffffffffffffffffffffffffffffffffffffffffff0000000000ffffffffffn) |
              (uintBits("ring.at.word1.postedAt", fields.postedAt, 40) << 40n);
          if (fields.carrier !== undefined)
            next =
              (next & 0xffff0000000000000000000000000000000000000000ffffffffffffffffffffn) |
              (hexBits("ring.at.word1.carrier", fields.carrier, 20) << 80n);
          if (fields.status !== undefined)
            next =
              (next & 0xff00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
              (uintBits("ring.at.word1.status", fields.status, 8) << 240n);
          if (fields.isPaid !== undefined)
            next =
              (next & 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
              (boolBits(fields.isPaid) << 248n);
          return next;
        },
        decode: (word: bigint): RingAtWord1 => ({
          blockNumber: BigInt.asUintN(40, word),
          postedAt: BigInt.asUintN(40, word >> 40n),
          carrier: hexOf(BigInt.asUintN(160, word >> 80n), 20),
          status: BigInt.asUintN(8, word >> 240n),
          isPaid: BigInt.asUintN(8, word >> 248n) !== 0n,
        }),
      },
    },
  },
  /** `struct Cursor _cursor` */
  cursor: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000083",
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: CursorWord): bigint =>
      uintBits("cursor.highest", fields.highest, 40) |
      (uintBits("cursor.newest", fields.newest, 40) << 40n) |
      (uintBits("cursor.posts", fields.posts, 40) << 80n) |
      (uintBits("cursor.setId", fields.setId, 32) << 120n) |
      (uintBits("cursor.bookSetVersion", fields.bookSetVersion, 16) << 152n) |
      (uintBits("cursor.bookSetFrom", fields.bookSetFrom, 40) << 168n) |
      (uintBits("cursor.bookCount", fields.bookCount, 8) << 208n),
    update: (word: bigint, fields: Partial<CursorWord>): bigint => {
      let next = word;
      if (fields.highest !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffffffffffffff0000000000n) |
          uintBits("cursor.highest", fields.highest, 40);
      if (fields.newest !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffff0000000000ffffffffffn) |
          (uintBits("cursor.newest", fields.newest, 40) << 40n);
      if (fields.posts !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffff0000000000ffffffffffffffffffffn) |
          (uintBits("cursor.posts", fields.posts, 40) << 80n);
      if (fields.setId !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffff00000000ffffffffffffffffffffffffffffffn) |
          (uintBits("cursor.setId", fields.setId, 32) << 120n);
      if (fields.bookSetVersion !== undefined)
        next =
          (next & 0xffffffffffffffffffffff0000ffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("cursor.bookSetVersion", fields.bookSetVersion, 16) << 152n);
      if (fields.bookSetFrom !== undefined)
        next =
          (next & 0xffffffffffff0000000000ffffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("cursor.bookSetFrom", fields.bookSetFrom, 40) << 168n);
      if (fields.bookCount !== undefined)
        next =
          (next & 0xffffffffff00ffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("cursor.bookCount", fields.bookCount, 8) << 208n);
      return next;
    },
    decode: (word: bigint): CursorWord => ({
      highest: BigInt.asUintN(40, word),
      newest: BigInt.asUintN(40, word >> 40n),
      posts: BigInt.asUintN(40, word >> 80n),
      setId: BigInt.asUintN(32, word >> 120n),
      bookSetVersion: BigInt.asUintN(16, word >> 152n),
      bookSetFrom: BigInt.asUintN(40, word >> 168n),
      bookCount: BigInt.asUintN(8, word >> 208n),
    }),
  },
  /** `bytes32 _keeperSet` */
  keeperSet: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000084",
    encode: (value: Hex): bigint => hexBits("keeperSet", value, 32),
    decode: (word: bigint): Hex => hexOf(BigInt.asUintN(256, word), 32),
  },
  /** `struct Reward _reward` */
  reward: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000085",
    mask: 0xffffffffffffffffffffffffffffffffffn,
    encode: (fields: RewardWord): bigint =>
      uintBits("reward.perBlock", fields.perBlock, 96) |
      (uintBits("reward.maxBlocks", fields.maxBlocks, 32) << 96n) |
      (boolBits(fields.isUsed) << 128n),
    update: (word: bigint, fields: Partial<RewardWord>): bigint => {
      let next = word;
      if (fields.perBlock !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffff000000000000000000000000n) |
          uintBits("reward.perBlock", fields.perBlock, 96);
      if (fields.maxBlocks !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffff00000000ffffffffffffffffffffffffn) |
          (uintBits("reward.maxBlocks", fields.maxBlocks, 32) << 96n);
      if (fields.isUsed !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffff00ffffffffffffffffffffffffffffffffn) |
          (boolBits(fields.isUsed) << 128n);
      return next;
    },
    decode: (word: bigint): RewardWord => ({
      perBlock: BigInt.asUintN(96, word),
      maxBlocks: BigInt.asUintN(32, word >> 96n),
      isUsed: BigInt.asUintN(8, word >> 128n) !== 0n,
    }),
  },
  /** `mapping(uint32 => struct CheckpointRegistry.BookSet) _bookSets` */
  bookSets: {
    /** `address[] contracts` */
    contracts: {
      length: {
        slot: (version: bigint): Hash =>
          uintSlot(
            "bookSets[version]",
            "0x0000000000000000000000000000000000000000000000000000000000000086",
            version,
            32,
          ),
        encode: (value: bigint): bigint => uintBits("bookSets.contracts.length", value, 256),
        decode: (word: bigint): bigint => BigInt.asUintN(256, word),
      },
      at: {
        slot: (version: bigint, index: bigint): Hash =>
          addSlot(
            dataSlot(
              uintSlot(
                "bookSets[version]",
                "0x0000000000000000000000000000000000000000000000000000000000000086",
                version,
                32,
              ),
            ),
            uintBits("bookSets.contracts[index]", index, 64),
          ),
        encode: (value: Hex): bigint => hexBits("bookSets.contracts.at", value, 20),
        decode: (word: bigint): Hex => hexOf(BigInt.asUintN(160, word), 20),
        update: (word: bigint, value: Hex): bigint =>
          (word & 0xffffffffffffffffffffffff0000000000000000000000000000000000000000n) |
          hexBits("bookSets.contracts.at", value, 20),
      },
    },
    /** `uint64 activeFrom` */
    activeFrom: {
      slot: (version: bigint): Hash =>
        addSlot(
          uintSlot(
            "bookSets[version]",
            "0x0000000000000000000000000000000000000000000000000000000000000086",
            version,
            32,
          ),
          1n,
        ),
      encode: (value: bigint): bigint => uintBits("bookSets.activeFrom", value, 64),
      decode: (word: bigint): bigint => BigInt.asUintN(64, word),
      update: (word: bigint, value: bigint): bigint =>
        (word & 0xffffffffffffffffffffffffffffffffffffffffffffffff0000000000000000n) |
        uintBits("bookSets.activeFrom", value, 64),
    },
  },
} as const;

/** Topic 0 of each event of CheckpointRegistry. */
export const TOPICS = {
  AttestationConvicted: "0x073d1ab6a3ae2fa57d78be1d1d1b1b056483ca203b96d5c2bef4e0f6fe1d2373",
  AuthorityUpdated: "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad",
  BookSetChanged: "0x9bd2414aad746d99bbaf7550dd2f3019567749f0edce2a20d243023a74235e35",
  CheckpointPosted: "0x1387c8a84f887064ac23909724fc95f26fcc3d7b0a800c0282995f66cbe46ee5",
  CheckpointProven: "0xf289f6b4b30d392979f4cc2c31fb5ec4e27e4972622a2ef310722e25f24f0d05",
  CheckpointReplaced: "0xc35086db23e43a88bfab3dcec839790962145ef4b17955b217b3173ef794f39f",
  EIP712DomainChanged: "0x0a6387c9ea3628b88a633bb4f3b151770f70085117a15f9bf3787cda53f13d31",
  KeeperSetAdopted: "0x540131d14784ea31fb1d74cdfe6df6d401a165b0e179ea2ea49b03d69af2ef97",
  RewardPaid: "0x7018e9fe22fe2782d6427bd9c851ceb4cacea7947487abef686fa9834d1aee0a",
  RewardSet: "0xe56cefccbaf32a84748bc2c4df5e149830182434ed76413704c67f356b25c2b5",
} as const;

/** `AttestationConvicted(uint64 indexed blockNumber, bytes32 indexed blockHash, bytes32 digest, address challenger, bool isVoided, uint64 newest)` */
export interface AttestationConvictedEvent {
  readonly name: "AttestationConvicted";
  readonly blockNumber: bigint;
  readonly blockHash: Hex;
  readonly digest: Hex;
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
    digest: readFixedBytes("AttestationConvicted", "digest", data, 2, 32),
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

/** `CheckpointPosted(uint64 indexed blockNumber, bytes32 indexed blockHash, address indexed carrier, uint32 setId, uint32 bookSetVersion, uint40 postedAt, bytes32[] roots)` */
export interface CheckpointPostedEvent {
  readonly name: "CheckpointPosted";
  readonly blockNumber: bigint;
  readonly blockHash: Hex;
  readonly carrier: Hex;
  readonly setId: bigint;
  readonly bookSetVersion: bigint;
  readonly postedAt: bigint;
  readonly roots: readonly Hex[];
}

/** Strictly decodes CheckpointPosted; throws {@link DecodeError}. */
export function decodeCheckpointPosted(log: LogData): CheckpointPostedEvent {
  checkLog("CheckpointPosted", log, "0x1387c8a84f887064ac23909724fc95f26fcc3d7b0a800c0282995f66cbe46ee5", 4, DYNAMIC);
  const { topics, data } = log;
  let tail = 4;
  const rootsLength = readTailLength("CheckpointPosted", "roots", data, 3, tail, (length) => length);
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
    carrier: readAddress("CheckpointPosted", "carrier", topics[3] as Hex, 2),
    setId: readUint("CheckpointPosted", "setId", data, 2, 32),
    bookSetVersion: readUint("CheckpointPosted", "bookSetVersion", data, 66, 32),
    postedAt: readUint("CheckpointPosted", "postedAt", data, 130, 40),
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

/** `KeeperSetAdopted(uint32 indexed setId, bytes32 commitment)` */
export interface KeeperSetAdoptedEvent {
  readonly name: "KeeperSetAdopted";
  readonly setId: bigint;
  readonly commitment: Hex;
}

/** Strictly decodes KeeperSetAdopted; throws {@link DecodeError}. */
export function decodeKeeperSetAdopted(log: LogData): KeeperSetAdoptedEvent {
  checkLog("KeeperSetAdopted", log, "0x540131d14784ea31fb1d74cdfe6df6d401a165b0e179ea2ea49b03d69af2ef97", 2, 1);
  const { topics, data } = log;
  return {
    name: "KeeperSetAdopted",
    setId: readUint("KeeperSetAdopted", "setId", topics[1] as Hex, 2, 32),
    commitment: readFixedBytes("KeeperSetAdopted", "commitment", data, 2, 32),
  };
}

/** `RewardPaid(uint64 indexed blockNumber, address indexed carrier, AccountId to, uint256 amount)` */
export interface RewardPaidEvent {
  readonly name: "RewardPaid";
  readonly blockNumber: bigint;
  readonly carrier: Hex;
  readonly to: Hex;
  readonly amount: bigint;
}

/** Strictly decodes RewardPaid; throws {@link DecodeError}. */
export function decodeRewardPaid(log: LogData): RewardPaidEvent {
  checkLog("RewardPaid", log, "0x7018e9fe22fe2782d6427bd9c851ceb4cacea7947487abef686fa9834d1aee0a", 3, 2);
  const { topics, data } = log;
  return {
    name: "RewardPaid",
    blockNumber: readUint("RewardPaid", "blockNumber", topics[1] as Hex, 2, 64),
    carrier: readAddress("RewardPaid", "carrier", topics[2] as Hex, 2),
    to: readFixedBytes("RewardPaid", "to", data, 2, 32),
    amount: readUint("RewardPaid", "amount", data, 66, 256),
  };
}

/** `RewardSet(uint96 perBlock, uint32 maxBlocks)` */
export interface RewardSetEvent {
  readonly name: "RewardSet";
  readonly perBlock: bigint;
  readonly maxBlocks: bigint;
}

/** Strictly decodes RewardSet; throws {@link DecodeError}. */
export function decodeRewardSet(log: LogData): RewardSetEvent {
  checkLog("RewardSet", log, "0xe56cefccbaf32a84748bc2c4df5e149830182434ed76413704c67f356b25c2b5", 1, 2);
  const { data } = log;
  return {
    name: "RewardSet",
    perBlock: readUint("RewardSet", "perBlock", data, 2, 96),
    maxBlocks: readUint("RewardSet", "maxBlocks", data, 66, 32),
  };
}

/** Any event of CheckpointRegistry. */
export type CheckpointRegistryEvent =
  | AttestationConvictedEvent
  | AuthorityUpdatedEvent
  | BookSetChangedEvent
  | CheckpointPostedEvent
  | CheckpointProvenEvent
  | CheckpointReplacedEvent
  | EIP712DomainChangedEvent
  | KeeperSetAdoptedEvent
  | RewardPaidEvent
  | RewardSetEvent;

/** Decodes a log by its topic 0; null when that is no event of CheckpointRegistry. Throws {@link DecodeError}. */
export function decodeEvent(log: LogData): CheckpointRegistryEvent | null {
  switch (log.topics[0]) {
    case "0x073d1ab6a3ae2fa57d78be1d1d1b1b056483ca203b96d5c2bef4e0f6fe1d2373":
      return decodeAttestationConvicted(log);
    case "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad":
      return decodeAuthorityUpdated(log);
    case "0x9bd2414aad746d99bbaf7550dd2f3019567749f0edce2a20d243023a74235e35":
      return decodeBookSetChanged(log);
    case "0x1387c8a84f887064ac23909724fc95f26fcc3d7b0a800c0282995f66cbe46ee5":
      return decodeCheckpointPosted(log);
    case "0xf289f6b4b30d392979f4cc2c31fb5ec4e27e4972622a2ef310722e25f24f0d05":
      return decodeCheckpointProven(log);
    case "0xc35086db23e43a88bfab3dcec839790962145ef4b17955b217b3173ef794f39f":
      return decodeCheckpointReplaced(log);
    case "0x0a6387c9ea3628b88a633bb4f3b151770f70085117a15f9bf3787cda53f13d31":
      return decodeEIP712DomainChanged(log);
    case "0x540131d14784ea31fb1d74cdfe6df6d401a165b0e179ea2ea49b03d69af2ef97":
      return decodeKeeperSetAdopted(log);
    case "0x7018e9fe22fe2782d6427bd9c851ceb4cacea7947487abef686fa9834d1aee0a":
      return decodeRewardPaid(log);
    case "0xe56cefccbaf32a84748bc2c4df5e149830182434ed76413704c67f356b25c2b5":
      return decodeRewardSet(log);
    default:
      return null;
  }
}

/** Names of CheckpointRegistry's errors by selector. */
export const ERROR_SELECTORS: Readonly<Record<Hex, string>> = {
  "0xc2f31e5e": "AccessManagedInvalidAuthority",
  "0xaf77169d": "AccessManagedRequiredDelay",
  "0x068ca9d8": "AccessManagedUnauthorized",
  "0xb3512b0c": "InvalidShortString",
  "0x1dd10424": "QuorumBadLength",
  "0x9f198d1b": "QuorumBadSignature",
  "0x25c2d0c7": "QuorumNotMember",
  "0x73b00612": "QuorumNotSorted",
  "0xe809649b": "QuorumTooFew",
  "0x50b60d67": "QuorumWrongSet",
  "0xf3dd7004": "RLPInvalidEncoding",
  "0x2e9261cb": "RegistryAlreadyPaid",
  "0xa41d50c5": "RegistryAttestationTrue",
  "0xfec7dfa4": "RegistryBadBookCount",
  "0x61fe8f58": "RegistryBadPath",
  "0x4ca7caa0": "RegistryDuplicateBook",
  "0xfc5f2f65": "RegistryFutureBlock",
  "0xaa186e50": "RegistryNotCarrier",
  "0x2cf3fe92": "RegistryNotInBookSet",
  "0x3044979e": "RegistryNotKeeperRegistry",
  "0xd690e7bd": "RegistryNotNewer",
  "0xd34d8ae0": "RegistryNotPosted",
  "0x414620ff": "RegistryNothingToConvict",
  "0x740b6305": "RegistryNothingToPay",
  "0xb081a0ea": "RegistryOldBlock",
  "0xb2c4d504": "RegistryPastActivation",
  "0xb83fa4a7": "RegistryRootCount",
  "0x234c8edb": "RegistryRootDiffers",
  "0xdeab9e4c": "RegistryRootsMismatch",
  "0xb1ab873d": "RegistryUnknownCheckpoint",
  "0x6fdad0ed": "RegistryWrongBlock",
  "0x12ba8282": "RegistryWrongBookSet",
  "0x9356217c": "RegistryWrongDigest",
  "0xc35a1910": "RegistryWrongKeeperSet",
  "0x6ca1fdd7": "RegistryZeroAddress",
  "0xfac6b3cf": "RegistryZeroHash",
  "0xa2ddf1d2": "RegistryZeroRoot",
  "0x6dfcc650": "SafeCastOverflowedUintDowncast",
  "0xf65db6e3": "StorageProofHeaderMismatch",
  "0xa23b5e8c": "StorageProofMalformedAccount",
  "0xa0f2bcb4": "StorageProofMalformedHash",
  "0xc639ad3c": "StorageProofMalformedHeader",
  "0xddaf5436": "StorageProofMalformedNumber",
  "0x305a27a9": "StringTooLong",
  "0x1121c9d0": "TrieProofTraversalError",
};
