/*
 * `enum EntryKind { Credit, Debit, Trade, Liquidation, Expiry, CollateralSale, Cover, Socialisation, FeeSweep, Release,
 * ClearingLevel }`
 */

/** A deposit; the key is the asset. */
export const CREDIT = 0n;
/** A withdrawal; the key is the asset. */
export const DEBIT = 1n;
/** Buyer first, then seller; the key is the instrument. */
export const TRADE = 2n;
/** The liquidated account first, then the bidder; the key is the instrument. */
export const LIQUIDATION = 3n;
/** A position in a settled option becomes quote; the key is the instrument. */
export const EXPIRY = 4n;
/** The indebted account first, then the bidder; the key is the asset. */
export const COLLATERAL_SALE = 5n;
/** The account that is short first, then the fund. */
export const COVER = 6n;
/** The rest of a shortfall; the key is the instrument. */
export const SOCIALISATION = 7n;
/** Fees to the fund. */
export const FEE_SWEEP = 8n;
/** The fund first, then the receiver. */
export const RELEASE = 9n;
/** The fund levels a clearing account; the key is the instrument. */
export const CLEARING_LEVEL = 10n;
/** From here on there is no kind. */
export const UNKNOWN_KIND = 11n;

/** Whether an entry of this kind moves a position. */
export function isOfPosition(kind: bigint): boolean {
  return kind === TRADE || kind === LIQUIDATION || kind === EXPIRY;
}

/** Whether the key of this kind is an asset. */
export function isOfAsset(kind: bigint): boolean {
  return kind === CREDIT || kind === DEBIT || kind === COLLATERAL_SALE;
}

/** Whether two entries of this kind follow each other, of two accounts and with opposite amounts. */
export function isPaired(kind: bigint): boolean {
  return kind === TRADE || kind === LIQUIDATION || kind === COLLATERAL_SALE || kind === COVER || kind === RELEASE;
}
