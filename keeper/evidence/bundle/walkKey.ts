import { decodeNode, wordOf, type Link, type NaiveNode } from "../../books/naive/naiveNodes.ts";
import { UnprovenNodeError } from "../../books/naive/UnprovenNodeError.ts";
import type { Hash } from "../../lib/hex.ts";
import { keccakOfText } from "../../trie/naiveRoot.ts";

/**
 * The word at the hash of a slot in the trie of a root; zero where there is none. Every node is asked for by its path, hashed,
 * and compared with what its parent names.
 *
 * @throws UnprovenNodeError when a node is not the proven one, and whatever `nodeAt` throws
 */
export function walkKey(root: Hash, hashedSlot: Hash, nodeAt: (path: string) => string): bigint {
  const key = hashedSlot.slice(2);
  if (root === `0x${keccakOfText("80")}`) return 0n;
  let link: Link | null = { reference: `a0${root.slice(2)}`, node: null };
  for (let at = 0; link !== null;) {
    const path = key.slice(0, at);
    const node: NaiveNode = link.node ?? openNode(link, path, nodeAt(path));
    if (node.kind === "leaf") return node.path === key.slice(at) ? wordOf(node.word) : 0n;
    if (node.kind === "extension") {
      if (!key.startsWith(node.path, at)) return 0n;
      at += node.path.length;
      link = node.child;
    } else {
      link = node.children[Number.parseInt(key.charAt(at), 16)] ?? null;
      at += 1;
    }
  }
  return 0n;
}

function openNode({ reference }: Link, path: string, text: string): NaiveNode {
  const node = `a0${keccakOfText(text)}` === reference ? decodeNode(text) : null;
  if (node === null) throw new UnprovenNodeError(path, reference ?? "");
  return node;
}
