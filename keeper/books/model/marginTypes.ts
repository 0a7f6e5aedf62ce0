/**
 * As `Pricing` of IMarginEngine: which prices a valuation may rest on. "strict" and "favourable" take valid prices only,
 * and what is worst and best for the owner of a position within the feed's bounds in place of others; "last" takes the
 * last price if it is usable.
 */
export type Pricing = "strict" | "last" | "favourable";

/** What the oracle's status is worth: "valid" is `Valid`, "usable" any other below `OutOfBounds`, "unusable" the rest. */
export type PriceQuality = "valid" | "usable" | "unusable";

/** As `Reading` of IPriceOracle. Prices in 1e-18 quote per underlying, uint128 each. */
export interface MarginReading {
  readonly quality: PriceQuality;
  /** The last price; not looked at when unusable. */
  readonly value: bigint;
  /** Bounds of the feed. */
  readonly low: bigint;
  readonly high: bigint;
  /** Seconds; zero when the answer has none. */
  readonly updatedAt: bigint;
}

/** What margin takes from the `Instrument` of a perpetual or option. */
export interface MarginTerms {
  readonly feed: bigint;
  readonly initialPpm: bigint;
  readonly maintenancePpm: bigint;
  readonly lagVolatilityPpm: bigint;
}

/** What margin takes from `OptionTerms` and `Settlement`. */
export interface MarginOption {
  /** 1e-18 quote per underlying. */
  readonly strike: bigint;
  /** Seconds. */
  readonly expiry: bigint;
  readonly volatilityPpm: bigint;
  readonly volatilityShockPpm: bigint;
  /** `Settlement.price` once `settledAt` is not zero, else null. 1e-18 quote per underlying. */
  readonly settlementPrice: bigint | null;
  /** Whether that is what a unit pays as it is: `Settlement.isWindDown`. False without one. */
  readonly isWindDown: boolean;
}

/** A position with all that values it. Positions of one feed carry equal readings. */
export type MarginPosition = {
  /** Signed, 1e-18 underlying, int128. */
  readonly size: bigint;
  readonly terms: MarginTerms;
  /** Of the instrument's feed; not looked at when the option is settled. */
  readonly reading: MarginReading;
} & ({ readonly kind: "perpetual" } | { readonly kind: "call" | "put"; readonly option: MarginOption });

/** A balance of another asset than the settlement asset, with its `CollateralTerms` and the reading of its feed. */
export interface MarginCollateral {
  /** Asset units, uint128. */
  readonly balance: bigint;
  readonly decimals: bigint;
  readonly haircutPpm: bigint;
  readonly reading: MarginReading;
}

/** As `Portfolio` of IPositionLedger, with the state of registry and oracle at `now`. */
export interface MarginPortfolio {
  /** With pending funding, 1e-18 quote. */
  readonly quote: bigint;
  readonly positions: readonly MarginPosition[];
  readonly collateral: readonly MarginCollateral[];
  /** `block.timestamp`, seconds. */
  readonly now: bigint;
  /** When the newest checkpoint was posted, seconds. */
  readonly checkpointTime: bigint;
  readonly pricing: Pricing;
}

/** As `IMarginEngine.Valuation`, 1e-18 quote. */
export interface Valuation {
  readonly equity: bigint;
  readonly cash: bigint;
  readonly initial: bigint;
  readonly maintenance: bigint;
  readonly lagPremium: bigint;
  readonly isValid: boolean;
}
