import type { MarketAction, MarketTrade } from "./planMarketAction.ts";
import type { TraderState } from "./marketState.ts";

/** The action in a sentence without a full stop, for a log that people read. */
export function describeAction(action: MarketAction): string {
  switch (action.kind) {
    case "price":
      return `${action.instrument.symbol} moves to ${decimal(action.answer, 8, 2)}`;
    case "deposit":
    case "withdraw":
      return `trader ${action.trader} ${action.kind}s ${decimal(action.amount, 6, 2)} USD`;
    case "sweep":
      return `${decimal(action.fees, 18, 2)} USD of fees go to the insurance fund`;
    case "cancel":
      return `trader ${action.trader} cancels an order to ${action.isBuy ? "buy" : "sell"} ${goods(action.trade)}`;
    case "trade": {
      const { buyer, seller, instrument, size } = action.trade;
      const effects = [effect(buyer, instrument.id, size), effect(seller, instrument.id, -size)];
      return `trader ${buyer.index} (${effects[0]}) buys ${goods(action.trade)} from trader ${seller.index} (${effects[1]})`;
    }
  }
}

function goods({ size, instrument, price }: MarketTrade): string {
  return `${decimal(size, 18, 4)} ${instrument.symbol} at ${decimal(price, 18, 2)}`;
}

function effect(trader: TraderState, instrument: number, delta: bigint): string {
  const before = trader.sizes.get(instrument) ?? 0n;
  const after = before + delta;
  if (before === 0n) return "opens";
  if (after === 0n) return "closes";
  if (before < 0n !== after < 0n) return "flips";
  return before < 0n === delta < 0n ? "increases" : "reduces";
}

/** A fixed-point value with `places` decimals, cut off, and thousands apart. */
function decimal(value: bigint, decimals: number, places: number): string {
  const scaled = value / 10n ** BigInt(decimals - places);
  const unit = 10n ** BigInt(places);
  return `${(scaled / unit).toLocaleString("en")}.${(scaled % unit).toString().padStart(places, "0")}`;
}
