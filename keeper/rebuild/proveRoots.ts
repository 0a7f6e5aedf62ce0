import type { Books } from "../books/Books.ts";
import type { VerifiedReader } from "../chain/read/VerifiedReader.ts";
import { BOOK_NAMES, type BookName } from "../domain/bookSet.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import type { Hash } from "../lib/hex.ts";
import { EMPTY_ROOT } from "../trie/nodeEncoding.ts";
import type { BlockPoint, RootsStatement } from "./RebuildOptions.ts";

/** That nobody proves it says nothing of the books. */
const UNPROVEN: ReadonlySet<string> = new Set(["NoProof", "BlockMissing", "NoAgreement"]);

/** A storage root that is not the one of the books. */
export interface RootDifference {
  readonly contract: BookName;
  /** Proven. */
  readonly chain: Hash;
  readonly books: Hash;
}

/** What account proofs at a block say. */
export interface ProvenRoots {
  readonly roots: RootsStatement;
  readonly codeHashes: ReadonlyMap<BookName, Hash>;
}

/**
 * Compares the books' storage roots with account proofs at the block where they stand.
 *
 * @param reader has agreed on the block
 * @throws KeeperError `RebuildMismatch` with each {@link RootDifference} in `differences`
 */
export async function proveRoots(reader: VerifiedReader, books: Books, block: BlockPoint): Promise<ProvenRoots> {
  const codeHashes = new Map<BookName, Hash>();
  if (block.number === 0) {
    const detail = "no contract of ours is in block 0";
    return { roots: { kind: "unproven", contracts: BOOK_NAMES, detail }, codeHashes };
  }
  const differences: RootDifference[] = [];
  const unproven: BookName[] = [];
  let detail = "";
  await Promise.all(
    BOOK_NAMES.map(async (contract) => {
      try {
        const account = await reader.account(books.addresses[contract], block.hash);
        const chain = account?.storageRoot ?? EMPTY_ROOT;
        if (account !== null) codeHashes.set(contract, account.codeHash);
        const own = books.root(contract);
        if (chain !== own) differences.push({ contract, chain, books: own });
      } catch (error: unknown) {
        if (!KeeperError.is(error) || !UNPROVEN.has(error.code)) throw error;
        unproven.push(contract);
        detail = error.message;
      }
    }),
  );
  if (differences.length > 0) throw mismatch(differences, block);
  if (unproven.length === 0) return { roots: { kind: "proven" }, codeHashes };
  const contracts = BOOK_NAMES.filter((name) => unproven.includes(name));
  return { roots: { kind: "unproven", contracts, detail }, codeHashes };
}

function mismatch(differences: readonly RootDifference[], { number, hash }: BlockPoint): KeeperError {
  const said = differences.map(({ contract, chain, books }) => `${contract} has ${chain}, its events imply ${books}`);
  const message = `at block ${number} the storage root of ${said.join("; of ")}`;
  return new KeeperError("RebuildMismatch", message, { blockNumber: number, blockHash: hash, differences });
}
