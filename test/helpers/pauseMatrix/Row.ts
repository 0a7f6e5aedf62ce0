import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { BaseContract } from "ethers";

import { GRADES, type Grade } from "./grades.ts";
import type { Stage } from "./stage.ts";

/** The outcome of a call that does not revert. */
export const SUCCEEDS = "succeeds";

/** {@link SUCCEEDS}, or the name of the custom error that a call reverts with. */
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
  | "pays witnessed";

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
  readonly situation: string;
  readonly nature?: Nature;
  /** Who calls; by default the stranger. */
  readonly from?: (stage: Stage) => HardhatEthersSigner;
  /** What happens in the grade before the call. */
  readonly prepare?: (stage: Stage) => Promise<unknown>;
  /** Arguments; by default zero or empty ones, for functions that refuse their caller before they look at any. */
  readonly args?: (stage: Stage) => readonly unknown[] | Promise<readonly unknown[]>;
  /** What is paid from, when the nature is to pay. */
  readonly holding?: (stage: Stage) => Holding;
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
} as const;

/** A contract of the protocol. */
export type ContractName = keyof typeof CONTRACTS;

/** All contracts of the protocol. */
export const CONTRACT_NAMES = Object.keys(CONTRACTS) as readonly ContractName[];

/** The deployed contract of a row. */
export function contractOf(stage: Stage, name: ContractName): BaseContract {
  return CONTRACTS[name](stage);
}

/** The same outcome in every grade, but for `exceptions`. */
export function everywhere(outcome: Outcome, exceptions: Partial<Record<Grade, Outcome>> = {}): Record<Grade, Outcome> {
  const outcomes = Object.fromEntries(GRADES.map((grade) => [grade, outcome])) as Record<Grade, Outcome>;
  return { ...outcomes, ...exceptions };
}

/** Succeeds, but for the grades in which new risk and withdrawals are restricted: there `error`. */
export function unlessRestricted(error: Outcome): Record<Grade, Outcome> {
  return everywhere(SUCCEEDS, { Soft: error, Stale: error, Halted: error });
}
