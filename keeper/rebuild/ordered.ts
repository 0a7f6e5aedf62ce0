/** How far {@link ordered} runs ahead. */
export interface OrderedOptions<Item> {
  /** Items begun and not yet taken. */
  readonly maxItems: number;
  /** Sum of their weights; one item is always begun, however heavy. */
  readonly maxWeight: number;
  readonly weightOf: (item: Item) => number;
}

/**
 * The results of `work` on items, in the order of the items, with several under way at once: never more than the bounds
 * say, however slowly they are taken. The first failure ends it; what is under way then is the caller's to cancel.
 */
export async function* ordered<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  work: (item: Item) => Promise<Result>,
  { maxItems, maxWeight, weightOf }: OrderedOptions<Item>,
): AsyncGenerator<Result, void, undefined> {
  const begun: { readonly result: Promise<Result>; readonly weight: number }[] = [];
  const isFull = (added: number): boolean => {
    const weight = begun.reduce((sum, one) => sum + one.weight, added);
    return begun.length >= maxItems || weight > maxWeight;
  };
  for await (const item of items) {
    const weight = weightOf(item);
    for (let next = begun[0]; next !== undefined && isFull(weight); next = begun[0]) {
      begun.shift();
      yield await next.result;
    }
    const result = work(item);
    // Whoever takes it hears of the failure; when an earlier one failed, nobody does.
    result.catch(() => undefined);
    begun.push({ result, weight });
  }
  for (const { result } of begun) yield await result;
}
