import { Derivation } from "../../../../keeper/books/naive/Derivation.ts";
import { clearingSizeAt, debtAt, hot, positionAt } from "../../../../keeper/books/naive/ledgerStorage.ts";
import { evaluate } from "../../../../keeper/books/naive/margin.ts";
import { portfolioOf } from "../../../../keeper/books/naive/portfolio.ts";
import { collateralTermsAt, debtCaps, feedAt, instrumentAt } from "../../../../keeper/books/naive/riskStorage.ts";
import { auctionAt, auctionTerms, windowAt } from "../../../../keeper/books/naive/tradingStorage.ts";
import { UNIT } from "../../../helpers/orders.ts";
import { at, isDebtor, now, num, poorer, was, type World } from "./world.ts";

/** The number of the only collateral. */
const TOKEN_ID = 1n;
/** The perpetual of the tour in which an account is liquidated. */
const LOSING = 401n;

/** Worlds that forbid auctions and debts of the tour. */
export const LOSS_WORLDS: readonly World[] = [
  {
    name: "the auction of a healthy account",
    event: "PositionSold",
    changes: (args, found) => poorer(found, at(args, "account"), -100_000n * UNIT),
    detail: /auctions account .* of maintenance/,
  },
  {
    name: "an auction in grace",
    event: "PositionSold",
    changes: (_, found) => [[hot.graceUntil, now(found) + 1n]],
    detail: /in grace/,
  },
  {
    name: "a bid in an auction that was started before a grace ended",
    event: "PositionSold",
    changes: (args, found) => {
      const { startedAt } = auctionAt(at(args, "account"), num(args, "instrument"));
      return [[hot.graceUntil, was(found, startedAt) + 1n]];
    },
    detail: /does not run/,
  },
  {
    name: "an auction while liquidations are restricted",
    event: "AuctionStarted",
    changes: () => [[hot.flags, 4n]],
    detail: /restricted/,
  },
  {
    name: "an auction at the price at which the position grew",
    event: "AuctionStarted",
    changes: (args, found) => [[positionAt(at(args, "account"), num(args, "instrument")).increasedAt, now(found)]],
    detail: /not newer/,
  },
  {
    name: "an auction that runs already",
    event: "AuctionStarted",
    changes: (args, found) => [[auctionAt(at(args, "account"), num(args, "instrument")).startedAt, now(found) - 1n]],
    detail: /an auction that runs/,
  },
  {
    name: "a bid in an auction that is over",
    event: "PositionSold",
    changes: () => [[auctionTerms.duration, 60n]],
    detail: /does not run/,
  },
  {
    name: "a bid at another discount",
    event: "PositionSold",
    changes: () => [[auctionTerms.maxDiscountPpm, 90_000n]],
    detail: /sells at .* what costs/,
  },
  {
    name: "a bid for more than restores the account",
    event: "PositionSold",
    changes: (args, found) => {
      const state = new Derivation(found.input);
      const { equity, initial } = evaluate(state, portfolioOf(state, at(args, "account")), "favourable")!;
      const maintenancePpm = [instrumentAt(LOSING).maintenancePpm, 99_999n] as const;
      // Still below a maintenance requirement that is nearly the initial one, by so little that a part is enough.
      return [maintenancePpm, ...poorer(found, at(args, "account"), equity - initial + UNIT)];
    },
    detail: /may be sold/,
  },
  {
    name: "a bid that costs a solvent account more than it relieves it of",
    event: "PositionSold",
    which: "first",
    changes: () => [[instrumentAt(LOSING).maintenancePpm, 10_000n]],
    detail: /the bid takes account/,
  },
  {
    name: "an auction at a price that is old",
    event: "AuctionStarted",
    changes: () => [[feedAt(1n).maxAge, 0n]],
    detail: /at a price that is stale/,
  },
  {
    name: "a bid beyond the capacity of the window",
    event: "PositionSold",
    changes: (args, found) => {
      const { start, used } = windowAt(num(args, "instrument"));
      return [
        [auctionTerms.capacity, num(args, "windowUsed") - 1n],
        [start, was(found, start)],
        [used, was(found, used)],
      ];
    },
    detail: /in a window of/,
  },
  {
    name: "the auction of collateral whose owner need not pay",
    event: "CollateralAuctionStarted",
    changes: (args, found) => poorer(found, at(args, "account"), -1_400n * UNIT),
    detail: /need not pay|owes nothing/,
  },
  {
    name: "the end of an auction of an account below its initial margin",
    event: "AuctionStopped",
    which: "first",
    changes: (args, found) => poorer(found, at(args, "account"), 2_000n * UNIT),
    detail: /below its initial margin/,
  },
  {
    name: "the end of an auction of collateral of an account that must pay",
    event: "CollateralAuctionStopped",
    which: "first",
    changes: () => [[debtCaps.account, 1n]],
    detail: /must pay/,
  },
  {
    name: "collateral sold at another haircut and price",
    event: "CollateralSold",
    changes: () => [[collateralTermsAt(TOKEN_ID).decimals, 7n]],
    detail: /what costs/,
  },
  {
    name: "a debt above the account's cap",
    event: "EntryPosted",
    isMeant: isDebtor,
    changes: () => [[debtCaps.account, 1n]],
    detail: /above the cap 1$/,
  },
  {
    name: "a debt above the cap of all debts",
    event: "EntryPosted",
    isMeant: isDebtor,
    changes: () => [[debtCaps.total, 1n]],
    detail: /all accounts owe .* above the cap 1$/,
  },
  {
    name: "a debt that is another one",
    event: "DebtRecorded",
    isMeant: (args) => num(args, "debt") !== 0n,
    changes: (args, found) => poorer(found, at(args, "account"), UNIT),
    detail: /records debt/,
  },
  {
    name: "a debt recorded again",
    event: "DebtRecorded",
    isMeant: (args) => num(args, "debt") !== 0n,
    changes: (args) => [[debtAt(at(args, "account")).amount, num(args, "debt")]],
    detail: /again/,
  },
  {
    name: "a debt recorded at a price that is old",
    event: "DebtRecorded",
    which: "first",
    isMeant: (args) => num(args, "debt") !== 0n,
    changes: () => [[feedAt(1n).maxAge, 0n]],
    detail: /records a debt at prices that are not valid/,
  },
  {
    name: "a loss that shorts would share with what longs have left to the clearing account",
    event: "LossSocialised",
    isMeant: (args) => num(args, "instrument") === LOSING,
    changes: (args) => [[clearingSizeAt(num(args, "instrument")).size, 100n * UNIT]],
    detail: /^charges/,
  },
  {
    name: "a loss of which a unit is charged more than it must keep",
    event: "LossSocialised",
    isMeant: (args) => num(args, "instrument") === LOSING,
    changes: () => [[instrumentAt(LOSING).maintenancePpm, 49_999n]],
    detail: /^charges/,
  },
];
