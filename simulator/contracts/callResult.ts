import { selectorOf } from "../../keeper/actions/plan/abi.ts";
import type { Hex } from "../../keeper/lib/hex.ts";
import type { ChainEffect } from "../chain/Block.ts";
import type { RawLog } from "./encodeEvent.ts";

/** What a call came to. */
export type CallResult =
  | { readonly ok: true; readonly logs: readonly RawLog[]; readonly effect: Omit<ChainEffect, "keeper"> | null }
  | { readonly ok: false; /** The error's selector. */ readonly data: Hex };

/** A call that the contracts refuse. */
class Reverted extends Error {
  readonly data: Hex;

  constructor(signature: string) {
    super(signature);
    this.data = selectorOf(signature);
  }
}

/**
 * Solidity's `require`.
 *
 * @param error its signature
 */
export function require(condition: boolean, error: string): asserts condition {
  if (!condition) throw new Reverted(error);
}

/** What a call comes to that ends with its effect, or by {@link require}. */
export function resultOf(logs: readonly RawLog[], call: () => Omit<ChainEffect, "keeper"> | null): CallResult {
  try {
    const effect = call();
    return { ok: true, logs, effect };
  } catch (error: unknown) {
    if (!(error instanceof Reverted)) throw error;
    return { ok: false, data: error.data };
  }
}
