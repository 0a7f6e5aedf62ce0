import type { SeededRandom } from "../../scripts/local/SeededRandom.ts";

/** What is asked, and its kind for the table. */
export interface Ask {
  readonly kind: string;
  readonly path: string;
}

/** Whom and what can be asked about. */
export interface Known {
  readonly accounts: readonly string[];
  readonly instruments: readonly string[];
}

type Make = (draw: Draw, known: Known) => string;

interface Draw {
  readonly below: (limit: number) => number;
  readonly of: (items: readonly string[]) => string;
}

const OWNER_LENGTH = 42;

/** Of a thousand requests so many are of each kind. Which account, and where a page begins, is drawn each time. */
const MIX: readonly (readonly [share: number, kind: string, make: Make])[] = [
  [600, "/v1/accounts/{account}", ({ of }, { accounts }) => `/v1/accounts/${of(accounts)}`],
  [80, "/v1/accounts, 50", ({ below }, { accounts }) => `/v1/accounts?cursor=${below(accounts.length)}`],
  [
    20,
    "/v1/accounts, 50 of an owner",
    ({ below, of }, { accounts }) =>
      `/v1/accounts?owner=${of(accounts).slice(0, OWNER_LENGTH)}&cursor=${below(accounts.length >> 1)}`,
  ],
  [2, "/v1/accounts, 500", ({ below }, { accounts }) => `/v1/accounts?limit=500&cursor=${below(accounts.length)}`],
  [60, "/v1/positions, 50", ({ below }, { accounts }) => `/v1/positions?cursor=${below(accounts.length)}`],
  [60, "/v1/instruments/{instrument}", ({ of }, { instruments }) => `/v1/instruments/${of(instruments)}`],
  [40, "/v1/instruments", () => "/v1/instruments"],
  [40, "/v1/totals", () => "/v1/totals"],
  [30, "/v1/grade", () => "/v1/grade"],
  [15, "/v1/checkpoints", () => "/v1/checkpoints"],
  [40, "/v1/status", () => "/v1/status"],
  [10, "/readyz", () => "/readyz"],
  [2, "/v1/latency", () => "/v1/latency"],
  [1, "/metrics", () => "/metrics"],
];
const WHOLE = MIX.reduce((sum, [share]) => sum + share, 0);

/** The next request. */
export function drawAsk(random: SeededRandom, known: Known): Ask {
  const below = (limit: number): number => Math.floor(random.next() * limit);
  const of = (items: readonly string[]): string => items[below(items.length)] ?? "";
  let place = below(WHOLE);
  for (const [share, kind, make] of MIX) {
    if (place < share) return { kind, path: make({ below, of }, known) };
    place -= share;
  }
  throw new RangeError("the shares of the mix are its whole");
}
