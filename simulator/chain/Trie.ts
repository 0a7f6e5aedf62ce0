import { nibbleAt } from "../../keeper/lib/bytes.ts";
import { bytesToHex, type Hash, type Hex } from "../../keeper/lib/hex.ts";
import { keccak256 } from "../../keeper/lib/keccak.ts";
import { EMPTY_ROOT, encodeBranch, encodeExtension, encodeLeaf } from "../../keeper/trie/nodeEncoding.ts";

const KEY_NIBBLES = 64;
/** The proof that a trie without entries has no key. */
const NOTHING: readonly Hex[] = ["0x80"];

/** A subtree as its parent sees it: the encoded nodes at its top (an extension and its branch, or one) and their hash. */
interface Encoded {
  readonly depth: number;
  readonly nodes: readonly Uint8Array[];
  readonly ref: Uint8Array;
  hex: readonly Hex[] | null;
}

class Leaf {
  readonly key: Uint8Array;
  /** RLP. */
  readonly value: Uint8Array;
  encoded: Encoded | null = null;

  constructor(key: Uint8Array, value: Uint8Array) {
    this.key = key;
    this.value = value;
  }
}

/** A fork at nibble `depth`; the extension above it is the gap from the parent's depth to this one. */
class Branch {
  readonly depth: number;
  /** A key below this branch. */
  readonly key: Uint8Array;
  readonly children: readonly (Node | null)[];
  encoded: Encoded | null = null;

  constructor(depth: number, key: Uint8Array, children: readonly (Node | null)[]) {
    this.depth = depth;
    this.key = key;
    this.children = children;
  }
}

type Node = Leaf | Branch;

const NO_CHILDREN: readonly (Node | null)[] = new Array<Node | null>(16).fill(null);

/**
 * A secure Merkle-Patricia trie of one block. It never changes; {@link with} makes another one that shares all but one path, with
 * what was encoded already, so that the blocks of a tree cost what they change. Keys are hashes, and there are few enough of them
 * that no node is shorter than 32 bytes, hence none is embedded in its parent. Source: Yellow Paper, appendix D.
 */
export class Trie {
  static readonly EMPTY = new Trie(null);

  readonly #root: Node | null;

  private constructor(root: Node | null) {
    this.#root = root;
  }

  /** The RLP at a key; null where there is nothing. */
  get(key: Uint8Array): Uint8Array | null {
    const node = this.#find(key);
    return node !== null && isKey(node, key) ? node.value : null;
  }

  /** This trie with one entry added, replaced, or, for null, removed. */
  with(key: Uint8Array, value: Uint8Array | null): Trie {
    if (value !== null) return new Trie(insert(this.#root, new Leaf(key, value), 0));
    return this.get(key) === null ? this : new Trie(remove(this.#root, key));
  }

  root(): Hash {
    return this.#root === null ? EMPTY_ROOT : bytesToHex(encode(this.#root, 0).ref);
  }

  /** The nodes from the root towards a key: they prove what is there, or that nothing is. */
  prove(key: Uint8Array): readonly Hex[] {
    if (this.#root === null) return NOTHING;
    const nodes: Hex[] = [];
    let node: Node | null = this.#root;
    for (let depth = 0; node !== null;) {
      nodes.push(...hexOf(encode(node, depth)));
      if (node instanceof Leaf || !sharesUpTo(node.key, key, depth, node.depth)) return nodes;
      depth = node.depth + 1;
      node = node.children[nibbleAt(key, node.depth)] ?? null;
    }
    return nodes;
  }

  #find(key: Uint8Array): Leaf | null {
    let node = this.#root;
    while (node instanceof Branch) node = node.children[nibbleAt(key, node.depth)] ?? null;
    return node;
  }
}

function isKey({ key }: Leaf, wanted: Uint8Array): boolean {
  return sharesUpTo(key, wanted, 0, KEY_NIBBLES);
}

function sharesUpTo(one: Uint8Array, other: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (nibbleAt(one, at) !== nibbleAt(other, at)) return false;
  return true;
}

function insert(node: Node | null, leaf: Leaf, depth: number): Node {
  if (node === null) return leaf;
  const end = node instanceof Branch ? node.depth : KEY_NIBBLES;
  let fork = depth;
  while (fork < end && nibbleAt(node.key, fork) === nibbleAt(leaf.key, fork)) fork += 1;
  if (fork < end) {
    const children = NO_CHILDREN.with(nibbleAt(node.key, fork), node).with(nibbleAt(leaf.key, fork), leaf);
    return new Branch(fork, leaf.key, children);
  }
  if (node instanceof Leaf) return leaf;
  const nibble = nibbleAt(leaf.key, end);
  const child = insert(node.children[nibble] ?? null, leaf, end + 1);
  return new Branch(end, node.key, node.children.with(nibble, child));
}

/** The node without a key that is in it; a branch with one child left is that child. */
function remove(node: Node | null, key: Uint8Array): Node | null {
  if (node === null || node instanceof Leaf) return null;
  const nibble = nibbleAt(key, node.depth);
  const children = node.children.with(nibble, remove(node.children[nibble] ?? null, key));
  const left = children.filter((child) => child !== null);
  const [only] = left;
  return left.length === 1 && only !== undefined ? only : new Branch(node.depth, only?.key ?? node.key, children);
}

/** The node with what leads to it from `depth` on. */
function encode(node: Node, depth: number): Encoded {
  if (node.encoded?.depth !== depth) node.encoded = node instanceof Leaf ? ofLeaf(node, depth) : ofBranch(node, depth);
  return node.encoded;
}

function hexOf(encoded: Encoded): readonly Hex[] {
  return (encoded.hex ??= encoded.nodes.map((node) => bytesToHex(node)));
}

function ofLeaf({ key, value }: Leaf, depth: number): Encoded {
  const bytes = encodeLeaf(key, depth, value);
  return { depth, nodes: [bytes], ref: keccak256(bytes), hex: null };
}

function ofBranch(branch: Branch, depth: number): Encoded {
  const refs = branch.children.map((child) => (child === null ? null : encode(child, branch.depth + 1).ref));
  const bytes = encodeBranch(refs).slice();
  const ref = keccak256(bytes);
  if (branch.depth === depth) return { depth, nodes: [bytes], ref, hex: null };
  const extension = encodeExtension(branch.key, depth, branch.depth, ref);
  return { depth, nodes: [extension, bytes], ref: keccak256(extension), hex: null };
}
