import { clearingSizeAt, hot } from "../../../../keeper/books/naive/ledgerStorage.ts";
import { feedAt, instrumentAt, optionAt, settlementAt } from "../../../../keeper/books/naive/riskStorage.ts";
import { fundTarget, laneAt } from "../../../../keeper/books/naive/tradingStorage.ts";
import { assetAt, bucketAt, limitsAt } from "../../../../keeper/books/naive/vaultStorage.ts";
import type { Address } from "../../../../keeper/lib/hex.ts";
import { UNIT } from "../../../helpers/orders.ts";
import { at, fundOf, isKind, isTradeIn, now, num, poorer, was, type World } from "./world.ts";

/** An option of the tour. */
const CALL = 301n;
/** The perpetual of the tour in which an account is liquidated. */
const LOSING = 401n;

/** Worlds that forbid movements, trades and settlements of the tour. */
export const TRADING_WORLDS: readonly World[] = [
  {
    name: "a deposit above the cap",
    event: "Deposited",
    changes: (args) => [[limitsAt(at(args, "asset") as Address).cap, 1n]],
    detail: /capped at 1$/,
  },
  {
    name: "a withdrawal beyond the shared limit and the allowance",
    event: "Withdrawn",
    changes: (args, found) => {
      const asset = at(args, "asset") as Address;
      const { level, levelAt } = assetAt(asset);
      return [
        [level, num(args, "amount") - 1n],
        [levelAt, now(found)],
        [bucketAt(asset).capacity, num(args, "amount") - 1n],
      ];
    },
    detail: /beyond the limits/,
  },
  {
    name: "a withdrawal that the shared limit lets out unless the fund is short",
    event: "Withdrawn",
    changes: (args, found) => {
      const asset = at(args, "asset") as Address;
      const { level, levelAt } = assetAt(asset);
      return [
        [hot.flags, was(found, hot.flags) | 16n],
        [level, num(args, "amount") * 4n - 1n],
        [levelAt, now(found)],
        [bucketAt(asset).capacity, 0n],
      ];
    },
    detail: /beyond the limits/,
  },
  {
    name: "a debit of what backs positions",
    event: "EntryPosted",
    isMeant: (args) => isKind(1n)(args) && num(args, "quoteDelta") === -1_000n * UNIT,
    changes: (args, found) => poorer(found, at(args, "account"), num(args, "quoteAfter") - 26_000n * UNIT),
    detail: /of initial margin/,
  },
  {
    name: "a trade of an option by an account that the grid asks for more",
    event: "EntryPosted",
    isMeant: isTradeIn(CALL, false),
    changes: (args, found) => poorer(found, at(args, "account"), num(args, "quoteAfter") - UNIT),
    detail: /of initial margin|reduces/,
  },
  {
    name: "a trade beyond the cap of open interest",
    event: "EntryPosted",
    which: "first",
    isMeant: isTradeIn(LOSING, true),
    changes: () => [[instrumentAt(LOSING).maxOpenInterest, 1n]],
    detail: /open interest/,
  },
  {
    name: "a trade outside the band around an option's mark",
    event: "EntryPosted",
    isMeant: isTradeIn(CALL, true),
    changes: () => [[optionAt(CALL).strike, 9_000n * UNIT]],
    detail: /outside the band/,
  },
  {
    name: "a trade after expiry",
    event: "EntryPosted",
    isMeant: isTradeIn(CALL, true),
    changes: (_, found) => [[optionAt(CALL).expiry, now(found)]],
    detail: /after its expiry/,
  },
  {
    name: "fees that the terms do not ask for",
    event: "EntryPosted",
    isMeant: (args) => isTradeIn(CALL, true)(args) && num(args, "fee") !== 0n,
    changes: () => [[instrumentAt(CALL).takerFeePpm, 299n]],
    detail: /fees of/,
  },
  {
    name: "a fill of a dead sequence",
    event: "OrderFilled",
    changes: (args) => [[laneAt(at(args, "account"), num(args, "lane")).sequence, num(args, "sequence") + 1n]],
    detail: /dead sequence/,
  },
  {
    name: "the expiry of an option without its final price",
    event: "EntryPosted",
    isMeant: isKind(4n),
    changes: (args) => [[settlementAt(num(args, "key")).settledAt, 0n]],
    detail: /no final price/,
  },
  {
    name: "the expiry of an option for another payoff",
    event: "EntryPosted",
    isMeant: (args) => isKind(4n)(args) && num(args, "key") === CALL && num(args, "quoteDelta") !== 0n,
    changes: (args) => [[optionAt(num(args, "key")).strike, UNIT]],
    detail: /settles for/,
  },
  {
    name: "a shortfall covered while halted",
    event: "EntryPosted",
    isMeant: isKind(6n),
    changes: (_, found) => [[hot.flags, was(found, hot.flags) | 8n]],
    detail: /halted/,
  },
  {
    name: "a loss socialised that the fund could pay",
    event: "EntryPosted",
    isMeant: isKind(7n),
    changes: (_, found) => poorer(found, fundOf(found), -(10n ** 24n)),
    detail: /the fund pays|socialises what/,
  },
  {
    name: "a sweep of a part of the fees",
    event: "EntryPosted",
    isMeant: isKind(8n),
    changes: (args) => [[hot.fees, num(args, "quoteDelta") + 1n]],
    detail: /sweeps/,
  },
  {
    name: "a release below the target",
    event: "EntryPosted",
    which: "first",
    isMeant: isKind(9n),
    changes: () => [[fundTarget.amount, 10n ** 24n]],
    detail: /of its target/,
  },
  {
    name: "a release while the fund is short",
    event: "EntryPosted",
    isMeant: isKind(9n),
    changes: (_, found) => [[hot.flags, was(found, hot.flags) | 16n]],
    detail: /short/,
  },
  {
    name: "a clearing account levelled with more than is uncovered while positions are open",
    event: "EntryPosted",
    isMeant: isKind(10n),
    changes: (args) => [
      [clearingSizeAt(num(args, "key")).size, -1n],
      [clearingSizeAt(num(args, "key")).uncovered, -num(args, "quoteDelta") - 1n],
    ],
    detail: /while positions are open/,
  },
  {
    name: "a clearing account levelled with less than is uncovered while positions are open",
    event: "EntryPosted",
    which: "first",
    isMeant: (args) => isKind(10n)(args) && num(args, "key") === LOSING,
    changes: (_, found) => poorer(found, fundOf(found), -UNIT),
    detail: /while positions are open/,
  },
  {
    name: "a shortfall covered while there are fees to sweep",
    event: "EntryPosted",
    isMeant: isKind(6n),
    changes: (_, found) => [[hot.fees, was(found, hot.fees) + 1n]],
    detail: /not swept/,
  },
  {
    name: "a volatility that jumps",
    event: "VolatilitySet",
    isMeant: (args) => num(args, "instrument") === CALL,
    changes: (args, found) => [[optionAt(num(args, "instrument")).volatilityAt, now(found) - 60n]],
    detail: /moves the volatility/,
  },
  {
    name: "a settlement by governance within a week",
    event: "ExpirySettled",
    isMeant: (args) => num(args, "roundId") === 0n,
    changes: (args, found) => [[optionAt(num(args, "instrument")).expiry, now(found) - 604_799n]],
    detail: /too early/,
  },
  {
    name: "a settlement outside the feed's bounds",
    event: "ExpirySettled",
    isMeant: (args) => num(args, "roundId") !== 0n,
    changes: (args) => [[feedAt(1n).maxPrice, num(args, "price")]],
    detail: /out of bounds/,
  },
];
