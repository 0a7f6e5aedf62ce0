import type { Hash } from "../../lib/hex.ts";
import { divideDown, ONE } from "./arithmetic.ts";
import type { Derivation } from "./Derivation.ts";
import { accountAt, collateralAt, hot, marketAt, openIdAt, positionAt } from "./ledgerStorage.ts";
import { collateralTermsAt } from "./riskStorage.ts";

/** An open position, in 1e-18 underlying. */
export interface Position {
  readonly instrument: bigint;
  readonly size: bigint;
}

/** A balance of another asset than the settlement asset, in its units. */
export interface Balance {
  readonly id: bigint;
  readonly amount: bigint;
}

/** As `IPositionLedger.Portfolio`. */
export interface Portfolio {
  /** With what the open positions have accrued since, 1e-18 quote. */
  readonly quote: bigint;
  readonly positions: readonly Position[];
  readonly collateral: readonly Balance[];
  readonly checkpointTime: bigint;
}

/** What a position gets for the change of its side's index since its snapshot: `Funding.settled`. */
export function pendingFunding(state: Derivation, account: Hash, instrument: bigint): bigint {
  const { size, index } = positionAt(account, instrument);
  const held = state.get(size);
  if (held === 0n) return 0n;
  const { longIndex, shortIndex } = marketAt(instrument);
  const change = state.get(held < 0n ? shortIndex : longIndex) - state.get(index);
  return divideDown(-held * change, ONE);
}

function positionsOf(state: Derivation, account: Hash): Position[] {
  const positions: Position[] = [];
  const count = state.get(accountAt(account).openCount);
  for (let at = 0n; at < count; at += 1n) {
    const instrument = state.get(openIdAt(account, at).id);
    positions.push({ instrument, size: state.get(positionAt(account, instrument).size) });
  }
  return positions;
}

/** Of every asset whose bit is set. */
function collateralOf(state: Derivation, account: Hash): Balance[] {
  const balances: Balance[] = [];
  const assets = state.get(accountAt(account).assets);
  for (let id = 0n; id < 32n; id += 1n) {
    if (((assets >> id) & 1n) === 0n) continue;
    const asset = state.getAddress(collateralTermsAt(id).asset);
    balances.push({ id, amount: state.get(collateralAt(account, asset).balance) });
  }
  return balances;
}

/** All that decides what an account is worth: `PositionLedger.portfolioOf`. */
export function portfolioOf(state: Derivation, account: Hash): Portfolio {
  const positions = positionsOf(state, account);
  let quote = state.get(accountAt(account).quote);
  for (const { instrument } of positions) quote += pendingFunding(state, account, instrument);
  return {
    quote,
    positions,
    collateral: collateralOf(state, account),
    checkpointTime: state.get(hot.checkpointTime),
  };
}
