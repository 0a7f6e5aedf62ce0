import { decodeEvent, storage, type InstrumentRegistryEvent } from "../generated/InstrumentRegistry.ts";
import type { Reducer } from "../Reducer.ts";
import { applyAuthority } from "./applyAuthority.ts";

/** Every storage variable of the contract; compared with solc's layout by `npm run generate -- --check`. */
export const MAPPED_VARIABLES = ["_authority", "_consumingSchedule", "_instruments"] as const;

/** Keeps the risk parameters of each instrument: setting one writes its whole word and lists it for good. */
export const instrumentRegistry: Reducer<InstrumentRegistryEvent> = {
  book: "InstrumentRegistry",
  decode: decodeEvent,
  apply(event, context) {
    switch (event.name) {
      case "AuthorityUpdated":
        applyAuthority(event, storage.word0, context);
        return;
      case "InstrumentSet": {
        const { instrument, feed, initialPpm, maintenancePpm, priceBandPpm } = event;
        context.write(
          storage.instruments.slot(instrument),
          storage.instruments.encode({ isListed: true, feed, initialPpm, maintenancePpm, priceBandPpm }),
        );
        return;
      }
    }
  },
};
