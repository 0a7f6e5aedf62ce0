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
import { NaiveTransaction } from "./NaiveTransaction.ts";
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
function applyTransaction(state: Derivation, index: number, logs: readonly VerifiedLog[]): void {
  const events = logs.flatMap((log) => {
    const book = bookOf(state, log);
    return book === undefined ? [] : [{ book, logIndex: log.logIndex, event: decodeBookLog(book, log) }];
  });
  state.transaction = new NaiveTransaction(index, events);
  let at = 0;
  for (const log of logs) {
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
  }
  closeTransaction(state);
}

/**
 * The second opinion on a block: what its logs do to the books, worked out from the Solidity contracts alone and by no
 * code that the keeper's reducers use. Words follow from the inputs of the events and from the words before them, never
 * from the results that the events claim; where a claim differs, the computed value is kept and the difference
 * reported. When the reducers disagree with this and this agrees with the chain, the fault is the keeper's own.
 *
 * Written to be obviously right, not fast: every word is read, changed and written one variable at a time.
 *
 * Reported as illegal is only what the inputs show to be so. Not seen: what needs calldata (signatures, certificates, limits
 * of orders, proofs of witnesses), the rounds and failures of aggregators, hashes of older blocks, what tokens a contract
 * has, who calls, or a price that is not known. What an event says of prices (marks, debts, what windows hold, what losses
 * charge, the spot of a wind-down) is therefore checked as far as it goes, and stored as it says.
 */
export function deriveNaively(input: NaiveInput): NaiveResult {
  const state = new Derivation(input);
  const { logs } = input.block;
  for (const [index, ofTransaction] of Map.groupBy(logs, (log) => log.transactionIndex)) {
    applyTransaction(state, index, ofTransaction);
    if (state.isDone) break;
  }
  return { writes: state.writes, problems: state.problems };
}
