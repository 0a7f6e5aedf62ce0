import * as ledger from "../../../../keeper/books/naive/ledgerStorage.ts";
import * as risk from "../../../../keeper/books/naive/riskStorage.ts";
import * as sync from "../../../../keeper/books/naive/syncStorage.ts";
import * as trading from "../../../../keeper/books/naive/tradingStorage.ts";
import * as vault from "../../../../keeper/books/naive/vaultStorage.ts";
import type { Place } from "../../../../keeper/books/naive/words.ts";
import type { Address, Hash } from "../../../../keeper/lib/hex.ts";

/** Variables of the guard, the registries and the hot word, which most rules ask. */
export const SINGLE_PLACES: readonly Place[] = [
  ...[sync.incident, sync.halt, sync.guard, sync.keepers, sync.cursor, sync.reward, ledger.hot].flatMap((word) =>
    Object.values<Place>(word),
  ),
];

/** Variables of the other words that are found by such keys. */
export function placesOf(account: Hash, asset: Address, instrument: bigint, attester: Address): Place[] {
  const words: readonly Readonly<Record<string, unknown>>[] = [
    sync.keeperAt(attester),
    sync.stakeAt(attester),
    sync.keyAt(attester),
    sync.checkpointAt(instrument % 4n),
    sync.bookSetAt(1n),
    { book: sync.bookAt(1n, instrument % 10n) },
    ledger.accountAt(account),
    ledger.positionAt(account, instrument),
    ledger.openIdAt(account, 0n),
    ledger.collateralAt(account, asset),
    ledger.marketAt(instrument),
    ledger.clearingSizeAt(instrument),
    ledger.debtAt(account),
    ledger.totalDebt,
    ledger.modules,
    vault.assetAt(asset),
    vault.flowAt(account, asset),
    vault.claimAt(account, asset),
    vault.limitsAt(asset),
    vault.registrationAt(account, asset),
    vault.windDownAt(asset),
    risk.instrumentAt(instrument),
    risk.optionAt(instrument),
    risk.settlementAt(instrument),
    risk.debtCaps,
    { count: risk.collateralCount },
    risk.feedAt(1n),
    trading.laneAt(account, 0n),
    trading.windowAt(instrument),
    trading.fundTarget,
  ];
  return words.flatMap((word) => Object.values(word) as Place[]);
}
