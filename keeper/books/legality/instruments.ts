import {
  storage as registry,
  type DebtCapsWord,
  type InstrumentsWord,
  type OptionsWord,
  type SettlementsWord,
} from "../generated/InstrumentRegistry.ts";
import type { MarginOption } from "../model/margin.ts";
import type { BooksReader } from "./LegalityContext.ts";

/** `InstrumentKind` of the contract. */
export const KIND = { none: 0n, perpetual: 1n, call: 2n, put: 3n } as const;

/** The terms of an option with its final price, if it has one. */
export type OptionState = OptionsWord & Pick<MarginOption, "settlementPrice" | "isWindDown">;

/** Terms by their word: few are in use at once, and each trade reads them some ten times. */
const termsOf = new Map<bigint, InstrumentsWord>();
const MAX_TERMS = 256;

/** The terms of an instrument; of kind none when it is not listed. */
export function readInstrument(instrument: bigint, context: BooksReader): InstrumentsWord {
  const word = context.readOf("InstrumentRegistry", registry.instruments.slot(instrument));
  let terms = termsOf.get(word);
  if (terms === undefined) {
    if (termsOf.size === MAX_TERMS) termsOf.clear();
    terms = registry.instruments.decode(word);
    termsOf.set(word, terms);
  }
  return terms;
}

/** What an option has beyond that. */
export function readOption(instrument: bigint, context: BooksReader): OptionsWord {
  return registry.options.decode(context.readOf("InstrumentRegistry", registry.options.slot(instrument)));
}

/** The final price of an option's underlying. */
export function readSettlement(instrument: bigint, context: BooksReader): SettlementsWord {
  return registry.settlements.decode(context.readOf("InstrumentRegistry", registry.settlements.slot(instrument)));
}

/** The caps on negative quote. */
export function readDebtCaps(context: BooksReader): DebtCapsWord {
  return registry.debtCaps.decode(context.readOf("InstrumentRegistry", registry.debtCaps.slot));
}
