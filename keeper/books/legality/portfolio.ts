import type { Hex } from "../../lib/hex.ts";
import { storage as instruments } from "../generated/InstrumentRegistry.ts";
import { storage as ledger } from "../generated/PositionLedger.ts";
import { openInstruments } from "../reducers/PositionLedger.ts";
import type { LegalityContext } from "./LegalityContext.ts";
import type { ValuedPosition } from "./margin.ts";

/** A portfolio at a moment; `isPriced` is false when a price it needs is not known to the keeper. */
export interface Portfolio {
  readonly quote: bigint;
  readonly openCount: bigint;
  readonly positions: readonly (ValuedPosition & { readonly instrument: bigint })[];
  readonly isPriced: boolean;
  /** Every price satisfies every rule of the oracle, age included. */
  readonly isFresh: boolean;
  /** Every price is within bounds, however old. */
  readonly isWithinBounds: boolean;
  readonly isListed: boolean;
}

/** Reads an account's portfolio from the books and values it at the proven prices. */
export function readPortfolio(account: Hex, context: LegalityContext): Portfolio {
  const read = (slot: Hex): bigint => context.readOf("PositionLedger", slot);
  const { quote, openCount } = ledger.accounts.decode(read(ledger.accounts.slot(account)));
  let isPriced = true;
  let isFresh = true;
  let isWithinBounds = true;
  let isListed = true;
  const positions = openInstruments(account, read).map((instrument) => {
    const size = ledger.sizes.decode(read(ledger.sizes.slot(account, instrument))).size;
    const terms = instruments.instruments.decode(
      context.readOf("InstrumentRegistry", instruments.instruments.slot(instrument)),
    );
    const price = context.priceOf(terms.feed);
    isListed &&= terms.isListed;
    isPriced &&= price.isKnown;
    isFresh &&= price.isKnown && price.isFresh && price.isWithinBounds;
    isWithinBounds &&= price.isKnown && price.isWithinBounds;
    const { initialPpm, maintenancePpm } = terms;
    return { instrument, size, mark: price.isKnown ? price.value : 0n, initialPpm, maintenancePpm };
  });
  return { quote, openCount, positions, isPriced, isFresh, isWithinBounds, isListed };
}
