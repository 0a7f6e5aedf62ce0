import type { Hash, Hex } from "../../lib/hex.ts";
import type { ReducerContext } from "../Reducer.ts";
import { changeWord } from "./changeWord.ts";

/** The first word of every contract that OpenZeppelin's AccessManaged manages. */
interface AuthorityWord {
  readonly slot: Hash;
  update(word: bigint, fields: { readonly authority?: Hex }): bigint;
}

/** `AuthorityUpdated`: the flag beside the authority is only set within a call. */
export function applyAuthority(event: { readonly authority: Hex }, word: AuthorityWord, context: ReducerContext): void {
  changeWord(word, word.slot, { authority: event.authority }, context);
}
