import type { Hash, Hex } from "../../lib/hex.ts";
import type { ReducerContext } from "../Reducer.ts";

/** The first word of every contract that OpenZeppelin's AccessManaged manages. */
interface AuthorityWord {
  readonly slot: Hash;
  encode(fields: { readonly authority: Hex; readonly consumingSchedule: boolean }): bigint;
}

/** `AuthorityUpdated`: the flag beside the authority is only set within a call. */
export function applyAuthority(event: { readonly authority: Hex }, word: AuthorityWord, context: ReducerContext): void {
  context.write(word.slot, word.encode({ authority: event.authority, consumingSchedule: false }));
}
