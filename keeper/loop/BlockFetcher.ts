import type { SourceBoard } from "../chain/agree/SourceBoard.ts";
import type { Header } from "../chain/verify/header.ts";
import type { Hash } from "../lib/hex.ts";
import { EMPTY_ROOT } from "../trie/nodeEncoding.ts";
import {
  keepHeader,
  keepProven,
  noteUnsupported,
  openRequests,
  settlePart,
  type BlockRequest,
  type FetchedBlock,
  type HeaderWish,
  type Part,
} from "./FetchedBlock.ts";
import { HeldBlocks } from "./HeldBlocks.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import { OneByOne } from "./OneByOne.ts";
import type { Outbox } from "./Outbox.ts";
import type { RpcAnswer, RpcCall } from "./ports.ts";
import { ProofBatch } from "./ProofBatch.ts";
import { receiptFrames } from "./receiptFrames.ts";
import {
  headerCalls,
  rangeCalls,
  readHeader,
  readLinkedHeader,
  claimedHash,
  readServedHeader,
  readReceipts,
  receiptCalls,
  type Outcome,
} from "./requestBlock.ts";
import { isListRefuted, needsList } from "./transactionList.ts";

/** Sources that are asked for the same at once, at most. */
const MAX_OPEN = 3;
/** A source that limits the rate and does not say for how long. */
const LIMITED_MS = 1_000;

/**
 * Fetches blocks by hash, each answer verified before it is believed. Who does not answer soon is not waited for: the next
 * source is asked as well, and the first answer that verifies counts. A source whose answer does not verify is reported
 * through `onForged`; one whose answer cannot be judged, as soon as another's answer to the same verifies.
 */
export class BlockFetcher {
  readonly #options: KeeperOptions;
  readonly #outbox: Outbox;
  readonly #board: SourceBoard;
  readonly #onForged: (source: string, reason: string, nowMs: number) => void;
  readonly #blocks = new HeldBlocks();
  readonly #requests = new Map<number, FetchedBlock>();
  readonly #oneByOne = new OneByOne();
  readonly #proofs: ProofBatch;

  constructor(
    options: KeeperOptions,
    parts: { readonly outbox: Outbox; readonly board: SourceBoard },
    onForged: (source: string, reason: string, nowMs: number) => void,
  ) {
    this.#options = options;
    this.#outbox = parts.outbox;
    this.#board = parts.board;
    this.#onForged = onForged;
    this.#proofs = new ProofBatch(options);
  }

  readonly get = (hash: Hash): FetchedBlock | undefined => this.#blocks.get(hash);

  header(hash: Hash): Header | undefined {
    return this.#blocks.get(hash)?.header ?? undefined;
  }

  /** Asks for the header, with the account proofs when wanted, unless it is there or on its way. */
  wantHeader(hash: Hash, { sources, withProofs, number, below }: HeaderWish, nowMs: number): void {
    const block = this.#blocks.hold(hash, withProofs, nowMs);
    if (block.header !== null) return;
    const parts: Part[] = block.wantsProofs ? ["header", "proofs"] : ["header"];
    const calls = [...headerCalls(hash), ...(block.wantsProofs ? this.#proofs.calls(hash) : [])];
    this.#ask(block, parts, sources, { calls: [...calls, ...rangeCalls(number, below)], range: below }, nowMs);
  }

  /** Takes a block in that was not asked for by its hash; its header counts when it hashes to what the block says. False when it is not new. */
  learn(value: unknown, source: string, nowMs: number): boolean {
    const hash = claimedHash(value);
    const found = hash === null || this.header(hash) !== undefined ? null : readServedHeader(value);
    if (found !== null) this.#learn(found, source, nowMs);
    return found !== null;
  }

  /** Asks for the account proofs of a block whose header came without. */
  wantProofs(hash: Hash, sources: readonly string[], nowMs: number): void {
    const block = this.#blocks.get(hash);
    if (block?.header == null || block.proven !== null) return;
    block.wantsProofs = true;
    this.#ask(block, ["proofs"], sources, { calls: this.#proofs.calls(hash), range: 0 }, nowMs);
  }

  /** Asks for the receipts of a block whose header is there. */
  wantFacts(hash: Hash, sources: readonly string[], nowMs: number): void {
    const block = this.#blocks.get(hash);
    if (block?.header == null || block.facts !== null) return;
    if (block.header.receiptsRoot === EMPTY_ROOT) {
      this.skipFacts(hash);
      return;
    }
    const isOneByOne = (source: string): boolean => this.#oneByOne.has(source, nowMs);
    if (isListRefuted(block, sources, isOneByOne)) this.#blocks.refuteList(block, sources.filter(isOneByOne));
    const able = block.listedBy === null ? sources.filter((source) => !isOneByOne(source)) : sources;
    const isListWanted = able.length < sources.length && needsList(block, able, nowMs - this.#options.hedgeMs);
    if (isListWanted) this.#ask(block, ["header"], sources, { calls: headerCalls(hash), range: 0 }, nowMs);
    else this.#ask(block, ["receipts"], able, { calls: [], range: 0 }, nowMs);
  }

  /** The header proves that no log of the block can concern the books. */
  skipFacts(hash: Hash): void {
    const block = this.#blocks.get(hash);
    if (block?.header == null || block.facts !== null) return;
    this.#blocks.keepFacts(block, { header: block.header, logs: [] });
  }

  /** A token that nobody can prove keeps no block back; see {@link ProofBatch.settleWithoutTokens}. */
  settleWithoutTokens(block: FetchedBlock, sources: readonly string[]): void {
    this.#proofs.settleWithoutTokens(block, sources);
  }

  /** Whether everything is there that can be had: the logs, and the proofs unless no source has them. */
  isComplete(block: FetchedBlock, sources: readonly string[]): boolean {
    if (block.facts === null) return false;
    if (block.proven !== null || !block.wantsProofs) return true;
    return openRequests(block, "proofs").length === 0 && sources.every((source) => block.tried.proofs.has(source));
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
    this.#blocks.forget(hash);
  }

  /** Forgets what nobody needs any more, when there is much of it: sources can invent blocks without end. */
  prune(needed: () => ReadonlySet<Hash>): void {
    this.#blocks.prune(needed);
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
    const isBlock = part === "receipts" && !this.#oneByOne.has(source, nowMs);
    const calls = part === "receipts" ? receiptCalls(block.hash, block.transactions, isBlock) : wish.calls;
    const request = { source, parts, sinceMs: nowMs, isBlock, listedBy: block.listedBy, range: wish.range };
    this.#send(block, request, calls);
  }

  #send(block: FetchedBlock, request: BlockRequest, calls: readonly RpcCall[]): void {
    const id = this.#outbox.request(request.source, calls, this.#options.requestDeadlineMs);
    block.requests.set(id, request);
    this.#requests.set(id, block);
  }

  #takeBlock(block: FetchedBlock, request: BlockRequest, answers: readonly RpcAnswer[], nowMs: number): void {
    const rest = request.parts.includes("header") ? this.#takeHeader(block, request, answers, nowMs) : answers;
    if (block.header === null || rest === null) return;
    const proofCount = request.parts.includes("proofs") ? this.#proofs.size : 0;
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
    this.#blocks.keepList(block, outcome.value.transactions, request.source);
    if (keepHeader(block, outcome.value.header)) block.factsAtMs = nowMs;
    return rest;
  }

  #takeProofs(block: FetchedBlock, request: BlockRequest, answers: readonly RpcAnswer[], nowMs: number): void {
    const { header } = block;
    if (header === null || block.proven !== null) return;
    const outcome = this.#proofs.read(answers, block.keptProofs, header);
    if (outcome.kind === "ok") {
      keepProven(block, outcome.value, request.source);
      block.factsAtMs = nowMs;
      this.#settle(block, "proofs", request.source, nowMs);
      return;
    }
    block.tried.proofs.add(request.source);
    block.proofMissing = outcome.detail;
    block.isProofOwed ||= answers.some((answer) => !answer.ok && answer.code !== "SourceRpcError");
    if (outcome.kind === "forged") this.#onForged(request.source, outcome.detail, nowMs);
    else if (outcome.kind === "unsupported") noteUnsupported(block, "proofs", request.source, outcome.detail);
  }

  /** Headers that were asked for by number count as far as each is the parent of the one before. */
  #takeRange(top: Header, { source }: BlockRequest, answers: readonly RpcAnswer[], nowMs: number): void {
    let child = top;
    for (const answer of answers) {
      const found = readLinkedHeader(answer, child.parentHash);
      if (found === null) return;
      this.#learn(found, source, nowMs);
      child = found;
    }
  }

  /** The list of transactions that came with it is not kept: it is asked for where it is needed. */
  #learn(header: Header, source: string, nowMs: number): void {
    const block = this.#blocks.hold(header.hash, false, nowMs);
    if (keepHeader(block, header)) this.#settle(block, "header", source, nowMs);
  }

  #takeReceipts(block: FetchedBlock, request: BlockRequest, answers: readonly RpcAnswer[], nowMs: number): void {
    const { header } = block;
    const { source, isBlock } = request;
    if (header === null || block.facts !== null) return;
    if (isBlock && answers[0]?.ok === false && answers[0].code === "SourceRpcError") {
      // Not every node has the method; the receipts one by one prove the same.
      this.#oneByOne.add(source, nowMs);
      const { hash, listedBy, transactions } = block;
      if (listedBy === null) return;
      this.#send(block, { ...request, isBlock: false, listedBy }, receiptCalls(hash, transactions, false));
      return;
    }
    const outcome = readReceipts(answers, header, isBlock);
    if (outcome.kind === "forged" && !isBlock && request.listedBy !== source) {
      // Either may lie, in the list or in the receipts: the lister's own receipts tell.
      block.tried.receipts.add(source);
      this.#board.missed(source);
      return;
    }
    if (!this.#accept(block, request, "receipts", outcome, nowMs)) return;
    this.#blocks.keepFacts(block, outcome.value);
    block.frames = receiptFrames(answers, isBlock);
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
      this.#settle(block, part, source, nowMs);
      return true;
    }
    block.tried[part].add(source);
    if (outcome.kind === "missing") {
      block.missing = outcome.detail;
      this.#board.missed(source);
    } else if (outcome.kind === "unsupported" && (part !== "header" || block.header === null)) {
      noteUnsupported(block, part, source, outcome.detail);
    } else this.#onForged(source, outcome.detail, nowMs);
    return false;
  }

  /** A part verified: whose answer to the same could not be judged has lied. */
  #settle(block: FetchedBlock, part: Part, source: string, nowMs: number): void {
    for (const [other, detail] of settlePart(block, part, source)) {
      this.#onForged(other, `${detail}, which another source's answer refutes`, nowMs);
    }
  }
}
