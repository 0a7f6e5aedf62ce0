import * as vault from "../books/generated/CollateralVault.ts";
import * as registry from "../books/generated/CheckpointRegistry.ts";
import * as instruments from "../books/generated/InstrumentRegistry.ts";
import * as fund from "../books/generated/InsuranceFund.ts";
import * as keepers from "../books/generated/KeeperRegistry.ts";
import * as auction from "../books/generated/LiquidationAuction.ts";
import * as settlement from "../books/generated/OrderSettlement.ts";
import * as ledger from "../books/generated/PositionLedger.ts";
import * as oracle from "../books/generated/PriceOracle.ts";
import * as guard from "../books/generated/SyncGuard.ts";
import { decodeWordAt, type FieldValue } from "../books/layout/decodeWordAt.ts";
import type { Layout } from "../books/layout/Layout.ts";
import type { NamedSlot } from "../books/layout/NamedSlot.ts";
import type { Candidates as CandidatesByType } from "../books/layout/SlotSearch.ts";
import type { BookName } from "../domain/bookSet.ts";
import type { LocatedSlot, SlotCause } from "../domain/Finding.ts";
import type { Hash, Hex } from "../lib/hex.ts";
import type { SlotDifference } from "../trie/Descent.ts";

/** The generated layout of each book contract. */
export const LAYOUTS: Readonly<Record<BookName, Layout>> = {
  CollateralVault: vault.LAYOUT,
  PositionLedger: ledger.LAYOUT,
  OrderSettlement: settlement.LAYOUT,
  LiquidationAuction: auction.LAYOUT,
  InsuranceFund: fund.LAYOUT,
  InstrumentRegistry: instruments.LAYOUT,
  PriceOracle: oracle.LAYOUT,
  KeeperRegistry: keepers.LAYOUT,
  SyncGuard: guard.LAYOUT,
  CheckpointRegistry: registry.LAYOUT,
};
const MAX_NUMBER_KEY = 32n;

/** Keys that may stand in a mapping's path. */
export interface Candidates {
  readonly accounts: readonly Hex[];
  readonly addresses: readonly Hex[];
  readonly words: readonly Hash[];
  /** Instruments, feeds and collateral; small numbers are tried anyway. */
  readonly numbers: readonly bigint[];
  /** Lanes of orders. */
  readonly lanes: readonly bigint[];
}

/** Numbers that are tried as keys whether they have been seen or not. */
export const SMALL = Array.from({ length: Number(MAX_NUMBER_KEY) + 1 }, (_, index) => BigInt(index));

/** The candidates for a mapping's key by its Solidity type. */
export function byType({ accounts, addresses, words, numbers: given, lanes }: Candidates): CandidatesByType {
  const numbers = [...new Set([...given, ...SMALL])];
  return {
    AccountId: accounts,
    address: addresses,
    // The vault keys allowances by the account's plain word.
    bytes32: [...accounts, ...words],
    uint8: numbers,
    uint16: numbers,
    uint32: numbers,
    uint64: lanes,
    uint256: SMALL.slice(0, 4),
  };
}

/** A difference, with why it is one. */
export interface ExplainedDifference extends SlotDifference {
  readonly cause: SlotCause;
}

/** Says what a descent found: contract, variable, account, and both values, decoded where a name is known. */
export function nameDifferences(
  contract: BookName,
  differences: readonly ExplainedDifference[],
  names: ReadonlyMap<Hash, NamedSlot>,
): LocatedSlot[] {
  return differences.map(({ slot, hashedSlot, own, chain, cause }) => {
    const name = names.get(hashedSlot);
    const show = (word: bigint): string =>
      name == null ? `0x${word.toString(16)}` : decodeWordAt({ name, word }).map(showField).join(", ");
    const keys = (name?.keys ?? []).map(({ value }) => String(value));
    return {
      contract,
      variable: name?.path ?? `unknown slot ${hashedSlot}`,
      account: (keys.find((key) => /^0x([0-9a-f]{40}|[0-9a-f]{64})$/.test(key)) ?? null) as Hex | null,
      slot: name?.slot ?? slot ?? null,
      hashedSlot,
      cause,
      before: show(own),
      after: show(chain),
    };
  });
}

function showField({ label, value, member }: FieldValue): string {
  const shown = member ?? String(value);
  return label.startsWith("_") ? shown : `${label} ${shown}`;
}
