import type { BookName } from "../../domain/bookSet.ts";
import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";

/** After the log at hand, and what is already expected, the next event of all book contracts must be this one. */
export function expectEvent(
  state: Derivation,
  book: BookName,
  name: string,
  isMeant: (event: NaiveEvent) => boolean = () => true,
): void {
  state.transaction.expectedEvents.push({
    logIndex: state.logIndex,
    book: state.book,
    detail: `${name} that must follow does not`,
    matches: (nextBook, event) => nextBook === book && event.name === name && isMeant(event),
  });
}

/** Notes when the event at hand is not the one that must follow; undefined at the end of a transaction. */
export function meetExpectations(state: Derivation, event: NaiveEvent | undefined): void {
  const { transaction } = state;
  const [expected, ...rest] = transaction.expectedEvents;
  transaction.isExpected = false;
  if (expected !== undefined) {
    const isMet = event !== undefined && expected.matches(state.book, event);
    transaction.expectedEvents = isMet ? rest : [];
    transaction.isExpected = isMet;
    if (!isMet) state.report("illegal", expected.detail, expected.book, expected.logIndex);
  }
  if (event?.name === "DebtRecorded") return;
  for (const { account, debt, logIndex } of transaction.debtClaims) {
    if (debt === undefined) continue;
    state.report("illegal", `debt ${debt} of account ${account} is not recorded`, "PositionLedger", logIndex);
  }
  transaction.debtClaims = [];
}
