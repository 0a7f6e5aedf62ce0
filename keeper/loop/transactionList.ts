import { openRequests, type FetchedBlock } from "./FetchedBlock.ts";

/**
 * Whether nobody has the receipts of the transactions that a source listed: all sources were asked, and the lister at most has not
 * answered yet. Only where receipts come one by one does a list that somebody made up stand in the way of them.
 *
 * @param oneByOne sources that have no call for the receipts of a block
 */
export function isListRefuted(block: FetchedBlock, sources: readonly string[], oneByOne: ReadonlySet<string>): boolean {
  if (!sources.some((source) => oneByOne.has(source))) return false;
  const left = sources.filter((source) => !block.tried.receipts.has(source));
  if (left.length === 0 || left.length === sources.length) return left.length === 0;
  const asked = openRequests(block, "receipts").map(({ source }) => source);
  return left.every((source) => source === block.listedBy && asked.includes(source));
}

/** Makes a block want the list of another source. The header stays: votes for what lies below hang on it. */
export function forgetList(block: FetchedBlock): void {
  if (block.listedBy !== null) block.tried.header.add(block.listedBy);
  block.listedBy = null;
  block.tried.receipts.clear();
}
