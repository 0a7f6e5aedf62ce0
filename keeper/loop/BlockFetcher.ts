import { BOOK_NAMES } from "../domain/bookSet.ts";
import type { BlockFacts } from "../chain/verify/blockFacts.ts";
import type { Header } from "../chain/verify/header.ts";
import type { Address, Hash } from "../lib/hex.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import type { Outbox } from "./Outbox.ts";
import type { RpcAnswer } from "./ports.ts";
import {
  blockCalls,
  readBooks,
  readHeader,
  readNonces,
  readReceipts,
  receiptCalls,
  type Outcome,
  type ProvenBooks,
} from "./requestBlock.ts";

/** What was asked for: the receipts of a block in one call, or one by one. */
type Stage = "header" | "block-receipts" | "receipts";

/** One block on its way from a hash to verified facts. */
export interface FetchedBlock {
  readonly hash: Hash;
  readonly withProofs: boolean;
  /** When the keeper first heard of it. */
  readonly heardAtMs: number;
  header: Header | null;
  transactions: readonly Hash[];
  proven: ProvenBooks | null;
  /** Proven nonces of the keeper's own keys. */
  nonces: ReadonlyMap<Address, number> | null;
  /** A verified header whose proofs no source has served yet. */
  unproven: { readonly header: Header; readonly transactions: readonly Hash[]; readonly source: string } | null;
  /** Who named the transactions; their list is verified only by their receipts. */
  listedBy: string | null;
  facts: BlockFacts | null;
  /** Why the block cannot be judged by this version. */
  unsupported: string | null;
  /** Why the last source had no answer. */
  missing: string | null;
  proofMissing: string | null;
  factsAtMs: number;
  request: { readonly id: number; readonly source: string; readonly stage: Stage; readonly sinceMs: number } | null;
  readonly tried: Set<string>;
}

const MAX_HELD = 20_000;

/**
 * Fetches blocks by hash, each answer verified before it is believed, asking the next source when one does not have
 * the block. A source whose answer does not verify is reported through `onForged`.
 */
export class BlockFetcher {
  readonly #options: KeeperOptions;
  readonly #outbox: Outbox;
  readonly #onForged: (source: string, reason: string, nowMs: number) => void;
  readonly #blocks = new Map<Hash, FetchedBlock>();
  readonly #requests = new Map<number, FetchedBlock>();
  readonly #withoutBlockReceipts = new Set<string>();
  /** Requests in a row that a source left unanswered: those with fewer are asked first. */
  readonly #silences = new Map<string, number>();
  readonly #own: readonly Address[];

  constructor(
    options: KeeperOptions,
    outbox: Outbox,
    onForged: (source: string, reason: string, nowMs: number) => void,
  ) {
    this.#options = options;
    this.#outbox = outbox;
    this.#onForged = onForged;
    this.#own = [...new Set([options.pauser, options.poster].filter((address) => address !== null))];
  }

  get(hash: Hash): FetchedBlock | undefined {
    return this.#blocks.get(hash);
  }

  header(hash: Hash): Header | undefined {
    return this.#blocks.get(hash)?.header ?? undefined;
  }

  /** Asks for the header, and the account proofs when wanted, unless it is there or on its way. */
  wantHeader(hash: Hash, sources: readonly string[], withProofs: boolean, nowMs: number): void {
    const block = this.#hold(hash, withProofs, nowMs);
    if (block.header !== null || block.request !== null) return;
    const isAsked = this.#ask(block, "header", sources, nowMs);
    // Everybody was asked and nobody could prove: the block is replayed without, and called unproven.
    if (!isAsked && block.unproven !== null) this.#settle(block, block.unproven);
  }

  /** Asks for the receipts of a block whose header is there. */
  wantFacts(hash: Hash, sources: readonly string[], nowMs: number): void {
    const block = this.#blocks.get(hash);
    if (block?.header == null || block.facts !== null || block.request !== null) return;
    this.#ask(block, "receipts", sources, nowMs);
  }

  /** Lets every source be asked again. */
  retry(hash: Hash): void {
    this.#blocks.get(hash)?.tried.clear();
  }

  /** Takes answers to an own request in; false when the id is somebody else's. */
  answer(id: number, answers: readonly RpcAnswer[], nowMs: number): boolean {
    const block = this.#requests.get(id);
    if (block?.request == null) return false;
    const { source, stage } = block.request;
    this.#requests.delete(id);
    block.request = null;
    if (stage === "header") this.#takeHeader(block, source, answers, nowMs);
    else this.#takeReceipts(block, source, answers, stage === "block-receipts", nowMs);
    return true;
  }

  /** Forgets blocks that lie deeper than `number`. */
  prune(number: number): void {
    if (this.#blocks.size < MAX_HELD) return;
    for (const [hash, { header }] of this.#blocks) {
      if (header !== null && header.number < number) this.#blocks.delete(hash);
    }
  }

  #hold(hash: Hash, withProofs: boolean, nowMs: number): FetchedBlock {
    const held = this.#blocks.get(hash);
    const isUpgraded = withProofs && held?.withProofs === false && held.facts === null && held.request === null;
    if (held !== undefined && !isUpgraded) return held;
    const block: FetchedBlock = {
      hash,
      withProofs,
      heardAtMs: nowMs,
      header: null,
      transactions: [],
      proven: null,
      nonces: null,
      unproven: null,
      listedBy: null,
      facts: null,
      unsupported: null,
      missing: null,
      proofMissing: null,
      factsAtMs: nowMs,
      request: null,
      tried: new Set(),
    };
    this.#blocks.set(hash, block);
    return block;
  }

  #ask(block: FetchedBlock, stage: "header" | "receipts", sources: readonly string[], nowMs: number): boolean {
    const silences = (source: string): number => this.#silences.get(source) ?? 0;
    const [source] = sources
      .filter((candidate) => !block.tried.has(candidate))
      .sort((left, right) => silences(left) - silences(right));
    if (source === undefined) return false;
    if (stage === "receipts" && block.transactions.length === 0) {
      this.#takeReceipts(block, source, [], false, block.factsAtMs);
      return true;
    }
    const isBlock = stage === "receipts" && !this.#withoutBlockReceipts.has(source);
    const calls =
      stage === "header"
        ? blockCalls(block.hash, this.#options.addresses, this.#own, block.withProofs)
        : receiptCalls(block.hash, block.transactions, isBlock);
    const id = this.#outbox.request(source, calls, this.#options.requestDeadlineMs);
    block.request = { id, source, stage: isBlock ? "block-receipts" : stage, sinceMs: nowMs };
    this.#requests.set(id, block);
    return true;
  }

  #takeHeader(block: FetchedBlock, source: string, answers: readonly RpcAnswer[], nowMs: number): void {
    const outcome = readHeader(answers[0], block.hash);
    if (!this.#accept(block, source, outcome, nowMs)) return;
    block.factsAtMs = nowMs;
    const found = { ...outcome.value, source };
    if (!block.withProofs) {
      this.#settle(block, found);
      return;
    }
    const { header } = found;
    const bookCount = BOOK_NAMES.length;
    const books = readBooks(answers.slice(1, 1 + bookCount), header, this.#options.addresses);
    const nonces = readNonces(answers.slice(1 + bookCount), header, this.#own);
    if (books.kind === "ok" && nonces.kind === "ok") {
      block.proven = books.value;
      block.nonces = nonces.value;
      this.#settle(block, found);
      return;
    }
    const refused = books.kind === "ok" ? nonces : books;
    block.tried.add(source);
    block.unproven = found;
    block.proofMissing = refused.kind === "ok" ? null : refused.detail;
    if (refused.kind === "forged") this.#onForged(source, refused.detail, nowMs);
  }

  #settle(block: FetchedBlock, found: NonNullable<FetchedBlock["unproven"]>): void {
    block.header = found.header;
    block.transactions = found.transactions;
    block.listedBy = found.source;
    block.unproven = null;
    block.unsupported = null;
    // Who could not prove may still have the receipts.
    block.tried.clear();
  }

  #takeReceipts(
    block: FetchedBlock,
    source: string,
    answers: readonly RpcAnswer[],
    isBlock: boolean,
    nowMs: number,
  ): void {
    const { header } = block;
    if (header === null) return;
    if (isBlock && answers[0]?.ok === false && answers[0].code === "SourceRpcError") {
      // Not every node has the method; the receipts one by one prove the same.
      this.#withoutBlockReceipts.add(source);
      this.#ask(block, "receipts", [source], nowMs);
      return;
    }
    const outcome = readReceipts(answers, header, isBlock);
    if (outcome.kind === "forged" && !isBlock && block.listedBy !== null && block.listedBy !== source) {
      // Another source named the transactions: its list may be the lie. Ask for header and list again.
      this.#onForged(block.listedBy, "the transactions that it listed are not the block's", nowMs);
      block.header = null;
      return;
    }
    if (!this.#accept(block, source, outcome, nowMs)) return;
    block.facts = outcome.value;
    block.factsAtMs = nowMs;
  }

  #accept<Value>(
    block: FetchedBlock,
    source: string,
    outcome: Outcome<Value>,
    nowMs: number,
  ): outcome is { readonly kind: "ok"; readonly value: Value } {
    if (outcome.kind === "ok") {
      this.#silences.delete(source);
      return true;
    }
    block.tried.add(source);
    if (outcome.kind === "unsupported") block.unsupported = outcome.detail;
    else if (outcome.kind === "missing") {
      block.missing = outcome.detail;
      this.#silences.set(source, (this.#silences.get(source) ?? 0) + 1);
    } else this.#onForged(source, outcome.detail, nowMs);
    return false;
  }
}
