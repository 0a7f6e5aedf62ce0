import type { Hash } from "../../../lib/hex.ts";
import type { ReducerContext } from "../../Reducer.ts";

/** What the generated code of a packed word offers. */
interface PackedWord<Fields> {
  /** The bits of its fields. */
  readonly mask: bigint;
  update(word: bigint, fields: Partial<Fields>): bigint;
}

/**
 * Writes fields of one of the four words that the ledger's `LedgerWords` stores by assembly: the whole word at once, of the
 * fields and nothing else. Bits that no field owns are dropped; fields that are not given stay bit for bit as they were.
 */
export function storeWord<Fields>(
  word: PackedWord<Fields>,
  slot: Hash,
  fields: Partial<Fields>,
  context: ReducerContext,
): void {
  context.write(slot, word.update(context.read(slot) & word.mask, fields));
}
