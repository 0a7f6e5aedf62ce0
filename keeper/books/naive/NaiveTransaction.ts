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

/** Why a hot word is pushed; the fund's pushes say nothing else. */
export type Purpose = "checkpoint" | "lift" | "soft pause" | "hard pause" | "resume" | "wind-down" | "outage" | "fund";

/** A pushed hot word whose cause has to follow, with what stood before it. */
export interface Push {
  readonly logIndex: number;
  readonly flagsBefore: bigint;
  readonly checkpointTimeBefore: bigint;
}

/** A change of the keeper set that has to be told. */
export interface SetChange {
  readonly logIndex: number;
  readonly entered: readonly Address[];
  readonly gone: readonly Address[];
}

/** An event of a book contract; undefined when the log is none. */
export interface BookEvent {
  readonly book: BookName;
  readonly logIndex: number;
  readonly event: NaiveEvent | undefined;
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
  /** Hot words pushed whose causes have to follow. */
  readonly pushes = new Map<Purpose, Push>();
  /** The hot word that an outage's credit leads to. */
  credited: { readonly checkpointTime: bigint; readonly graceUntil: bigint } | undefined;
  /** The checkpoint that made room for a post that has to follow, and whether that one is carried for nothing. */
  replacement: { readonly logIndex: number; readonly isUnpaid: boolean } | undefined;
  /** The conviction whose hard pause has to follow. */
  conviction: { readonly logIndex: number; readonly digest: Hash } | undefined;
  /** Keepers slashed whose conviction has to follow. */
  slashed: { readonly logIndex: number; readonly challenger: Address }[] = [];
  /** The change of the keeper set that has to be told next. */
  setChange: SetChange | undefined;
  /** The keeper that left fewer than a quorum; unless halted, a hard pause has to follow. */
  quorumLoss: { readonly logIndex: number; readonly isCertain: boolean } | undefined;
  /** The soft pause that a key has used up, until it is reported. */
  pauseUsed: { readonly attester: Address; readonly softUntil: bigint } | undefined;
  /** What repairs and acceptances have changed of every sum that they have to keep. */
  readonly repaired = new Map<string, bigint>();
  /** The newest repair or acceptance. */
  lastRepair: { readonly logIndex: number; readonly book: BookName } | undefined;
  readonly #events: readonly BookEvent[];
  /** Which of the events is at hand. */
  at = 0;

  constructor(index: number, events: readonly BookEvent[] = []) {
    this.index = index;
    this.#events = events;
  }

  /** The events of all book contracts that follow the one at hand. */
  get later(): readonly BookEvent[] {
    return this.#events.slice(this.at + 1);
  }
}
