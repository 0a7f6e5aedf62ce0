import { decodeEvent, storage, type InsuranceFundEvent } from "../generated/InsuranceFund.ts";
import type { Reducer } from "../Reducer.ts";
import { applyAuthority } from "./applyAuthority.ts";
import { changeWord } from "./changeWord.ts";

/** Every storage variable of the contract; compared with solc's layout by `npm run generate -- --check`. */
export const MAPPED_VARIABLES = ["_authority", "_consumingSchedule", "_target"] as const;

/** Keeps what the fund should hold. Its money is an account of the ledger. */
export const insuranceFund: Reducer<InsuranceFundEvent> = {
  book: "InsuranceFund",
  decode: decodeEvent,
  apply(event, context) {
    switch (event.name) {
      case "AuthorityUpdated":
        applyAuthority(event, storage.word0, context);
        return;
      case "TargetSet":
        changeWord(storage.target, storage.target.slot, { amount: event.target, isUsed: true }, context);
        return;
    }
  },
};
