import type { Books } from "../books/Books.ts";
import { withoutEncoding, type Header } from "../chain/verify/header.ts";
import type { BookName } from "../domain/bookSet.ts";
import type { Hash } from "../lib/hex.ts";
import { newBlock, type FetchedBlock } from "./FetchedBlock.ts";
import type { ProvenBooks } from "./requestBlock.ts";

/** Books that a keeper begins with, instead of the deployment: of a final block below which nothing is asked for. */
export interface StartingPoint {
  /** They stand at the block, and there is nothing below it. */
  readonly books: Books;
  /** Of that block, which k operators serve at its height. */
  readonly header: Header;
  /** What account proofs at the block show, equal to the books; null when nobody can prove a block so old. */
  readonly proven: ProvenBooks | null;
  /** The code that the contracts had when they were in sync. */
  readonly codeHashes: ReadonlyMap<BookName, Hash>;
}

/** The block of a starting point, as if it had been fetched: its logs are in the books already. */
export function fetchedAt({ header, proven }: Pick<StartingPoint, "header" | "proven">): FetchedBlock {
  const block = newBlock(header.hash, proven !== null, 0);
  block.header = withoutEncoding(header);
  if (header.rlp !== "0x") block.encoding = header.rlp;
  block.proven = proven;
  block.facts = { header: block.header, logs: [] };
  return block;
}
