import { REDUCERS } from "../../../keeper/books/reducers.ts";
import type { Reducer } from "../../../keeper/books/Reducer.ts";

const SOUND = REDUCERS.PositionLedger;

/** Writes every word of the ledger with its lowest bit turned. */
const TURNING: Reducer<{ readonly name: string }> = {
  ...SOUND,
  apply: (event, context) => {
    SOUND.apply(event, { ...context, write: (slot, word) => context.write(slot, word ^ 1n) });
  },
};

/** Reducers of which the ledger's is wrong. */
export const BROKEN_REDUCERS = { ...REDUCERS, PositionLedger: TURNING };
