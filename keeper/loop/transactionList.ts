import { openRequests, type FetchedBlock } from "./FetchedBlock.ts";

/**
 * Whether nobody has the receipts of the transactions that a source listed: all sources were asked, and the lister at most has not
 * answered yet. Only where receipts come one by one does a list that somebody made up stand in the way of them.
 *
 * @param isOneByOne whether a source has no call for the receipts of a block
 */
export function isListRefuted(
  block: FetchedBlock,
  sources: readonly string[],
  isOneByOne: (source: string) => boolean,
): boolean {
  if (!sources.some(isOneByOne)) return false;
  const left = sources.filter((source) => !block.tried.receipts.has(source));
  if (left.length === 0 || left.length === sources.length) return left.length === 0;
  const asked = openRequests(block, "receipts").map(({ source }) => source);
  return left.every((source) => source === block.listedBy && asked.includes(source));
}

/**
 * Whether a block without a list wants one: those who have a call for the receipts of a block have been asked, in vain or for
 * longer than one waits for them.
 *
 * @param able sources that have the call
 * @param sinceMs who was asked before then is not waited for
 */
export function needsList(block: FetchedBlock, able: readonly string[], sinceMs: number): boolean {
  const open = openRequests(block, "receipts");
  if (open.some((request) => request.sinceMs > sinceMs)) return false;
  const asked = new Set(open.map(({ source }) => source));
  return able.every((source) => asked.has(source) || block.tried.receipts.has(source));
}
