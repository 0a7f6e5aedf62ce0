import type { Attestation } from "../../keeper/domain/Attestation.ts";
import { booksRoot } from "../../keeper/domain/booksRoot.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import { bookSetAt, rootsOf, type Block, type BookSet } from "./Block.ts";

/** What some keepers signed of a block. */
export interface Statement {
  /** Why it is what it is: `honest`, or the kind of lie. */
  readonly kind: string;
  readonly attestation: Attestation;
  readonly roots: readonly Hash[];
  /** The block of the signed hash; null when nobody knows a header with that hash. */
  readonly block: Block | null;
  /** Indices of the keepers. */
  readonly signers: readonly number[];
}

/** What a statement claims, before anybody signs it. */
export type Claim = Omit<Statement, "signers">;

/** Whether a challenger can show that a claim is false, as far as the final chain tells. */
export type Judgement =
  /** It is true, or nothing shows the contrary. */
  | { readonly verdict: "unassailable" }
  /** The header alone shows it. */
  | { readonly verdict: "falseNumber" }
  /** The proofs of these books show it, and of no other. */
  | { readonly verdict: "falseRoots"; readonly indices: ReadonlySet<number> };

/** The claim of a block by a keeper who follows its fork and tells the truth. */
export function trueClaim(block: Block, setId: bigint): Claim {
  const set = bookSetAt(block.bookSets, block.number);
  return claim("honest", block, { setId, version: BigInt(set.version) }, rootsOf(block, set));
}

/** A claim about a block, with its own number and hash. */
export function claim(
  kind: string,
  block: Block,
  { setId, version }: { readonly setId: bigint; readonly version: bigint },
  roots: readonly Hash[],
): Claim {
  const attestation = {
    setId,
    bookSetVersion: version,
    blockNumber: BigInt(block.number),
    blockHash: block.hash,
    booksRoot: booksRoot(roots),
  };
  return { kind, attestation, roots, block };
}

/** What can be shown of a claim, given the book sets that the chain ended up with. From the definition, with no proof. */
export function judgeClaim({ attestation, roots, block }: Claim, bookSets: readonly BookSet[]): Judgement {
  if (block === null) return { verdict: "unassailable" };
  if (attestation.blockNumber !== BigInt(block.number)) return { verdict: "falseNumber" };
  const set = bookSetAt(bookSets, block.number);
  const isOfSet = attestation.bookSetVersion === BigInt(set.version) && roots.length === set.books.length;
  if (!isOfSet) return { verdict: "unassailable" };
  const actual = rootsOf(block, set);
  const indices = new Set(actual.keys().filter((index) => actual[index] !== roots[index]));
  return indices.size === 0 ? { verdict: "unassailable" } : { verdict: "falseRoots", indices };
}
