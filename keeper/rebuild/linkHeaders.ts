import type { Header } from "../chain/verify/header.ts";
import type { Hash } from "../lib/hex.ts";

/**
 * Whether headers are those of one branch, from a block down.
 *
 * @param headers verified each by itself, the highest first, of heights that follow each other
 * @param expected hash of the highest on the branch
 * @returns what is not of the branch; null when all are
 */
export function linkHeaders(headers: readonly Header[], expected: Hash): string | null {
  let wanted = expected;
  for (const { number, hash, parentHash } of headers) {
    if (hash !== wanted) return `block ${number} is ${wanted} on the branch of k operators, not ${hash}`;
    wanted = parentHash;
  }
  return null;
}
