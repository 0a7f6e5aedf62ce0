import type { BooksReader } from "../books/legality/LegalityContext.ts";
import { lagPremiumPpmOf, listedInstruments } from "./instruments.ts";

/** What lag adds to the initial requirement of a position, parts per million of its notional. */
export interface LagPremium {
  readonly instrument: string;
  readonly ppm: number;
}

const MAX_INSTRUMENTS = 8;

/** The lag premium of the first instruments; of those whose price no log tells there is none. */
export function describeLag(items: readonly unknown[], reader: BooksReader): LagPremium[] {
  return listedInstruments(items, reader)
    .slice(0, MAX_INSTRUMENTS)
    .flatMap((instrument) => {
      const ppm = lagPremiumPpmOf(instrument, reader);
      return ppm === null ? [] : [{ instrument: instrument.toString(), ppm: Number(ppm) }];
    });
}
