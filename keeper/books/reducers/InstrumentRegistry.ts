import {
  decodeEvent,
  storage,
  type CollateralSetEvent,
  type InstrumentRegistryEvent,
  type OptionListedEvent,
} from "../generated/InstrumentRegistry.ts";
import type { Reducer, ReducerContext } from "../Reducer.ts";
import { applyAuthority } from "./applyAuthority.ts";

/** Every storage variable of the contract; compared with solc's layout by `npm run generate -- --check`. */
export const MAPPED_VARIABLES = [
  "_authority",
  "_consumingSchedule",
  "_instruments",
  "_options",
  "_settlements",
  "_collateral",
  "_collateralIds",
  "_collateralCount",
  "_debtCaps",
] as const;

/** A listing also marks the settlement's word as used. */
function applyListing(event: OptionListedEvent, context: ReducerContext): void {
  const { instrument, strike, expiry, volatilityShockPpm } = event;
  const slot = storage.options.slot(instrument);
  const before = storage.options.decode(context.read(slot));
  context.write(slot, storage.options.encode({ ...before, strike, expiry, volatilityShockPpm }));
  const settlement = storage.settlements.slot(instrument);
  context.write(
    settlement,
    storage.settlements.encode({ ...storage.settlements.decode(context.read(settlement)), isUsed: true }),
  );
}

/** A new asset gets the next id; one that has an id keeps it. */
function applyCollateral(event: CollateralSetEvent, context: ReducerContext): void {
  const { asset, feed, haircutPpm, decimals } = event;
  const { collateral, collateralIds, collateralCount } = storage;
  const known = collateralIds.decode(context.read(collateralIds.slot(asset)));
  const count = collateralCount.decode(context.read(collateralCount.slot));
  const id = known === 0n ? count + 1n : known;
  context.expect("id", event.id, id);
  context.write(collateral.slot(id), collateral.encode({ asset, feed, haircutPpm, decimals }));
  context.write(collateralIds.slot(asset), collateralIds.encode(id));
  if (known === 0n) context.write(collateralCount.slot, collateralCount.encode(id));
}

/** Keeps the terms of each instrument and collateral, what options settle at, and the debt caps. */
export const instrumentRegistry: Reducer<InstrumentRegistryEvent> = {
  book: "InstrumentRegistry",
  decode: decodeEvent,
  apply(event, context) {
    switch (event.name) {
      case "AuthorityUpdated":
        applyAuthority(event, storage.word0, context);
        return;
      case "InstrumentSet":
        context.write(storage.instruments.slot(event.instrument), storage.instruments.encode(event.terms));
        return;
      case "OptionListed":
        applyListing(event, context);
        return;
      case "VolatilitySet": {
        const slot = storage.options.slot(event.instrument);
        const before = storage.options.decode(context.read(slot));
        const { volatilityPpm } = event;
        context.expect("volatilityAt", event.volatilityAt, context.timestamp);
        context.write(slot, storage.options.encode({ ...before, volatilityPpm, volatilityAt: context.timestamp }));
        return;
      }
      case "ExpirySettled": {
        const slot = storage.settlements.slot(event.instrument);
        const { price } = event;
        context.expect("settledAt", event.settledAt, context.timestamp);
        context.write(slot, storage.settlements.encode({ price, settledAt: context.timestamp, isUsed: true }));
        return;
      }
      case "CollateralSet":
        applyCollateral(event, context);
        return;
      case "DebtCapsSet":
        context.write(storage.debtCaps.slot, storage.debtCaps.encode({ account: event.account, total: event.total }));
        return;
    }
  },
};
