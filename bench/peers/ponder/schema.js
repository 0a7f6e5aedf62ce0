import { onchainTable } from "ponder";

export const account = onchainTable("account", (t) => ({ id: t.hex().primaryKey(), quote: t.bigint().notNull() }));
export const position = onchainTable("position", (t) => ({ id: t.text().primaryKey(), size: t.bigint().notNull() }));
export const lane = onchainTable("lane", (t) => ({
  id: t.text().primaryKey(),
  sequence: t.bigint().notNull(),
  filled: t.bigint().notNull(),
}));
export const flow = onchainTable("flow", (t) => ({
  id: t.text().primaryKey(),
  deposited: t.bigint().notNull(),
  withdrawn: t.bigint().notNull(),
}));
export const market = onchainTable("market", (t) => ({
  id: t.integer().primaryKey(),
  longIndex: t.bigint().notNull(),
  shortIndex: t.bigint().notNull(),
}));
export const price = onchainTable("price", (t) => ({
  id: t.hex().primaryKey(),
  current: t.bigint().notNull(),
  updatedAt: t.bigint().notNull(),
}));
