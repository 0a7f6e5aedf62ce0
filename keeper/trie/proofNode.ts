import { nibbleAt } from "../lib/bytes.ts";
import { decodeRlp, encodeRlp, RlpError, type RlpItem } from "../lib/rlp.ts";
import type { NodeRef } from "./nodeEncoding.ts";
import { ProofError } from "./ProofError.ts";

/** A node of a chain's trie, as a proof shows it. Source: Yellow Paper, appendix D. */
export type ProofNode =
  | { readonly kind: "leaf"; readonly path: readonly number[]; readonly value: Uint8Array }
  | { readonly kind: "extension"; readonly path: readonly number[]; readonly child: NodeRef }
  | { readonly kind: "branch"; readonly children: readonly (NodeRef | null)[] };

const KEY_NIBBLES = 64;
const HASH_LENGTH = 32;

function malformed(detail: string, depth: number): ProofError {
  return new ProofError("ProofNodeMalformed", `node at nibble ${depth}: ${detail}`, { depth, detail });
}

/** The path and kind of a hex-prefixed string; only the canonical form. Source: Yellow Paper, appendix C. */
function decodePath(encoded: Uint8Array, depth: number): { path: number[]; isLeaf: boolean } {
  if (encoded.length === 0) throw malformed("empty path", depth);
  const flag = encoded[0]! >> 4;
  if (flag > 3) throw malformed("unknown path flag", depth);
  const isOdd = (flag & 1) === 1;
  if (!isOdd && (encoded[0]! & 15) !== 0) throw malformed("padding of the path is not zero", depth);
  const path: number[] = [];
  for (let at = isOdd ? 1 : 2; at < 2 * encoded.length; at += 1) path.push(nibbleAt(encoded, at));
  return { path, isLeaf: flag >= 2 };
}

/** A child as its parent names it; null for none. */
function decodeRef(item: RlpItem, depth: number): NodeRef | null {
  if (item instanceof Uint8Array) {
    if (item.length === 0) return null;
    if (item.length !== HASH_LENGTH) throw malformed("a child is neither a hash nor a node", depth);
    return item;
  }
  const embedded = encodeRlp(item);
  if (embedded.length >= HASH_LENGTH) throw malformed("a child that long has to be hashed", depth);
  return embedded;
}

function decodeShort(first: RlpItem, second: RlpItem, depth: number): ProofNode {
  if (!(first instanceof Uint8Array)) throw malformed("the path is a list", depth);
  const { path, isLeaf } = decodePath(first, depth);
  if (isLeaf) {
    if (depth + path.length !== KEY_NIBBLES) throw malformed("a leaf's key is not 64 nibbles long", depth);
    if (!(second instanceof Uint8Array)) throw malformed("the value is a list", depth);
    if (second.length === 0) throw malformed("the value is empty", depth);
    return { kind: "leaf", path, value: second };
  }
  if (path.length === 0) throw malformed("an extension without a path", depth);
  if (depth + path.length >= KEY_NIBBLES) throw malformed("an extension leaves no path below it", depth);
  const child = decodeRef(second, depth);
  if (child === null) throw malformed("an extension without a child", depth);
  return { kind: "extension", path, child };
}

function decodeBranch(items: readonly RlpItem[], depth: number): ProofNode {
  if (depth >= KEY_NIBBLES) throw malformed("a branch below the end of the key", depth);
  const value = items[16]!;
  if (!(value instanceof Uint8Array) || value.length > 0) {
    throw malformed("a branch with a value, where all keys are equally long", depth);
  }
  const children = items.slice(0, 16).map((item) => decodeRef(item, depth));
  if (children.filter((child) => child !== null).length < 2) throw malformed("a branch of fewer than two", depth);
  return { kind: "branch", children };
}

/**
 * The node with this encoding, which stands at nibble `depth` of a trie whose keys have 64 nibbles. Only canonical
 * nodes are accepted: any other could not have come out of a client's trie.
 *
 * @throws ProofError `ProofNodeMalformed`
 */
export function decodeProofNode(encoded: Uint8Array, depth: number): ProofNode {
  let item: RlpItem;
  try {
    item = decodeRlp(encoded);
  } catch (error: unknown) {
    if (!(error instanceof RlpError)) throw error;
    const detail = { depth, rlp: error.code, offset: error.offset };
    throw new ProofError("ProofNodeMalformed", `node at nibble ${depth}: ${error.message}`, detail, { cause: error });
  }
  if (item instanceof Uint8Array) throw malformed("not a list", depth);
  if (item.length === 17) return decodeBranch(item, depth);
  if (item.length === 2) return decodeShort(item[0]!, item[1]!, depth);
  throw malformed(`a list of ${item.length}`, depth);
}
