import { decodeEvent, storage, type OrderSettlementEvent } from "../generated/OrderSettlement.ts";
import type { Reducer } from "../Reducer.ts";
import { applyRepair } from "./applyRepair.ts";
import { changeWord } from "./changeWord.ts";

/** Every storage variable of the contract; the two names are short, so OpenZeppelin leaves their words at zero. */
export const MAPPED_VARIABLES = ["_nameFallback", "_versionFallback", "_lanes"] as const;

/** What a cancelled sequence is filled to. */
export const CANCELLED = (1n << 128n) - 1n;

/** Keeps the live sequence of each lane and how much of it is filled; a later sequence begins at nothing. */
export const orderSettlement: Reducer<OrderSettlementEvent> = {
  book: "OrderSettlement",
  decode: decodeEvent,
  apply(event, context) {
    switch (event.name) {
      case "OrderFilled": {
        const slot = storage.lanes.slot(event.account, event.lane);
        const live = storage.lanes.decode(context.read(slot));
        const filled = (event.sequence === live.sequence ? live.filled : 0n) + event.size;
        context.expect("filled", event.filled, filled);
        changeWord(storage.lanes, slot, { sequence: event.sequence, filled }, context);
        return;
      }
      case "OrderCancelled": {
        const { account, lane, sequence } = event;
        changeWord(storage.lanes, storage.lanes.slot(account, lane), { sequence, filled: CANCELLED }, context);
        return;
      }
      case "WordRepaired":
        applyRepair(event, context);
        return;
      case "EIP712DomainChanged":
        return;
    }
  },
};
