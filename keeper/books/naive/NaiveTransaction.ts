import type { Address, Hash } from "../../lib/hex.ts";

/** One side of a trade, as the ledger posted it. */
export interface TradeSide {
  readonly logIndex: number;
  readonly account: Hash;
  readonly instrument: bigint;
  readonly sizeDelta: bigint;
  readonly quoteDelta: bigint;
  /** Whether the position shrank and did not flip. */
  readonly isReducing: boolean;
}

/** An order's part in a trade. */
export interface Fill {
  readonly logIndex: number;
  readonly account: Hash;
  readonly size: bigint;
  readonly price: bigint;
}

/** What moved into (positive) or out of (negative) an account, as vault or ledger says. */
export interface Movement {
  readonly logIndex: number;
  readonly account: Hash;
  readonly asset: Address;
  /** Units of the asset. */
  readonly amount: bigint;
}

/** The hot word that guard and registry have to push before the transaction ends. */
export interface ExpectedPush {
  readonly logIndex: number;
  readonly flags: bigint;
  readonly checkpointTime: bigint;
  readonly graceUntil: bigint;
  /** Whether the soft pause has to be lifted first. */
  readonly isLiftDue: boolean;
}

/** What earlier logs of a transaction make its later ones owe. */
export class NaiveTransaction {
  readonly index: number;
  lastLogIndex = 0;
  /** Orders filled whose trade has not followed yet. */
  fills: Fill[] = [];
  /** The buyer's side, whose seller's side has to follow. */
  halfTrade: TradeSide | undefined;
  /** What the vault paid in and out. */
  readonly vaultMovements: Movement[] = [];
  /** What the ledger credited and debited. */
  readonly ledgerMovements: Movement[] = [];
  /** Σ quoteDelta of credits and debits, 1e-18 quote. */
  quoteMoved = 0n;
  /** The newest withdrawal, which alone can be kept as a claim. */
  lastWithdrawal: Movement | undefined;
  expectedPush: ExpectedPush | undefined;
  /** The checkpoint that made room for a post that has to follow. */
  replacement: { readonly logIndex: number } | undefined;
  /** The conviction whose hard pause has to follow. */
  conviction: { readonly logIndex: number } | undefined;
  /** Keepers jailed whose conviction has to follow. */
  jailed: { readonly logIndex: number; readonly challenger: Address }[] = [];

  constructor(index: number) {
    this.index = index;
  }
}
