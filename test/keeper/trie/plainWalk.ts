import { bytesToNibbles } from "../../../keeper/lib/bytes.ts";
import { bytesToHex, hexToBytes, type Hash, type Hex } from "../../../keeper/lib/hex.ts";
import { keccak256Hex } from "../../../keeper/lib/keccak.ts";
import { decodeRlp, encodeRlp, type RlpItem } from "../../../keeper/lib/rlp.ts";

/** What a proof shows to the plain walk: a value, absence (null), or nothing, for the reason given. */
export type PlainResult = { readonly value: Hex | null } | { readonly refusal: string };

class Refusal extends Error {}

function check(holds: boolean, reason: string): void {
  if (!holds) throw new Refusal(reason);
}

/** A child: null, the hash of a node, or the node itself. */
function childOf(item: RlpItem): Uint8Array | null {
  if (!(item instanceof Uint8Array)) {
    const encoded = encodeRlp(item);
    check(item.length > 0 && encoded.length < 32, "embedded");
    return encoded;
  }
  check(item.length === 0 || item.length === 32, "child");
  return item.length === 0 ? null : item;
}

function pathOf(item: RlpItem): { path: number[]; isLeaf: boolean } {
  check(item instanceof Uint8Array && item.length > 0, "path");
  const [flag, first, ...rest] = bytesToNibbles(item as Uint8Array) as [number, number, ...number[]];
  check(flag < 4 && (flag % 2 === 1 || first === 0), "flag");
  return { path: flag % 2 === 1 ? [first, ...rest] : rest, isLeaf: flag >= 2 };
}

/** Where the walk goes on from a node: the child and the path that is left. */
interface Onward {
  readonly child: Uint8Array;
  readonly rest: readonly number[];
  readonly isBranch: boolean;
}

type Step = Onward | { readonly value: Hex | null };

function stepOf(encoded: Uint8Array, rest: readonly number[], isBelowExtension: boolean): Step {
  const items = decodeRlp(encoded);
  if (items instanceof Uint8Array) throw new Refusal("string");
  check(items.length === 17 || (items.length === 2 && !isBelowExtension), "items");
  if (items.length === 17) {
    const value = items[16]!;
    check(value instanceof Uint8Array && value.length === 0 && rest.length > 0, "branch value");
    const children = items.slice(0, 16).map(childOf);
    check(children.filter((child) => child !== null).length >= 2, "children");
    const child = children[rest[0]!] ?? null;
    return child === null ? { value: null } : { child, rest: rest.slice(1), isBranch: true };
  }
  const { path, isLeaf } = pathOf(items[0]!);
  const matches = path.every((nibble, at) => rest[at] === nibble);
  if (isLeaf) {
    const value = items[1]!;
    check(value instanceof Uint8Array && value.length > 0 && path.length === rest.length, "leaf");
    return { value: matches ? bytesToHex(value as Uint8Array) : null };
  }
  check(path.length > 0 && path.length < rest.length, "extension");
  const child = childOf(items[1]!);
  if (child === null) throw new Refusal("extension without child");
  return matches ? { child, rest: rest.slice(path.length), isBranch: false } : { value: null };
}

/**
 * What `walkProof` says, said plainly: each node is decoded as a whole and written again to see that it is canonical. For
 * roots that are not the empty trie's.
 */
export function plainWalk(root: Hash, key: Hex, proof: readonly Hex[]): PlainResult {
  try {
    const nodes = proof.map((node) => hexToBytes(node));
    const rest = bytesToNibbles(hexToBytes(keccak256Hex(hexToBytes(key))));
    let step: Step = { child: hexToBytes(root), rest, isBranch: true };
    let next = 0;
    while ("child" in step) {
      const { child, rest: below, isBranch }: Onward = step;
      const listed = nodes[next];
      const isHash = child.length === 32;
      if (isHash) check(listed !== undefined && keccak256Hex(listed) === bytesToHex(child), "hash");
      if (isHash || (listed !== undefined && bytesToHex(listed) === bytesToHex(child))) next += 1;
      step = stepOf(isHash ? listed! : child, below, !isBranch);
    }
    check(next === nodes.length, "left over");
    return step;
  } catch (error: unknown) {
    if (error instanceof Refusal || (error instanceof Error && error.name === "RlpError")) {
      return { refusal: error.message };
    }
    throw error;
  }
}
