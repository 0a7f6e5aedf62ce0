import { nibbleAt } from "../lib/bytes.ts";
import { keccak256, keccak256Hex } from "../lib/keccak.ts";
import { encodeRlp } from "../lib/rlp.ts";
import type { Hash } from "../lib/hex.ts";

/**
 * How a parent names a node: its Keccak hash (exactly 32 bytes), or the node's own encoding where that is shorter
 * (embedded, below 32 bytes). Source: Yellow Paper, appendix D, function n.
 */
export type NodeRef = Uint8Array;

/** Root of a trie that holds nothing: keccak256(rlp("")). */
export const EMPTY_ROOT: Hash = keccak256Hex(Uint8Array.of(0x80));

const HASH_LENGTH = 32;
const EMPTY_STRING = 0x80;
/** A branch of 16 hashes and an empty value: 16 * 33 + 1 bytes of payload, 3 of prefix. */
const LONGEST_BRANCH = 532;
const scratch = new Uint8Array(LONGEST_BRANCH);

/**
 * The nibbles `from` (inclusive) to `to` (exclusive) of a key, hex-prefix encoded: the first nibble holds the kind and
 * the parity. Source: Yellow Paper, appendix C.
 */
export function encodePath(key: Uint8Array, from: number, to: number, isLeaf: boolean): Uint8Array {
  const count = to - from;
  const isOdd = (count & 1) === 1;
  const encoded = new Uint8Array((count >> 1) + 1);
  const flag = (isLeaf ? 0x20 : 0) + (isOdd ? 0x10 : 0);
  encoded[0] = isOdd ? flag | nibbleAt(key, from) : flag;
  for (let at = isOdd ? from + 1 : from, index = 1; at < to; at += 2, index += 1) {
    encoded[index] = (nibbleAt(key, at) << 4) | nibbleAt(key, at + 1);
  }
  return encoded;
}

/** The name a parent gives to the node with this encoding. The result never aliases the argument's buffer. */
export function toNodeRef(encoded: Uint8Array): NodeRef {
  return encoded.length < HASH_LENGTH ? encoded.slice() : keccak256(encoded);
}

/** A leaf whose path is the rest of the key from `from` on. `value` is the encoded value (for storage RLP itself). */
export function encodeLeaf(key: Uint8Array, from: number, value: Uint8Array): Uint8Array {
  return encodeRlp([encodePath(key, from, 2 * key.length, true), value]);
}

/** An extension over the nibbles `from` to `to` of the key, to the branch named by `child`. */
export function encodeExtension(key: Uint8Array, from: number, to: number, child: NodeRef): Uint8Array {
  const path = encodeRlp(encodePath(key, from, to, false));
  const childLength = child.length === HASH_LENGTH ? 1 + HASH_LENGTH : child.length;
  // Both parts are below 56 bytes each and together: 34 for a path of 64 nibbles would leave no key below, so <= 33 + 33.
  const payload = path.length + childLength;
  const prefix = payload <= 55 ? 1 : 2;
  const encoded = new Uint8Array(prefix + payload);
  if (prefix === 1) {
    encoded[0] = 0xc0 + payload;
  } else {
    encoded[0] = 0xf8;
    encoded[1] = payload;
  }
  encoded.set(path, prefix);
  writeRef(encoded, prefix + path.length, child);
  return encoded;
}

function writeRef(target: Uint8Array, at: number, ref: NodeRef): number {
  if (ref.length === HASH_LENGTH) {
    target[at] = EMPTY_STRING + HASH_LENGTH;
    target.set(ref, at + 1);
    return at + 1 + HASH_LENGTH;
  }
  target.set(ref, at);
  return at + ref.length;
}

/**
 * A branch with the given children (null: none) and no value, which a trie of fixed-length keys never has. The result
 * is a view into a scratch buffer, valid until the next call.
 */
export function encodeBranch(childRefs: readonly (NodeRef | null)[]): Uint8Array {
  let payload = 1;
  for (const ref of childRefs) payload += ref === null ? 1 : ref.length === HASH_LENGTH ? 1 + HASH_LENGTH : ref.length;
  const prefix = payload <= 55 ? 1 : payload <= 255 ? 2 : 3;
  if (prefix === 1) {
    scratch[0] = 0xc0 + payload;
  } else if (prefix === 2) {
    scratch[0] = 0xf8;
    scratch[1] = payload;
  } else {
    scratch[0] = 0xf9;
    scratch[1] = payload >> 8;
    scratch[2] = payload & 255;
  }
  let at = prefix;
  for (const ref of childRefs) {
    if (ref === null) {
      scratch[at] = EMPTY_STRING;
      at += 1;
    } else {
      at = writeRef(scratch, at, ref);
    }
  }
  scratch[at] = EMPTY_STRING;
  return scratch.subarray(0, at + 1);
}
