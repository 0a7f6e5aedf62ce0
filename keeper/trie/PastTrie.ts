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
      /** Where it forks. */
      readonly path: readonly number[];
      readonly children: readonly (NodeRef | null)[];
    };

/** Touched words from `start` to `end`. */
type Range = readonly [start: number, end: number];

/** A subtree of at most so many words is built from them, without looking at its nodes. */
const FEW = 2;
const KEY_NIBBLES = 64;
/** Subtrees of three nibbles are read one by one where a trie is made in pieces; with the 0x. */
const WARM_DIGITS = 5;

function toDigits(path: readonly number[]): string {
  let digits = "";
  for (const nibble of path) digits += nibble.toString(16);
  return digits;
}

/** The nibble of an entry's key at a place. */
function nibbleOf({ hashedSlot }: TrieEntry, at: number): number {
  return Number.parseInt(hashedSlot[at + 2]!, 16);
}

/** A key that begins with these nibbles. */
function keyUnder(path: readonly number[]): Uint8Array {
  return hexToBytes(`0x${toDigits(path).padEnd(KEY_NIBBLES, "0")}`);
}

/** The reference of a part whose path starts at nibble `depth`. */
function refOf(part: Part, depth: number): NodeRef {
  if (part.kind === "leaf") return toNodeRef(encodeLeaf(part.key, depth, encodeRlp(bigintToBytes(part.word))));
  const { path, children } = part;
  const bare = toNodeRef(encodeBranch(children));
  return path.length === depth ? bare : toNodeRef(encodeExtension(keyUnder(path), depth, path.length, bare));
}

/** The part that these words make, which are sorted and share the path. */
function partOf(entries: readonly TrieEntry[], path: readonly number[]): Part | null {
  const [first, last] = [entries[0], entries.at(-1)];
  if (first === undefined || last === undefined) return null;
  if (first === last) return { kind: "leaf", key: hexToBytes(first.hashedSlot), word: first.value };
  const fork = [...path];
  while (nibbleOf(first, fork.length) === nibbleOf(last, fork.length)) fork.push(nibbleOf(first, fork.length));
  const children = Array.from({ length: 16 }, (_, nibble) => {
    const below = entries.filter((entry) => nibbleOf(entry, fork.length) === nibble);
    const part = partOf(below, [...fork, nibble]);
    return part === null ? null : refOf(part, fork.length + 1);
  });
  return { kind: "branch", path: fork, children };
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
  #touched: readonly TrieEntry[];
  readonly #refs = new Map<string, NodeRef | null>();
  #root: Hash | null = null;

  /** @param before the words of slots that were written since, 0 where there was none */
  constructor(trie: StorageTrie, before: Iterable<readonly [Hex, bigint]>) {
    this.#trie = trie;
    this.#touched = sorted(Array.from(before, ([slot, value]) => touchedBy(trie, slot, value)));
  }

  /**
   * The same trie, made in pieces of at most about so many words, so that no read of it is long either. Between two pieces the trie
   * below must not change.
   */
  static *inPieces(
    trie: StorageTrie,
    before: Iterable<readonly [Hex, bigint]>,
    wordsAtOnce: number,
  ): Generator<undefined, PastTrie> {
    const touched: (TrieEntry | null)[] = [];
    for (const [slot, value] of before) {
      touched.push(touchedBy(trie, slot, value));
      if (touched.length % wordsAtOnce === 0) yield;
    }
    const past = new PastTrie(trie, []);
    past.#touched = sorted(touched);
    let until = wordsAtOnce;
    for (const [at, entry] of past.#touched.entries()) {
      // From the bottom: who looks at the root then finds what is below it.
      if (at === 0 || !entry.hashedSlot.startsWith(past.#touched[at - 1]!.hashedSlot.slice(0, WARM_DIGITS))) {
        past.nodeRefAt(Array.from(entry.hashedSlot.slice(2, WARM_DIGITS), (digit) => Number.parseInt(digit, 16)));
      }
      if (at < until) continue;
      until = at + wordsAtOnce;
      yield;
    }
    return past;
  }

  root(): Hash {
    this.#root ??= this.#touched.length === 0 ? this.#trie.root() : this.#computeRoot();
    return this.#root;
  }

  #computeRoot(): Hash {
    const part = this.#partAt([], [0, this.#touched.length]);
    if (part === null) return EMPTY_ROOT;
    const ref = refOf(part, 0);
    // The root is hashed even where a parent would embed it.
    return bytesToHex(ref.length === 32 ? ref : keccak256(ref));
  }

  nodeRefAt(path: readonly number[]): NodeRef | null {
    const range = this.#rangeOf(path);
    return isEmpty(range) ? this.#trie.nodeRefAt(path) : this.#refAt(path, range);
  }

  childRefsAt(path: readonly number[]): (NodeRef | null)[] {
    return this.#childRefs(path, this.#rangeOf(path));
  }

  *entriesUnder(path: readonly number[]): IterableIterator<TrieEntry> {
    yield* this.#entries(path, this.#rangeOf(path));
  }

  *slotsUnder(path: readonly number[]): IterableIterator<Hex> {
    for (const { slot } of this.entriesUnder(path)) yield slot;
  }

  *#entries(path: readonly number[], [start, end]: Range): IterableIterator<TrieEntry> {
    let at = start;
    for (const entry of this.#trie.entriesUnder(path)) {
      for (; at < end && this.#touched[at]!.hashedSlot < entry.hashedSlot; at += 1) yield* present(this.#touched[at]!);
      const past = at < end && this.#touched[at]!.hashedSlot === entry.hashedSlot ? this.#touched[at]! : null;
      yield* present(past ?? entry);
      if (past !== null) at += 1;
    }
    for (; at < end; at += 1) yield* present(this.#touched[at]!);
  }

  #refAt(path: readonly number[], range: Range): NodeRef | null {
    const digits = toDigits(path);
    let ref = this.#refs.get(digits);
    if (ref === undefined) {
      const part = this.#partAt(path, range);
      ref = part === null ? null : refOf(part, path.length);
      this.#refs.set(digits, ref);
    }
    return ref;
  }

  #childRefs(path: readonly number[], [start, end]: Range): (NodeRef | null)[] {
    const refs = this.#trie.childRefsAt(path);
    for (let from = start; from < end;) {
      const nibble = nibbleOf(this.#touched[from]!, path.length);
      let to = from + 1;
      while (to < end && nibbleOf(this.#touched[to]!, path.length) === nibble) to += 1;
      refs[nibble] = this.#refAt([...path, nibble], [from, to]);
      from = to;
    }
    return refs;
  }

  #partAt(path: readonly number[], range: Range): Part | null {
    const few = this.#few(path, range);
    if (few !== null) return partOf(few, path);
    const children = this.#childRefs(path, range);
    const taken = children.flatMap((ref, nibble) => (ref === null ? [] : [nibble]));
    if (taken.length === 0) return null;
    if (taken.length > 1) return { kind: "branch", path, children };
    // One child takes its parent's place: an extension, or what writes have left of a branch.
    const only = [...path, taken[0]!];
    return this.#partAt(only, this.#rangeOf(only));
  }

  /** The words under a path if they are few; null otherwise. */
  #few(path: readonly number[], range: Range): TrieEntry[] | null {
    const found: TrieEntry[] = [];
    for (const entry of this.#entries(path, range)) {
      if (found.length === FEW) return null;
      found.push(entry);
    }
    return found;
  }

  /** Where the touched words under a path begin and end. */
  #rangeOf(path: readonly number[]): Range {
    if (path.length === 0) return [0, this.#touched.length];
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

/** The word of a slot as it was, or null where it is the same now. */
function touchedBy(trie: StorageTrie, slot: Hex, value: bigint): TrieEntry | null {
  const hashedSlot: Hash = bytesToHex(keccak256(parseData(slot, "slot", { length: 32 })));
  return trie.get(slot) === value ? null : { slot, hashedSlot, value };
}

function sorted(touched: readonly (TrieEntry | null)[]): TrieEntry[] {
  const others = touched.filter((entry) => entry !== null);
  return others.sort((left, right) => (left.hashedSlot < right.hashedSlot ? -1 : 1));
}

function isEmpty([start, end]: Range): boolean {
  return start === end;
}

function* present(entry: TrieEntry): IterableIterator<TrieEntry> {
  if (entry.value !== 0n) yield entry;
}
