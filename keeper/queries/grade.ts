import { FLAG, flagsInForce, isStaleAt, readHot } from "../books/legality/flags.ts";
import type { BooksReader } from "../books/legality/LegalityContext.ts";
import { isHard, isWoundDown, readCause, readHalt, readIncident, stands } from "../books/reducers/guardState.ts";
import type { Hash } from "../lib/hex.ts";

/** What keeps the protocol from running as usual, as docs/pause-matrix.md names it. */
export type Grade = "synced" | "soft" | "stale" | "grace" | "halted" | "wind-down";

/** What the protocol lets its users do at a block. */
export interface GradeState {
  readonly grade: Grade;
  readonly families: readonly FamilyState[];
  /** Seconds; null where it says nothing. */
  readonly softUntil: bigint | null;
  readonly graceUntil: bigint | null;
  readonly haltedSince: bigint | null;
  /** When the stale grade begins if no checkpoint is posted until then. */
  readonly staleFrom: bigint;
  /** Of the halt that stands; null without one. */
  readonly cause: Hash | null;
  /** The insurance fund is below its target: withdrawals weigh four times in the outflow limit. */
  readonly isFundShort: boolean;
}

/** One family of actions, and what users can and cannot do in it. */
export interface FamilyState {
  readonly family: "increase-risk" | "withdraw" | "liquidate";
  readonly isRestricted: boolean;
  /** For users. */
  readonly allows: string;
}

/** What the books say of the pause that is in force, and of what it leaves open. */
export function describeGrade(reader: BooksReader): GradeState {
  const { checkpointTime, graceUntil } = readHot(reader);
  const flags = flagsInForce(reader);
  const grade = gradeOf(reader, checkpointTime, graceUntil);
  const isStanding = stands(reader);
  return {
    grade,
    families: familiesOf(flags, reader.timestamp < graceUntil),
    softUntil: grade === "soft" ? readIncident(reader).softUntil : null,
    graceUntil: reader.timestamp < graceUntil ? graceUntil : null,
    haltedSince: grade === "halted" ? readHalt(reader).haltedAt : null,
    staleFrom: checkpointTime + reader.immutables.staleLimit,
    cause: isStanding && isHard(reader) ? readCause(reader) : null,
    isFundShort: (flags & FLAG.fundShort) !== 0n,
  };
}

function gradeOf(reader: BooksReader, checkpointTime: bigint, graceUntil: bigint): Grade {
  const { flags } = readHot(reader);
  if (isWoundDown(reader)) return "wind-down";
  if ((flags & FLAG.halt) !== 0n) return "halted";
  if ((flags & FLAG.increaseRisk) !== 0n) return "soft";
  if (isStaleAt(checkpointTime, reader)) return "stale";
  return reader.timestamp < graceUntil ? "grace" : "synced";
}

function familiesOf(flags: bigint, isGrace: boolean): FamilyState[] {
  const has = (flag: bigint): boolean => (flags & flag) !== 0n;
  const isWindDown = has(FLAG.windDown);
  const risk = has(FLAG.increaseRisk)
    ? "positions can be reduced and margin added; no position grows"
    : "trading is open";
  const withdraw = isWindDown
    ? "claims are registered by two witnesses, and paid once registration is over"
    : has(FLAG.halt)
      ? "flat accounts leave by the two-witness rule, up to what a checkpoint before the halt proves"
      : has(FLAG.withdraw)
        ? "what leaves is capped by the two-witness rule: what a checkpoint before the pause proves, and what was brought since"
        : "free collateral leaves, within the outflow limit";
  const liquidate = has(FLAG.liquidate)
    ? "nobody is liquidated"
    : isGrace
      ? "nobody is liquidated before the grace is over"
      : "accounts below their maintenance requirement are auctioned";
  return [
    { family: "increase-risk", isRestricted: has(FLAG.increaseRisk), allows: risk },
    { family: "withdraw", isRestricted: has(FLAG.withdraw), allows: withdraw },
    { family: "liquidate", isRestricted: has(FLAG.liquidate) || isGrace, allows: liquidate },
  ];
}
