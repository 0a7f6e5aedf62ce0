import type { Books, BooksOptions } from "../books/Books.ts";
import type { Custody } from "./Custody.ts";
import { askSecondOpinion } from "./secondOpinion.ts";

/** Parts that tests replace by broken twins. Nothing else does. */
export interface Replacements {
  readonly reducers?: NonNullable<BooksOptions["reducers"]>;
  readonly secondOpinion?: typeof askSecondOpinion;
  readonly custody?: (books: Books) => Custody;
}

/** The replacement, or the real second opinion. */
export function secondOpinionOr({ secondOpinion }: Replacements): typeof askSecondOpinion {
  return secondOpinion ?? askSecondOpinion;
}
