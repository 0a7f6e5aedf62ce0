// Generated from contracts/risk/InstrumentRegistry.sol; do not edit: npm run generate.
import type { Hash, Hex } from "../../lib/hex.ts";
import type { Layout } from "../layout/Layout.ts";
import { checkLog, readAddress, readUint, type LogData } from "../layout/readLog.ts";
import { mappingSlot, uintKey } from "../layout/slots.ts";
import { boolBits, hexBits, hexOf, uintBits } from "../layout/wordFields.ts";

/** State variables of InstrumentRegistry, in storage order. */
export const VARIABLES = ["_authority", "_consumingSchedule", "_instruments"] as const;

/** The storage layout of InstrumentRegistry as data. */
export const LAYOUT: Layout = {
  contract: "InstrumentRegistry",
  variables: [
    { label: "_authority", type: "address", slot: 0n, offset: 0, keyNames: [] },
    { label: "_consumingSchedule", type: "bool", slot: 0n, offset: 20, keyNames: [] },
    {
      label: "_instruments",
      type: "mapping(uint16 => struct Instrument)",
      slot: 1n,
      offset: 0,
      keyNames: ["instrument"],
    },
  ],
  types: {
    address: { kind: "value", label: "address", elementary: "address", value: "address", bytes: 20 },
    bool: { kind: "value", label: "bool", elementary: "bool", value: "bool", bytes: 1 },
    "mapping(uint16 => struct Instrument)": {
      kind: "mapping",
      label: "mapping(uint16 => struct Instrument)",
      key: "uint16",
      value: "struct Instrument",
    },
    "struct Instrument": {
      kind: "struct",
      label: "struct Instrument",
      slots: 1n,
      members: [
        { label: "isListed", type: "bool", slot: 0n, offset: 0, keyNames: [] },
        { label: "feed", type: "uint16", slot: 0n, offset: 1, keyNames: [] },
        { label: "initialPpm", type: "uint32", slot: 0n, offset: 3, keyNames: [] },
        { label: "maintenancePpm", type: "uint32", slot: 0n, offset: 7, keyNames: [] },
        { label: "priceBandPpm", type: "uint32", slot: 0n, offset: 11, keyNames: [] },
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

/** A word of `instruments`, low-order field first. */
export interface InstrumentsWord {
  /** bool */ readonly isListed: boolean;
  /** uint16 */ readonly feed: bigint;
  /** uint32 */ readonly initialPpm: bigint;
  /** uint32 */ readonly maintenancePpm: bigint;
  /** uint32 */ readonly priceBandPpm: bigint;
}

/** Slots and packing of InstrumentRegistry, by variable. */
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
  /** `mapping(uint16 => struct Instrument) _instruments` */
  instruments: {
    slot: (instrument: bigint): Hash =>
      mappingSlot(
        "0x0000000000000000000000000000000000000000000000000000000000000001",
        uintKey("instruments[instrument]", instrument, 16),
      ),
    encode: (fields: InstrumentsWord): bigint =>
      boolBits(fields.isListed) |
      (uintBits("instruments.feed", fields.feed, 16) << 8n) |
      (uintBits("instruments.initialPpm", fields.initialPpm, 32) << 24n) |
      (uintBits("instruments.maintenancePpm", fields.maintenancePpm, 32) << 56n) |
      (uintBits("instruments.priceBandPpm", fields.priceBandPpm, 32) << 88n),
    decode: (word: bigint): InstrumentsWord => ({
      isListed: BigInt.asUintN(8, word) !== 0n,
      feed: BigInt.asUintN(16, word >> 8n),
      initialPpm: BigInt.asUintN(32, word >> 24n),
      maintenancePpm: BigInt.asUintN(32, word >> 56n),
      priceBandPpm: BigInt.asUintN(32, word >> 88n),
    }),
  },
} as const;

/** Topic 0 of each event of InstrumentRegistry. */
export const TOPICS = {
  AuthorityUpdated: "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad",
  InstrumentSet: "0x72b767538ac752e5651b2f1ef562d5b5d79e69e4a718a436088147405d6676b0",
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

/** `InstrumentSet(uint16 indexed instrument, uint16 feed, uint32 initialPpm, uint32 maintenancePpm, uint32 priceBandPpm)` */
export interface InstrumentSetEvent {
  readonly name: "InstrumentSet";
  readonly instrument: bigint;
  readonly feed: bigint;
  readonly initialPpm: bigint;
  readonly maintenancePpm: bigint;
  readonly priceBandPpm: bigint;
}

/** Strictly decodes InstrumentSet; throws {@link DecodeError}. */
export function decodeInstrumentSet(log: LogData): InstrumentSetEvent {
  checkLog("InstrumentSet", log, "0x72b767538ac752e5651b2f1ef562d5b5d79e69e4a718a436088147405d6676b0", 2, 4);
  const { topics, data } = log;
  return {
    name: "InstrumentSet",
    instrument: readUint("InstrumentSet", "instrument", topics[1] as Hex, 2, 16),
    feed: readUint("InstrumentSet", "feed", data, 2, 16),
    initialPpm: readUint("InstrumentSet", "initialPpm", data, 66, 32),
    maintenancePpm: readUint("InstrumentSet", "maintenancePpm", data, 130, 32),
    priceBandPpm: readUint("InstrumentSet", "priceBandPpm", data, 194, 32),
  };
}

/** Any event of InstrumentRegistry. */
export type InstrumentRegistryEvent = AuthorityUpdatedEvent | InstrumentSetEvent;

/** Decodes a log by its topic 0; null when that is no event of InstrumentRegistry. Throws {@link DecodeError}. */
export function decodeEvent(log: LogData): InstrumentRegistryEvent | null {
  switch (log.topics[0]) {
    case "0x2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad":
      return decodeAuthorityUpdated(log);
    case "0x72b767538ac752e5651b2f1ef562d5b5d79e69e4a718a436088147405d6676b0":
      return decodeInstrumentSet(log);
    default:
      return null;
  }
}

/** Names of InstrumentRegistry's errors by selector. */
export const ERROR_SELECTORS: Readonly<Record<Hex, string>> = {
  "0xc2f31e5e": "AccessManagedInvalidAuthority",
  "0xaf77169d": "AccessManagedRequiredDelay",
  "0x068ca9d8": "AccessManagedUnauthorized",
  "0xf1d0ce4a": "InstrumentBadBand",
  "0xfb9f78a8": "InstrumentBadMargin",
  "0x0176659c": "InstrumentZero",
};
