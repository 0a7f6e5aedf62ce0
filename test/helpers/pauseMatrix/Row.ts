import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { BaseContract } from "ethers";

import type { Caller } from "./callers.ts";
import { GRADES, RESTRICTED, type Grade } from "./grades.ts";
import type { Stage } from "./stage.ts";

/** The outcome of a call that does not revert. */
export const SUCCEEDS = "succeeds";

/** The outcome of a call that neither reverts nor changes anything: a transaction without events. */
export const DOES_NOTHING = "does nothing";

/** {@link SUCCEEDS}, {@link DOES_NOTHING}, or the name of the custom error that a call reverts with. */
export type Outcome = string;

/** What the principles of the pauses say about a row; most say nothing. */
export type Nature =
  | "reduces risk"
  | "adds margin"
  /** Opens, grows or flips a position. */
  | "takes risk"
  /** Takes risk over from an account that must give it up. */
  | "bids"
  /** Moves an asset out of the vault. */
  | "pays"
  /** Moves an asset out of the vault by the two-witness rule. */
  | "pays witnessed"
  /** Moves out of the vault what was registered in a wind-down by the two-witness rule. */
  | "pays registered"
  /** Posts, proves or convicts. */
  | "judges"
  /** Ends a soft pause, or lets it end: it has expired, and a later checkpoint stands. */
  | "lifts"
  /** Ends a halt, too: with the signatures of a quorum. */
  | "resumes";

/** An account and an asset of it. */
export interface Holding {
  readonly account: string;
  readonly asset: string;
}

/** One function in one situation, and what becomes of it in each grade. */
export interface Row {
  readonly contract: ContractName;
  /** Name of the function; no contract of the protocol has two of one name. */
  readonly fn: string;
  /** Who calls; by default it can be anyone. */
  readonly by?: Caller;
  /** Nothing where there is only one. */
  readonly situation: string;
  readonly nature?: Nature;
  /** The signer; by default the stranger. */
  readonly from?: (stage: Stage) => HardhatEthersSigner;
  /** What happens in the grade before the call. */
  readonly prepare?: (stage: Stage) => Promise<unknown>;
  /** Arguments; by default zero or empty ones, for functions that refuse their caller before they look at any. */
  readonly args?: (stage: Stage) => readonly unknown[] | Promise<readonly unknown[]>;
  /** What is paid from, when the nature is to pay. */
  readonly holding?: (stage: Stage) => Holding;
  /** Whether the flat account has nothing left of its holding when this has succeeded. */
  readonly isExit?: boolean;
  readonly outcomes: Readonly<Record<Grade, Outcome>>;
}

const CONTRACTS = {
  CollateralVault: (stage: Stage): BaseContract => stage.vault,
  PositionLedger: (stage: Stage): BaseContract => stage.ledger,
  OrderSettlement: (stage: Stage): BaseContract => stage.settlement,
  LiquidationAuction: (stage: Stage): BaseContract => stage.auction,
  InsuranceFund: (stage: Stage): BaseContract => stage.fund,
  InstrumentRegistry: (stage: Stage): BaseContract => stage.instruments,
  PriceOracle: (stage: Stage): BaseContract => stage.oracle,
  KeeperRegistry: (stage: Stage): BaseContract => stage.keeperRegistry,
  SyncGuard: (stage: Stage): BaseContract => stage.guard,
  CheckpointRegistry: (stage: Stage): BaseContract => stage.registry,
  MarginEngine: (stage: Stage): BaseContract => stage.margin,
  WitnessVerifier: (stage: Stage): BaseContract => stage.verifier,
} as const;

/** A contract of the protocol. */
export type ContractName = keyof typeof CONTRACTS;

/** All contracts of the protocol. */
export const CONTRACT_NAMES = Object.keys(CONTRACTS) as readonly ContractName[];

/** The deployed contract of a row. */
export function contractOf(stage: Stage, name: ContractName): BaseContract {
  return CONTRACTS[name](stage);
}

/** Who calls in a row. */
export function callerOf({ by = "anyone" }: Pick<Row, "by">): Caller {
  return by;
}

/** A row in words, without its outcome. */
export function titleOf(row: Row): string {
  return [`${row.contract}.${row.fn}`, callerOf(row), row.situation].filter((part) => part !== "").join(", ");
}

/** The same outcome in every grade, but for `exceptions`. */
export function everywhere(outcome: Outcome, exceptions: Partial<Record<Grade, Outcome>> = {}): Record<Grade, Outcome> {
  const outcomes = Object.fromEntries(GRADES.map((grade) => [grade, outcome])) as Record<Grade, Outcome>;
  return { ...outcomes, ...exceptions };
}

/** One outcome in the grades in which new risk and withdrawals are restricted, by default success in the others. */
export function whereRestricted(error: Outcome, elsewhere: Outcome = SUCCEEDS): Record<Grade, Outcome> {
  return { ...everywhere(elsewhere), ...Object.fromEntries(RESTRICTED.map((grade) => [grade, error])) };
}
