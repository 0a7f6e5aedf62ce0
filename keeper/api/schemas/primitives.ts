import { Type, type TSchema } from "typebox";

/** 32 bytes: of a block, a transaction, a root, an incident, an account. */
export const Hash = Type.String({ pattern: "^0x[0-9a-f]{64}$", description: "32 bytes, lower case" });

/** The height of a block. */
export const BlockNumber = Type.Integer({ minimum: 0 });

/** 20 bytes. */
export const Address = Type.String({ pattern: "^0x[0-9a-f]{40}$", description: "20 bytes, lower case" });

/** A whole number that may not fit a double. */
export const Decimal = Type.String({
  pattern: "^-?(0|[1-9][0-9]*)$",
  description: "a whole number in decimal digits; amounts are multiples of 1e-18 unless the field says otherwise",
});

/** Seconds since the epoch, by the chain. */
export const ChainSeconds = Type.String({
  pattern: "^(0|[1-9][0-9]*)$",
  description: "seconds since the epoch by the chain's clock, in decimal digits",
});

/** A value, or null where there is none. */
export function nullable<Schema extends TSchema>(schema: Schema, description?: string) {
  return Type.Union([schema, Type.Null()], description === undefined ? {} : { description });
}

/** One of some words. */
export function oneOf<const Word extends string>(words: readonly Word[], description?: string) {
  return Type.Unsafe<Word>(Type.String({ enum: [...words], ...(description === undefined ? {} : { description }) }));
}
