import type {
  MarginCollateral,
  MarginOption,
  MarginPortfolio,
  MarginPosition,
  MarginReading,
  MarginTerms,
  PriceQuality,
} from "../../keeper/books/model/margin.ts";
import type { SeededRandom } from "./SeededRandom.ts";

/** Portfolios whose times are offsets from now: `now` is zero, and a time before the epoch means none. */
const NOW = 0n;
const DAY = 86_400;
const YEAR = 365 * DAY;
/** Earlier than any block: the harness and {@link atTime} make it zero. */
const NEVER = -(10n ** 11n);
const KINDS = ["none", "perpetual", "call", "put"] as const;
const PRICINGS = ["strict", "last", "favourable"] as const;
const PPM = 1_000_000;

/** Which portfolios to make: how many positions at most, whether any is an option, whether amounts may be extreme. */
export interface PortfolioShape {
  readonly positions: number;
  readonly feeds: number;
  readonly optionPercent: number;
  readonly isExtreme: boolean;
}

/** Everyday terms, which {@link position} and the hand-made portfolios start from. */
export const TERMS: MarginTerms = {
  feed: 1n,
  initialPpm: 100_000n,
  maintenancePpm: 50_000n,
  lagVolatilityPpm: 800_000n,
};

/** A valid reading of `price`, one quote to a million bounds, updated now. */
export function readingOf(price: bigint, changes: Partial<MarginReading> = {}): MarginReading {
  return { quality: "valid", value: price, low: 10n ** 18n, high: 10n ** 24n, updatedAt: NOW, ...changes };
}

/** A portfolio without positions whose checkpoint is fresh, and what replaces parts of it. */
export function portfolioOf(changes: Partial<MarginPortfolio> = {}): MarginPortfolio {
  return { quote: 0n, positions: [], collateral: [], now: NOW, checkpointTime: NOW, pricing: "strict", ...changes };
}

/** A random portfolio of a shape. */
export function randomPortfolio(random: SeededRandom, shape: PortfolioShape): MarginPortfolio {
  const feeds = Array.from({ length: 1 + random.below(shape.feeds) }, () => randomReading(random, shape.isExtreme));
  const pick = (): number => random.below(feeds.length);
  const positions = Array.from({ length: random.below(shape.positions + 1) }, () => {
    const feed = pick();
    return randomPosition(random, shape, BigInt(feed + 1), feeds[feed]!);
  });
  const collateral = Array.from({ length: random.below(8) === 0 ? 1 + random.below(3) : 0 }, () =>
    randomCollateral(random, feeds[pick()]!, shape.isExtreme),
  );
  return {
    quote: random.int(shape.isExtreme ? 128 : 80),
    positions,
    collateral,
    now: NOW,
    checkpointTime: BigInt(10 - random.below(2000)),
    pricing: PRICINGS[random.below(PRICINGS.length)]!,
  };
}

function randomReading(random: SeededRandom, isExtreme: boolean): MarginReading {
  const quality = random.below(4) !== 0 ? "valid" : random.bool() ? "usable" : "unusable";
  const updatedAt = random.below(40) === 0 ? NEVER : BigInt(10 - random.below(8000));
  if (isExtreme) {
    const [low, value, high] = [random.uint(128), random.uint(128), random.uint(128)].sort((a, b) => (a < b ? -1 : 1));
    return { quality, value: quality === "unusable" ? 0n : value!, low: low!, high: high!, updatedAt };
  }
  const value = 10n ** 14n * BigInt(1 + random.below(1_000_000)) * 10n ** BigInt(random.below(4));
  const bounds = { low: value / BigInt(2 + random.below(50)), high: value * BigInt(2 + random.below(50)) };
  return { quality, value: quality === "unusable" ? 0n : value, ...bounds, updatedAt };
}

function randomPosition(
  random: SeededRandom,
  shape: PortfolioShape,
  feed: bigint,
  reading: MarginReading,
): MarginPosition {
  const initialPpm = random.below(10) === 0 ? PPM : 1 + random.below(400_000);
  const terms = {
    feed,
    initialPpm: shape.isExtreme ? random.uint(24) : BigInt(initialPpm),
    maintenancePpm: shape.isExtreme ? random.uint(24) : BigInt(1 + random.below(initialPpm)),
    lagVolatilityPpm: shape.isExtreme ? random.uint(24) : BigInt(random.below(2 * PPM)),
  };
  const magnitude = 10n ** 12n * BigInt(1 + random.below(1_000_000)) * 10n ** BigInt(random.below(4));
  const size = shape.isExtreme ? random.int(128) : random.bool() ? magnitude : -magnitude;
  if (random.below(100) >= shape.optionPercent) return { kind: "perpetual", size, terms, reading };
  const option = randomOption(random, reading.value || reading.high, shape.isExtreme);
  return { kind: random.bool() ? "call" : "put", size, terms, reading, option };
}

function randomOption(random: SeededRandom, price: bigint, isExtreme: boolean): MarginOption {
  const strike = isExtreme ? random.uint(128) : (price * BigInt(200 + random.below(2800))) / 1000n;
  // Settled and expired, in the last days, where gains count in part, and all others.
  const span = random.below(4) === 0 ? 2 * DAY : isExtreme ? 20 * YEAR : 2 * YEAR;
  const expiry = random.below(5) === 0 ? -random.below(30 * DAY) : random.below(span);
  return {
    strike: strike || 1n,
    expiry: BigInt(expiry),
    volatilityPpm: isExtreme ? random.uint(32) : BigInt(random.below(3 * PPM)),
    volatilityShockPpm: isExtreme ? random.uint(24) : BigInt(random.below((3 * PPM) / 2)),
    settlementPrice: random.below(3) === 0 ? (isExtreme ? random.uint(128) : price) : null,
    isWindDown: random.bool(),
  };
}

function randomCollateral(random: SeededRandom, reading: MarginReading, isExtreme: boolean): MarginCollateral {
  return {
    balance: random.uint(isExtreme ? 128 : 70),
    decimals: BigInt(random.below(19)),
    haircutPpm: BigInt(random.below(PPM + 1)),
    reading,
  };
}

/** The portfolio with its offsets as times at a block of time `now`, seconds. */
export function atTime(portfolio: MarginPortfolio, now: bigint): MarginPortfolio {
  const time = (offset: bigint): bigint => (now + offset > 0n ? now + offset : 0n);
  const reading = (own: MarginReading): MarginReading => ({ ...own, updatedAt: time(own.updatedAt) });
  return {
    ...portfolio,
    now,
    checkpointTime: time(portfolio.checkpointTime),
    collateral: portfolio.collateral.map((held) => ({ ...held, reading: reading(held.reading) })),
    positions: portfolio.positions.map((own) =>
      own.kind === "perpetual"
        ? { ...own, reading: reading(own.reading) }
        : { ...own, reading: reading(own.reading), option: { ...own.option, expiry: time(own.option.expiry) } },
    ),
  };
}

/** Writes a portfolio with times as offsets as the words that `MarginHarness` reads. */
export function encodeRow(portfolio: MarginPortfolio): bigint[] {
  const feeds: MarginReading[] = [];
  const feedOf = (reading: MarginReading): bigint => {
    if (!feeds.includes(reading)) feeds.push(reading);
    return BigInt(feeds.indexOf(reading) + 1);
  };
  const positions = portfolio.positions.flatMap((own) => positionWords(own, feedOf(own.reading)));
  const collateral = portfolio.collateral.map((held) =>
    pack([held.balance, 128], [feedOf(held.reading), 16], [held.haircutPpm, 24], [held.decimals, 8]),
  );
  const header = pack(
    [portfolio.quote, 128],
    [portfolio.checkpointTime, 56],
    [BigInt(feeds.length), 8],
    [BigInt(portfolio.positions.length), 8],
    [BigInt(collateral.length), 8],
    [BigInt(PRICINGS.indexOf(portfolio.pricing)), 8],
  );
  const words = feeds.flatMap(({ quality, value, low, high, updatedAt }) => [
    pack([value, 128], [low, 128]),
    pack([high, 128], [statusOf(quality, high), 64], [updatedAt, 64]),
  ]);
  return [header, ...words, ...positions, ...collateral];
}

/** Any of the oracle's statuses that mean this; the upper bound chooses. */
function statusOf(quality: PriceQuality, high: bigint): bigint {
  if (quality === "valid") return 0n;
  return quality === "usable" ? 1n + (high % 3n) : 4n + (high % 4n);
}

function positionWords(own: MarginPosition, feed: bigint): bigint[] {
  const { size, terms } = own;
  const first = pack(
    [size, 128],
    [BigInt(KINDS.indexOf(own.kind)), 8],
    [feed, 16],
    [terms.initialPpm, 24],
    [terms.maintenancePpm, 24],
    [terms.lagVolatilityPpm, 24],
  );
  if (own.kind === "perpetual") return [first];
  const { strike, volatilityPpm, volatilityShockPpm, expiry, settlementPrice, isWindDown } = own.option;
  return [
    first,
    pack([strike, 128], [volatilityPpm, 32], [volatilityShockPpm, 32], [expiry, 64]),
    settlementPrice === null ? 0n : pack([settlementPrice, 128], [1n, 40], [isWindDown ? 1n : 0n, 8]),
  ];
}

/** Fields of a word from the lowest bits up, each in two's complement. */
function pack(...fields: readonly (readonly [bigint, number])[]): bigint {
  let word = 0n;
  let at = 0n;
  for (const [value, bits] of fields) {
    word |= BigInt.asUintN(bits, value) << at;
    at += BigInt(bits);
  }
  return word;
}
