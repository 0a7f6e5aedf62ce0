import { KIND, readInstrument } from "../books/legality/instruments.ts";
import type { BooksReader } from "../books/legality/LegalityContext.ts";
import { markNow, readAccount, readPosition, valueAccount } from "../books/legality/portfolio.ts";
import { storage as registry } from "../books/generated/InstrumentRegistry.ts";
import { storage as ledger } from "../books/generated/PositionLedger.ts";
import type { Greeks } from "../books/model/optionPricing.ts";
import { fundingOf, readMarket } from "../books/reducers/ledger/market.ts";
import { openInstruments } from "../books/reducers/ledger/openIds.ts";
import type { Address, Hash, Hex } from "../lib/hex.ts";
import { greeksOf, NO_GREEKS, plus, scaled } from "./greeks.ts";

/** Kinds of instruments, by the number that the contract gives them. */
export const KIND_NAMES = ["none", "perpetual", "call", "put"] as const;

/** A position, and what it is worth. Amounts 1e-18; null where there is no valid price. */
export interface PositionState {
  readonly instrument: bigint;
  readonly kind: (typeof KIND_NAMES)[number];
  /** Signed, underlying. */
  readonly size: bigint;
  /** Quote per underlying. */
  readonly mark: bigint | null;
  /** Quote. */
  readonly value: bigint | null;
  /** Accrued since it was last settled, quote. */
  readonly funding: bigint;
  /** Seconds. */
  readonly increasedAt: bigint;
  readonly greeks: Greeks | null;
}

/** What an account holds of an asset other than the settlement currency. */
export interface CollateralState {
  readonly asset: Address;
  /** Units of the asset. */
  readonly balance: bigint;
  readonly haircutPpm: bigint;
}

/** Whether an account may take risk or money out, by prices that are valid; 1e-18 quote. */
export type Margin =
  | {
      readonly kind: "valued";
      readonly equity: bigint;
      readonly initial: bigint;
      readonly maintenance: bigint;
      /** What prices and checkpoints may have moved since they were last told: added to the initial requirement. */
      readonly lagPremium: bigint;
      /** Above the initial requirement and the lag premium: what may leave. Negative below them. */
      readonly free: bigint;
      /** Every price that counts is valid; where not, the worst within its feed's bounds stands for it. */
      readonly hasValidPrices: boolean;
    }
  /** A price that logs have not told, or why the contracts would not value it either. */
  | { readonly kind: "unknown" | "refused"; readonly detail: string };

/** How an account stands with its requirements; `unvalued` where its prices are not known, or the contracts would not say. */
export type Standing = "flat" | "free" | "restricted" | "liquidatable" | "unvalued";

/** An account in a list. */
export interface AccountSummary {
  readonly account: Hex;
  /** The first 20 bytes of its name: who may act for it. */
  readonly owner: Address;
  /** As it is stored, 1e-18 quote; what is pending is not in it. */
  readonly quote: bigint;
  readonly positionCount: number;
  readonly margin: Margin;
  readonly standing: Standing;
}

/** What the books say of one account. */
export interface AccountState extends Pick<AccountSummary, "account" | "owner" | "quote" | "margin" | "standing"> {
  readonly positions: readonly PositionState[];
  readonly collateral: readonly CollateralState[];
  /** Of all its positions on each feed. */
  readonly greeks: readonly { readonly feed: bigint; readonly greeks: Greeks | null }[];
}

const OWNER_LENGTH = 42;
const MAX_COLLATERALS = 32n;

/** Everything that the books say of an account, at their prices. */
export function describeAccount(account: Hex, reader: BooksReader): AccountState {
  const read = (slot: Hash): bigint => reader.readOf("PositionLedger", slot);
  const positions = openInstruments(account, read).map((instrument) => describePosition(account, instrument, reader));
  const margin = marginOf(account, reader);
  return {
    ...{ account, owner: ownerOf(account), quote: readAccount(account, reader).quote, positions, margin },
    standing: standingOf(margin, positions.length),
    collateral: readCollateral(account, reader),
    greeks: greeksByFeed(positions, reader),
  };
}

/** What a list shows of an account. */
export function summarizeAccount(account: Hex, reader: BooksReader): AccountSummary {
  const { quote, openCount } = readAccount(account, reader);
  const positionCount = Number(openCount);
  const margin = marginOf(account, reader);
  return {
    account,
    owner: ownerOf(account),
    quote,
    positionCount,
    margin,
    standing: standingOf(margin, positionCount),
  };
}

/** Positions of an account, those in one instrument where it is named. */
export function positionsOf(account: Hex, instrument: bigint | null, reader: BooksReader): PositionState[] {
  const open = openInstruments(account, (slot) => reader.readOf("PositionLedger", slot));
  const wanted = instrument === null ? open : open.filter((id) => id === instrument);
  return wanted.map((id) => describePosition(account, id, reader));
}

function ownerOf(account: Hex): Address {
  return account.slice(0, OWNER_LENGTH) as Address;
}

function standingOf(margin: Margin, positionCount: number): Standing {
  if (margin.kind !== "valued") return "unvalued";
  if (positionCount === 0) return "flat";
  if (margin.equity < margin.maintenance) return "liquidatable";
  return margin.free < 0n ? "restricted" : "free";
}

/** What an account may do, as the contracts decide it: prices that are not valid count at their worst. */
export function marginOf(account: Hex, reader: BooksReader): Margin {
  const valued = valueAccount(account, "strict", reader);
  if (valued.kind === "unknown") return { kind: "unknown", detail: "a feed has logged no price within sight" };
  if (valued.kind === "refused") return valued;
  const { equity, initial, maintenance, lagPremium, isValid } = valued.value;
  const free = equity - initial - lagPremium;
  return { kind: "valued", equity, initial, maintenance, lagPremium, free, hasValidPrices: isValid };
}

function describePosition(account: Hex, instrument: bigint, reader: BooksReader): PositionState {
  const { size, index, increasedAt } = readPosition(account, instrument, reader);
  const { kind } = readInstrument(instrument, reader);
  const marked = markNow(instrument, reader);
  const mark = marked.isKnown ? marked.mark : null;
  const market = readMarket(instrument, (slot) => reader.readOf("PositionLedger", slot));
  const greeks = greeksOf(instrument, reader);
  return {
    ...{ instrument, kind: KIND_NAMES[Number(kind)] ?? "none", size, mark, increasedAt },
    value: mark === null ? null : (mark * size) / 10n ** 18n,
    funding: kind === KIND.perpetual ? fundingOf(size, index, market) : 0n,
    greeks: greeks === null ? null : scaled(greeks, size),
  };
}

function readCollateral(account: Hex, reader: BooksReader): CollateralState[] {
  const { assets } = readAccount(account, reader);
  const held: CollateralState[] = [];
  for (let id = 1n; id < MAX_COLLATERALS; id += 1n) {
    if (((assets >> id) & 1n) === 0n) continue;
    const word = reader.readOf("InstrumentRegistry", registry.collateral.slot(id));
    const { asset, haircutPpm } = registry.collateral.decode(word);
    const balanceSlot = ledger.collateral.slot(account, asset);
    const { balance } = ledger.collateral.decode(reader.readOf("PositionLedger", balanceSlot));
    held.push({ asset, balance, haircutPpm });
  }
  return held;
}

function greeksByFeed(positions: readonly PositionState[], reader: BooksReader): AccountState["greeks"] {
  const sums = new Map<bigint, Greeks | null>();
  for (const { instrument, greeks } of positions) {
    const { feed } = readInstrument(instrument, reader);
    const sum = sums.get(feed);
    // One position without a price leaves the sum without a value.
    sums.set(feed, sum === null || greeks === null ? null : plus(sum ?? NO_GREEKS, greeks));
  }
  return [...sums].map(([feed, greeks]) => ({ feed, greeks }));
}
