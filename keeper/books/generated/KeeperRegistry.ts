// Generated from contracts/sync/KeeperRegistry.sol; do not edit: npm run generate.
import type { Hash, Hex } from "../../lib/hex.ts";
import type { Layout } from "../layout/Layout.ts";
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
import { addressSlot, uintSlot } from "../layout/slots.ts";
import { boolBits, hexBits, hexOf, uintBits } from "../layout/wordFields.ts";

/** State variables of KeeperRegistry, in storage order. */
export const VARIABLES = [
  "_authority",
  "_consumingSchedule",
  "_keepers",
  "_stakes",
  "_keys",
  "_rewards",
  "_members",
  "_burnable",
  "_state",
  "_guard",
  "_commitment",
] as const;

/** The storage layout of KeeperRegistry as data. */
export const LAYOUT: Layout = {
  contract: "KeeperRegistry",
  variables: [
    { label: "_authority", type: "address", slot: 0n, offset: 0, keyNames: [] },
    { label: "_consumingSchedule", type: "bool", slot: 0n, offset: 20, keyNames: [] },
    { label: "_keepers", type: "mapping(address => struct Keeper)", slot: 1n, offset: 0, keyNames: ["attester"] },
    { label: "_stakes", type: "mapping(address => struct Stake)", slot: 2n, offset: 0, keyNames: ["attester"] },
    { label: "_keys", type: "mapping(address => struct Key)", slot: 3n, offset: 0, keyNames: ["key"] },
    { label: "_rewards", type: "mapping(address => struct Due)", slot: 4n, offset: 0, keyNames: ["challenger"] },
    { label: "_members", type: "mapping(uint256 => address)", slot: 5n, offset: 0, keyNames: ["index"] },
    { label: "_burnable", type: "struct Due", slot: 6n, offset: 0, keyNames: [] },
    { label: "_state", type: "struct KeeperRegistry.State", slot: 7n, offset: 0, keyNames: [] },
    { label: "_guard", type: "address", slot: 8n, offset: 0, keyNames: [] },
    { label: "_commitment", type: "bytes32", slot: 9n, offset: 0, keyNames: [] },
  ],
  types: {
    address: { kind: "value", label: "address", elementary: "address", value: "address", bytes: 20 },
    bool: { kind: "value", label: "bool", elementary: "bool", value: "bool", bytes: 1 },
    bytes32: { kind: "value", label: "bytes32", elementary: "bytes32", value: "bytes", bytes: 32 },
    "enum KeeperStatus": {
      kind: "value",
      label: "enum KeeperStatus",
      elementary: "uint8",
      value: "uint",
      bytes: 1,
      members: ["None", "Approved", "Bonded", "Active", "Unbonding", "Withdrawn", "Slashed"],
    },
    "mapping(address => struct Due)": {
      kind: "mapping",
      label: "mapping(address => struct Due)",
      key: "address",
      value: "struct Due",
    },
    "mapping(address => struct Keeper)": {
      kind: "mapping",
      label: "mapping(address => struct Keeper)",
      key: "address",
      value: "struct Keeper",
    },
    "mapping(address => struct Key)": {
      kind: "mapping",
      label: "mapping(address => struct Key)",
      key: "address",
      value: "struct Key",
    },
    "mapping(address => struct Stake)": {
      kind: "mapping",
      label: "mapping(address => struct Stake)",
      key: "address",
      value: "struct Stake",
    },
    "mapping(uint256 => address)": {
      kind: "mapping",
      label: "mapping(uint256 => address)",
      key: "uint256",
      value: "address",
    },
    "struct Due": {
      kind: "struct",
      label: "struct Due",
      slots: 1n,
      members: [
        { label: "earned", type: "uint128", slot: 0n, offset: 0, keyNames: [] },
        { label: "paid", type: "uint128", slot: 0n, offset: 16, keyNames: [] },
      ],
    },
    "struct Keeper": {
      kind: "struct",
      label: "struct Keeper",
      slots: 1n,
      members: [
        { label: "pauser", type: "address", slot: 0n, offset: 0, keyNames: [] },
        { label: "status", type: "enum KeeperStatus", slot: 0n, offset: 20, keyNames: [] },
        { label: "since", type: "uint40", slot: 0n, offset: 21, keyNames: [] },
      ],
    },
    "struct KeeperRegistry.State": {
      kind: "struct",
      label: "struct KeeperRegistry.State",
      slots: 1n,
      members: [
        { label: "registry", type: "address", slot: 0n, offset: 0, keyNames: [] },
        { label: "setId", type: "uint32", slot: 0n, offset: 20, keyNames: [] },
        { label: "size", type: "uint16", slot: 0n, offset: 24, keyNames: [] },
        { label: "active", type: "uint16", slot: 0n, offset: 26, keyNames: [] },
      ],
    },
    "struct Key": {
      kind: "struct",
      label: "struct Key",
      slots: 1n,
      members: [
        { label: "attester", type: "address", slot: 0n, offset: 0, keyNames: [] },
        { label: "isPausing", type: "bool", slot: 0n, offset: 20, keyNames: [] },
        { label: "booksUntil", type: "uint32", slot: 0n, offset: 21, keyNames: [] },
        { label: "viewUntil", type: "uint32", slot: 0n, offset: 25, keyNames: [] },
        { label: "generation", type: "uint24", slot: 0n, offset: 29, keyNames: [] },
      ],
    },
    "struct Stake": {
      kind: "struct",
      label: "struct Stake",
      slots: 1n,
      members: [
        { label: "owner", type: "address", slot: 0n, offset: 0, keyNames: [] },
        { label: "amount", type: "uint96", slot: 0n, offset: 20, keyNames: [] },
      ],
    },
    uint128: { kind: "value", label: "uint128", elementary: "uint128", value: "uint", bytes: 16 },
    uint16: { kind: "value", label: "uint16", elementary: "uint16", value: "uint", bytes: 2 },
    uint24: { kind: "value", label: "uint24", elementary: "uint24", value: "uint", bytes: 3 },
    uint256: { kind: "value", label: "uint256", elementary: "uint256", value: "uint", bytes: 32 },
    uint32: { kind: "value", label: "uint32", elementary: "uint32", value: "uint", bytes: 4 },
    uint40: { kind: "value", label: "uint40", elementary: "uint40", value: "uint", bytes: 5 },
    uint96: { kind: "value", label: "uint96", elementary: "uint96", value: "uint", bytes: 12 },
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
  /** enum KeeperStatus */ readonly status: bigint;
  /** uint40 */ readonly since: bigint;
}

/** A word of `stakes`, low-order field first. */
export interface StakesWord {
  /** address */ readonly owner: Hex;
  /** uint96 */ readonly amount: bigint;
}

/** A word of `keys`, low-order field first. */
export interface KeysWord {
  /** address */ readonly attester: Hex;
  /** bool */ readonly isPausing: boolean;
  /** uint32 */ readonly booksUntil: bigint;
  /** uint32 */ readonly viewUntil: bigint;
  /** uint24 */ readonly generation: bigint;
}

/** A word of `rewards`, low-order field first. */
export interface RewardsWord {
  /** uint128 */ readonly earned: bigint;
  /** uint128 */ readonly paid: bigint;
}

/** A word of `burnable`, low-order field first. */
export interface BurnableWord {
  /** uint128 */ readonly earned: bigint;
  /** uint128 */ readonly paid: bigint;
}

/** A word of `state`, low-order field first. */
export interface StateWord {
  /** address */ readonly registry: Hex;
  /** uint32 */ readonly setId: bigint;
  /** uint16 */ readonly size: bigint;
  /** uint16 */ readonly active: bigint;
}

/** Slots and packing of KeeperRegistry, by variable. */
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
  /** `mapping(address => struct Keeper) _keepers` */
  keepers: {
    slot: (attester: Hex): Hash =>
      addressSlot("keepers[attester]", "0x0000000000000000000000000000000000000000000000000000000000000001", attester),
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: KeepersWord): bigint =>
      hexBits("keepers.pauser", fields.pauser, 20) |
      (uintBits("keepers.status", fields.status, 8) << 160n) |
      (uintBits("keepers.since", fields.since, 40) << 168n),
    update: (word: bigint, fields: Partial<KeepersWord>): bigint => {
      let next = word;
      if (fields.pauser !== undefined)
        next =
          (next & 0xffffffffffffffffffffffff0000000000000000000000000000000000000000n) |
          hexBits("keepers.pauser", fields.pauser, 20);
      if (fields.status !== undefined)
        next =
          (next & 0xffffffffffffffffffffff00ffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("keepers.status", fields.status, 8) << 160n);
      if (fields.since !== undefined)
        next =
          (next & 0xffffffffffff0000000000ffffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("keepers.since", fields.since, 40) << 168n);
      return next;
    },
    decode: (word: bigint): KeepersWord => ({
      pauser: hexOf(BigInt.asUintN(160, word), 20),
      status: BigInt.asUintN(8, word >> 160n),
      since: BigInt.asUintN(40, word >> 168n),
    }),
  },
  /** `mapping(address => struct Stake) _stakes` */
  stakes: {
    slot: (attester: Hex): Hash =>
      addressSlot("stakes[attester]", "0x0000000000000000000000000000000000000000000000000000000000000002", attester),
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: StakesWord): bigint =>
      hexBits("stakes.owner", fields.owner, 20) | (uintBits("stakes.amount", fields.amount, 96) << 160n),
    update: (word: bigint, fields: Partial<StakesWord>): bigint => {
      let next = word;
      if (fields.owner !== undefined)
        next =
          (next & 0xffffffffffffffffffffffff0000000000000000000000000000000000000000n) |
          hexBits("stakes.owner", fields.owner, 20);
      if (fields.amount !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffn) | (uintBits("stakes.amount", fields.amount, 96) << 160n);
      return next;
    },
    decode: (word: bigint): StakesWord => ({
      owner: hexOf(BigInt.asUintN(160, word), 20),
      amount: BigInt.asUintN(96, word >> 160n),
    }),
  },
  /** `mapping(address => struct Key) _keys` */
  keys: {
    slot: (key: Hex): Hash =>
      addressSlot("keys[key]", "0x0000000000000000000000000000000000000000000000000000000000000003", key),
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: KeysWord): bigint =>
      hexBits("keys.attester", fields.attester, 20) |
      (boolBits(fields.isPausing) << 160n) |
      (uintBits("keys.booksUntil", fields.booksUntil, 32) << 168n) |
      (uintBits("keys.viewUntil", fields.viewUntil, 32) << 200n) |
      (uintBits("keys.generation", fields.generation, 24) << 232n),
    update: (word: bigint, fields: Partial<KeysWord>): bigint => {
      let next = word;
      if (fields.attester !== undefined)
        next =
          (next & 0xffffffffffffffffffffffff0000000000000000000000000000000000000000n) |
          hexBits("keys.attester", fields.attester, 20);
      if (fields.isPausing !== undefined)
        next =
          (next & 0xffffffffffffffffffffff00ffffffffffffffffffffffffffffffffffffffffn) |
          (boolBits(fields.isPausing) << 160n);
      if (fields.booksUntil !== undefined)
        next =
          (next & 0xffffffffffffff00000000ffffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("keys.booksUntil", fields.booksUntil, 32) << 168n);
      if (fields.viewUntil !== undefined)
        next =
          (next & 0xffffff00000000ffffffffffffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("keys.viewUntil", fields.viewUntil, 32) << 200n);
      if (fields.generation !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("keys.generation", fields.generation, 24) << 232n);
      return next;
    },
    decode: (word: bigint): KeysWord => ({
      attester: hexOf(BigInt.asUintN(160, word), 20),
      isPausing: BigInt.asUintN(8, word >> 160n) !== 0n,
      booksUntil: BigInt.asUintN(32, word >> 168n),
      viewUntil: BigInt.asUintN(32, word >> 200n),
      generation: BigInt.asUintN(24, word >> 232n),
    }),
  },
  /** `mapping(address => struct Due) _rewards` */
  rewards: {
    slot: (challenger: Hex): Hash =>
      addressSlot(
        "rewards[challenger]",
        "0x0000000000000000000000000000000000000000000000000000000000000004",
        challenger,
      ),
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: RewardsWord): bigint =>
      uintBits("rewards.earned", fields.earned, 128) | (uintBits("rewards.paid", fields.paid, 128) << 128n),
    update: (word: bigint, fields: Partial<RewardsWord>): bigint => {
      let next = word;
      if (fields.earned !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffff00000000000000000000000000000000n) |
          uintBits("rewards.earned", fields.earned, 128);
      if (fields.paid !== undefined)
        next = (next & 0xffffffffffffffffffffffffffffffffn) | (uintBits("rewards.paid", fields.paid, 128) << 128n);
      return next;
    },
    decode: (word: bigint): RewardsWord => ({
      earned: BigInt.asUintN(128, word),
      paid: BigInt.asUintN(128, word >> 128n),
    }),
  },
  /** `mapping(uint256 => address) _members` */
  members: {
    slot: (index: bigint): Hash =>
      uintSlot("members[index]", "0x0000000000000000000000000000000000000000000000000000000000000005", index, 256),
    encode: (value: Hex): bigint => hexBits("members", value, 20),
    decode: (word: bigint): Hex => hexOf(BigInt.asUintN(160, word), 20),
    update: (word: bigint, value: Hex): bigint =>
      (word & 0xffffffffffffffffffffffff0000000000000000000000000000000000000000n) | hexBits("members", value, 20),
  },
  /** `struct Due _burnable` */
  burnable: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000006",
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: BurnableWord): bigint =>
      uintBits("burnable.earned", fields.earned, 128) | (uintBits("burnable.paid", fields.paid, 128) << 128n),
    update: (word: bigint, fields: Partial<BurnableWord>): bigint => {
      let next = word;
      if (fields.earned !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffff00000000000000000000000000000000n) |
          uintBits("burnable.earned", fields.earned, 128);
      if (fields.paid !== undefined)
        next = (next & 0xffffffffffffffffffffffffffffffffn) | (uintBits("burnable.paid", fields.paid, 128) << 128n);
      return next;
    },
    decode: (word: bigint): BurnableWord => ({
      earned: BigInt.asUintN(128, word),
      paid: BigInt.asUintN(128, word >> 128n),
    }),
  },
  /** `struct KeeperRegistry.State _state` */
  state: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000007",
    mask: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    encode: (fields: StateWord): bigint =>
      hexBits("state.registry", fields.registry, 20) |
      (uintBits("state.setId", fields.setId, 32) << 160n) |
      (uintBits("state.size", fields.size, 16) << 192n) |
      (uintBits("state.active", fields.active, 16) << 208n),
    update: (word: bigint, fields: Partial<StateWord>): bigint => {
      let next = word;
      if (fields.registry !== undefined)
        next =
          (next & 0xffffffffffffffffffffffff0000000000000000000000000000000000000000n) |
          hexBits("state.registry", fields.registry, 20);
      if (fields.setId !== undefined)
        next =
          (next & 0xffffffffffffffff00000000ffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("state.setId", fields.setId, 32) << 160n);
      if (fields.size !== undefined)
        next =
          (next & 0xffffffffffff0000ffffffffffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("state.size", fields.size, 16) << 192n);
      if (fields.active !== undefined)
        next =
          (next & 0xffffffff0000ffffffffffffffffffffffffffffffffffffffffffffffffffffn) |
          (uintBits("state.active", fields.active, 16) << 208n);
      return next;
    },
    decode: (word: bigint): StateWord => ({
      registry: hexOf(BigInt.asUintN(160, word), 20),
      setId: BigInt.asUintN(32, word >> 160n),
      size: BigInt.asUintN(16, word >> 192n),
      active: BigInt.asUintN(16, word >> 208n),
    }),
  },
  /** `address _guard` */
  guard: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000008",
    encode: (value: Hex): bigint => hexBits("guard", value, 20),
    decode: (word: bigint): Hex => hexOf(BigInt.asUintN(160, word), 20),
    update: (word: bigint, value: Hex): bigint =>
      (word & 0xffffffffffffffffffffffff0000000000000000000000000000000000000000n) | hexBits("guard", value, 20),
  },
  /** `bytes32 _commitment` */
  commitment: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000009",
    encode: (value: Hex): bigint => hexBits("commitment", value, 32),
    decode: (word: bigint): Hex => hexOf(BigInt.asUintN(256, word), 32),
  },
} as const;

/** Topic 0 of each event of KeeperRegistry. */
export const TOPICS = {
  AuthorityUpdated: "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad",
  BondWithdrawn: "0x9ff23ba82c41be1932a347b270e8556c051b312b0c9d645f9ff5712b6f4ff51a",
  BondsBurned: "0xb8ebe1b9e99ad2f6819392b3f0b1e821a7b4919055951699731bb6734ecdc345",
  KeeperActivated: "0x6e0094e2b1f8dfc55e5019f894e443217de44109a8bdd788621401ddefc3a386",
  KeeperApproved: "0x4d066b2ce45c1cc3bd785516096c3c3c5304ccf28d2ceb44e6fcf6c4a8d5b9a6",
  KeeperBonded: "0xa2512c583a32186d12cf20f2a0f45630c2990ab39bf3ab15ca80f2e83174f718",
  KeeperRegistryBound: "0x532ba873229375450aca2f8accc21175d3526537dcf1a9f2e5fcb2510dee6076",
  KeeperSetChanged: "0x90a0b65af3813e58afb6410341bf8958e9cafb3c4a907f394b0b279b93ea2a9f",
  KeeperSlashed: "0xd0acd8b54587ae23f536ab255477b562d7b6165409819c3794a12782f3f6675c",
  KeeperUnbonding: "0x810abe7801a201fce80aacfce1aca52aab6220bf81873fadfb362a6126911299",
  PauseUsed: "0xa69b7c36d21243cfa07cec5ea3f7f43767333710168362050a624af9ed123f74",
  RewardClaimed: "0xb0efc8d433c71056cdc6b6c4e89487d3297d49a6e686e68256d31fe92df4b823",
  SeatClosed: "0xb4666841c44a8dcc6859d67e9c9d907cd3fadf5bc0cc2d1319e716a1a93606ab",
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

/** `BondWithdrawn(address indexed attester, address owner, uint96 amount)` */
export interface BondWithdrawnEvent {
  readonly name: "BondWithdrawn";
  readonly attester: Hex;
  readonly owner: Hex;
  readonly amount: bigint;
}

/** Strictly decodes BondWithdrawn; throws {@link DecodeError}. */
export function decodeBondWithdrawn(log: LogData): BondWithdrawnEvent {
  checkLog("BondWithdrawn", log, "0x9ff23ba82c41be1932a347b270e8556c051b312b0c9d645f9ff5712b6f4ff51a", 2, 2);
  const { topics, data } = log;
  return {
    name: "BondWithdrawn",
    attester: readAddress("BondWithdrawn", "attester", topics[1] as Hex, 2),
    owner: readAddress("BondWithdrawn", "owner", data, 2),
    amount: readUint("BondWithdrawn", "amount", data, 66, 96),
  };
}

/** `BondsBurned(uint128 amount)` */
export interface BondsBurnedEvent {
  readonly name: "BondsBurned";
  readonly amount: bigint;
}

/** Strictly decodes BondsBurned; throws {@link DecodeError}. */
export function decodeBondsBurned(log: LogData): BondsBurnedEvent {
  checkLog("BondsBurned", log, "0xb8ebe1b9e99ad2f6819392b3f0b1e821a7b4919055951699731bb6734ecdc345", 1, 1);
  const { data } = log;
  return { name: "BondsBurned", amount: readUint("BondsBurned", "amount", data, 2, 128) };
}

/** `KeeperActivated(address indexed attester)` */
export interface KeeperActivatedEvent {
  readonly name: "KeeperActivated";
  readonly attester: Hex;
}

/** Strictly decodes KeeperActivated; throws {@link DecodeError}. */
export function decodeKeeperActivated(log: LogData): KeeperActivatedEvent {
  checkLog("KeeperActivated", log, "0x6e0094e2b1f8dfc55e5019f894e443217de44109a8bdd788621401ddefc3a386", 2, 0);
  const { topics } = log;
  return { name: "KeeperActivated", attester: readAddress("KeeperActivated", "attester", topics[1] as Hex, 2) };
}

/** `KeeperApproved(address indexed attester, address indexed pauser, address indexed owner)` */
export interface KeeperApprovedEvent {
  readonly name: "KeeperApproved";
  readonly attester: Hex;
  readonly pauser: Hex;
  readonly owner: Hex;
}

/** Strictly decodes KeeperApproved; throws {@link DecodeError}. */
export function decodeKeeperApproved(log: LogData): KeeperApprovedEvent {
  checkLog("KeeperApproved", log, "0x4d066b2ce45c1cc3bd785516096c3c3c5304ccf28d2ceb44e6fcf6c4a8d5b9a6", 4, 0);
  const { topics } = log;
  return {
    name: "KeeperApproved",
    attester: readAddress("KeeperApproved", "attester", topics[1] as Hex, 2),
    pauser: readAddress("KeeperApproved", "pauser", topics[2] as Hex, 2),
    owner: readAddress("KeeperApproved", "owner", topics[3] as Hex, 2),
  };
}

/** `KeeperBonded(address indexed attester, address payer, uint96 amount, uint40 activeFrom)` */
export interface KeeperBondedEvent {
  readonly name: "KeeperBonded";
  readonly attester: Hex;
  readonly payer: Hex;
  readonly amount: bigint;
  readonly activeFrom: bigint;
}

/** Strictly decodes KeeperBonded; throws {@link DecodeError}. */
export function decodeKeeperBonded(log: LogData): KeeperBondedEvent {
  checkLog("KeeperBonded", log, "0xa2512c583a32186d12cf20f2a0f45630c2990ab39bf3ab15ca80f2e83174f718", 2, 3);
  const { topics, data } = log;
  return {
    name: "KeeperBonded",
    attester: readAddress("KeeperBonded", "attester", topics[1] as Hex, 2),
    payer: readAddress("KeeperBonded", "payer", data, 2),
    amount: readUint("KeeperBonded", "amount", data, 66, 96),
    activeFrom: readUint("KeeperBonded", "activeFrom", data, 130, 40),
  };
}

/** `KeeperRegistryBound(address registry, address guard)` */
export interface KeeperRegistryBoundEvent {
  readonly name: "KeeperRegistryBound";
  readonly registry: Hex;
  readonly guard: Hex;
}

/** Strictly decodes KeeperRegistryBound; throws {@link DecodeError}. */
export function decodeKeeperRegistryBound(log: LogData): KeeperRegistryBoundEvent {
  checkLog("KeeperRegistryBound", log, "0x532ba873229375450aca2f8accc21175d3526537dcf1a9f2e5fcb2510dee6076", 1, 2);
  const { data } = log;
  return {
    name: "KeeperRegistryBound",
    registry: readAddress("KeeperRegistryBound", "registry", data, 2),
    guard: readAddress("KeeperRegistryBound", "guard", data, 66),
  };
}

/** `KeeperSetChanged(uint32 indexed setId, uint16 size, uint16 quorum, address[] members, bytes32 commitment)` */
export interface KeeperSetChangedEvent {
  readonly name: "KeeperSetChanged";
  readonly setId: bigint;
  readonly size: bigint;
  readonly quorum: bigint;
  readonly members: readonly Hex[];
  readonly commitment: Hex;
}

/** Strictly decodes KeeperSetChanged; throws {@link DecodeError}. */
export function decodeKeeperSetChanged(log: LogData): KeeperSetChangedEvent {
  checkLog("KeeperSetChanged", log, "0x90a0b65af3813e58afb6410341bf8958e9cafb3c4a907f394b0b279b93ea2a9f", 2, DYNAMIC);
  const { topics, data } = log;
  let tail = 4;
  const membersLength = readTailLength("KeeperSetChanged", "members", data, 2, tail, (length) => length);
  const membersAt = 2 + 64 * (tail + 1);
  const membersValue = Array.from({ length: membersLength }, (_, i) =>
    readAddress("KeeperSetChanged", "members[]", data, membersAt + 64 * i),
  );
  tail += 1 + membersLength;
  checkEnd("KeeperSetChanged", data, tail);
  return {
    name: "KeeperSetChanged",
    setId: readUint("KeeperSetChanged", "setId", topics[1] as Hex, 2, 32),
    size: readUint("KeeperSetChanged", "size", data, 2, 16),
    quorum: readUint("KeeperSetChanged", "quorum", data, 66, 16),
    members: membersValue,
    commitment: readFixedBytes("KeeperSetChanged", "commitment", data, 194, 32),
  };
}

/** `KeeperSlashed(address indexed attester, address indexed challenger, uint128 reward, uint128 burned)` */
export interface KeeperSlashedEvent {
  readonly name: "KeeperSlashed";
  readonly attester: Hex;
  readonly challenger: Hex;
  readonly reward: bigint;
  readonly burned: bigint;
}

/** Strictly decodes KeeperSlashed; throws {@link DecodeError}. */
export function decodeKeeperSlashed(log: LogData): KeeperSlashedEvent {
  checkLog("KeeperSlashed", log, "0xd0acd8b54587ae23f536ab255477b562d7b6165409819c3794a12782f3f6675c", 3, 2);
  const { topics, data } = log;
  return {
    name: "KeeperSlashed",
    attester: readAddress("KeeperSlashed", "attester", topics[1] as Hex, 2),
    challenger: readAddress("KeeperSlashed", "challenger", topics[2] as Hex, 2),
    reward: readUint("KeeperSlashed", "reward", data, 2, 128),
    burned: readUint("KeeperSlashed", "burned", data, 66, 128),
  };
}

/** `KeeperUnbonding(address indexed attester, uint40 releaseAt)` */
export interface KeeperUnbondingEvent {
  readonly name: "KeeperUnbonding";
  readonly attester: Hex;
  readonly releaseAt: bigint;
}

/** Strictly decodes KeeperUnbonding; throws {@link DecodeError}. */
export function decodeKeeperUnbonding(log: LogData): KeeperUnbondingEvent {
  checkLog("KeeperUnbonding", log, "0x810abe7801a201fce80aacfce1aca52aab6220bf81873fadfb362a6126911299", 2, 1);
  const { topics, data } = log;
  return {
    name: "KeeperUnbonding",
    attester: readAddress("KeeperUnbonding", "attester", topics[1] as Hex, 2),
    releaseAt: readUint("KeeperUnbonding", "releaseAt", data, 2, 40),
  };
}

/** `PauseUsed(address indexed attester, enum CauseClass class, uint24 generation, uint32 softUntil)` */
export interface PauseUsedEvent {
  readonly name: "PauseUsed";
  readonly attester: Hex;
  readonly class: bigint;
  readonly generation: bigint;
  readonly softUntil: bigint;
}

/** Strictly decodes PauseUsed; throws {@link DecodeError}. */
export function decodePauseUsed(log: LogData): PauseUsedEvent {
  checkLog("PauseUsed", log, "0xa69b7c36d21243cfa07cec5ea3f7f43767333710168362050a624af9ed123f74", 2, 3);
  const { topics, data } = log;
  return {
    name: "PauseUsed",
    attester: readAddress("PauseUsed", "attester", topics[1] as Hex, 2),
    class: readUint("PauseUsed", "class", data, 2, 8),
    generation: readUint("PauseUsed", "generation", data, 66, 24),
    softUntil: readUint("PauseUsed", "softUntil", data, 130, 32),
  };
}

/** `RewardClaimed(address indexed challenger, address to, uint128 amount)` */
export interface RewardClaimedEvent {
  readonly name: "RewardClaimed";
  readonly challenger: Hex;
  readonly to: Hex;
  readonly amount: bigint;
}

/** Strictly decodes RewardClaimed; throws {@link DecodeError}. */
export function decodeRewardClaimed(log: LogData): RewardClaimedEvent {
  checkLog("RewardClaimed", log, "0xb0efc8d433c71056cdc6b6c4e89487d3297d49a6e686e68256d31fe92df4b823", 2, 2);
  const { topics, data } = log;
  return {
    name: "RewardClaimed",
    challenger: readAddress("RewardClaimed", "challenger", topics[1] as Hex, 2),
    to: readAddress("RewardClaimed", "to", data, 2),
    amount: readUint("RewardClaimed", "amount", data, 66, 128),
  };
}

/** `SeatClosed(uint16 size)` */
export interface SeatClosedEvent {
  readonly name: "SeatClosed";
  readonly size: bigint;
}

/** Strictly decodes SeatClosed; throws {@link DecodeError}. */
export function decodeSeatClosed(log: LogData): SeatClosedEvent {
  checkLog("SeatClosed", log, "0xb4666841c44a8dcc6859d67e9c9d907cd3fadf5bc0cc2d1319e716a1a93606ab", 1, 1);
  const { data } = log;
  return { name: "SeatClosed", size: readUint("SeatClosed", "size", data, 2, 16) };
}

/** Any event of KeeperRegistry. */
export type KeeperRegistryEvent =
  | AuthorityUpdatedEvent
  | BondWithdrawnEvent
  | BondsBurnedEvent
  | KeeperActivatedEvent
  | KeeperApprovedEvent
  | KeeperBondedEvent
  | KeeperRegistryBoundEvent
  | KeeperSetChangedEvent
  | KeeperSlashedEvent
  | KeeperUnbondingEvent
  | PauseUsedEvent
  | RewardClaimedEvent
  | SeatClosedEvent;

/** Decodes a log by its topic 0; null when that is no event of KeeperRegistry. Throws {@link DecodeError}. */
export function decodeEvent(log: LogData): KeeperRegistryEvent | null {
  switch (log.topics[0]) {
    case "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad":
      return decodeAuthorityUpdated(log);
    case "0x9ff23ba82c41be1932a347b270e8556c051b312b0c9d645f9ff5712b6f4ff51a":
      return decodeBondWithdrawn(log);
    case "0xb8ebe1b9e99ad2f6819392b3f0b1e821a7b4919055951699731bb6734ecdc345":
      return decodeBondsBurned(log);
    case "0x6e0094e2b1f8dfc55e5019f894e443217de44109a8bdd788621401ddefc3a386":
      return decodeKeeperActivated(log);
    case "0x4d066b2ce45c1cc3bd785516096c3c3c5304ccf28d2ceb44e6fcf6c4a8d5b9a6":
      return decodeKeeperApproved(log);
    case "0xa2512c583a32186d12cf20f2a0f45630c2990ab39bf3ab15ca80f2e83174f718":
      return decodeKeeperBonded(log);
    case "0x532ba873229375450aca2f8accc21175d3526537dcf1a9f2e5fcb2510dee6076":
      return decodeKeeperRegistryBound(log);
    case "0x90a0b65af3813e58afb6410341bf8958e9cafb3c4a907f394b0b279b93ea2a9f":
      return decodeKeeperSetChanged(log);
    case "0xd0acd8b54587ae23f536ab255477b562d7b6165409819c3794a12782f3f6675c":
      return decodeKeeperSlashed(log);
    case "0x810abe7801a201fce80aacfce1aca52aab6220bf81873fadfb362a6126911299":
      return decodeKeeperUnbonding(log);
    case "0xa69b7c36d21243cfa07cec5ea3f7f43767333710168362050a624af9ed123f74":
      return decodePauseUsed(log);
    case "0xb0efc8d433c71056cdc6b6c4e89487d3297d49a6e686e68256d31fe92df4b823":
      return decodeRewardClaimed(log);
    case "0xb4666841c44a8dcc6859d67e9c9d907cd3fadf5bc0cc2d1319e716a1a93606ab":
      return decodeSeatClosed(log);
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
  "0x5a4df632": "KeeperRegistryBadTerms",
  "0x56d47685": "KeeperRegistryBondDiffers",
  "0xa39af8a7": "KeeperRegistryKeyInUse",
  "0x9dbc0d7f": "KeeperRegistryNoVacancy",
  "0x26b90094": "KeeperRegistryNotBound",
  "0xcc6b3699": "KeeperRegistryNotCheckpointRegistry",
  "0x4cbbc1e6": "KeeperRegistryNotDeployer",
  "0x8cecd03b": "KeeperRegistryNotGuard",
  "0xd038a40c": "KeeperRegistryNotOwner",
  "0x4f436d8d": "KeeperRegistryNotPauser",
  "0xa8138c03": "KeeperRegistryNotRearmed",
  "0xca575b9c": "KeeperRegistryNothingDue",
  "0xfe0f5a7f": "KeeperRegistryReentered",
  "0xbce75fa9": "KeeperRegistryTooEarly",
  "0x7e787650": "KeeperRegistryTooFew",
  "0xd46409b6": "KeeperRegistryTooMany",
  "0x8061a109": "KeeperRegistryWrongStatus",
  "0x4b93009d": "KeeperRegistryZeroAddress",
  "0x6dfcc650": "SafeCastOverflowedUintDowncast",
  "0x5274afe7": "SafeERC20FailedOperation",
};
