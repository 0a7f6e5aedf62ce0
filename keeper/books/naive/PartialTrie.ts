import type { Hash } from "../../lib/hex.ts";
import { keccakOfText } from "../../trie/naiveRoot.ts";
import { decodeNode, encodeNode, linkTo, wordOf, wordText, type Link, type NaiveNode } from "./naiveNodes.ts";
import { UnprovenNodeError } from "./UnprovenNodeError.ts";

const NO_CHILDREN: readonly (Link | null)[] = Array.from({ length: 16 }, () => null);

/**
 * A storage trie of which only the root is known, and proven. Its nodes are asked for one by one, where words are read or
 * written, and each is hashed and compared with what its parent names before anything in it is believed: whoever serves them
 * cannot make it read another word, or arrive at another root. Costs the paths that are touched, not the trie.
 *
 * Invariant: a node that nobody has asked for yet stands where it stood in the trie of the root.
 */
export class PartialTrie {
  readonly #nodeAt: (path: string) => string;
  #top: Link | null;

  /**
   * @param root proven by someone else
   * @param nodeAt the encoding, as digits, of the node at the digits of a path in the trie of this root; "" where there is none
   */
  constructor(root: Hash, nodeAt: (path: string) => string) {
    this.#nodeAt = nodeAt;
    const isEmpty = root === `0x${keccakOfText("80")}`;
    this.#top = isEmpty ? null : { reference: `a0${root.slice(2)}`, node: null };
  }

  /** The word at a slot, zero when absent. Throws {@link UnprovenNodeError}, as every call does. */
  get(slot: Hash): bigint {
    const key = keccakOfText(slot.slice(2));
    let link = this.#top;
    for (let at = 0; link !== null;) {
      const node = this.#open(link, key.slice(0, at));
      if (node.kind === "leaf") return node.path === key.slice(at) ? wordOf(node.word) : 0n;
      if (node.kind === "extension") {
        if (!key.startsWith(node.path, at)) return 0n;
        at += node.path.length;
        link = node.child;
      } else {
        link = node.children[digitAt(key, at)] ?? null;
        at += 1;
      }
    }
    return 0n;
  }

  /** Writes a word; zero deletes it. */
  set(slot: Hash, word: bigint): void {
    const key = keccakOfText(slot.slice(2));
    if (word !== 0n) this.#top = this.#put(this.#top, key, 0, wordText(word));
    else if (this.#top !== null) this.#top = this.#take(this.#top, key, 0);
  }

  /** The root with all that was written. */
  root(): Hash {
    if (this.#top === null) return `0x${keccakOfText("80")}`;
    const { node, reference } = this.#top;
    // The root is a hash however short the node is.
    if (node === null || reference?.length === 66) return `0x${(reference ?? "").slice(2)}`;
    return `0x${keccakOfText(encodeNode(node))}`;
  }

  /** The node of a link: asked for and compared the first time. */
  #open(link: Link, path: string): NaiveNode {
    if (link.node !== null) return link.node;
    const text = this.#nodeAt(path);
    const node = `a0${keccakOfText(text)}` === link.reference ? decodeNode(text) : null;
    if (node === null) throw new UnprovenNodeError(path, link.reference ?? "");
    link.node = node;
    return node;
  }

  /** What takes the place of `link` when the key's word is there, from the key's digit `at` on. */
  #put(link: Link | null, key: string, at: number, word: string): Link {
    const rest = key.slice(at);
    if (link === null) return linkTo({ kind: "leaf", path: rest, word });
    const node = this.#open(link, key.slice(0, at));
    if (node.kind === "branch") {
      const digit = digitAt(key, at);
      return linkTo(withChild(node.children, digit, this.#put(node.children[digit] ?? null, key, at + 1, word)));
    }
    let shared = 0;
    while (shared < node.path.length && node.path[shared] === rest[shared]) shared += 1;
    if (node.kind === "leaf" && shared === node.path.length) return linkTo({ kind: "leaf", path: rest, word });
    if (node.kind === "extension" && shared === node.path.length) {
      return linkTo({ kind: "extension", path: node.path, child: this.#put(node.child, key, at + shared, word) });
    }
    const mine = linkTo({ kind: "leaf", path: rest.slice(shared + 1), word });
    const fork = withChild(NO_CHILDREN, digitAt(node.path, shared), shorten(node, shared + 1));
    return prepend(rest.slice(0, shared), linkTo(withChild(fork.children, digitAt(rest, shared), mine)));
  }

  /** What takes the place of `link` when the key's word is not there: itself where it never was, null where nothing is left. */
  #take(link: Link, key: string, at: number): Link | null {
    const node = this.#open(link, key.slice(0, at));
    if (node.kind === "leaf") return node.path === key.slice(at) ? null : link;
    if (node.kind === "extension") {
      if (!key.startsWith(node.path, at)) return link;
      const below = at + node.path.length;
      const child = this.#take(node.child, key, below);
      if (child === node.child) return link;
      return child === null ? null : this.join(node.path, child, key.slice(0, below));
    }
    const digit = digitAt(key, at);
    const child = node.children[digit] ?? null;
    const left = child === null ? null : this.#take(child, key, at + 1);
    if (left === child) return link;
    const { children } = withChild(node.children, digit, left);
    const [only, another] = children.flatMap((other, index) => (other === null ? [] : [index]));
    if (only === undefined || another !== undefined) return linkTo({ kind: "branch", children });
    // A branch with one child is none: the child moves up.
    const name = only.toString(16);
    return this.join(name, children[only] as Link, `${key.slice(0, at)}${name}`);
  }

  /** One node for some digits and the node after them, which stands at `path`. Open to a test's broken twin. */
  protected join(digits: string, link: Link, path: string): Link {
    const node = this.#open(link, path);
    return node.kind === "branch" ? prepend(digits, link) : linkTo({ ...node, path: digits + node.path });
  }
}

function digitAt(digits: string, at: number): number {
  return parseInt(digits.charAt(at), 16);
}

function withChild(children: readonly (Link | null)[], digit: number, child: Link | null) {
  return { kind: "branch", children: children.with(digit, child) } as const;
}

/** A branch after these digits. */
function prepend(digits: string, branch: Link): Link {
  return digits === "" ? branch : linkTo({ kind: "extension", path: digits, child: branch });
}

/** A leaf or extension without the first digits of its path. */
function shorten(node: Exclude<NaiveNode, { kind: "branch" }>, count: number): Link {
  const path = node.path.slice(count);
  return node.kind === "leaf" ? linkTo({ ...node, path }) : prepend(path, node.child);
}
