import type { Store } from "./Store.ts";
import { EMPTY_CHAIN } from "./recordChain.ts";

/** One step of a store's tables. What was released is never changed: its statements are compared with the file's. */
export interface Migration {
  /** Consecutive, from 1. */
  readonly version: number;
  readonly name: string;
  /** In order, within one transaction together with all other steps that are missing. */
  readonly statements: (kind: Store["kind"]) => readonly string[];
}

/** Every step from nothing to the tables that this version uses. */
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: "journal, signatures, lease",
    statements: (kind) => [
      "create table journal (seq integer not null primary key, at bigint not null, kind text not null, " +
        "body text not null, chain text not null)",
      "create table head (id integer not null primary key check (id = 1), count bigint not null, chain text not null)",
      `insert into head (id, count, chain) values (1, 0, '${EMPTY_CHAIN.chain}')`,
      "create table signatures (chain_id bigint not null, block_hash text not null, books_root text not null, " +
        "seq integer not null unique, primary key (chain_id, block_hash))",
      ...(kind === "sqlite" ? [] : LEASE),
    ],
  },
];

const LEASE = [
  "create table lease (id integer not null primary key check (id = 1), holder text, holder_name text, " +
    "token bigint not null, expires_at timestamptz not null)",
  "insert into lease (id, token, expires_at) values (1, 0, '-infinity')",
];
