/** The tables of a store, the same in both databases; `lease` is in PostgreSQL only. */
export interface StoreTables {
  schema_versions: VersionRow;
  head: HeadRow;
  journal: JournalRow;
  signatures: SignatureRow;
  lease: LeaseRow;
}

/** One migration that was applied. The seal covers it and all before it. */
export interface VersionRow {
  version: number;
  name: string;
  seal: string;
}

/** The one row with how many records there are, and the chain value of the last: what is missing at the end is seen. */
export interface HeadRow {
  id: number;
  count: number;
  chain: string;
}

/** One record. `body` is its JSON text; `chain` seals it and all before it. */
export interface JournalRow {
  seq: number;
  at: number;
  kind: string;
  body: string;
  chain: string;
}

/** One signed root; `seq` is its record. Unique by chain and block hash. */
export interface SignatureRow {
  chain_id: number;
  block_hash: string;
  books_root: string;
  seq: number;
}

/** The one row with who leads. */
export interface LeaseRow {
  id: number;
  /** Random, of one opened store; null for nobody. */
  holder: string | null;
  /** Process and host, for people. */
  holder_name: string | null;
  token: number;
  expires_at: Date;
}
