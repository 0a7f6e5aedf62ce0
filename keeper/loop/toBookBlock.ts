import type { BookBlock, Books } from "../books/Books.ts";
import type { FetchedBlock } from "./FetchedBlock.ts";

/** A fetched block as the books take it: with the logs that concern them. Null before its logs are there. */
export function toBookBlock({ facts, header }: FetchedBlock, books: Books): BookBlock | null {
  if (facts === null || header === null) return null;
  const { number, hash, parentHash, timestamp } = header;
  return { number, hash, parentHash, timestamp, logs: facts.logs.filter((log) => books.concerns(log)) };
}
