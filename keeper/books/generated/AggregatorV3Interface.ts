// Generated from contracts/interfaces/AggregatorV3Interface.sol; do not edit: npm run generate.
import type { Hex } from "../../lib/hex.ts";
import { checkLog, readInt, readUint, type LogData } from "../layout/readLog.ts";

/** Topic 0 of each event of AggregatorV3Interface. */
export const TOPICS = { AnswerUpdated: "0x0559884fd3a460db3073b7fc896cc77986f16e378210ded43186175bf646fc5f" } as const;

/** `AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt)` */
export interface AnswerUpdatedEvent {
  readonly name: "AnswerUpdated";
  readonly current: bigint;
  readonly roundId: bigint;
  readonly updatedAt: bigint;
}

/** Strictly decodes AnswerUpdated; throws {@link DecodeError}. */
export function decodeAnswerUpdated(log: LogData): AnswerUpdatedEvent {
  checkLog("AnswerUpdated", log, "0x0559884fd3a460db3073b7fc896cc77986f16e378210ded43186175bf646fc5f", 3, 1);
  const { topics, data } = log;
  return {
    name: "AnswerUpdated",
    current: readInt("AnswerUpdated", "current", topics[1] as Hex, 2, 256),
    roundId: readUint("AnswerUpdated", "roundId", topics[2] as Hex, 2, 256),
    updatedAt: readUint("AnswerUpdated", "updatedAt", data, 2, 256),
  };
}

/** Any event of AggregatorV3Interface. */
export type AggregatorV3InterfaceEvent = AnswerUpdatedEvent;

/** Decodes a log by its topic 0; null when that is no event of AggregatorV3Interface. Throws {@link DecodeError}. */
export function decodeEvent(log: LogData): AggregatorV3InterfaceEvent | null {
  switch (log.topics[0]) {
    case "0x0559884fd3a460db3073b7fc896cc77986f16e378210ded43186175bf646fc5f":
      return decodeAnswerUpdated(log);
    default:
      return null;
  }
}

/** Names of AggregatorV3Interface's errors by selector. */
export const ERROR_SELECTORS: Readonly<Record<Hex, string>> = {};
