import { KeeperError } from "../errors/KeeperError.ts";
import type { SignatureRow } from "./tables.ts";

/** The kind of the records that hold what was signed. */
const SIGNATURE_KIND = "signature";

const HASH = /^0x[0-9a-f]{64}$/;

/**
 * What a record says was signed; null for a record of another kind.
 *
 * @throws KeeperError `JournalBodyInvalid` naming the field
 */
export function signatureOf(kind: string, body: unknown): Omit<SignatureRow, "seq"> | null {
  if (kind !== SIGNATURE_KIND) return null;
  const fields = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const { chainId, blockHash, booksRoot, blockNumber } = fields;
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (!isCount(chainId) || chainId === 0) throw invalid("chainId");
  if (typeof blockHash !== "string" || !HASH.test(blockHash)) throw invalid("blockHash");
  if (typeof booksRoot !== "string" || !HASH.test(booksRoot)) throw invalid("booksRoot");
  if (blockNumber !== undefined && !isCount(blockNumber)) throw invalid("blockNumber");
  return { chain_id: chainId, block_hash: blockHash, books_root: booksRoot };
}

function invalid(field: string): KeeperError {
  const path = `body.${field}`;
  const message = `a signature's record needs {chainId, blockHash, booksRoot, blockNumber?}: ${path} is missing or malformed`;
  return new KeeperError("JournalBodyInvalid", message, { path, fact: "is missing or malformed" });
}
