import type { PinnedBlock } from "../domain/chainProfile.ts";
import type { ServedHead } from "../chain/agree/Votes.ts";
import type { Header } from "../chain/verify/header.ts";
import type { Hash } from "../lib/hex.ts";

/** The way from the books to a head. */
export type Path =
  | {
      readonly kind: "linked";
      /** Blocks to apply, oldest first. */
      readonly hashes: readonly Hash[];
      /** Block of the books that they stand on; null when they start at the deployment. */
      readonly base: Hash | null;
    }
  /** A header on the way is not here yet; the lowest that is here above it, or the head itself. */
  | { readonly kind: "missing"; readonly block: ServedHead; readonly above: ServedHead }
  /** A header's number is not one above its parent's, or the chain does not reach the deployment: no chain of ours. */
  | {
      readonly kind: "broken";
      readonly detail: string;
      /** It parts from the books below the block that they began with. */
      readonly isBelowFloor?: true;
    };

/** What the way is looked up in. */
export interface PathOptions {
  readonly isApplied: (hash: Hash) => boolean;
  readonly header: (hash: Hash) => Header | undefined;
  /** First block that can hold an event of a book contract. */
  readonly deploymentBlock: number;
  /** A block that the chain must have. */
  readonly pin: PinnedBlock | null;
  /** The block below the deployment on the chain behind which k operators stood; null before that. */
  readonly root: Hash | null;
  /** The final block that the books began with, below which they hold nothing; null when they began with the deployment. */
  readonly floor: ServedHead | null;
}

/** Walks from `target` back to a block that the books hold, or to the deployment. */
export function findPath(
  target: ServedHead,
  { isApplied, header, deploymentBlock, pin, root, floor }: PathOptions,
): Path {
  const hashes: Hash[] = [];
  let { hash, number } = target;
  let above: ServedHead = target;
  while (!isApplied(hash)) {
    const found = header(hash);
    if (found === undefined) return { kind: "missing", block: { hash, number }, above };
    if (found.number !== number) {
      return { kind: "broken", detail: `block ${hash} has number ${found.number}, its descendants say ${number}` };
    }
    if (floor !== null && number <= floor.number) {
      const detail = `it leads through ${hash} and not through ${floor.hash}, the final block that the books began with`;
      return { kind: "broken", detail, isBelowFloor: true };
    }
    if (number < deploymentBlock) {
      return { kind: "broken", detail: `block ${hash} lies below the deployment and is not of the books' chain` };
    }
    if (number === pin?.number && hash !== pin.hash) {
      return { kind: "broken", detail: `it leads through ${hash} and not through the pinned block ${pin.hash}` };
    }
    if (number === deploymentBlock && root !== null && found.parentHash !== root) {
      return { kind: "broken", detail: `it parts from the books' chain below the deployment, at ${found.parentHash}` };
    }
    hashes.push(hash);
    if (number === deploymentBlock) return { kind: "linked", hashes: hashes.reverse(), base: null };
    above = { hash, number };
    hash = found.parentHash;
    number -= 1;
  }
  return { kind: "linked", hashes: hashes.reverse(), base: hash };
}
