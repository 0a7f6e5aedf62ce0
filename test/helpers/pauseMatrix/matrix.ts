import { AUCTION_ROWS } from "./auctionRows.ts";
import { CLOSED_ROWS } from "./closedRows.ts";
import { LEDGER_ROWS } from "./ledgerRows.ts";
import { CONTRACT_NAMES, type Row } from "./Row.ts";
import { SETTLEMENT_ROWS } from "./settlementRows.ts";
import { SYNC_ROWS } from "./syncRows.ts";
import { VAULT_ROWS } from "./vaultRows.ts";

const ROWS = [...VAULT_ROWS, ...SETTLEMENT_ROWS, ...AUCTION_ROWS, ...LEDGER_ROWS, ...SYNC_ROWS, ...CLOSED_ROWS];

/** Every function of the protocol that changes state, in every situation that the grades tell apart, by contract. */
export const MATRIX: readonly Row[] = CONTRACT_NAMES.flatMap((name) =>
  ROWS.filter(({ contract }) => contract === name),
);
