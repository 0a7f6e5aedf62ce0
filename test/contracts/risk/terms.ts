import { FEEDS, type Risk } from "./deployRisk.ts";

/** `InstrumentKind`, by name. */
export const KIND = { None: 0n, Perpetual: 1n, Call: 2n, Put: 3n } as const;

/** `Instrument`, field for field in its order. */
export interface Terms {
  readonly kind: bigint;
  readonly feed: bigint;
  readonly initialPpm: bigint;
  readonly maintenancePpm: bigint;
  readonly priceBandPpm: bigint;
  readonly lagVolatilityPpm: bigint;
  readonly maxFundingPpm: bigint;
  readonly makerFeePpm: bigint;
  readonly takerFeePpm: bigint;
  readonly maxOpenInterest: bigint;
}

/** A perpetual on `feed` with usual terms. */
export function perpetualTerms(feed: number = FEEDS.bare): Terms {
  return {
    kind: KIND.Perpetual,
    feed: BigInt(feed),
    initialPpm: 100_000n,
    maintenancePpm: 50_000n,
    priceBandPpm: 20_000n,
    lagVolatilityPpm: 800_000n,
    maxFundingPpm: 7_500n,
    makerFeePpm: 0n,
    takerFeePpm: 500n,
    maxOpenInterest: 10n ** 12n,
  };
}

/** A call on `feed` with usual terms. */
export function callTerms(feed: number = FEEDS.bare): Terms {
  return { ...perpetualTerms(feed), kind: KIND.Call, maxFundingPpm: 0n };
}

/** A word of the registry's storage. */
export async function wordOf({ ethers, instruments }: Risk, slot: number): Promise<bigint> {
  return BigInt(await ethers.provider.getStorage(instruments.target, slot));
}
