import type { BookBlock } from "../../books/BookBlock.ts";
import { TOPICS as FEED_TOPICS } from "../../books/generated/AggregatorV3Interface.ts";
import { readAccountProof, verifyContract, type ProvenContract } from "../../chain/verify/blockFacts.ts";
import { createBloomQuery } from "../../chain/verify/bloomQuery.ts";
import { decodeHeader, type Header } from "../../chain/verify/header.ts";
import { verifyReceipts } from "../../chain/verify/receipts.ts";
import { BOOK_NAMES, type BookName } from "../../domain/bookSet.ts";
import type { VerifiedLog } from "../../domain/VerifiedLog.ts";
import { KeeperError } from "../../errors/KeeperError.ts";
import { describeError } from "../../lib/describeError.ts";
import type { Hash } from "../../lib/hex.ts";
import type { Bundle } from "./Bundle.ts";
import { BundleProblem } from "./BundleProblem.ts";
import { blobOf } from "./bundleText.ts";
import { logsFor } from "./collectStep.ts";

/** The headers of a bundle, each the parent of the next, and the blocks among them that it is about. */
export interface VerifiedHeaders {
  /** Oldest first, to the step's last block. */
  readonly all: readonly Header[];
  readonly base: Header;
  readonly step: readonly Header[];
}

/** Runs a check of what somebody else has written; whatever it refuses makes the bundle invalid. */
export function checked<Value>(check: string, blob: string, run: () => Value): Value {
  try {
    return run();
  } catch (error: unknown) {
    if (error instanceof BundleProblem) throw error;
    // Inside these checks even what is no fault of ours to name came from the file.
    const detail = KeeperError.is(error) ? `${error.code}: ${error.message}` : describeError(error);
    throw new BundleProblem("invalid", check, blob, detail, { cause: error });
  }
}

/**
 * The headers, hashed again and linked, and compared with the blocks that the manifest names.
 *
 * @throws BundleProblem
 */
export function verifyHeaders(bundle: Bundle): VerifiedHeaders {
  const { base, blocks, lack } = bundle.manifest;
  const step = readHeaders(bundle, "headers");
  if (step === null) throw new BundleProblem("incomplete", "headers", "headers", "the headers are missing");
  if (base === null) {
    throw new BundleProblem("incomplete", "headers", "manifest", lack ?? "the block before the step is not named");
  }
  const named = [base, ...blocks];
  if (step.length !== named.length) throw refuse("headers", `${step.length} headers for ${named.length} blocks`);
  for (const [index, { number, hash }] of named.entries()) {
    const header = step[index] as Header;
    if (header.hash === hash && header.number === number) continue;
    throw refuse("headers", `header ${index} is of block ${header.number} (${header.hash}), not ${number} (${hash})`);
  }
  const all = [...(readHeaders(bundle, "trail") ?? []), ...step];
  for (const [index, header] of all.entries()) {
    const parent = all[index - 1];
    if (parent === undefined || (parent.hash === header.parentHash && parent.number + 1 === header.number)) continue;
    const blob = index < all.length - step.length + 1 ? "trail" : "headers";
    throw refuse(blob, `block ${header.number} is not the child of the block before it`);
  }
  const [first, ...rest] = step as [Header, ...Header[]];
  return { all, base: first, step: rest };
}

function refuse(blob: string, detail: string): BundleProblem {
  return new BundleProblem("invalid", "headers", blob, detail);
}

function readHeaders(bundle: Bundle, role: string): Header[] | null {
  const list = blobOf(bundle, role);
  if (list === undefined) return null;
  if (!Array.isArray(list)) throw refuse(role, "it is no list of headers");
  return list.map((encoding: unknown, index) => {
    if (typeof encoding === "string") return checked("headers", role, () => decodeHeader(encoding as Hash));
    throw new BundleProblem("incomplete", "headers", role, `header ${index} is missing`);
  });
}

/** What the state root of a block says of the book contracts; null where the bundle has no proofs of that block. */
export function verifyAccounts(
  bundle: Bundle,
  header: Header,
): Readonly<Record<BookName, ProvenContract | null>> | null {
  const role = `accounts/${header.number}`;
  const proofs = blobOf(bundle, role);
  if (proofs === undefined) return null;
  return checked("account-proofs", role, () => {
    const list: readonly unknown[] = Array.isArray(proofs) ? proofs : [];
    if (list.length !== BOOK_NAMES.length) throw new Error(`${list.length} proofs for ${BOOK_NAMES.length} contracts`);
    const pairs = BOOK_NAMES.map((name, index) => {
      const proof = readAccountProof({ accountProof: list[index] });
      if (proof === null) throw new Error(`the proof of ${name} is no list of nodes`);
      return [name, verifyContract(header, bundle.manifest.settings.addresses[name], proof)] as const;
    });
    return Object.fromEntries(pairs) as Record<BookName, ProvenContract | null>;
  });
}

/** All logs of a block by its receipts; null where the bundle does not hold them under this role. */
export function verifyLogs(bundle: Bundle, role: string, header: Header): VerifiedLog[] | null {
  const receipts = blobOf(bundle, role);
  if (receipts === undefined) return null;
  return checked("receipts", role, () => verifyReceipts(receipts, header.receiptsRoot));
}

/** The blocks of the step as the books take them. */
export function verifyStepBlocks(bundle: Bundle, { step }: VerifiedHeaders): BookBlock[] {
  const { addresses } = bundle.manifest.settings;
  const mayConcern = createBloomQuery([...Object.values(addresses), FEED_TOPICS.AnswerUpdated]);
  return step.map((header) => {
    const { number, hash, parentHash, timestamp, logsBloom } = header;
    const logs = verifyLogs(bundle, `receipts/${number}`, header);
    // A bloom without any of these proves that there is no such log.
    if (logs === null && mayConcern(logsBloom)) {
      const detail = `the receipts of block ${number} are missing, which may concern the books`;
      throw new BundleProblem("incomplete", "receipts", `receipts/${number}`, detail);
    }
    return { number, hash, parentHash, timestamp, logs: logsFor(addresses, logs ?? []) };
  });
}
