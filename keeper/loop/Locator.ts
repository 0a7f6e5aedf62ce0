import type { BookLog, Books } from "../books/Books.ts";
import { readProofAnswer } from "../chain/verify/blockFacts.ts";
import type { BookName } from "../domain/bookSet.ts";
import type { LocatedSlot } from "../domain/Finding.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import { AssertionError } from "../lib/assert.ts";
import type { Address, Hash, Hex } from "../lib/hex.ts";
import { Descent, type StorageProofAnswer } from "../trie/Descent.ts";
import { StorageTrie } from "../trie/StorageTrie.ts";
import type { FetchedBlock } from "./FetchedBlock.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import { nameDifferences } from "./nameDifferences.ts";
import type { Outbox } from "./Outbox.ts";
import type { RpcAnswer, RpcCall } from "./ports.ts";
import { SeenKeys } from "./SeenKeys.ts";

interface Search {
  readonly incidentId: Hash;
  readonly contract: BookName;
  readonly blockHash: Hash;
  readonly descent: Descent;
  readonly source: string;
  readonly words: readonly Hash[];
  request: { readonly id: number; readonly stage: "transactions" | "proofs" } | null;
}

/** Grinding longer prefixes would take seconds; what stays unnamed is said to be. */
const MAX_GRIND_NIBBLES = 3;
const WORD = /[0-9a-f]{64}/g;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const KEY = /^0x[0-9a-fA-F]{1,64}$/;
/** Characters; longer call data is not looked through for names. */
const MAX_CALL_DATA = 100_000;

/**
 * Names the slots in which a book contract differs from the books, by descending through the chain's trie.
 *
 * Best effort: it starts only after the pause is on its way, and whatever it cannot find is reported as not found.
 */
export class Locator {
  readonly #options: KeeperOptions;
  readonly #books: Books;
  readonly #outbox: Outbox;
  readonly #seen: SeenKeys;
  #search: Search | null = null;
  readonly #done = new Set<Hash>();

  constructor(options: KeeperOptions, books: Books, outbox: Outbox) {
    this.#options = options;
    this.#books = books;
    this.#outbox = outbox;
    this.#seen = new SeenKeys(options.addresses, options.immutables);
  }

  /** Every account that ever had an entry. */
  get seenAccounts(): ReadonlySet<Hex> {
    return this.#seen.accounts;
  }

  /** Remembers keys that may name a slot later. */
  see(logs: readonly BookLog[]): void {
    for (const log of logs) this.#seen.see(log);
  }

  /** Starts the search for an incident at a block, once. */
  start(incidentId: Hash, contract: BookName, fetched: FetchedBlock, source: string): void {
    const chainRoot = fetched.proven?.[contract]?.storageRoot;
    if (this.#done.has(incidentId) || this.#search !== null || chainRoot === undefined) return;
    this.#done.add(incidentId);
    // A copy: the books go on while the search asks.
    const trie = new StorageTrie();
    trie.setMany(this.#books.trie(contract).slots());
    const descent = new Descent({ trie, chainRoot, maxGrindNibbles: MAX_GRIND_NIBBLES });
    const { hash: blockHash } = fetched;
    this.#search = { incidentId, contract, blockHash, descent, source, words: [], request: null };
    this.#ask("transactions", [{ method: "eth_getBlockByHash", params: [blockHash, true] }]);
  }

  /** Takes answers to an own request in; false when the id is somebody else's. */
  answer(id: number, answers: readonly RpcAnswer[]): boolean {
    const search = this.#search;
    if (search?.request?.id !== id) return false;
    const { stage } = search.request;
    search.request = null;
    if (stage === "transactions") {
      this.#search = { ...search, words: readTransactionWords(answers[0]) };
      this.#next(this.#search);
      return true;
    }
    try {
      search.descent.accept(readStorageProofs(answers[0]));
      this.#next(search);
    } catch (error: unknown) {
      if (error instanceof AssertionError || !KeeperError.is(error)) throw error;
      this.#finish(search, error.message);
    }
    return true;
  }

  #ask(stage: "transactions" | "proofs", calls: readonly RpcCall[]): void {
    if (this.#search === null) return;
    const id = this.#outbox.request(this.#search.source, calls, this.#options.requestDeadlineMs);
    this.#search.request = { id, stage };
  }

  #next(search: Search): void {
    const keys = search.descent.nextKeys();
    if (keys.length === 0) {
      const note = search.descent.isTruncated ? "more slots differ than could be named" : "";
      this.#finish(search, note);
      return;
    }
    const address: Address = this.#options.addresses[search.contract];
    this.#ask("proofs", [{ method: "eth_getProof", params: [address, keys, { blockHash: search.blockHash }] }]);
  }

  #finish(search: Search, note: string): void {
    this.#search = null;
    const differences = search.descent.differences.filter(({ own, chain }) => own !== chain);
    const candidates = this.#seen.candidates(search.contract, search.words);
    const slots: LocatedSlot[] = nameDifferences(search.contract, differences, candidates);
    this.#outbox.emit({ type: "located", incidentId: search.incidentId, slots, note });
  }
}

/** Every aligned word of call data and every sender: keys that a write without an event may have used. */
function readTransactionWords(answer: RpcAnswer | undefined): Hash[] {
  if (answer?.ok !== true || typeof answer.value !== "object" || answer.value === null) return [];
  const { transactions } = answer.value as { transactions?: unknown };
  const words = new Set<Hash>();
  for (const transaction of Array.isArray(transactions) ? (transactions as unknown[]) : []) {
    if (typeof transaction !== "object" || transaction === null) continue;
    const { input, from } = transaction as { input?: unknown; from?: unknown };
    if (typeof from === "string" && ADDRESS.test(from)) words.add(`0x${from.slice(2).toLowerCase().padStart(64, "0")}`);
    if (typeof input !== "string" || input.length > MAX_CALL_DATA) continue;
    for (const [word] of input.slice(10).toLowerCase().matchAll(WORD)) words.add(`0x${word}`);
  }
  return [...words];
}

function readStorageProofs(answer: RpcAnswer | undefined): StorageProofAnswer[] {
  if (answer?.ok !== true) throw new KeeperError("LocateUnanswered", answer?.message ?? "no answer");
  const proof = readProofAnswer(answer.value);
  if (proof === null) throw new KeeperError("LocateUnanswered", "eth_getProof answered something else than a proof");
  if (proof.storageProof.some(({ key }) => !KEY.test(key))) {
    throw new KeeperError("LocateUnanswered", "eth_getProof answered for a key that is none");
  }
  return proof.storageProof.map(({ key, proof: nodes }) => ({
    key: `0x${key.slice(2).toLowerCase().padStart(64, "0")}`,
    proof: nodes,
  }));
}
