import { expect } from "chai";

import { INSTRUMENTS } from "../../../scripts/local/marketState.ts";
import type { MarketState } from "../../../scripts/local/marketState.ts";
import { planMarketAction } from "../../../scripts/local/planMarketAction.ts";
import type { MarketAction } from "../../../scripts/local/planMarketAction.ts";
import { SeededRandom } from "../../../scripts/local/SeededRandom.ts";

const SEED = 4_711;
const ONE = 10n ** 18n;
const RUNS = 400;

/** Trader 5 is long 10 ETH, 6 and 7 are short 5 each, 8 is flat. */
function stateOf(changes: { isRestricted?: boolean; ageSeconds?: number; quote?: bigint } = {}): MarketState {
  const { isRestricted = false, ageSeconds = 5, quote = 250_000n * ONE } = changes;
  const sizes = [10n, -5n, -5n, 0n];
  return {
    isRestricted,
    fees: 12n * ONE,
    instruments: INSTRUMENTS.map((instrument) => ({ ...instrument, answer: instrument.baseAnswer, ageSeconds })),
    traders: sizes.map((size, index) => ({ index: index + 5, quote, sizes: new Map([[1, size * ONE]]) })),
  };
}

function planMany(state: MarketState): MarketAction[] {
  const random = new SeededRandom(SEED);
  return Array.from({ length: RUNS }, () => planMarketAction(random, state));
}

/** Both sides shrink and neither flips. */
function isReduction(action: MarketAction): boolean {
  if (action.kind !== "trade") return false;
  const { buyer, seller, instrument, size } = action.trade;
  return size <= (seller.sizes.get(instrument.id) ?? 0n) && size <= -(buyer.sizes.get(instrument.id) ?? 0n);
}

describe(`planMarketAction (seed ${SEED})`, () => {
  it("repeats with the same seed and differs with another", () => {
    const kinds = (seed: number): string => {
      const random = new SeededRandom(seed);
      return Array.from({ length: 20 }, () => planMarketAction(random, stateOf()).kind).join();
    };
    expect(kinds(SEED)).to.equal(kinds(SEED));
    expect(kinds(SEED)).to.not.equal(kinds(SEED + 1));
  });

  it("does everything in time", () => {
    const kinds = new Set(planMany(stateOf()).map(({ kind }) => kind));
    expect([...kinds].sort()).to.deep.equal(["cancel", "deposit", "price", "sweep", "trade", "withdraw"]);
  });

  it("leaves the fees where they are when there are none", () => {
    const kinds = planMany({ ...stateOf(), fees: 0n }).map(({ kind }) => kind);
    expect(kinds).to.not.include("sweep");
  });

  it("keeps trades inside the price band and the position limit", () => {
    for (const action of planMany(stateOf())) {
      if (action.kind !== "trade") continue;
      const { instrument, price, size, buyer } = action.trade;
      const mark = instrument.answer * 10n ** 10n;
      expect(Number(price - mark) / Number(mark)).to.be.within(-0.02, 0.02);
      const after = (buyer.sizes.get(instrument.id) ?? 0n) + size;
      expect(Number((after * mark) / ONE / ONE)).to.be.within(-150_000, 150_000);
      expect(size > 0n).to.equal(true);
    }
  });

  it("mostly reduces while new risk is refused, and still tries the rest", () => {
    const reductionsOf = (actions: MarketAction[]): number => actions.filter(isReduction).length;
    const restricted = planMany(stateOf({ isRestricted: true }));
    expect(reductionsOf(restricted)).to.be.above(reductionsOf(planMany(stateOf())) * 1.3);
    expect(restricted.filter((action) => action.kind === "trade" && !isReduction(action))).to.not.be.empty;
    expect(restricted.filter(({ kind }) => kind === "withdraw")).to.not.be.empty;
  });

  it("refreshes a price that grows old before anything else", () => {
    for (const action of planMany(stateOf({ ageSeconds: 601 }))) expect(action.kind).to.equal("price");
  });

  it("tops up a trader with little equity", () => {
    const [action] = planMany(stateOf({ quote: 60_000n * ONE }));
    expect(action).to.include({ kind: "deposit", trader: 5 });
  });
});
