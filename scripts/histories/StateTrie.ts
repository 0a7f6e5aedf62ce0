import { nibbleAt } from "../../keeper/lib/bytes.ts";
import { bytesToHex, type Hash, type Hex } from "../../keeper/lib/hex.ts";
import { keccak256 } from "../../keeper/lib/keccak.ts";
import { encodeBranch, encodeExtension, encodeLeaf } from "../../keeper/trie/nodeEncoding.ts";

const KEY_NIBBLES = 64;

/** A subtree as its parent sees it: the encoded nodes at its top (an extension and its branch, or one) and their hash. */
interface Encoded {
  readonly depth: number;
  readonly nodes: readonly Hex[];
  readonly ref: Uint8Array;
}

/** An account. */
class Leaf {
  readonly key: Uint8Array;
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
 * The state trie of one block: hashed addresses to encoded accounts. It never changes; {@link with} makes another one that
 * shares all but one path, with what was encoded already, so that a block of a long chain costs as much as what it changed.
 * Accounts are longer than 32 bytes, so no node is embedded in its parent. Source: Yellow Paper, appendix D.
 */
export class StateTrie {
  static readonly EMPTY = new StateTrie(null);

  readonly #root: Node | null;

  private constructor(root: Node | null) {
    this.#root = root;
  }

  /** This trie with one account entered or replaced. */
  with(key: Uint8Array, value: Uint8Array): StateTrie {
    return new StateTrie(insert(this.#root, new Leaf(key, value), 0));
  }

  /** The state root. The trie must not be empty. */
  root(): Hash {
    if (this.#root === null) throw new Error("an empty state");
    return bytesToHex(encode(this.#root, 0).ref);
  }

  /** The nodes from the root to the account, which must be there. */
  prove(key: Uint8Array): Hex[] {
    const nodes: Hex[] = [];
    let node = this.#root;
    for (let depth = 0; node !== null;) {
      nodes.push(...encode(node, depth).nodes);
      if (node instanceof Leaf) return nodes;
      depth = node.depth + 1;
      node = node.children[nibbleAt(key, node.depth)] ?? null;
    }
    throw new Error("no such account");
  }
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

/** The node with what leads to it from `depth` on. */
function encode(node: Node, depth: number): Encoded {
  if (node.encoded?.depth !== depth) node.encoded = node instanceof Leaf ? ofLeaf(node, depth) : ofBranch(node, depth);
  return node.encoded;
}

function ofLeaf({ key, value }: Leaf, depth: number): Encoded {
  const bytes = encodeLeaf(key, depth, value);
  return { depth, nodes: [bytesToHex(bytes)], ref: keccak256(bytes) };
}

function ofBranch(branch: Branch, depth: number): Encoded {
  const refs = branch.children.map((child) => (child === null ? null : encode(child, branch.depth + 1).ref));
  const bytes = encodeBranch(refs);
  const [own, ref] = [bytesToHex(bytes), keccak256(bytes)];
  if (branch.depth === depth) return { depth, nodes: [own], ref };
  const extension = encodeExtension(branch.key, depth, branch.depth, ref);
  return { depth, nodes: [bytesToHex(extension), own], ref: keccak256(extension) };
}
