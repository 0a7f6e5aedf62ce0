import type { VerifiedLog } from "../../domain/VerifiedLog.ts";
import { BOOK_NAMES, type BookName } from "../../domain/bookSet.ts";
import { applyAuction } from "./applyAuction.ts";
import { applyAuthority } from "./applyAuthority.ts";
import { applyFund } from "./applyFund.ts";
import { applyGuard } from "./applyGuard.ts";
import { applyInstruments } from "./applyInstruments.ts";
import { applyKeepers } from "./applyKeepers.ts";
import { applyLedger } from "./applyLedger.ts";
import { applyOracle } from "./applyOracle.ts";
import { applyRegistry } from "./applyRegistry.ts";
import { applyRepair } from "./applyRepair.ts";
import { applySettlement } from "./applySettlement.ts";
import { applyVault } from "./applyVault.ts";
import { closeTransaction } from "./closeTransaction.ts";
import { decodeAnswer, decodeBookLog, type NaiveEvent } from "./decode.ts";
import { Derivation } from "./Derivation.ts";
import { meetExpectations } from "./expectations.ts";
import { NaiveTransaction, type BookEvent } from "./NaiveTransaction.ts";
import type { NaiveInput, NaiveResult } from "./naiveTypes.ts";

const APPLY: Readonly<Record<BookName, (state: Derivation, event: NaiveEvent) => void>> = {
  CollateralVault: applyVault,
  PositionLedger: applyLedger,
  OrderSettlement: applySettlement,
  LiquidationAuction: applyAuction,
  InsuranceFund: applyFund,
  InstrumentRegistry: applyInstruments,
  PriceOracle: applyOracle,
  KeeperRegistry: applyKeepers,
  SyncGuard: applyGuard,
  CheckpointRegistry: applyRegistry,
};

function bookOf(state: Derivation, log: VerifiedLog): BookName | undefined {
  return BOOK_NAMES.find((name) => state.input.addresses[name] === log.address);
}

function applyEvent(state: Derivation, book: BookName, event: NaiveEvent | undefined): void {
  meetExpectations(state, event);
  if (event === undefined) return state.report("unreadable", `no event of ${book}`);
  if (event.name === "AuthorityUpdated") return applyAuthority(state, event);
  if (event.name === "WordRepaired") return applyRepair(state, event);
  APPLY[book](state, event);
}

/** What comes later is known to what comes before: some events only say what the ones before them were for. */
function* applyTransaction(
  state: Derivation,
  logs: readonly VerifiedLog[],
  { index, logsAtOnce }: { readonly index: number; readonly logsAtOnce: number },
): Generator<undefined, void> {
  const events: BookEvent[] = [];
  for (const [count, log] of logs.entries()) {
    const book = bookOf(state, log);
    if (book !== undefined) events.push({ book, logIndex: log.logIndex, event: decodeBookLog(book, log) });
    if (count % logsAtOnce === logsAtOnce - 1) yield;
  }
  state.transaction = new NaiveTransaction(index, events);
  let at = 0;
  for (const [count, log] of logs.entries()) {
    state.transaction.lastLogIndex = log.logIndex;
    const book = bookOf(state, log);
    if (book === undefined) {
      // Of any contract: whether it is an aggregator is for the feeds to say, when a price is asked for.
      const answer = decodeAnswer(log);
      if (answer !== undefined) state.prices.set(answer.aggregator, answer);
      continue;
    }
    state.book = book;
    state.logIndex = log.logIndex;
    state.transaction.at = at;
    applyEvent(state, book, events[at]?.event);
    if (state.isDone) return;
    at += 1;
    if (count % logsAtOnce === logsAtOnce - 1) yield;
  }
  closeTransaction(state);
}

/** What `deriveNaively` does, so many logs of a transaction at a time. Between two pieces the ground must not change. */
export function* derivePieces(input: NaiveInput, logsAtOnce: number): Generator<undefined, NaiveResult> {
  const state = new Derivation(input);
  const { logs } = input.block;
  for (const [index, ofTransaction] of Map.groupBy(logs, (log) => log.transactionIndex)) {
    yield* applyTransaction(state, ofTransaction, { index, logsAtOnce });
    if (state.isDone) break;
    if (Number.isFinite(logsAtOnce)) yield;
  }
  return { writes: state.writes, problems: state.problems };
}
