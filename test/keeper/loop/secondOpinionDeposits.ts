import { storage as vault, TOPICS as VAULT } from "../../../keeper/books/generated/CollateralVault.ts";
import { storage as ledger, TOPICS as LEDGER } from "../../../keeper/books/generated/PositionLedger.ts";
import type { Books } from "../../../keeper/books/Books.ts";
import { relax } from "../../../keeper/books/reducers/outflowLimit.ts";
import { BOOK_NAMES, type BookAddresses, type Immutables } from "../../../keeper/domain/bookSet.ts";
import type { VerifiedLog } from "../../../keeper/domain/VerifiedLog.ts";
import type { Address, Hash, Hex } from "../../../keeper/lib/hex.ts";

/** Addresses of book contracts that are nowhere. */
export const DEPOSITED: BookAddresses = Object.fromEntries(
  BOOK_NAMES.map((name, index) => [name, `0x${"b0".repeat(19)}${index.toString(16).padStart(2, "0")}`]),
) as BookAddresses;

const ASSET: Address = `0x${"a5".repeat(20)}`;
const ZERO: Address = `0x${"00".repeat(20)}`;

/** What those contracts hold in code. */
export const DEPOSITED_IMMUTABLES: Immutables = {
  ...{ chainId: 31_337n, settlementAsset: ASSET, settlementScale: 10n ** 12n, staleLimit: 1_200n, softTime: 3_600n },
  ...{ viewTime: 3_600n, coolDown: 600n, grace: 300n, windDownTime: 604_800n, claimPeriod: 604_800n, bond: 1n },
  ...{ minKeepers: 4n, joinDelay: 3_600n, unbonding: 86_400n, challengerPpm: 500_000n, sequencerFeed: ZERO },
  sequencerGrace: 0n,
};

/** A log as its contract emits it. */
export interface DepositLog {
  readonly address: Address;
  readonly topics: readonly Hash[];
  readonly data: Hex;
}

const AMOUNT = 1_000_000n;
const CAP = 10n ** 24n;
const LIMITS = { cap: CAP, outflowPpm: 10_000n, allowancePpm: 1_000n, period: 3_600n };
const OWNER_BASE = 0x10n << 152n;
const ACCOUNT_DIGITS = 24;

function word(value: bigint | Hex): string {
  return BigInt(value).toString(16).padStart(64, "0");
}

function accountOf(index: number): { readonly owner: Address; readonly account: Hash } {
  const owner: Address = `0x${(OWNER_BASE + BigInt(index)).toString(16).padStart(40, "0")}`;
  return { owner, account: `${owner}${"0".repeat(ACCOUNT_DIGITS)}` };
}

/** Lists the settlement asset. */
export function listingLogs(timestamp: number): DepositLog[] {
  const level = (CAP * LIMITS.outflowPpm) / 1_000_000n;
  const topic: Hash = `0x${word(ASSET)}`;
  const limits = Object.values(LIMITS).map(word).join("");
  const [at, full] = [word(BigInt(timestamp)), word(level)];
  return [
    { address: DEPOSITED.CollateralVault, topics: [VAULT.AssetListed, topic], data: `0x${at}` },
    { address: DEPOSITED.CollateralVault, topics: [VAULT.LimitsSet, topic], data: `0x${limits}${full}${at}` },
  ];
}

/** One deposit to each of some accounts, by their numbers, as the next block of these books has them: two slots each. */
export function depositLogs(books: Books, accounts: readonly number[], timestamp: number): DepositLog[] {
  const asset = vault.assets.decode(books.read("CollateralVault", vault.assets.slot(ASSET)));
  const limits = vault.limits.decode(books.read("CollateralVault", vault.limits.slot(ASSET)));
  const quotes = new Map<Hash, bigint>();
  let { level } = relax(asset, limits, BigInt(timestamp));
  let { held } = asset;
  let { sequence } = ledger.hot.decode(books.read("PositionLedger", ledger.hot.slot));
  return accounts.flatMap((index): DepositLog[] => {
    const { owner, account } = accountOf(index);
    const delta = AMOUNT * DEPOSITED_IMMUTABLES.settlementScale;
    const before =
      quotes.get(account) ?? ledger.accounts.decode(books.read("PositionLedger", ledger.accounts.slot(account))).quote;
    quotes.set(account, before + delta);
    [held, level, sequence] = [held + AMOUNT, level + AMOUNT, sequence + 1n];
    const [none, quote] = [word(0n), word(delta)];
    return [
      {
        address: DEPOSITED.CollateralVault,
        topics: [VAULT.Deposited, account, `0x${word(ASSET)}`],
        data: `0x${[owner, AMOUNT, held, level].map(word).join("")}`,
      },
      {
        address: DEPOSITED.PositionLedger,
        topics: [LEDGER.EntryPosted, `0x${word(sequence)}`, account],
        data: `0x${none}${word(ASSET)}${none}${quote}${none}${none}${none}${word(before + delta)}`,
      },
    ];
  });
}

/** The logs as a receipts root proves them: so many in a transaction. */
export function verified(logs: readonly DepositLog[], perTransaction: number): VerifiedLog[] {
  return logs.map((log, logIndex) => {
    const transactionIndex = Math.floor(logIndex / perTransaction);
    const transactionHash: Hash = `0x${word(BigInt(transactionIndex))}`;
    return { ...log, transactionHash, transactionIndex, logIndex, logPositionInTransaction: logIndex % perTransaction };
  });
}

/** The slot that holds an account's quote. */
export function quoteSlotOf(index: number): Hash {
  return ledger.accounts.slot(accountOf(index).account);
}
