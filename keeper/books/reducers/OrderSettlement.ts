import { decodeEvent, storage, type OrderSettlementEvent } from "../generated/OrderSettlement.ts";
import type { Reducer } from "../Reducer.ts";

/** Every storage variable of the contract; the two names are short, so OpenZeppelin leaves their words at zero. */
export const MAPPED_VARIABLES = ["_nameFallback", "_versionFallback", "_filled"] as const;

const MAX_FILLED = (1n << 128n) - 1n;

/** Keeps how much of each order is filled; a cancelled order is one that is filled to the maximum. */
export const orderSettlement: Reducer<OrderSettlementEvent> = {
  book: "OrderSettlement",
  decode: decodeEvent,
  apply(event, context) {
    switch (event.name) {
      case "OrderFilled": {
        const slot = storage.filled.slot(event.orderHash);
        const filled = storage.filled.decode(context.read(slot)) + event.size;
        context.expect("filled", event.filled, filled);
        context.write(slot, storage.filled.encode(filled));
        return;
      }
      case "OrderCancelled":
        context.expect("filled", event.filled, MAX_FILLED);
        context.write(storage.filled.slot(event.orderHash), MAX_FILLED);
        return;
      case "EIP712DomainChanged":
        return;
    }
  },
};
