import type { BookName } from "../../domain/bookSet.ts";
import type { Address, Hash } from "../../lib/hex.ts";
import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";

/** An entry, as the ledger posted it, with what it found and left. */
export interface Entry {
  readonly logIndex: number;
  readonly account: Hash;
  readonly kind: bigint;
  readonly key: bigint;
  readonly sizeDelta: bigint;
  readonly quoteDelta: bigint;
  readonly fee: bigint;
  /** Position or collateral balance before it. */
  readonly sizeBefore: bigint;
  /** Whether the position shrank and did not flip. */
  readonly isReducing: boolean;
  /** Sum of the long positions before it. */
  readonly openInterestBefore: bigint;
}

/** An order's part in a trade. */
export interface Fill {
  readonly logIndex: number;
  readonly account: Hash;
  readonly size: bigint;
  readonly price: bigint;
}

/** Funding as it was accrued just before a trade, a liquidation, or for its own sake. */
export interface FundingUpdate {
  readonly logIndex: number;
  readonly instrument: bigint;
  readonly mark: bigint;
  readonly price: bigint;
  readonly size: bigint;
  /** The books before it. */
  readonly before: Derivation;
}

/** What was sold of an account, as the ledger says and the auction has to confirm. */
export interface Sale {
  readonly logIndex: number;
  readonly sold: Entry;
  readonly bought: Entry;
  /** The books before the sale: what the auction judged. */
  readonly before: Derivation;
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

/** An event that must be the very next one of all book contracts. */
export interface ExpectedEvent {
  readonly logIndex: number;
  readonly book: BookName;
  readonly detail: string;
  readonly matches: (book: BookName, event: NaiveEvent) => boolean;
}

/** A debt that an operation leaves to be recorded next, in any order. */
export interface DebtClaim {
  readonly logIndex: number;
  readonly account: Hash;
  /** Undefined when a price is not known: then it may be recorded or not. */
  readonly debt: bigint | undefined;
  /** Whether the account chose this debt. */
  readonly isCapped: boolean;
}

/** What earlier logs of a transaction make its later ones owe. */
export class NaiveTransaction {
  readonly index: number;
  lastLogIndex = 0;
  expectedEvents: ExpectedEvent[] = [];
  /** Whether the event at hand is one that had to follow the one before it. */
  isExpected = false;
  debtClaims: DebtClaim[] = [];
  /** Orders filled whose trade has not followed yet. */
  fills: Fill[] = [];
  funding: FundingUpdate | undefined;
  /** The first entry of a pair whose second one has to follow. */
  half: Entry | undefined;
  /** The books before the first entry of a sale. */
  beforeSale: Derivation | undefined;
  /** What was sold and has to be confirmed by the auction. */
  sale: Sale | undefined;
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
