import type { Candidate } from "../chain/agree/Votes.ts";

/** Who serves which of several branches; null when there is no more than one. */
export function describeSplit(leaves: readonly Candidate[]): string | null {
  if (leaves.length < 2) return null;
  return leaves
    .map(({ number, hash, sources }) => `${sources.join(" and ")} at ${number} ${hash.slice(0, 10)}…`)
    .join(", ");
}
