import { AUCTION_ROWS } from "./auctionRows.ts";
import { CHECKPOINT_ROWS } from "./checkpointRows.ts";
import { CLOSED_ROWS } from "./closedRows.ts";
import { GUARD_ROWS } from "./guardRows.ts";
import { KEEPER_ROWS } from "./keeperRows.ts";
import { LEDGER_ROWS } from "./ledgerRows.ts";
import { REPAIR_ROWS } from "./repairRows.ts";
import { CONTRACT_NAMES, type Row } from "./Row.ts";
import { SETTLEMENT_ROWS } from "./settlementRows.ts";
import { VAULT_ROWS } from "./vaultRows.ts";
import { WIND_DOWN_ROWS } from "./windDownRows.ts";

const ROWS = [
  ...[...VAULT_ROWS, ...WIND_DOWN_ROWS, ...SETTLEMENT_ROWS, ...AUCTION_ROWS, ...LEDGER_ROWS],
  ...[...KEEPER_ROWS, ...GUARD_ROWS, ...REPAIR_ROWS, ...CHECKPOINT_ROWS, ...CLOSED_ROWS],
];

/** Every function of the protocol that changes state, in every situation that the grades tell apart, by contract. */
export const MATRIX: readonly Row[] = CONTRACT_NAMES.flatMap((name) =>
  ROWS.filter(({ contract }) => contract === name),
);
