import { bigintToBytes } from "../lib/bytes.ts";
import { bytesToHex, hexToBytes, parseData, type Hash, type Hex } from "../lib/hex.ts";
import { keccak256 } from "../lib/keccak.ts";
import { encodeRlp } from "../lib/rlp.ts";
import type { ComparedWords } from "./ComparedWords.ts";
import { EMPTY_ROOT, encodeBranch, encodeExtension, encodeLeaf, toNodeRef, type NodeRef } from "./nodeEncoding.ts";
import type { StorageTrie, TrieEntry } from "./StorageTrie.ts";

/** What stands under a path, told apart so that a parent of one child can take the child's place. */
type Part =
  | { readonly kind: "leaf"; readonly key: Uint8Array; readonly word: bigint }
  | {
      readonly kind: "branch";
      /** Nibbles above it. */
      readonly fork: number;
      /** A key below it. */
      readonly key: Uint8Array;
      readonly children: readonly (NodeRef | null)[];
    };

/** A subtree of at most so many words is built from them, without looking at its nodes. */
const FEW = 16;
const KEY_NIBBLES = 64;

function toDigits(path: readonly number[]): string {
  let digits = "";
  for (const nibble of path) digits += nibble.toString(16);
  return digits;
}

function keyOf({ hashedSlot }: TrieEntry): Uint8Array {
  return hexToBytes(hashedSlot);
}

/** The reference of a part whose path starts at nibble `depth`. */
function refOf(part: Part, depth: number): NodeRef {
  if (part.kind === "leaf") return toNodeRef(encodeLeaf(part.key, depth, encodeRlp(bigintToBytes(part.word))));
  const bare = toNodeRef(encodeBranch(part.children));
  return part.fork === depth ? bare : toNodeRef(encodeExtension(part.key, depth, part.fork, bare));
}

/** The part that these words make, which are sorted and share their first `depth` nibbles. */
function partOf(entries: readonly TrieEntry[], depth: number): Part | null {
  const [first, last] = [entries[0], entries.at(-1)];
  if (first === undefined || last === undefined) return null;
  if (first === last) return { kind: "leaf", key: keyOf(first), word: first.value };
  let fork = depth;
  while (first.hashedSlot[fork + 2] === last.hashedSlot[fork + 2]) fork += 1;
  const children = Array.from({ length: 16 }, (_, nibble) => {
    const digit = nibble.toString(16);
    const part = partOf(
      entries.filter(({ hashedSlot }) => hashedSlot[fork + 2] === digit),
      fork + 1,
    );
    return part === null ? null : refOf(part, fork + 1);
  });
  return { kind: "branch", fork, key: keyOf(first), children };
}

/**
 * A trie as it was before some writes: reads like a `StorageTrie`, and costs what the written words cost, however many
 * others there are. Void after a write to the trie below.
 *
 * Invariant: every answer is that of a `StorageTrie` of the words of `trie` with those of `before` in place of them.
 */
export class PastTrie implements ComparedWords {
  readonly #trie: StorageTrie;
  /** By rising hash. */
  readonly #touched: readonly TrieEntry[];
  readonly #refs = new Map<string, NodeRef | null>();

  /** @param before the words of slots that were written since, 0 where there was none */
  constructor(trie: StorageTrie, before: Iterable<readonly [Hex, bigint]>) {
    this.#trie = trie;
    const touched: TrieEntry[] = [];
    for (const [slot, value] of before) {
      const hashedSlot: Hash = bytesToHex(keccak256(parseData(slot, "slot", { length: 32 })));
      if (trie.get(slot) !== value) touched.push({ slot, hashedSlot, value });
    }
    this.#touched = touched.sort((left, right) => (left.hashedSlot < right.hashedSlot ? -1 : 1));
  }

  root(): Hash {
    if (this.#touched.length === 0) return this.#trie.root();
    const part = this.#partAt([]);
    if (part === null) return EMPTY_ROOT;
    const ref = refOf(part, 0);
    // The root is hashed even where a parent would embed it.
    return bytesToHex(ref.length === 32 ? ref : keccak256(ref));
  }

  nodeRefAt(path: readonly number[]): NodeRef | null {
    if (!this.#isTouched(path)) return this.#trie.nodeRefAt(path);
    const digits = toDigits(path);
    let ref = this.#refs.get(digits);
    if (ref === undefined) {
      const part = this.#partAt(path);
      ref = part === null ? null : refOf(part, path.length);
      this.#refs.set(digits, ref);
    }
    return ref;
  }

  childRefsAt(path: readonly number[]): (NodeRef | null)[] {
    const refs = this.#trie.childRefsAt(path);
    if (!this.#isTouched(path)) return refs;
    return refs.map((ref, nibble) => {
      const below = [...path, nibble];
      return this.#isTouched(below) ? this.nodeRefAt(below) : ref;
    });
  }

  *entriesUnder(path: readonly number[]): IterableIterator<TrieEntry> {
    const [start, end] = this.#rangeOf(path);
    let at = start;
    for (const entry of this.#trie.entriesUnder(path)) {
      for (; at < end && this.#touched[at]!.hashedSlot < entry.hashedSlot; at += 1) yield* present(this.#touched[at]!);
      const past = at < end && this.#touched[at]!.hashedSlot === entry.hashedSlot ? this.#touched[at]! : null;
      if (past === null) yield entry;
      else {
        yield* present(past);
        at += 1;
      }
    }
    for (; at < end; at += 1) yield* present(this.#touched[at]!);
  }

  *slotsUnder(path: readonly number[]): IterableIterator<Hex> {
    for (const { slot } of this.entriesUnder(path)) yield slot;
  }

  #partAt(path: readonly number[]): Part | null {
    const few = this.#few(path);
    if (few !== null) return partOf(few, path.length);
    const children = this.childRefsAt(path);
    const taken = children.flatMap((ref, nibble) => (ref === null ? [] : [nibble]));
    // One child takes its parent's place: an extension, or what writes have left of a branch.
    if (taken.length === 1 && path.length < KEY_NIBBLES) return this.#partAt([...path, taken[0]!]);
    const first = this.entriesUnder(path).next();
    if (taken.length === 0 || first.done === true) return null;
    return { kind: "branch", fork: path.length, key: keyOf(first.value), children };
  }

  /** The words under a path if they are few, here and in the trie below; null otherwise. */
  #few(path: readonly number[]): TrieEntry[] | null {
    const [start, end] = this.#rangeOf(path);
    if (end - start > FEW) return null;
    const found: TrieEntry[] = [];
    for (const entry of this.entriesUnder(path)) {
      if (found.length === FEW) return null;
      found.push(entry);
    }
    return found;
  }

  #isTouched(path: readonly number[]): boolean {
    const [start, end] = this.#rangeOf(path);
    return start < end;
  }

  /** Where the touched words under a path begin and end. */
  #rangeOf(path: readonly number[]): [start: number, end: number] {
    const prefix = `0x${toDigits(path)}`;
    const lower = (bound: string): number => {
      let [low, high] = [0, this.#touched.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.#touched[middle]!.hashedSlot < bound) low = middle + 1;
        else high = middle;
      }
      return low;
    };
    // No digit is above f: what follows the prefix in order begins after all that it begins.
    return [lower(prefix), lower(`${prefix}g`)];
  }
}

function* present(entry: TrieEntry): IterableIterator<TrieEntry> {
  if (entry.value !== 0n) yield entry;
}
