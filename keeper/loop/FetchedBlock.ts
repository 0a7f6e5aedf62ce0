import type { BlockFacts } from "../chain/verify/blockFacts.ts";
import { withoutEncoding, type Header } from "../chain/verify/header.ts";
import type { Address, Hash, Hex } from "../lib/hex.ts";
import type { RpcAnswer } from "./ports.ts";
import type { ReadProofs } from "./readProofs.ts";
import type { ReceiptFrame } from "./receiptFrames.ts";
import type { ProvenBooks } from "./requestBlock.ts";

/** What is asked for of a block. The account proofs may come with the header or by themselves. */
export type Part = "header" | "proofs" | "receipts";

/** A question about a block that is on its way. */
export interface BlockRequest {
  readonly source: string;
  readonly parts: readonly Part[];
  readonly sinceMs: number;
  /** Receipts in one call, or one by one. */
  readonly isBlock: boolean;
  /** Whose list the receipts are asked for by, where they are asked for one by one. */
  readonly listedBy: string | null;
  /** Headers below the block that are asked for with it, by number. */
  readonly range: number;
}

/** The account proofs of a block as they were served, for evidence, without what was served beside them. */
export interface ServedProofs {
  /** Who served the last of them. */
  readonly source: string;
  /** `eth_getProof` answers, in the order of the book set, then of the keeper's own keys and then of tokens. */
  readonly answers: readonly unknown[];
}

/** One block on its way from a hash to verified facts. */
export interface FetchedBlock {
  readonly hash: Hash;
  /** When the keeper first heard of it. */
  readonly heardAtMs: number;
  wantsProofs: boolean;
  /** Without its encoding: thousands of them are held. */
  header: Header | null;
  /** The encoding that the hash is of, for evidence; null before the header is there. */
  encoding: Hex | null;
  /** Empty while nobody named them, and as soon as the facts are there. */
  transactions: readonly Hash[];
  /** Who named the transactions; their list is verified only by their receipts. Null while there is no list. */
  listedBy: string | null;
  proven: ProvenBooks | null;
  /** Proven nonces of the keeper's own keys. */
  nonces: ReadonlyMap<Address, number> | null;
  /** Their proven balances, wei. */
  balances: ReadonlyMap<Address, bigint> | null;
  /** What the vault holds of tokens, proven; empty while nothing is, and of a token that nobody can prove. */
  custody: ReadonlyMap<Address, bigint>;
  /** Account proofs that verified while others were missing, by their place, and nothing that was served beside them. */
  readonly keptProofs: Map<number, RpcAnswer>;
  /** Let go when the block is final. */
  served: ServedProofs | null;
  facts: BlockFacts | null;
  /** What the receipts commit to beside the logs, for evidence; null where they were not needed, or are not here. */
  frames: readonly ReceiptFrame[] | null;
  /** Why the block cannot be judged by this version; null once somebody's answer verified. */
  unsupported: string | null;
  /** Whose answer could not be judged, and why: as soon as another's verifies it was a lie. */
  readonly unsupportedBy: Readonly<Record<Part, Map<string, string>>>;
  /** Why the last source had no answer. */
  missing: string | null;
  proofMissing: string | null;
  /** Somebody who was asked for proofs was not heard, or was asked too often: that is no word on whether it has them. */
  isProofOwed: boolean;
  factsAtMs: number;
  readonly requests: Map<number, BlockRequest>;
  readonly tried: Readonly<Record<Part, Set<string>>>;
}

/** What is asked of a header that is missing. */
export interface HeaderWish {
  readonly sources: readonly string[];
  readonly withProofs: boolean;
  readonly number: number;
  /** Headers below it to ask for by number; they count only if they link. */
  readonly below: number;
}

/** A block of which nothing is known but its hash. */
export function newBlock(hash: Hash, wantsProofs: boolean, nowMs: number): FetchedBlock {
  return {
    hash,
    heardAtMs: nowMs,
    wantsProofs,
    header: null,
    encoding: null,
    transactions: [],
    listedBy: null,
    proven: null,
    nonces: null,
    balances: null,
    custody: new Map(),
    keptProofs: new Map(),
    served: null,
    facts: null,
    frames: null,
    unsupported: null,
    unsupportedBy: { header: new Map(), proofs: new Map(), receipts: new Map() },
    missing: null,
    proofMissing: null,
    isProofOwed: false,
    factsAtMs: nowMs,
    requests: new Map(),
    tried: { header: new Set(), proofs: new Set(), receipts: new Set() },
  };
}

/** Takes a verified header in, unless there is one already; says whether it did. */
export function keepHeader(block: FetchedBlock, header: Header): boolean {
  if (block.header !== null) return false;
  block.header = withoutEncoding(header);
  block.encoding = header.rlp;
  return true;
}

/** Takes in what verified account proofs say, and who served the last of them. */
export function keepProven(
  block: FetchedBlock,
  { books, accounts, custody, answers }: ReadProofs,
  source: string,
): void {
  block.proven = books;
  block.nonces = accounts.nonces;
  block.balances = accounts.balances;
  block.custody = custody;
  block.served = { source, answers };
  block.keptProofs.clear();
}

/** Notes that a source's answer for a part could not be judged. */
export function noteUnsupported(block: FetchedBlock, part: Part, source: string, detail: string): void {
  block.unsupportedBy[part].set(source, detail);
  block.unsupported = detail;
}

/**
 * A source's answer for a part verified: what others answered for the same hash is not beyond this version, it is false.
 *
 * @returns these others, each with why its answer could not be judged
 */
export function settlePart(block: FetchedBlock, part: Part, source: string): [string, string][] {
  const refuted = [...block.unsupportedBy[part]].filter(([other]) => other !== source);
  block.unsupportedBy[part].clear();
  const [left] = Object.values(block.unsupportedBy).flatMap((details) => [...details.values()]);
  block.unsupported = left ?? null;
  return refuted;
}

/** Questions about a part that are on their way. */
export function openRequests(block: FetchedBlock, part: Part): BlockRequest[] {
  return [...block.requests.values()].filter(({ parts }) => parts.includes(part));
}
