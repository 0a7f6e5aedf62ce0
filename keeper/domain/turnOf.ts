import type { Address, Hash } from "../lib/hex.ts";

/**
 * How many others come before a keeper to carry something: the first is drawn by its hash, the others follow in the order of the
 * set. Who is no member comes last.
 */
export function turnOf(hash: Hash, members: readonly Address[], keeper: Address): number {
  const place = members.indexOf(keeper);
  if (place === -1 || members.length === 0) return members.length;
  const first = Number(BigInt(hash) % BigInt(members.length));
  return (place - first + members.length) % members.length;
}
