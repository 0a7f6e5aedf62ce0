import {
  decodeEvent,
  storage,
  type CollateralSetEvent,
  type InstrumentRegistryEvent,
  type OptionListedEvent,
  type WindDownPriceFixedEvent,
} from "../generated/InstrumentRegistry.ts";
import { windDownPrice } from "../model/windDownPrice.ts";
import type { Reducer, ReducerContext } from "../Reducer.ts";
import { applyAuthority } from "./applyAuthority.ts";
import { changeWord } from "./changeWord.ts";

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

/** `InstrumentKind` of the contract. */
const PERPETUAL = 1n;
const CALL = 2n;

/** A listing also marks the settlement's word as used. */
function applyListing(event: OptionListedEvent, context: ReducerContext): void {
  const { instrument, strike, expiry, volatilityShockPpm } = event;
  const { options, settlements } = storage;
  changeWord(options, options.slot(instrument), { strike, expiry, volatilityShockPpm }, context);
  changeWord(settlements, settlements.slot(instrument), { isUsed: true }, context);
}

/** A new asset gets the next id; one that has an id keeps it. */
function applyCollateral(event: CollateralSetEvent, context: ReducerContext): void {
  const { asset, feed, haircutPpm, decimals } = event;
  const { collateral, collateralIds, collateralCount } = storage;
  const known = collateralIds.decode(context.read(collateralIds.slot(asset)));
  const count = collateralCount.decode(context.read(collateralCount.slot));
  const id = known === 0n ? count + 1n : known;
  context.expect("id", event.id, id);
  changeWord(collateral, collateral.slot(id), { asset, feed, haircutPpm, decimals }, context);
  if (known !== 0n) return;
  changeWord(collateralIds, collateralIds.slot(asset), id, context);
  changeWord(collateralCount, collateralCount.slot, id, context);
}

/** What a unit is worth when a wind-down began at `time` with the underlying at `spot`. */
function applyWindDownPrice(event: WindDownPriceFixedEvent, context: ReducerContext): void {
  const { instrument, time, spot } = event;
  const { settlements, instruments, options } = storage;
  const { kind } = instruments.decode(context.read(instruments.slot(instrument)));
  const option = options.decode(context.read(options.slot(instrument)));
  const price = windDownPrice(kind === PERPETUAL ? null : { ...option, isCall: kind === CALL }, spot, time) ?? 0n;
  context.expect("settledAt", event.settledAt, context.timestamp);
  context.expect("price", event.price, price);
  const fixed = { price, settledAt: context.timestamp, isUsed: true, isWindDown: true };
  changeWord(settlements, settlements.slot(instrument), fixed, context);
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
        changeWord(storage.instruments, storage.instruments.slot(event.instrument), event.terms, context);
        return;
      case "OptionListed":
        applyListing(event, context);
        return;
      case "VolatilitySet": {
        const slot = storage.options.slot(event.instrument);
        const { volatilityPpm } = event;
        context.expect("volatilityAt", event.volatilityAt, context.timestamp);
        changeWord(storage.options, slot, { volatilityPpm, volatilityAt: context.timestamp }, context);
        return;
      }
      case "ExpirySettled": {
        const { settlements } = storage;
        const slot = settlements.slot(event.instrument);
        const { price } = event;
        context.expect("settledAt", event.settledAt, context.timestamp);
        const settled = { price, settledAt: context.timestamp, isUsed: true, isWindDown: false };
        changeWord(settlements, slot, settled, context);
        return;
      }
      case "WindDownPriceFixed":
        applyWindDownPrice(event, context);
        return;
      case "CollateralSet":
        applyCollateral(event, context);
        return;
      case "DebtCapsSet":
        changeWord(storage.debtCaps, storage.debtCaps.slot, { account: event.account, total: event.total }, context);
        return;
    }
  },
};
