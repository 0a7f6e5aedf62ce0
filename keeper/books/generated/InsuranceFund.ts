// Generated from contracts/clearing/InsuranceFund.sol; do not edit: npm run generate.
import type { Hex } from "../../lib/hex.ts";
import type { Layout } from "../layout/Layout.ts";
import { checkLog, readAddress, readUint, type LogData } from "../layout/readLog.ts";
import { boolBits, hexBits, hexOf, uintBits } from "../layout/wordFields.ts";

/** State variables of InsuranceFund, in storage order. */
export const VARIABLES = ["_authority", "_consumingSchedule", "_target"] as const;

/** The storage layout of InsuranceFund as data. */
export const LAYOUT: Layout = {
  contract: "InsuranceFund",
  variables: [
    { label: "_authority", type: "address", slot: 0n, offset: 0, keyNames: [] },
    { label: "_consumingSchedule", type: "bool", slot: 0n, offset: 20, keyNames: [] },
    { label: "_target", type: "struct InsuranceFund.Target", slot: 1n, offset: 0, keyNames: [] },
  ],
  types: {
    address: { kind: "value", label: "address", elementary: "address", value: "address", bytes: 20 },
    bool: { kind: "value", label: "bool", elementary: "bool", value: "bool", bytes: 1 },
    "struct InsuranceFund.Target": {
      kind: "struct",
      label: "struct InsuranceFund.Target",
      slots: 1n,
      members: [
        { label: "amount", type: "uint128", slot: 0n, offset: 0, keyNames: [] },
        { label: "isUsed", type: "bool", slot: 0n, offset: 16, keyNames: [] },
      ],
    },
    uint128: { kind: "value", label: "uint128", elementary: "uint128", value: "uint", bytes: 16 },
  },
};

/** A word of `word0`, low-order field first. */
export interface Word0 {
  /** address */ readonly authority: Hex;
  /** bool */ readonly consumingSchedule: boolean;
}

/** A word of `target`, low-order field first. */
export interface TargetWord {
  /** uint128 */ readonly amount: bigint;
  /** bool */ readonly isUsed: boolean;
}

/** Slots and packing of InsuranceFund, by variable. */
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
  /** `struct InsuranceFund.Target _target` */
  target: {
    slot: "0x0000000000000000000000000000000000000000000000000000000000000001",
    mask: 0xffffffffffffffffffffffffffffffffffn,
    encode: (fields: TargetWord): bigint =>
      uintBits("target.amount", fields.amount, 128) | (boolBits(fields.isUsed) << 128n),
    update: (word: bigint, fields: Partial<TargetWord>): bigint => {
      let next = word;
      if (fields.amount !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffffff00000000000000000000000000000000n) |
          uintBits("target.amount", fields.amount, 128);
      if (fields.isUsed !== undefined)
        next =
          (next & 0xffffffffffffffffffffffffffffff00ffffffffffffffffffffffffffffffffn) |
          (boolBits(fields.isUsed) << 128n);
      return next;
    },
    decode: (word: bigint): TargetWord => ({
      amount: BigInt.asUintN(128, word),
      isUsed: BigInt.asUintN(8, word >> 128n) !== 0n,
    }),
  },
} as const;

/** Topic 0 of each event of InsuranceFund. */
export const TOPICS = {
  AuthorityUpdated: "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad",
  TargetSet: "0xb6a4f3a94ec98cb8a84c7e224a9419bf1eabbbcf33ae82c8fd70ac86700bab1f",
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

/** `TargetSet(uint128 target)` */
export interface TargetSetEvent {
  readonly name: "TargetSet";
  readonly target: bigint;
}

/** Strictly decodes TargetSet; throws {@link DecodeError}. */
export function decodeTargetSet(log: LogData): TargetSetEvent {
  checkLog("TargetSet", log, "0xb6a4f3a94ec98cb8a84c7e224a9419bf1eabbbcf33ae82c8fd70ac86700bab1f", 1, 1);
  const { data } = log;
  return { name: "TargetSet", target: readUint("TargetSet", "target", data, 2, 128) };
}

/** Any event of InsuranceFund. */
export type InsuranceFundEvent = AuthorityUpdatedEvent | TargetSetEvent;

/** Decodes a log by its topic 0; null when that is no event of InsuranceFund. Throws {@link DecodeError}. */
export function decodeEvent(log: LogData): InsuranceFundEvent | null {
  switch (log.topics[0]) {
    case "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad":
      return decodeAuthorityUpdated(log);
    case "0xb6a4f3a94ec98cb8a84c7e224a9419bf1eabbbcf33ae82c8fd70ac86700bab1f":
      return decodeTargetSet(log);
    default:
      return null;
  }
}

/** Names of InsuranceFund's errors by selector. */
export const ERROR_SELECTORS: Readonly<Record<Hex, string>> = {
  "0xc2f31e5e": "AccessManagedInvalidAuthority",
  "0xaf77169d": "AccessManagedRequiredDelay",
  "0x068ca9d8": "AccessManagedUnauthorized",
  "0xcf76ca75": "FundBelowTarget",
  "0x068feeca": "FundExhausted",
  "0xa39a0f4d": "FundShort",
  "0x813abca1": "FundZeroAddress",
};
