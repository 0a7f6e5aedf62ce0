/** One position with the terms and the mark it is valued at. */
export interface ValuedPosition {
  /** Signed, 1e-18 underlying. */
  readonly size: bigint;
  /** 1e-18 quote per underlying. */
  readonly mark: bigint;
  readonly initialPpm: bigint;
  readonly maintenancePpm: bigint;
}

/** As `IMarginEngine.Valuation`, 1e-18 quote. */
export interface Valuation {
  readonly equity: bigint;
  readonly initial: bigint;
  readonly maintenance: bigint;
}

const ONE = 10n ** 18n;
const PPM = 1_000_000n;

function divideUp(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}

/**
 * Equity and requirements of a portfolio, exactly as `MarginEngine._evaluate` rounds them: assets down, debts and
 * requirements up, position by position.
 */
export function evaluatePortfolio(quote: bigint, positions: readonly ValuedPosition[]): Valuation {
  let equity = quote;
  let initial = 0n;
  let maintenance = 0n;
  for (const { size, mark, initialPpm, maintenancePpm } of positions) {
    const magnitude = size < 0n ? -size : size;
    const notionalUp = divideUp(magnitude * mark, ONE);
    equity += size > 0n ? (magnitude * mark) / ONE : -notionalUp;
    initial += divideUp(notionalUp * initialPpm, PPM);
    maintenance += divideUp(notionalUp * maintenancePpm, PPM);
  }
  return { equity, initial, maintenance };
}
