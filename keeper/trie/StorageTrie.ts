import { assert } from "../lib/assert.ts";
import { bigintToBytes, nibbleAt } from "../lib/bytes.ts";
import { bytesToHex, HexError, hexToBytes, type Hash, type Hex } from "../lib/hex.ts";
import { keccak256, keccak256Hex } from "../lib/keccak.ts";
import { encodeRlp } from "../lib/rlp.ts";
import { EMPTY_ROOT, encodeBranch, encodeExtension, encodeLeaf, toNodeRef, type NodeRef } from "./nodeEncoding.ts";

const KEY_NIBBLES = 64;
const NO_DEPTH = -1;

/** One word of storage. */
class Leaf {
  readonly key: Uint8Array;
  readonly slot: Hex;
  value: bigint;
  /** Cached reference, valid for a leaf whose path starts at `refDepth`. */
  ref: NodeRef | null = null;
  refDepth = NO_DEPTH;

  constructor(key: Uint8Array, slot: Hex, value: bigint) {
    this.key = key;
    this.slot = slot;
    this.value = value;
  }
}

/**
 * A fork at nibble `depth`, with at least two children. The extension above it is not stored: it is the gap between
 * the parent's depth and this one, so that splitting and collapsing extensions is no case of its own.
 */
class Branch {
  readonly depth: number;
  /** A key below this branch, now or once: its first `depth` nibbles are the branch's path. */
  readonly key: Uint8Array;
  readonly children: (TrieNode | null)[] = new Array<TrieNode | null>(16).fill(null);
  childCount = 0;
  /** Cached reference of the bare branch node. */
  branchRef: NodeRef | null = null;
  /** Cached reference with the extension above, valid for a path that starts at `refDepth`. */
  ref: NodeRef | null = null;
  refDepth = NO_DEPTH;

  constructor(depth: number, key: Uint8Array) {
    this.depth = depth;
    this.key = key;
  }

  /** Forgets the cached references, because something below changed. */
  touch(): void {
    this.branchRef = null;
    this.ref = null;
  }

  /** Puts a child where none was. */
  add(child: TrieNode): void {
    this.children[nibbleAt(child.key, this.depth)] = child;
    this.childCount += 1;
  }
}

type TrieNode = Leaf | Branch;

/** A word of the trie with the key under which the trie files it. */
export interface TrieEntry {
  /** The slot: the preimage of the key. */
  readonly slot: Hex;
  /** keccak256(slot). */
  readonly hashedSlot: Hash;
  /** Never zero. */
  readonly value: bigint;
}

/** The first nibble from `from` on in which the keys differ, `to` when none below it does. */
function firstDifference(left: Uint8Array, right: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at += 1) if (nibbleAt(left, at) !== nibbleAt(right, at)) return at;
  return to;
}

function hasPrefix(key: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.length <= KEY_NIBBLES && prefix.every((nibble, at) => nibbleAt(key, at) === nibble);
}

/**
 * The storage trie of one contract, kept up to date word by word: a secure Merkle-Patricia trie, key keccak256(slot),
 * value the RLP of the word's minimal big-endian bytes. Source: Yellow Paper, section 4.1 and appendix D.
 *
 * Invariants: the root depends on the words alone, never on the order of writes; a word of zero is absent; `root()`
 * re-hashes only what changed since it was called last. Undoing a write is writing the old value. Iterators are void
 * after a write.
 */
export class StorageTrie {
  readonly #leaves = new Map<Hex, Leaf>();
  #root: TrieNode | null = null;

  /** Number of words that are not zero. */
  get size(): number {
    return this.#leaves.size;
  }

  /** The word at a slot (32 bytes of lower-case hex), 0 when absent. */
  get(slot: Hex): bigint {
    return this.#leaves.get(slot)?.value ?? 0n;
  }

  /**
   * Writes a word; 0 deletes it.
   *
   * @throws HexError when the slot is not 32 bytes of lower-case hex, RangeError when the value is no word.
   */
  set(slot: Hex, value: bigint): void {
    if (value < 0n || value >> 256n !== 0n) throw new RangeError(`storage word out of range at ${slot}`);
    const known = this.#leaves.get(slot);
    if (known !== undefined) {
      if (value === 0n) this.#delete(known);
      else if (value !== known.value) this.#overwrite(known, value);
      return;
    }
    if (!/^0x[0-9a-f]{64}$/.test(slot)) throw new HexError("HexMalformed", "slot", "not 32 bytes of lower-case hex");
    if (value === 0n) return;
    const leaf = new Leaf(keccak256(hexToBytes(slot, "slot")), slot, value);
    this.#leaves.set(slot, leaf);
    this.#insert(leaf);
  }

  /** The storage root, {@link EMPTY_ROOT} when no word is set. */
  root(): Hash {
    if (this.#root === null) return EMPTY_ROOT;
    const ref = this.#refFrom(this.#root, 0);
    // The root is hashed even where a parent would embed it.
    return ref.length === 32 ? bytesToHex(ref) : keccak256Hex(ref);
  }

  /** All slots and words, ordered by hashed slot, so that equal tries iterate equally. */
  *slots(): IterableIterator<[Hex, bigint]> {
    for (const leaf of this.#leavesUnder([])) yield [leaf.slot, leaf.value];
  }

  /** The known slots whose hash starts with these nibbles, ordered by hash; costs only what it yields. */
  *slotsUnder(hashedPrefixNibbles: readonly number[]): IterableIterator<Hex> {
    for (const leaf of this.#leavesUnder(hashedPrefixNibbles)) yield leaf.slot;
  }

  /** {@link slotsUnder} with hash and word. */
  *entriesUnder(hashedPrefixNibbles: readonly number[]): IterableIterator<TrieEntry> {
    for (const { slot, key, value } of this.#leavesUnder(hashedPrefixNibbles)) {
      yield { slot, hashedSlot: bytesToHex(key), value };
    }
  }

  /**
   * The reference that a branch of the canonical trie would hold for the words whose hash starts with these nibbles,
   * null when there are none. Equal references mean equal words there.
   */
  nodeRefAt(pathNibbles: readonly number[]): NodeRef | null {
    const node = this.#locate(pathNibbles);
    return node === null ? null : this.#refFrom(node, pathNibbles.length);
  }

  /** The topmost node that holds exactly the keys with this prefix. */
  #locate(prefix: readonly number[]): TrieNode | null {
    let node = this.#root;
    while (node instanceof Branch && node.depth < prefix.length) node = node.children[prefix[node.depth]!] ?? null;
    return node !== null && hasPrefix(node.key, prefix) ? node : null;
  }

  *#leavesUnder(prefix: readonly number[]): IterableIterator<Leaf> {
    const start = this.#locate(prefix);
    const stack: TrieNode[] = start === null ? [] : [start];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (node instanceof Leaf) {
        yield node;
      } else {
        for (let nibble = 15; nibble >= 0; nibble -= 1) {
          const child = node.children[nibble];
          if (child) stack.push(child);
        }
      }
    }
  }

  #overwrite(leaf: Leaf, value: bigint): void {
    leaf.value = value;
    leaf.ref = null;
    for (let node = this.#root; node instanceof Branch;) {
      node.touch();
      node = node.children[nibbleAt(leaf.key, node.depth)]!;
    }
  }

  #insert(leaf: Leaf): void {
    let parent: Branch | null = null;
    let node = this.#root;
    let depth = 0;
    while (node !== null) {
      const end = node instanceof Branch ? node.depth : KEY_NIBBLES;
      const fork = firstDifference(node.key, leaf.key, depth, end);
      if (fork < end || !(node instanceof Branch)) {
        const branch = new Branch(fork, leaf.key);
        branch.add(node);
        branch.add(leaf);
        this.#replaceChild(parent, branch);
        return;
      }
      node.touch();
      parent = node;
      depth = end + 1;
      node = node.children[nibbleAt(leaf.key, end)] ?? null;
    }
    if (parent === null) this.#root = leaf;
    else parent.add(leaf);
  }

  #delete(leaf: Leaf): void {
    this.#leaves.delete(leaf.slot);
    let grandparent: Branch | null = null;
    let parent: Branch | null = null;
    for (let node = this.#root; node instanceof Branch;) {
      node.touch();
      grandparent = parent;
      parent = node;
      node = node.children[nibbleAt(leaf.key, node.depth)]!;
    }
    if (parent === null) {
      this.#root = null;
      return;
    }
    parent.children[nibbleAt(leaf.key, parent.depth)] = null;
    parent.childCount -= 1;
    if (parent.childCount > 1) return;
    const heir = parent.children.find((child) => child !== null);
    assert(heir !== undefined, "a branch keeps a child when it loses one");
    this.#replaceChild(grandparent, heir);
  }

  /** Puts `child` where a node with a common path stands: its slot in `parent`, or the root. */
  #replaceChild(parent: Branch | null, child: TrieNode): void {
    if (parent === null) this.#root = child;
    else parent.children[nibbleAt(child.key, parent.depth)] = child;
  }

  /** The reference of a node whose path starts at nibble `depth`, from the cache where nothing changed. */
  #refFrom(node: TrieNode, depth: number): NodeRef {
    if (node.ref !== null && node.refDepth === depth) return node.ref;
    const ref = node instanceof Leaf ? leafRef(node, depth) : this.#branchRefFrom(node, depth);
    node.ref = ref;
    node.refDepth = depth;
    return ref;
  }

  #branchRefFrom(branch: Branch, depth: number): NodeRef {
    if (branch.branchRef === null) {
      const below = branch.depth + 1;
      const refs = branch.children.map((child) => (child === null ? null : this.#refFrom(child, below)));
      branch.branchRef = toNodeRef(encodeBranch(refs));
    }
    if (branch.depth === depth) return branch.branchRef;
    return toNodeRef(encodeExtension(branch.key, depth, branch.depth, branch.branchRef));
  }
}

function leafRef(leaf: Leaf, depth: number): NodeRef {
  return toNodeRef(encodeLeaf(leaf.key, depth, encodeRlp(bigintToBytes(leaf.value))));
}
