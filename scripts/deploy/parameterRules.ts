import type { Parameters } from "./readParameters.ts";

/** For what kind of network parameters are meant: the stricter, the more there is to lose. */
export const NETWORK_KINDS = ["local", "testnet", "mainnet"] as const;
export type NetworkKind = (typeof NETWORK_KINDS)[number];

/** What is wrong with parameters, and what a person has to see to. */
export interface Findings {
  readonly refusals: readonly string[];
  readonly warnings: readonly string[];
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNIT = 10n ** 18n;
const NO_ADDRESS = /^0x0{40}$/;

/** Maintenance margin of the perpetuals that deploy/buildLockstep.ts lists. */
const MAINTENANCE_PPM = 50_000;

interface Bounds {
  readonly least: number | bigint;
  readonly most: number | bigint;
  /** What goes wrong outside. */
  readonly because: string;
}

/** What the contracts, or sense, demand anywhere. */
const EVERYWHERE: Readonly<Record<string, Bounds>> = {
  staleLimitSeconds: { least: 1, most: DAY, because: "without an age nothing is ever stale, or always" },
  coolDownSeconds: { least: 1, most: 30 * DAY, because: "without one a single key pauses for ever" },
  windDownSeconds: { least: 1, most: 365 * DAY, because: "without one anybody ends the protocol at once" },
  claimPeriodSeconds: { least: 1, most: 365 * DAY, because: "without one nobody can claim" },
  postWindowBlocks: { least: 1, most: 256, because: "the chain remembers 256 hashes" },
  minKeepers: { least: 1, most: 32, because: "the registry has 32 seats" },
  bond: { least: 1n, most: 10n ** 30n, because: "a keeper without a stake has nothing to lose" },
  unbondingSeconds: { least: 1, most: 365 * DAY, because: "who has left must be convictable" },
  challengerPpm: { least: 0, most: 500_000, because: "a conviction of oneself must cost" },
  feedMaxAgeSeconds: { least: 1, most: 7 * DAY, because: "a price has an age" },
  makerFeePpm: { least: 0, most: 10_000, because: "a fee above one per cent is a slip" },
  takerFeePpm: { least: 0, most: 10_000, because: "a fee above one per cent is a slip" },
  maxOpenInterest: { least: 1n, most: 2n ** 80n - 1n, because: "it has 80 bits" },
  settlementCap: { least: 1n, most: 2n ** 112n - 1n, because: "it has 112 bits" },
  outflowPpm: { least: 1, most: 1_000_000, because: "the exit must not be shut, nor wider than all" },
  allowancePpm: { least: 1, most: 1_000_000, because: "an account's own exit must not be shut" },
  outflowPeriodSeconds: { least: 1, most: 30 * DAY, because: "the vault refuses a longer one" },
  auctionSeconds: { least: MINUTE, most: DAY, because: "the auctions refuse other ones" },
  maxDiscountPpm: { least: 0, most: 200_000, because: "the auctions refuse more" },
  liquidationWindowSeconds: { least: MINUTE, most: 7 * DAY, because: "the auctions refuse other ones" },
  liquidationCapacity: { least: 1n, most: 2n ** 128n - 1n, because: "nothing could be liquidated" },
};

/** What a network demands on which strangers trade. */
const PUBLIC: Readonly<Record<string, Bounds>> = {
  staleLimitSeconds: {
    least: 10 * MINUTE,
    most: 6 * HOUR,
    because: "two checkpoints of 300 s have to fit, and protection has to come in time",
  },
  softTimeSeconds: {
    least: 30 * MINUTE,
    most: DAY,
    because: "people need time, and one key must not restrict for long",
  },
  graceSeconds: { least: 5 * MINUTE, most: 2 * HOUR, because: "margin is added in it, and losses grow in it" },
  postWindowBlocks: { least: 32, most: 250, because: "a checkpoint has to wait out dear gas, within 256 hashes" },
  minKeepers: { least: 4, most: 32, because: "with fewer no keeper may be wrong; the registry refuses them" },
  challengerPpm: { least: 50_000, most: 500_000, because: "nobody convicts for nothing" },
  feedMaxAgeSeconds: { least: MINUTE, most: 25 * HOUR, because: "feeds beat once a day at the slowest" },
  sequencerGraceSeconds: { least: 10 * MINUTE, most: DAY, because: "prices need time after an outage" },
  governanceDelaySeconds: { least: 10 * MINUTE, most: 30 * DAY, because: "users have to see what comes" },
};

/** What real money demands besides. */
const REAL: Readonly<Record<string, Bounds>> = {
  windDownSeconds: { least: 7 * DAY, most: 180 * DAY, because: "repairs need time, and nobody is held for ever" },
  claimPeriodSeconds: { least: 30 * DAY, most: 365 * DAY, because: "who is away for a month must not lose" },
  bond: { least: 1_000n * UNIT, most: 10n ** 30n, because: "a keeper without a stake has nothing to lose" },
  joinDelaySeconds: { least: DAY, most: 30 * DAY, because: "one that should not join must be removable before" },
  unbondingSeconds: { least: 14 * DAY, most: 180 * DAY, because: "who has left must be convictable" },
  outflowPpm: { least: 1_000, most: 250_000, because: "more than a quarter of the cap must not leave in a period" },
  outflowPeriodSeconds: { least: 10 * MINUTE, most: DAY, because: "a limit over seconds limits nothing" },
  auctionSeconds: { least: 5 * MINUTE, most: 2 * HOUR, because: "bidders have to notice, and prices move" },
  fundTarget: { least: UNIT, most: 10n ** 36n, because: "without a target the treasury may release everything" },
  governanceDelaySeconds: {
    least: 2 * DAY,
    most: 30 * DAY,
    because: "users have to be able to leave before (docs/roles.md)",
  },
};

const LEVELS: Readonly<Record<NetworkKind, readonly Readonly<Record<string, Bounds>>[]>> = {
  local: [EVERYWHERE],
  testnet: [EVERYWHERE, PUBLIC],
  mainnet: [EVERYWHERE, PUBLIC, REAL],
};

/** Whether parameters make sense for a network; each refusal begins with the parameter's name. */
export function judgeParameters(parameters: Parameters, network: NetworkKind): Findings {
  // The strictest bounds of a parameter are the last ones.
  const bounds = Object.assign({}, ...LEVELS[network]) as Record<string, Bounds>;
  const outside = Object.entries(bounds).flatMap(([name, { least, most, because }]) => {
    const value = parameters[name];
    if (value === undefined || typeof value === "string" || (value >= least && value <= most)) return [];
    return [`${name}: ${value} is not between ${least} and ${most}: ${because}`];
  });
  const refusals = [...outside, ...relations(parameters, network), ...keys(parameters)];
  return { refusals, warnings: network === "local" ? [] : warningsOf(parameters) };
}

function relations(parameters: Parameters, network: NetworkKind): string[] {
  const of = (name: string): number => Number(parameters[name] ?? 0);
  const [stale, view, soft] = [of("staleLimitSeconds"), of("viewTimeSeconds"), of("softTimeSeconds")];
  const demands: (readonly [isRight: boolean, refusal: string])[] = [
    [view >= stale, `viewTimeSeconds: ${view} is less than staleLimitSeconds, ${stale}: protection would have a gap`],
    [
      soft >= view + stale,
      `softTimeSeconds: ${soft} is less than viewTimeSeconds and staleLimitSeconds together, ${view + stale}`,
    ],
    [of("makerFeePpm") <= of("takerFeePpm"), "makerFeePpm: makers pay more than takers"],
    [of("allowancePpm") <= of("outflowPpm"), "allowancePpm: more for one account than for all"],
    [
      of("maxDiscountPpm") < MAINTENANCE_PPM,
      `maxDiscountPpm: not below the maintenance margin, ${MAINTENANCE_PPM}: an auction would leave a debt by itself`,
    ],
    [
      (of("settlementCap") * of("outflowPpm")) / 1e6 >= of("outflowPeriodSeconds"),
      "outflowPpm: the limit refills by less than a unit a second",
    ],
  ];
  if (network === "local") return broken(demands);
  const [coolDown, windDown, delay] = [of("coolDownSeconds"), of("windDownSeconds"), of("governanceDelaySeconds")];
  return broken([
    ...demands,
    [coolDown >= soft, `coolDownSeconds: less than softTimeSeconds, ${soft}: one key could restrict most of the time`],
    [windDown >= 2 * delay + soft, `windDownSeconds: no time for two repairs by governance, whose delay is ${delay}`],
    [
      of("unbondingSeconds") > delay,
      `unbondingSeconds: a keeper would be gone before governance, whose delay is ${delay}, can act`,
    ],
  ]);
}

function broken(demands: readonly (readonly [isRight: boolean, refusal: string])[]): string[] {
  return demands.filter(([isRight]) => !isRight).map(([, refusal]) => refusal);
}

function keys({ attester, pauser }: Parameters): string[] {
  const found = Object.entries({ attester, pauser }).filter(([, key]) => NO_ADDRESS.test(String(key)));
  const refusals = found.map(([name]) => `${name}: the zero address is nobody's key`);
  const isSame = attester !== undefined && String(attester).toLowerCase() === String(pauser).toLowerCase();
  return isSame ? [...refusals, "pauser: the same key as attester; a pause would wait behind a post"] : refusals;
}

/** What no number tells, and a person has to see to. */
function warningsOf({ attester, pauser, sequencerFeed, governanceDelaySeconds: delay }: Parameters): string[] {
  const unnamed = Object.entries({ attester, pauser }).filter(([, key]) => key === undefined);
  return [
    ...unnamed.map(([name]) => `${name} is not named: an account of the deploying wallet is the first keeper's`),
    ...(sequencerFeed === undefined || NO_ADDRESS.test(String(sequencerFeed))
      ? ["sequencerFeed is not named: right on an L1; on a rollup name its uptime feed"]
      : []),
    `the deployer holds ADMIN without delay and every role with ${Number(delay)} s: grant them to their holders and revoke them (docs/roles.md)`,
    "the module deploys its own tokens and feeds, which anybody can mint and move: for real money it needs the real ones",
  ];
}
