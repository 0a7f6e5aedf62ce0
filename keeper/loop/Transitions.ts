import type { BookBlock, Books } from "../books/Books.ts";
import type { Address, Hash } from "../lib/hex.ts";
import { toEvidenceBlock, type EvidenceBlock } from "./EvidenceBlock.ts";
import { feedAddresses } from "./feedAddresses.ts";
import type { FetchedBlock } from "./FetchedBlock.ts";
import type { Found, Judge } from "./Judge.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import type { KeepProofs } from "./locate/SearchView.ts";
import type { Outbox } from "./Outbox.ts";
import { PriceTrail } from "./PriceTrail.ts";
import type { SideVerdict } from "./SideBranches.ts";
import { Transition, type TransitionFacts } from "./Transition.ts";

/** Blocks that are held with all that proves them, and so the longest step that can be shown. */
const MAX_BLOCKS = 32;
/** A pause that is not on its way after so long does not hold the evidence back any more. */
const PATIENCE_MS = 2_000;
/** Incidents whose proofs are still collected. */
const MAX_OPEN = 8;

/** What transitions are taken from. */
export interface TransitionParts {
  readonly books: Books;
  readonly judge: Judge;
  readonly outbox: Outbox;
}

/**
 * Keeps what a third party needs to see that a verdict is right: the newest blocks with their proofs, and the step in which
 * something first showed. Takes references when a block is judged, and nothing more; the effect that hands the step over comes
 * when the pause is on its way.
 */
export class Transitions {
  readonly #options: KeeperOptions;
  readonly #parts: TransitionParts;
  readonly #trail = new PriceTrail();
  /** Of the books' branch, oldest first. */
  readonly #recent: EvidenceBlock[] = [];
  /** The fetched blocks of these: what is evidence only goes with them. */
  readonly #fetched = new Map<Hash, FetchedBlock>();
  readonly #open: Transition[] = [];
  readonly #waiting: { readonly transition: Transition; sinceMs: number | null }[] = [];
  #feeds: { readonly root: Hash; readonly addresses: ReadonlySet<Address> } | null = null;

  /** @param start the block that the books begin with; null for the deployment */
  constructor(options: KeeperOptions, parts: TransitionParts, start: FetchedBlock | null = null) {
    this.#options = options;
    this.#parts = parts;
    const first = start === null ? null : toEvidenceBlock(start);
    if (first !== null) this.#recent.push(first);
  }

  /** A block was judged. */
  see(fetched: FetchedBlock, { logs }: BookBlock): void {
    const block = toEvidenceBlock(fetched);
    if (block === null) return;
    this.#recent.push(block);
    this.#fetched.set(block.hash, fetched);
    if (this.#recent.length > MAX_BLOCKS) this.#letGo(this.#recent.shift()?.hash ?? "0x");
    this.#trail.see(block, logs, this.#isFeed);
    const { found } = this.#parts.judge;
    if (found !== null) this.#take(found, this.#since(found.base), found.base);
  }

  /** The books took a block back. */
  forget(hash: Hash): void {
    if (this.#recent.at(-1)?.hash === hash) this.#recent.pop();
    this.#fetched.delete(hash);
    this.#trail.forget(hash);
  }

  /** A branch that is not followed diverges: its step begins where it leaves what was proven of the books' branch. */
  seeSide({ findings, base, blocks }: SideVerdict): void {
    const [first] = findings;
    const end = blocks.findIndex(({ hash }) => hash === first?.blockHash);
    if (first === undefined || end < 0) return;
    const own = this.#recent.slice(0, this.#recent.findLastIndex(({ hash }) => hash === base) + 1);
    const agreed = own.findLastIndex(({ hash }) => this.#parts.judge.isAgreed(hash));
    const side = blocks.slice(0, end + 1).flatMap((block) => toEvidenceBlock(block) ?? []);
    const ofBlock = findings.filter(({ blockHash }) => blockHash === first.blockHash);
    const found = { findings: ofBlock, detail: null, isOwnFault: false };
    this.#take(found, [...own.slice(agreed + 1), ...side], own[agreed]?.hash ?? null);
  }

  /** Verified proofs of a contract's words after a block. */
  readonly keepProofs: KeepProofs = (book, blockHash, answers) => {
    for (const transition of this.#open) transition.keepProofs(book, blockHash, answers);
  };

  /** Hands over what waits, unless a pause has still to be sent first. */
  tick(isPauseAwaited: boolean, nowMs: number): void {
    for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
      next.sinceMs ??= nowMs;
      if (isPauseAwaited && nowMs - next.sinceMs < PATIENCE_MS) return;
      this.#waiting.shift();
      this.#parts.outbox.emit({ type: "evidence", transition: next.transition });
    }
  }

  /** What a replica handed over while it stood by says that nothing is done: from now on it acts, by other settings. */
  lead(): void {
    const waiting = new Set(this.#waiting.map(({ transition }) => transition));
    const others = this.#open.filter((transition) => !waiting.has(transition));
    this.#waiting.unshift(...others.map((transition) => ({ transition, sinceMs: null })));
  }

  #take(
    { findings, detail, isOwnFault }: Pick<Found, "findings" | "detail" | "isOwnFault">,
    blocks: readonly EvidenceBlock[],
    baseHash: Hash | null,
  ): void {
    const [first, ...rest] = findings;
    const last = blocks.at(-1);
    if (first === undefined || last === undefined) return;
    const base = this.#recent.find(({ hash }) => hash === baseHash) ?? null;
    const facts: TransitionFacts = {
      kind: isOwnFault ? "OwnFault" : "Diverged",
      ...{ findings: [first, ...rest], detail, base },
      blocks: base === null ? [last] : [...blocks.slice(0, -1), last],
      lack: base === null ? describeLack(baseHash) : null,
    };
    const { books } = this.#parts;
    const transition = new Transition(facts, { options: this.#options, books, trail: this.#trail });
    this.#open.push(transition);
    if (this.#open.length > MAX_OPEN) this.#open.shift();
    this.#waiting.push({ transition, sinceMs: null });
    if (this.#waiting.length > MAX_OPEN) this.#waiting.shift();
  }

  /** A block is too deep for a step: what is held for evidence alone is given back. */
  #letGo(hash: Hash): void {
    const fetched = this.#fetched.get(hash);
    this.#fetched.delete(hash);
    if (fetched === undefined) return;
    fetched.frames = null;
    fetched.encoding = null;
  }

  /** The newest blocks, those after one of them. */
  #since(hash: Hash | null): EvidenceBlock[] {
    return this.#recent.slice(this.#recent.findLastIndex((block) => block.hash === hash) + 1);
  }

  readonly #isFeed = (address: Address): boolean => {
    const trie = this.#parts.books.trie("PriceOracle");
    const root = trie.root();
    if (this.#feeds?.root !== root) {
      const words = Array.from(trie.slots(), ([, word]) => word);
      this.#feeds = { root, addresses: feedAddresses(words, this.#options.immutables) };
    }
    return this.#feeds.addresses.has(address);
  };
}

function describeLack(base: Hash | null): string {
  if (base === null) return "no block before it was ever proven to equal the books";
  return `the last block that was proven to equal the books lies more than ${MAX_BLOCKS} blocks below, or is not held`;
}
