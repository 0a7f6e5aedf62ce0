import type { Hash } from "../../lib/hex.ts";

/**
 * Writes in the one order in which a bundle's tries take them: what stays first, by slot, then what is removed. Which nodes are
 * looked at on the way depends on the order, and they have to be the same for who gathers them and who checks them.
 */
export function writeOrder(writes: ReadonlyMap<Hash, bigint>): (readonly [Hash, bigint])[] {
  const sorted = [...writes].sort(([one], [other]) => (one < other ? -1 : 1));
  return [...sorted.filter(([, word]) => word !== 0n), ...sorted.filter(([, word]) => word === 0n)];
}
