import { hot } from "../../../../keeper/books/naive/ledgerStorage.ts";
import { feedAt, optionAt, settlementAt } from "../../../../keeper/books/naive/riskStorage.ts";
import { bookSetAt, guard, halt, incident } from "../../../../keeper/books/naive/syncStorage.ts";
import { assetAt, registrationAt, windDownAt } from "../../../../keeper/books/naive/vaultStorage.ts";
import { at, now, num, was, type World } from "./world.ts";

const WIND_DOWN = 32n;
const CLAIM_PERIOD = 30n * 86_400n;
/** The option that outlives the protocol. */
const LONG = 304n;

/** Worlds that forbid repairs, credited outages and the wind-down of the tour. */
export const END_WORLDS: readonly World[] = [
  {
    name: "a repair while nothing is halted",
    event: "WordRepaired",
    changes: () => [[halt.pausedAt, 0n]],
    detail: /nothing is halted/,
  },
  {
    name: "an acceptance while nothing is halted",
    event: "BooksAccepted",
    changes: () => [[halt.pausedAt, 0n]],
    detail: /nothing is halted/,
  },
  {
    name: "a repair in a wind-down",
    event: "RepairMade",
    changes: () => [[halt.windDownAt, 1n]],
    detail: /repairs in a wind-down/,
  },
  {
    name: "a repair of what is no book contract",
    event: "RepairMade",
    changes: () => [[bookSetAt(1n).length, 0n]],
    detail: /no book contract/,
  },
  {
    name: "an outage credited while halted",
    event: "OutageCredited",
    changes: (_, found) => [[hot.flags, was(found, hot.flags) | 8n]],
    detail: /while halted/,
  },
  {
    name: "an outage credited again",
    event: "OutageCredited",
    changes: (args) => [[guard.creditedAt, num(args, "from") + 1n]],
    detail: /counted already/,
  },
  {
    name: "a wind-down that begins too early",
    event: "WindDownStarted",
    changes: (_, found) => [
      [halt.haltedAt, now(found) - 30n * 86_400n + 1n],
      [hot.checkpointTime, now(found)],
    ],
    detail: /winds down before/,
  },
  {
    name: "a wind-down that begins again",
    event: "WindDownStarted",
    changes: () => [[halt.windDownAt, 1n]],
    detail: /winds down again/,
  },
  {
    name: "a price of a wind-down without one",
    event: "WindDownPriceFixed",
    changes: () => [[halt.windDownAt, 0n]],
    detail: /without a wind-down/,
  },
  {
    name: "a price of another time than the incident's",
    event: "WindDownPriceFixed",
    changes: (_, found) => [[incident.startedAt, was(found, incident.startedAt) + 1n]],
    detail: /fixes a price of/,
  },
  {
    name: "a price of a round that is out of bounds",
    event: "WindDownPriceFixed",
    which: "first",
    changes: (args) => [[feedAt(1n).maxPrice, num(args, "spot")]],
    detail: /out of bounds/,
  },
  {
    name: "a price of a wind-down for an option that has expired",
    event: "WindDownPriceFixed",
    isMeant: (args) => num(args, "instrument") === LONG,
    changes: (_, found) => [[optionAt(LONG).expiry, now(found)]],
    detail: /has expired/,
  },
  {
    name: "a second price of an instrument",
    event: "WindDownPriceFixed",
    changes: (args) => [[settlementAt(num(args, "instrument")).settledAt, 1n]],
    detail: /again/,
  },
  {
    name: "a claim registered too late",
    event: "ClaimRegistered",
    changes: (_, found) => [[halt.windDownAt, now(found) - CLAIM_PERIOD - 1n]],
    detail: /out of time/,
  },
  {
    name: "a claim registered without a wind-down",
    event: "ClaimRegistered",
    changes: () => [[halt.windDownAt, 0n]],
    detail: /out of time/,
  },
  {
    name: "a registered claim paid while claims are registered",
    event: "RegistrationPaid",
    changes: (_, found) => [[halt.windDownAt, now(found) - CLAIM_PERIOD]],
    detail: /out of time/,
  },
  {
    name: "a registered claim paid again",
    event: "RegistrationPaid",
    changes: (args) => [[registrationAt(at(args, "account"), at(args, "asset")).isPaid, 1n]],
    detail: /not registered, or again/,
  },
  {
    name: "more shared than is held",
    event: "RegistrationPaid",
    which: "first",
    changes: (args) => [
      [assetAt(at(args, "asset")).held, num(args, "custody") - 1n],
      [windDownAt(at(args, "asset")).isFixed, 0n],
    ],
    detail: /is held/,
  },
  {
    name: "a withdrawal in a wind-down",
    event: "Withdrawn",
    changes: (_, found) => [[hot.flags, was(found, hot.flags) | WIND_DOWN]],
    detail: /withdraws in a wind-down/,
  },
  {
    name: "a kept claim paid once registered claims are paid",
    event: "Claimed",
    changes: () => [[halt.windDownAt, 1n]],
    detail: /once registered claims are paid/,
  },
];
