import { assert } from "../lib/assert.ts";
import { bytesToHex, HexError, type Hash, type Hex } from "../lib/hex.ts";
import { depthOf } from "./compact/branch.ts";
import { childRefs } from "./compact/childRefs.ts";
import type { KeyHash } from "./compact/hashKeys.ts";
import { DetachedLeaves } from "./compact/DetachedLeaves.ts";
import { addressOf, isLeaf, SLOT_AT, WORD_AT, type NodeId } from "./compact/layout.ts";
import { readWord } from "./compact/leaf.ts";
import { StagedWord } from "./compact/StagedWord.ts";
import { stageSlot } from "./compact/stageSlot.ts";
import { exportWords, importWords, TrieImageError, type TrieImage } from "./compact/TrieImage.ts";
import { TrieStore } from "./compact/TrieStore.ts";
import { EMPTY_ROOT, type NodeRef } from "./nodeEncoding.ts";

/** A word of the trie with the key under which the trie files it. */
export interface TrieEntry {
  /** The slot: the preimage of the key. */
  readonly slot: Hex;
  /** keccak256(slot). */
  readonly hashedSlot: Hash;
  /** Never zero. */
  readonly value: bigint;
}

/** The slot and the word in hand, as memory holds them: no call leaves anything here for another. */
const staged = new Uint32Array(8);
const stagedWord = new StagedWord();
const WORD_LIMIT = 1n << 256n;
/** So many writes are prepared at once, so that what they look at still fits the processor's caches. */
const BATCH = 512;

/**
 * The storage trie of one contract, kept up to date word by word: a secure Merkle-Patricia trie, key keccak256(slot),
 * value the RLP of the word's minimal big-endian bytes. Source: Yellow Paper, section 4.1 and appendix D. How it lies in
 * memory: compact/layout.ts, and docs/decisions/0027-compact-trie.md.
 *
 * Invariants: the root depends on the words alone, never on the order of writes; a word of zero is absent; `root()`
 * re-hashes only what changed since it was called last. Undoing a write is writing the old value. Iterators are void
 * after a write. An empty trie holds no memory.
 */
export class StorageTrie {
  #store: TrieStore | null = null;
  readonly #keyHash: KeyHash;

  /** `keyHash` is for tests: no state has other keys than hashed ones. */
  constructor({ keyHash = "keccak256" }: { readonly keyHash?: KeyHash } = {}) {
    this.#keyHash = keyHash;
  }

  /**
   * The trie of an image. Nothing in it is believed: all is hashed, up to the root.
   *
   * @throws TrieImageError when it is not the image of a trie with its root.
   */
  static fromImage(image: TrieImage, options: { readonly keyHash?: KeyHash } = {}): StorageTrie {
    const trie = new StorageTrie(options);
    const store = trie.#open();
    importWords(store, image);
    trie.#dropIfEmpty(store);
    const root = trie.root();
    if (root === image.root) return trie;
    const payload = { claimed: image.root, computed: root };
    throw new TrieImageError("TrieImageRootMismatch", "the image's words do not have its root", payload);
  }

  /** Number of words that are not zero. */
  get size(): number {
    return this.#store?.size ?? 0;
  }

  /** Bytes of memory held for words, nodes and the index. */
  get bytes(): number {
    return this.#store?.bytes ?? 0;
  }

  /** The word at a slot (32 bytes of lower-case hex), 0 when absent. */
  get(slot: Hex): bigint {
    return this.#store !== null && stageSlot(slot, staged) ? this.#store.read(staged) : 0n;
  }

  /**
   * Writes a word; 0 deletes it.
   *
   * @throws HexError when the slot is not 32 bytes of lower-case hex, RangeError when the value is no word.
   */
  set(slot: Hex, value: bigint): void {
    stageWrite(slot, value);
    this.#write(value);
  }

  /**
   * Writes words in turn: the same as {@link StorageTrie.set} of each, errors included, and faster when they are more than
   * the trie holds, because the nodes are then built once, from the sorted keys.
   */
  setMany(writes: Iterable<readonly [Hex, bigint]>): void {
    const list = Array.isArray(writes) ? (writes as readonly (readonly [Hex, bigint])[]) : [...writes];
    if (list.length <= this.size) {
      for (let start = 0; start < list.length; start += BATCH) {
        this.#setBatch(list, start, Math.min(start + BATCH, list.length));
      }
      return;
    }
    this.#rebuild(list);
  }

  /** The storage root, {@link EMPTY_ROOT} when no word is set. */
  root(): Hash {
    return this.#store === null ? EMPTY_ROOT : bytesToHex(this.#store.root());
  }

  /** All slots and words, ordered by hashed slot, so that equal tries iterate equally. */
  *slots(): IterableIterator<[Hex, bigint]> {
    for (const [store, leaf] of this.#leavesUnder([])) yield [slotOf(store, leaf), readWord(store.memory, leaf)];
  }

  /** The known slots whose hash starts with these nibbles, ordered by hash; costs only what it yields. */
  *slotsUnder(hashedPrefixNibbles: readonly number[]): IterableIterator<Hex> {
    for (const [store, leaf] of this.#leavesUnder(hashedPrefixNibbles)) yield slotOf(store, leaf);
  }

  /** {@link slotsUnder} with hash and word. */
  *entriesUnder(hashedPrefixNibbles: readonly number[]): IterableIterator<TrieEntry> {
    for (const [store, leaf] of this.#leavesUnder(hashedPrefixNibbles)) {
      const key = addressOf(leaf);
      const hashedSlot = bytesToHex(store.memory.bytes.subarray(key, key + SLOT_AT));
      yield { slot: slotOf(store, leaf), hashedSlot, value: readWord(store.memory, leaf) };
    }
  }

  /**
   * The reference that a branch of the canonical trie would hold for the words whose hash starts with these nibbles,
   * null when there are none. Equal references mean equal words there.
   */
  nodeRefAt(pathNibbles: readonly number[]): NodeRef | null {
    const store = this.#store;
    const node = store === null ? 0 : store.tree.locate(pathNibbles);
    return store === null || node === 0 ? null : store.refOf(node, pathNibbles.length);
  }

  /**
   * {@link nodeRefAt} of the 16 paths that are longer by a nibble. Where a branch stands they are read, and hashed no more.
   */
  childRefsAt(pathNibbles: readonly number[]): (NodeRef | null)[] {
    const store = this.#store;
    const node = store === null ? 0 : store.tree.locate(pathNibbles);
    const isBranch =
      store !== null && node !== 0 && !isLeaf(node) && depthOf(store.memory, node) === pathNibbles.length;
    if (!isBranch) return Array.from({ length: 16 }, (_, nibble) => this.nodeRefAt([...pathNibbles, nibble]));
    // None is stale then.
    store.root();
    return childRefs(store.memory, node);
  }

  /** All words in flat arrays: see {@link TrieImage}. */
  toImage(): TrieImage {
    const empty = { slots: new Uint8Array(0), lengths: new Uint8Array(0), words: new Uint8Array(0) };
    return { root: this.root(), ...(this.#store === null ? empty : exportWords(this.#store)) };
  }

  /** Builds the trie anew from its words and the writes; what is no write is refused when its turn comes. */
  #rebuild(list: readonly (readonly [Hex, bigint])[]): void {
    const leaves = new DetachedLeaves(this.size + list.length);
    for (const [old, leaf] of this.#leavesUnder([])) leaves.take(old.memory, leaf);
    let valid = 0;
    for (; valid < list.length; valid += 1) {
      const write = list[valid]!;
      if (!isWord(write[1]) || !stageSlot(write[0], staged)) break;
      leaves.write(staged, stagedWord.set(write[1]));
    }
    const store = new TrieStore(this.#keyHash);
    assert(store.fill(leaves.sorted(this.#keyHash)), "sorted leaves of different slots have rising keys");
    this.#store = store;
    this.#dropIfEmpty(store);
    if (valid < list.length) this.set(...list[valid]!);
  }

  /** Writes in turn; what is no write is refused when its turn comes. */
  #setBatch(list: readonly (readonly [Hex, bigint])[], start: number, end: number): void {
    const slots = new Uint32Array(8 * (end - start));
    const words: bigint[] = [];
    for (let at = start; at < end; at += 1) {
      const write = list[at]!;
      if (!isWord(write[1]) || !stageSlot(write[0], staged)) break;
      slots.set(staged, 8 * words.length);
      words.push(write[1]);
    }
    if (words.length > 0) {
      const store = this.#open();
      store.writeMany(slots.subarray(0, 8 * words.length), words);
      this.#dropIfEmpty(store);
    }
    if (words.length < end - start) this.set(...list[start + words.length]!);
  }

  /** Writes a word to the staged slot. */
  #write(value: bigint): void {
    if (value === 0n && this.#store === null) return;
    const store = this.#open();
    store.write(staged, stagedWord.set(value));
    this.#dropIfEmpty(store);
  }

  *#leavesUnder(prefix: readonly number[]): IterableIterator<[TrieStore, NodeId]> {
    const store = this.#store;
    if (store === null) return;
    for (const leaf of store.tree.leavesUnder(store.tree.locate(prefix))) yield [store, leaf];
  }

  #open(): TrieStore {
    this.#store ??= new TrieStore(this.#keyHash);
    return this.#store;
  }

  #dropIfEmpty(store: TrieStore): void {
    if (store.size === 0) this.#store = null;
  }
}

function isWord(value: bigint): boolean {
  return value >= 0n && value < WORD_LIMIT;
}

function checkWord(slot: Hex, value: bigint): void {
  if (!isWord(value)) throw new RangeError(`storage word out of range at ${slot}`);
}

/** Reads a write's slot into {@link staged}. */
function stageWrite(slot: Hex, value: bigint): void {
  checkWord(slot, value);
  if (!stageSlot(slot, staged)) throw new HexError("HexMalformed", "slot", "not 32 bytes of lower-case hex");
}

function slotOf({ memory }: TrieStore, leaf: NodeId): Hex {
  const address = addressOf(leaf);
  return bytesToHex(memory.bytes.subarray(address + SLOT_AT, address + WORD_AT));
}
