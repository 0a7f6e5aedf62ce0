/** `EntryKind` of the contract. */
export const ENTRY_KIND = {
  credit: 0n,
  debit: 1n,
  trade: 2n,
  liquidation: 3n,
  expiry: 4n,
  collateralSale: 5n,
  cover: 6n,
  socialisation: 7n,
  feeSweep: 8n,
  release: 9n,
  clearingLevel: 10n,
} as const;

const POSITION_KINDS: ReadonlySet<bigint> = new Set([ENTRY_KIND.trade, ENTRY_KIND.liquidation, ENTRY_KIND.expiry]);
const ASSET_KINDS: ReadonlySet<bigint> = new Set([ENTRY_KIND.credit, ENTRY_KIND.debit, ENTRY_KIND.collateralSale]);
/** What the account gets, the instrument's clearing account gives. */
const CLEARED_KINDS: ReadonlySet<bigint> = new Set([
  ENTRY_KIND.expiry,
  ENTRY_KIND.socialisation,
  ENTRY_KIND.clearingLevel,
]);

/** The key is an instrument of which the position changes. */
export function touchesPosition(kind: bigint): boolean {
  return POSITION_KINDS.has(kind);
}

/** The key is an asset. */
export function touchesAsset(kind: bigint): boolean {
  return ASSET_KINDS.has(kind);
}

/** The clearing account of the instrument gives what the account gets. */
export function isCleared(kind: bigint): boolean {
  return CLEARED_KINDS.has(kind);
}
