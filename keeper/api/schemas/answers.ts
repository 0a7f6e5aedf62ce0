import { Type, type Static, type TSchema } from "typebox";

import { Decimal, Hash } from "./primitives.ts";

/** The block that an answer holds for: its proven storage roots were those of the books it was read from. */
export const ProvenAt = Type.Object(
  {
    number: Type.Integer({ minimum: 0 }),
    hash: Hash,
    timestamp: Type.Integer({ description: "seconds since the epoch" }),
    booksRoot: Type.String({
      ...Hash,
      description: "root over the storage roots of all books, as checkpoints sign it",
    }),
  },
  {
    description:
      "the block that the answer holds for: its proven storage roots were those of the books it was read from",
  },
);
export type ProvenAt = Static<typeof ProvenAt>;

/** An answer with the block that proves it. */
export function proven<Data extends TSchema>(data: Data) {
  return Type.Object({ provenAt: ProvenAt, data });
}

/** A part of a list, and where to go on. */
export function provenPage<Item extends TSchema>(item: Item) {
  return Type.Object({
    provenAt: ProvenAt,
    data: Type.Array(item),
    next: Type.Union([Type.String(), Type.Null()], {
      description: "give it as `cursor` to go on; null at the end",
    }),
  });
}

/** Why there is no answer: RFC 9457 problem details, with a stable code. */
export const Problem = Type.Object(
  {
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: "stable name of the problem" }),
    detail: Type.String({ description: "what happened, what it means and what to do" }),
  },
  { description: "problem details (RFC 9457)" },
);
export type Problem = Static<typeof Problem>;

/** First order and second order sensitivities. */
export const Greeks = Type.Object(
  { delta: Decimal, gamma: Decimal, vega: Decimal, theta: Decimal },
  {
    description:
      "delta: underlying; gamma: underlying per quote of price; vega: quote per 1.00 of volatility; theta: quote per year",
  },
);
export type Greeks = Static<typeof Greeks>;
