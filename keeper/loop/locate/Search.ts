import type { BookName } from "../../domain/bookSet.ts";
import type { Finding } from "../../domain/Finding.ts";
import { KeeperError } from "../../errors/KeeperError.ts";
import { AssertionError } from "../../lib/assert.ts";
import type { Hash, Hex } from "../../lib/hex.ts";
import type { FetchedBlock } from "../FetchedBlock.ts";
import { LAYOUTS, nameDifferences } from "../nameDifferences.ts";
import type { LocatedAt, RpcAnswer } from "../ports.ts";
import { wordsOfLogs, wordsOfTransactions } from "./blockKeys.ts";
import { classify, implyWords, withTouchedSlots } from "./classify.ts";
import { Inquiry } from "./Inquiry.ts";
import { Naming } from "./Naming.ts";
import { MAX_DIFFERENCES, pinAt, type Pin } from "./pinAt.ts";
import { bindStorageProofs } from "./bindStorageProofs.ts";
import type { SearchParts, SearchResult, SearchView } from "./SearchView.ts";

/** Requests at most, whatever became of them: a search never asks for ever. */
const MAX_REQUESTS = 200;
/** Blocks to which a search moves at most. */
const MAX_PINS = 32;
/** Keys in one `eth_getProof`: clients take a thousand, providers fewer, and the answer has to be verified in one step. */
const MAX_KEYS = 16;
/** Time for which nobody answers before the search ends, and between two attempts meanwhile. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 1_000;
/** Hashes for names in one step: some 4 ms. */
const NAME_HASHES = 2_500;
/** Blocks below the finding's that are looked through for one whose roots were proven to be equal. */
const MAX_UNPROVEN = 256;

/**
 * The search for the slots of one contract that differ at a finding: asks what the block's transactions show of keys, descends
 * through the chain's trie at one block, then names what it found. A slice of work at a time.
 *
 * It begins at the finding's block, and moves to the newest one when nobody proves words of that any more, when the books took it
 * back, or when too much was written since.
 */
export class Search {
  readonly contract: BookName;
  readonly #parts: SearchParts;
  readonly #finding: Finding;
  readonly #inquiry: Inquiry;
  readonly #notes: string[] = [];
  readonly #hints = new Set<Hex>();
  #stage: "words" | "proofs" | "names" | "done" = "words";
  #pin: Pin | null = null;
  #pins = 0;
  #words: readonly Hash[] = [];
  #keysPerCall = MAX_KEYS;
  /** Keys in the question that is open. */
  #count = 0;
  /** The newest block below the finding's of which the roots were proven to be equal; undefined for none. */
  #base: Hash | undefined = undefined;
  #stuck: { readonly sinceMs: number; triedMs: number } | null = null;
  #naming: Naming | null = null;
  #found: readonly Parameters<typeof nameDifferences>[1][number][] = [];

  constructor(parts: SearchParts, finding: Finding) {
    this.#parts = parts;
    this.#finding = finding;
    this.contract = finding.contract;
    this.#inquiry = new Inquiry(parts.options, parts.outbox);
  }

  get isDone(): boolean {
    return this.#stage === "done";
  }

  /** What is known now. */
  get result(): SearchResult {
    const descent = this.#pin?.descent;
    const names = this.#naming?.names ?? new Map();
    const slots = nameDifferences(this.contract, this.#found, names);
    const notes = [...this.#notes, ...this.#limits()];
    const [isComplete, isTruncated] = [descent?.isComplete ?? false, descent?.hasMore ?? false];
    return { at: this.#at, slots, isComplete, isTruncated, notes };
  }

  /** Lets time pass. */
  tick(view: SearchView): void {
    if (this.#stage === "done") return;
    if (this.#pin === null) this.#begin(view);
    else if (this.#stage === "names") this.#name();
    else if (!this.#pin.words.follow()) this.#move(view, "the books went on");
    else if (this.#inquiry.isAsking) this.#wait(view);
    else this.#next(view);
  }

  /** Takes answers to an own request in; false when the id is somebody else's. */
  answer(id: number, answers: readonly RpcAnswer[], view: SearchView): boolean {
    if (!this.#inquiry.owns(id)) return false;
    const answer = this.#inquiry.take(id, answers);
    if (this.#pin === null || this.#stage === "done") return true;
    if (!this.#pin.words.follow()) this.#move(view, "the books went on");
    else if (answer === null) this.#wait(view);
    else if (this.#stage === "words") {
      this.#words = wordsOfTransactions(answer.values[0]);
      this.#inquiry.accept(answer.source);
      this.#stage = "proofs";
      this.#next(view);
    } else this.#takeProofs(this.#pin, answer, view);
    return true;
  }

  /** Ends the search: what is under way is of no use any more. */
  stop(): void {
    this.#inquiry.drop();
    this.#stage = "done";
  }

  get #at(): LocatedAt | null {
    if (this.#pin === null) return null;
    const { block, booksRoot, storageRoot: chainRoot } = this.#pin;
    return { contract: this.contract, number: block.header?.number ?? 0, hash: block.hash, booksRoot, chainRoot };
  }

  #begin(view: SearchView): void {
    const { tip, below } = view;
    const depth = (tip.header?.number ?? 0) - this.#finding.blockNumber;
    const block = depth > 0 ? below(tip, depth) : tip;
    if (block?.hash === this.#finding.blockHash) this.#base = lastProven(block, below);
    const isPinned = block?.hash === this.#finding.blockHash && this.#pinTo(block);
    if (!isPinned && !this.#pinTo(tip)) {
      this.#giveUpLate(view, "no block of the books could be searched");
      return;
    }
    if (this.#pin?.descent.isComplete === true) {
      this.#notes.push(`the storage roots are equal at block ${this.#pin.block.header?.number ?? "?"}`);
      this.#startNaming(this.#pin);
      return;
    }
    const hash = isPinned ? block.hash : tip.hash;
    this.#inquiry.ask([{ method: "eth_getBlockByHash", params: [hash, true] }], view.sources, view.nowMs);
  }

  /** Searches at this block from now on; false when it cannot be. */
  #pinTo(block: FetchedBlock): boolean {
    const pin = pinAt(this.#parts.books, {
      contract: this.contract,
      block,
      hints: this.#hints,
      maxRounds: MAX_REQUESTS,
    });
    if (pin === null) return false;
    this.#pin = pin;
    this.#pins += 1;
    this.#stuck = null;
    return true;
  }

  /** Goes on at the newest block, with what was found as a hint; or waits for one that can be searched. */
  #move(view: SearchView, why: string): void {
    const old = this.#pin;
    for (const { slot } of old?.descent.differences ?? []) if (slot !== undefined) this.#hints.add(slot);
    if (this.#pins >= MAX_PINS) {
      this.#finish(`${why}, and so did ${MAX_PINS} other blocks`);
      return;
    }
    this.#inquiry.drop();
    if (old?.block.hash === view.tip.hash || !this.#pinTo(view.tip)) {
      this.#giveUpLate(view, `${why}, and no later block could be searched`);
      return;
    }
    this.#keysPerCall = MAX_KEYS;
    const [from, to] = [old?.block.header?.number ?? "?", view.tip.header?.number ?? "?"];
    const note = `searched at block ${to} in place of ${from}: ${why}`;
    this.#notes.splice(0, this.#notes.length, note);
    this.#stage = "proofs";
    this.#next(view);
  }

  #next(view: SearchView): void {
    const pin = this.#pin;
    if (pin === null) return;
    const keys = pin.descent.nextKeys(this.#keysPerCall);
    if (keys.length === 0) {
      if (!pin.descent.isSearching) this.#startNaming(pin);
      return;
    }
    if (this.#inquiry.requests >= MAX_REQUESTS) {
      this.#finish(`${MAX_REQUESTS} requests were not enough`);
      return;
    }
    const { addresses } = this.#parts.options;
    this.#count = keys.length;
    const params = [addresses[this.contract], keys, { blockHash: pin.block.hash }];
    this.#inquiry.ask([{ method: "eth_getProof", params }], view.sources, view.nowMs);
  }

  #takeProofs(pin: Pin, { source, values }: { source: string; values: unknown[] }, view: SearchView): void {
    try {
      const { block, storageRoot, descent } = pin;
      const { header } = block;
      if (header === null) throw new KeeperError("LocateUnanswered", "the block has no header");
      const address = this.#parts.options.addresses[this.contract];
      const answers = bindStorageProofs(values[0], { header, address, storageRoot, count: this.#count });
      descent.accept(answers);
      this.#parts.keepProofs(this.contract, block.hash, answers);
    } catch (error: unknown) {
      if (error instanceof AssertionError || !KeeperError.is(error)) throw error;
      this.#inquiry.refuse(source, error.message);
      const detail = `${source} proves words of ${this.contract} falsely: ${error.message}`;
      this.#parts.outbox.emit({ type: "alert", level: "warning", event: "locate-refused", detail });
      this.#wait(view);
      return;
    }
    this.#stuck = null;
    this.#inquiry.accept(source);
    this.#next(view);
  }

  /** A question is open: somebody else is asked, less is asked, or another block is searched. */
  #wait(view: SearchView): void {
    const { sources, nowMs } = view;
    if (this.#inquiry.requests < MAX_REQUESTS) this.#inquiry.tick(sources, nowMs);
    if (!this.#inquiry.isStuck) return;
    if (this.#inquiry.requests >= MAX_REQUESTS) {
      this.#finish(`${MAX_REQUESTS} requests were not enough: ${this.#inquiry.failure}`);
    } else if (this.#stage === "words") {
      // Keys to guess names from: without them it goes as well.
      this.#inquiry.drop();
      this.#stage = "proofs";
      this.#next(view);
    } else if (this.#keysPerCall > 1) {
      this.#keysPerCall >>= 2;
      this.#keysPerCall = Math.max(1, this.#keysPerCall);
      this.#next(view);
    } else if (this.#pin?.block.hash !== view.tip.hash && this.#pins < MAX_PINS) {
      this.#move(view, `nobody proves words of that block (${this.#inquiry.failure})`);
    } else this.#giveUpLate(view, `no source proves words of the newest block: ${this.#inquiry.failure}`);
  }

  /** Waits for a source or a block for a while, then ends. */
  #giveUpLate(view: SearchView, why: string): void {
    const { nowMs, sources } = view;
    this.#stuck ??= { sinceMs: nowMs, triedMs: nowMs };
    if (nowMs - this.#stuck.sinceMs > PATIENCE_MS) this.#finish(why);
    else if (nowMs - this.#stuck.triedMs >= RETRY_MS) {
      this.#stuck.triedMs = nowMs;
      this.#inquiry.askAgain(sources, nowMs);
    }
  }

  #startNaming({ descent, block }: Pin): void {
    const { books, seen } = this.#parts;
    const implied = implyWords(books, this.contract, { base: this.#base, at: block.hash });
    // Both are zero only where the chain's trie has a leaf of zero, which no real chain's has.
    const differences = withTouchedSlots(descent.differences, implied).filter(({ own, chain }) => own !== chain);
    this.#found = differences.map((difference) => ({ ...difference, cause: classify(difference, implied) }));
    const blocks = books.blocksSince(block.header?.parentHash ?? null)?.slice(0, 1) ?? [];
    const likely = seen.candidates(this.contract, [...new Set([...this.#words, ...wordsOfLogs(blocks)])]);
    this.#naming = new Naming({ layout: LAYOUTS[this.contract], differences, likely, accounts: books.accounts });
    this.#stage = "names";
    this.#name();
  }

  #name(): void {
    this.#naming?.advance(NAME_HASHES);
    if (this.#naming?.isDone === true) this.stop();
  }

  #finish(note: string): void {
    this.#notes.push(note);
    this.#inquiry.drop();
    if (this.#pin === null) this.stop();
    else this.#startNaming(this.#pin);
  }

  #limits(): string[] {
    const { descent } = this.#pin ?? {};
    if (descent === undefined) return [];
    const notes: string[] = [];
    if (descent.hasMore) {
      notes.push(`more than ${MAX_DIFFERENCES} slots differ: the books as a whole are suspect: rebuild`);
    }
    for (const digits of descent.unentered) notes.push(`a slot whose hash begins with 0x${digits} could not be proven`);
    const unnamed = this.#found.length - (this.#naming?.names.size ?? 0);
    if (unnamed > 0 && this.#naming?.isExhaustive !== true) notes.push(`${unnamed} not named: not all keys were tried`);
    return notes;
  }
}

/** The newest block below another of which the roots were proven; undefined where there is none. */
function lastProven(block: FetchedBlock, below: SearchView["below"]): Hash | undefined {
  let found = below(block, 1);
  for (let step = 0; step < MAX_UNPROVEN && found !== null && found.proven === null; step += 1) found = below(found, 1);
  return found === null || found.proven === null ? undefined : found.hash;
}
