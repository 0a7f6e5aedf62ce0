import type { SourceBoard } from "../chain/agree/SourceBoard.ts";
import type { Header } from "../chain/verify/header.ts";
import { BOOK_NAMES } from "../domain/bookSet.ts";
import type { Address, Hash } from "../lib/hex.ts";
import {
  keepHeader,
  newBlock,
  openRequests,
  type BlockRequest,
  type FetchedBlock,
  type HeaderWish,
  type Part,
} from "./FetchedBlock.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import type { Outbox } from "./Outbox.ts";
import type { RpcAnswer, RpcCall } from "./ports.ts";
import { readProofs } from "./readProofs.ts";
import {
  headerCalls,
  proofCalls,
  rangeCalls,
  readHeader,
  readLinkedHeader,
  readServedHeader,
  readReceipts,
  receiptCalls,
  type Outcome,
} from "./requestBlock.ts";
import { forgetList, isListRefuted } from "./transactionList.ts";

/** Blocks that are held before those that nobody needs are looked for. */
const MAX_HELD = 20_000;
/** Sources that are asked for the same at once, at most. */
const MAX_OPEN = 3;
/** A source that limits the rate and does not say for how long. */
const LIMITED_MS = 1_000;

/**
 * Fetches blocks by hash, each answer verified before it is believed. Who does not answer soon is not waited for: the next
 * source is asked as well, and the first answer that verifies counts. A source whose answer does not verify is reported
 * through `onForged`.
 */
export class BlockFetcher {
  readonly #options: KeeperOptions;
  readonly #outbox: Outbox;
  readonly #board: SourceBoard;
  readonly #onForged: (source: string, reason: string, nowMs: number) => void;
  readonly #blocks = new Map<Hash, FetchedBlock>();
  readonly #requests = new Map<number, FetchedBlock>();
  readonly #withoutBlockReceipts = new Set<string>();
  readonly #own: readonly Address[];
  #limit = MAX_HELD;

  constructor(
    options: KeeperOptions,
    parts: { readonly outbox: Outbox; readonly board: SourceBoard },
    onForged: (source: string, reason: string, nowMs: number) => void,
  ) {
    this.#options = options;
    this.#outbox = parts.outbox;
    this.#board = parts.board;
    this.#onForged = onForged;
    this.#own = [...new Set([options.pauser, options.poster].filter((address) => address !== null))];
  }

  readonly get = (hash: Hash): FetchedBlock | undefined => this.#blocks.get(hash);

  header(hash: Hash): Header | undefined {
    return this.#blocks.get(hash)?.header ?? undefined;
  }

  /** Asks for the header, with the account proofs when wanted, unless it is there or on its way. */
  wantHeader(hash: Hash, { sources, withProofs, number, below }: HeaderWish, nowMs: number): void {
    const block = this.#hold(hash, withProofs, nowMs);
    if (block.header !== null) return;
    const parts: Part[] = block.wantsProofs ? ["header", "proofs"] : ["header"];
    const calls = [...headerCalls(hash), ...(block.wantsProofs ? this.#proofCalls(hash) : [])];
    this.#ask(block, parts, sources, { calls: [...calls, ...rangeCalls(number, below)], range: below }, nowMs);
  }

  /** Takes a block in that was not asked for by its hash; its header counts when it hashes to what the block says. */
  learn(value: unknown, source: string, nowMs: number): void {
    const found = readServedHeader(value);
    if (found !== null) keepHeader(this.#hold(found.header.hash, false, nowMs), found, source);
  }

  /** Asks for the account proofs of a block whose header came without. */
  wantProofs(hash: Hash, sources: readonly string[], nowMs: number): void {
    const block = this.#blocks.get(hash);
    if (block?.header == null || block.proven !== null) return;
    block.wantsProofs = true;
    this.#ask(block, ["proofs"], sources, { calls: this.#proofCalls(hash), range: 0 }, nowMs);
  }

  /** Asks for the receipts of a block whose header is there. */
  wantFacts(hash: Hash, sources: readonly string[], nowMs: number): void {
    const block = this.#blocks.get(hash);
    if (block?.header == null || block.facts !== null) return;
    // The receipts root of a list without an entry is that of the header.
    if (block.transactions.length === 0) {
      this.skipFacts(hash);
      return;
    }
    if (isListRefuted(block, sources, this.#withoutBlockReceipts)) forgetList(block);
    const isListed = block.listedBy !== null;
    const calls = isListed ? [] : headerCalls(hash);
    this.#ask(block, [isListed ? "receipts" : "header"], sources, { calls, range: 0 }, nowMs);
  }

  /** The header proves that no log of the block can concern the books. */
  skipFacts(hash: Hash): void {
    const block = this.#blocks.get(hash);
    if (block?.header != null) block.facts ??= { header: block.header, logs: [] };
  }

  /** Whether everything is there that can be had: the logs, and the proofs unless no source has them. */
  isComplete({ facts, proven, wantsProofs, tried, ...block }: FetchedBlock, sources: readonly string[]): boolean {
    if (facts === null) return false;
    if (proven !== null || !wantsProofs) return true;
    const isOpen = [...block.requests.values()].some(({ parts }) => parts.includes("proofs"));
    return !isOpen && sources.every((source) => tried.proofs.has(source));
  }

  /** Lets every source be asked again. */
  retry(hash: Hash): void {
    for (const tried of Object.values(this.#blocks.get(hash)?.tried ?? {})) tried.clear();
  }

  /** Takes answers to an own request in; false when the id is somebody else's. */
  answer(id: number, answers: readonly RpcAnswer[], nowMs: number): boolean {
    const block = this.#requests.get(id);
    const request = block?.requests.get(id);
    if (block === undefined || request === undefined) return false;
    this.#requests.delete(id);
    block.requests.delete(id);
    const limited = answers.find((answer) => !answer.ok && answer.code === "SourceRateLimited");
    if (limited?.ok === false) this.#board.limit(request.source, nowMs + (limited.retryAfterMs ?? LIMITED_MS));
    if (request.parts.includes("receipts")) this.#takeReceipts(block, request, answers, nowMs);
    else this.#takeBlock(block, request, answers, nowMs);
    return true;
  }

  forget(hash: Hash): void {
    this.#blocks.delete(hash);
  }

  /** Forgets what nobody needs any more, when there is much of it: sources can invent blocks without end. */
  prune(needed: () => ReadonlySet<Hash>): void {
    if (this.#blocks.size < this.#limit) return;
    const kept = needed();
    for (const hash of this.#blocks.keys()) if (!kept.has(hash)) this.#blocks.delete(hash);
    this.#limit = Math.max(MAX_HELD, 2 * this.#blocks.size);
  }

  #hold(hash: Hash, wantsProofs: boolean, nowMs: number): FetchedBlock {
    const held = this.#blocks.get(hash);
    if (held !== undefined) {
      held.wantsProofs ||= wantsProofs && held.facts === null;
      return held;
    }
    this.#blocks.set(hash, newBlock(hash, wantsProofs, nowMs));
    return this.#hold(hash, wantsProofs, nowMs);
  }

  #proofCalls(hash: Hash): RpcCall[] {
    return proofCalls(hash, this.#options.addresses, this.#own);
  }

  /** Asks the best source that was not asked yet; a second one as soon as the first takes long. */
  #ask(
    block: FetchedBlock,
    parts: readonly Part[],
    sources: readonly string[],
    wish: { readonly calls: readonly RpcCall[]; readonly range: number },
    nowMs: number,
  ): void {
    const [part] = parts;
    if (part === undefined) return;
    const open = openRequests(block, part);
    const newest = Math.max(...open.map(({ sinceMs }) => sinceMs));
    if (open.length >= MAX_OPEN || (open.length > 0 && nowMs - newest < this.#options.hedgeMs)) return;
    const asked = new Set(open.map(({ source }) => source));
    const candidates = sources.filter((candidate) => !block.tried[part].has(candidate) && !asked.has(candidate));
    const [source] = this.#board.ranked(candidates);
    if (source === undefined) return;
    const isBlock = part === "receipts" && !this.#withoutBlockReceipts.has(source);
    const calls = part === "receipts" ? receiptCalls(block.hash, block.transactions, isBlock) : wish.calls;
    this.#send(block, { source, parts, sinceMs: nowMs, isBlock, range: wish.range }, calls);
  }

  #send(block: FetchedBlock, request: BlockRequest, calls: readonly RpcCall[]): void {
    const id = this.#outbox.request(request.source, calls, this.#options.requestDeadlineMs);
    block.requests.set(id, request);
    this.#requests.set(id, block);
  }

  #takeBlock(block: FetchedBlock, request: BlockRequest, answers: readonly RpcAnswer[], nowMs: number): void {
    const rest = request.parts.includes("header") ? this.#takeHeader(block, request, answers, nowMs) : answers;
    if (block.header === null || rest === null) return;
    const proofCount = request.parts.includes("proofs") ? BOOK_NAMES.length + this.#own.length : 0;
    if (proofCount > 0) this.#takeProofs(block, request, rest.slice(0, proofCount), nowMs);
    this.#takeRange(block.header, request, rest.slice(proofCount), nowMs);
  }

  /** The answers after the header's; null when there is no header. */
  #takeHeader(
    block: FetchedBlock,
    request: BlockRequest,
    [first, ...rest]: readonly RpcAnswer[],
    nowMs: number,
  ): readonly RpcAnswer[] | null {
    const outcome = readHeader(first, block.hash);
    if (!this.#accept(block, request, "header", outcome, nowMs)) return null;
    if (block.listedBy === null) {
      block.transactions = outcome.value.transactions;
      block.listedBy = request.source;
    }
    if (block.header === null) {
      block.header = outcome.value.header;
      block.unsupported = null;
      block.factsAtMs = nowMs;
    }
    return rest;
  }

  #takeProofs(block: FetchedBlock, request: BlockRequest, answers: readonly RpcAnswer[], nowMs: number): void {
    const { header } = block;
    if (header === null || block.proven !== null) return;
    const { addresses } = this.#options;
    const outcome = readProofs(answers, block.keptProofs, { header, addresses, own: this.#own });
    if (outcome.kind === "ok") {
      const { books, nonces, answers: served } = outcome.value;
      block.proven = books;
      block.nonces = nonces;
      block.served = { source: request.source, answers: served.map((answer) => (answer.ok ? answer.value : null)) };
      block.keptProofs.clear();
      block.factsAtMs = nowMs;
      return;
    }
    block.tried.proofs.add(request.source);
    block.proofMissing = outcome.detail;
    block.isProofOwed ||= answers.some((answer) => !answer.ok && answer.code !== "SourceRpcError");
    if (outcome.kind === "forged") this.#onForged(request.source, outcome.detail, nowMs);
  }

  /** Headers that were asked for by number count as far as each is the parent of the one before. */
  #takeRange(top: Header, { source }: BlockRequest, answers: readonly RpcAnswer[], nowMs: number): void {
    let child = top;
    for (const answer of answers) {
      const found = readLinkedHeader(answer, child.parentHash);
      if (found === null) return;
      keepHeader(this.#hold(child.parentHash, false, nowMs), found, source);
      child = found.header;
    }
  }

  #takeReceipts(block: FetchedBlock, request: BlockRequest, answers: readonly RpcAnswer[], nowMs: number): void {
    const { header } = block;
    const { source, isBlock } = request;
    if (header === null || block.facts !== null) return;
    if (isBlock && answers[0]?.ok === false && answers[0].code === "SourceRpcError") {
      // Not every node has the method; the receipts one by one prove the same.
      this.#withoutBlockReceipts.add(source);
      this.#send(block, { ...request, isBlock: false }, receiptCalls(block.hash, block.transactions, false));
      return;
    }
    const outcome = readReceipts(answers, header, isBlock);
    if (outcome.kind === "forged" && !isBlock && block.listedBy !== source) {
      // Either may lie, in the list or in the receipts: the lister's own receipts tell.
      block.tried.receipts.add(source);
      this.#board.missed(source);
      return;
    }
    if (!this.#accept(block, request, "receipts", outcome, nowMs)) return;
    block.facts = outcome.value;
    block.factsAtMs = nowMs;
  }

  #accept<Value>(
    block: FetchedBlock,
    { source, sinceMs }: BlockRequest,
    part: Part,
    outcome: Outcome<Value>,
    nowMs: number,
  ): outcome is { readonly kind: "ok"; readonly value: Value } {
    if (outcome.kind === "ok") {
      this.#board.answered(source, nowMs - sinceMs);
      return true;
    }
    block.tried[part].add(source);
    if (outcome.kind === "unsupported") block.unsupported = outcome.detail;
    else if (outcome.kind === "missing") {
      block.missing = outcome.detail;
      this.#board.missed(source);
    } else this.#onForged(source, outcome.detail, nowMs);
    return false;
  }
}
