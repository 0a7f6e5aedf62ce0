import { bigintToBytes, bytesToNibbles } from "../../lib/bytes.ts";
import type { Hash } from "../../lib/hex.ts";
import { keccak256, keccak256Hex } from "../../lib/keccak.ts";
import { decodeRlp, encodeRlp, type RlpInput } from "../../lib/rlp.ts";

interface Entry {
  readonly path: readonly number[];
  readonly value: Uint8Array;
}

/** Hex-prefix encoding. Source: Yellow Paper, appendix C. */
function encodePath(path: readonly number[], isLeaf: boolean): Uint8Array {
  const kind = isLeaf ? 2 : 0;
  const nibbles = path.length % 2 === 0 ? [kind, 0, ...path] : [kind + 1, ...path];
  return Uint8Array.from({ length: nibbles.length / 2 }, (_, at) => nibbles[2 * at]! * 16 + nibbles[2 * at + 1]!);
}

/** The node as its parent holds it: itself where its encoding is short, otherwise its hash. */
function embed(node: RlpInput): RlpInput {
  const encoded = encodeRlp(node);
  return encoded.length < 32 ? decodeRlp(encoded) : keccak256(encoded);
}

function sharedPrefixLength(left: readonly number[], right: readonly number[], from: number): number {
  let at = from;
  while (at < left.length && at < right.length && left[at] === right[at]) at += 1;
  return at;
}

/** The node over these entries, sorted by path, which agree in their first `depth` nibbles. Not empty. */
function buildNode(entries: readonly Entry[], depth: number): RlpInput {
  const first = entries[0]!;
  if (entries.length === 1) return [encodePath(first.path.slice(depth), true), first.value];
  const fork = sharedPrefixLength(first.path, entries[entries.length - 1]!.path, depth);
  if (fork > depth) return [encodePath(first.path.slice(depth, fork), false), embed(buildNode(entries, fork))];
  // No key is a prefix of another (they are RLP), so that no entry ends at a branch.
  const items: RlpInput[] = [];
  for (let nibble = 0; nibble < 16; nibble += 1) {
    const below = entries.filter(({ path }) => path[depth] === nibble);
    items.push(below.length === 0 ? new Uint8Array(0) : embed(buildNode(below, depth + 1)));
  }
  return [...items, new Uint8Array(0)];
}

function comparePaths(left: Entry, right: Entry): number {
  const at = sharedPrefixLength(left.path, right.path, 0);
  return (left.path[at] ?? -1) - (right.path[at] ?? -1);
}

/**
 * The root of the trie that maps the RLP of each index to the value there, as a block commits to its transactions,
 * receipts and withdrawals. Source: Yellow Paper 4.3.2.
 */
export function orderedTrieRoot(values: readonly Uint8Array[]): Hash {
  if (values.length === 0) return keccak256Hex(encodeRlp(new Uint8Array(0)));
  const entries = values.map((value, index) => {
    return { path: bytesToNibbles(encodeRlp(bigintToBytes(BigInt(index)))), value };
  });
  entries.sort(comparePaths);
  return keccak256Hex(encodeRlp(buildNode(entries, 0)));
}
