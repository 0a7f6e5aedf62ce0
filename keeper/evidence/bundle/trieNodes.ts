import { decodeNode, type Link } from "../../books/naive/naiveNodes.ts";
import type { Hash } from "../../lib/hex.ts";
import { skipRlp } from "../../lib/rlp.ts";
import { keccakOfText } from "../../trie/naiveRoot.ts";
import { BundleProblem } from "./BundleProblem.ts";

/** As deep as keys have digits. */
const MAX_DEPTH = 64;

/** Nodes that are packed at a time. */
const NODES_AT_ONCE = 1_024;

/**
 * Nodes as a blob holds them: their encodings one after the other, in base64. Sorted, so that equal sets are equal texts. In pieces,
 * as many of them take long.
 */
export function* packNodes(nodes: Iterable<string>): Generator<undefined, string> {
  const sorted = [...nodes].sort();
  const packed: Buffer[] = [];
  for (let at = 0; at < sorted.length; at += NODES_AT_ONCE) {
    packed.push(Buffer.from(sorted.slice(at, at + NODES_AT_ONCE).join(""), "hex"));
    yield;
  }
  return Buffer.concat(packed).toString("base64");
}

/**
 * The nodes of a blob by their path in the trie of a root, and how many there are. Each hangs, through others, on the root.
 *
 * @throws BundleProblem `invalid` for what is no list of nodes, or a node that nothing leads to
 */
export function unpackNodes(packed: unknown, root: Hash, blob: string): ReadonlyMap<string, string> {
  const byHash = readNodes(packed, blob);
  const byPath = new Map<string, string>();
  const used = new Set<string>();
  const open: [string, Link][] = [["", { reference: `a0${root.slice(2)}`, node: null }]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [path, link] = next;
    const text = link.reference?.startsWith("a0") === true ? byHash.get(link.reference.slice(2)) : undefined;
    const node = link.node ?? (text === undefined ? null : decodeNode(text));
    if (text !== undefined) {
      // Two places with one node have one rest of a key: a handful at most, unless somebody made it so.
      if (byPath.size > 2 * byHash.size) throw new BundleProblem("invalid", "storage-nodes", blob, "it repeats itself");
      byPath.set(path, text);
      used.add(link.reference?.slice(2) ?? "");
    }
    if (node === null || node.kind === "leaf" || path.length >= MAX_DEPTH) continue;
    if (node.kind === "extension") open.push([path + node.path, node.child]);
    else {
      for (const [digit, child] of node.children.entries()) {
        if (child !== null) open.push([path + digit.toString(16), child]);
      }
    }
  }
  if (used.size < byHash.size) {
    const detail = `${byHash.size - used.size} nodes do not belong to the trie of the storage root ${root}`;
    throw new BundleProblem("invalid", "storage-nodes", blob, detail);
  }
  return byPath;
}

function readNodes(packed: unknown, blob: string): Map<string, string> {
  const refuse = (detail: string, cause?: unknown): BundleProblem =>
    new BundleProblem("invalid", "storage-nodes", blob, detail, { cause });
  if (typeof packed !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(packed)) throw refuse("it is no base64");
  const bytes = Buffer.from(packed, "base64");
  const byHash = new Map<string, string>();
  try {
    for (let at = 0; at < bytes.length;) {
      const end = skipRlp(bytes, at, bytes.length);
      const text = bytes.toString("hex", at, end);
      byHash.set(keccakOfText(text), text);
      at = end;
    }
  } catch (error: unknown) {
    throw refuse("it is no list of trie nodes", error);
  }
  return byHash;
}
