import { Type } from "typebox";

import { ApiProblem } from "./problems.ts";

const MAX_LIMIT = 500;

/** Which part of a list is wanted. */
export const PageQuery = Type.Object({
  limit: Type.Integer({ minimum: 1, maximum: MAX_LIMIT, default: 50, description: "most items of an answer" }),
  cursor: Type.Optional(
    Type.String({ pattern: "^[0-9]{1,15}$", description: "`next` of the answer before; the beginning without it" }),
  ),
});

/** A part of a list, and the cursor of the next one; null at its end. */
export interface Page<Item> {
  readonly items: Item[];
  readonly next: string | null;
}

/**
 * Goes through a list from the cursor on until the page is full, its end, or so many places were looked at. A place may give several
 * items, which stay together: a page may have a few more than asked for.
 *
 * @throws ApiProblem 400 for a cursor beyond the end
 */
export function pageOf<Item>(
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
  count: number,
  maxScanned: number,
  itemsAt: (index: number) => readonly Item[],
): Page<Item> {
  const start = cursor === undefined ? 0 : Number(cursor);
  if (start > count)
    throw new ApiProblem(400, "CursorBeyondEnd", `cursor ${cursor ?? ""} lies beyond the end: begin again`);
  const items: Item[] = [];
  let index = start;
  for (; index < count && index < start + maxScanned && items.length < limit; index += 1) items.push(...itemsAt(index));
  return { items, next: index < count ? String(index) : null };
}
