import type { Bytes } from "./encoding.ts";
import {
  add32,
  and32,
  body,
  const128,
  const32,
  countBits32,
  doWhile,
  get,
  greaterUnsigned32,
  I32,
  isZero32,
  load128,
  load16,
  load8,
  lessUnsigned32,
  multiply32,
  or32,
  set,
  shiftRight32,
  store128,
  store8,
  subtract32,
  tee,
  trailingZeros32,
  when,
  whenElse,
  type Statement,
  type Value,
} from "./instructions.ts";

/** Bytes of a branch's record before its ids of 4 bytes, after which the references lie: bitmaps at 0 and 2. */
const IDS_AT = 8;
const EMBEDDED_AT = 2;
const REF_SIZE = 32;
/** A branch's payload starts here: room for the longest prefix. */
const LONGEST_PREFIX = 3;

/** Writes a list's prefix right before its payload from `start` to `end`, and leaves the length of both. */
function listPrefix(start: number, end: number, length: number): Statement {
  const before = (by: number): Value => subtract32(get(start), const32(by));
  const setLength = (prefix: number): Statement => set(length, add32(get(length), const32(prefix)));
  const twoBytes = [
    ...store8(before(2), 0, shiftRight32(get(length), const32(8))),
    ...store8(before(3), 0, const32(0xf9)),
    ...setLength(3),
  ];
  const oneByte = [...store8(before(2), 0, const32(0xf8)), ...setLength(2)];
  return [
    ...whenElse(
      lessUnsigned32(tee(length, subtract32(get(end), get(start))), const32(56)),
      [...store8(before(1), 0, add32(get(length), const32(0xc0))), ...setLength(1)],
      [
        ...store8(before(1), 0, get(length)),
        ...whenElse(greaterUnsigned32(get(length), const32(255)), twoBytes, oneByte),
      ],
    ),
    ...get(length),
  ];
}

/** Copies 32 bytes from one local's address to another's. */
function copy32(source: number, target: number, offset = 0): Statement {
  return [
    ...store128(get(target), offset, load128(get(source), 0)),
    ...store128(get(target), offset + 16, load128(get(source), 16)),
  ];
}

/**
 * `encodeLeaf(record, end, depth, to)`: the RLP of the leaf with the key at the record's start, the word that ends at
 * `end`, and a path from nibble `depth` on; its length. It lies as {@link encodeBranchCode}'s. Up to 31 bytes beyond the
 * record are read.
 */
export function encodeLeafCode(): Bytes {
  const [record, end, depth, to, start, target, source, length] = [0, 1, 2, 3, 4, 5, 6, 7];
  const advance = (by: readonly number[]): Statement => set(target, add32(get(target), by));
  const odd = and32(get(depth), const32(1));
  const half = shiftRight32(get(depth), const32(1));
  const flag = [
    ...whenElse(
      odd,
      store8(get(target), 0, or32(const32(0x30), and32(load8(add32(get(record), half), 0), const32(15)))),
      store8(get(target), 0, const32(0x20)),
    ),
    ...advance(const32(1)),
  ];
  const longWord = [
    ...store8(get(target), 0, add32(get(length), const32(0x81))),
    ...store8(get(target), 1, add32(get(length), const32(0x80))),
    ...copy32(source, target, 2),
    ...advance(add32(get(length), const32(2))),
  ];
  const shortWord = [...store8(get(target), 0, load8(get(source), 0)), ...advance(const32(1))];
  const firstAndLength = or32(
    greaterUnsigned32(get(length), const32(1)),
    greaterUnsigned32(load8(get(source), 0), const32(127)),
  );
  const next = tee(source, add32(get(source), const32(1)));
  const code = [
    ...set(target, tee(start, add32(get(to), const32(LONGEST_PREFIX)))),
    // The key's whole bytes that belong to the path.
    ...set(length, subtract32(const32(32), shiftRight32(add32(get(depth), const32(1)), const32(1)))),
    ...when(get(length), [...store8(get(target), 0, add32(get(length), const32(0x81))), ...advance(const32(1))]),
    ...flag,
    ...set(source, subtract32(add32(get(record), const32(32)), get(length))),
    ...copy32(source, target),
    ...advance(get(length)),
    ...set(source, add32(get(record), const32(63))),
    ...doWhile([], isZero32(load8(next, 0))),
    ...set(length, subtract32(get(end), get(source))),
    ...whenElse(firstAndLength, longWord, shortWord),
    ...listPrefix(start, target, length),
  ];
  return body([[4, I32]], code);
}

/**
 * `encodeBranch(record, to)`: the RLP of the branch whose bitmaps and references lie in the record, and returns its
 * length. The payload starts at `to + 3`, and the prefix of 1 to 3 bytes right before it.
 */
export function encodeBranchCode(): Bytes {
  const [record, to, mask, embedded, source, target, left, start, gap] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const advance = (by: readonly number[]): Statement => set(target, add32(get(target), by));
  /** Empty children, more of them than there are: what comes next is written over the others. */
  const empties = store128(get(target), 0, const128(0x80));
  const child = whenElse(
    and32(get(embedded), const32(1)),
    // A node below 56 bytes says its length in its first byte.
    [...copy32(source, target), ...advance(subtract32(load8(get(source), 0), const32(0xbf)))],
    [...store8(get(target), 0, const32(0xa0)), ...copy32(source, target, 1), ...advance(const32(1 + REF_SIZE))],
  );
  const pass = (by: Value): Statement => [
    ...set(mask, shiftRight32(get(mask), by)),
    ...set(embedded, shiftRight32(get(embedded), by)),
    ...set(left, subtract32(get(left), by)),
  ];
  const loop = [
    ...empties,
    ...advance(tee(gap, trailingZeros32(get(mask)))),
    ...pass(get(gap)),
    ...child,
    ...set(source, add32(get(source), const32(REF_SIZE))),
    ...pass(const32(1)),
  ];
  // Four bytes each, padded to a multiple of eight.
  const idBytes = and32(add32(multiply32(countBits32(get(mask)), const32(4)), const32(7)), const32(-8));
  const code = [
    ...set(mask, load16(get(record), 0)),
    ...set(embedded, load16(get(record), EMBEDDED_AT)),
    ...set(source, add32(get(record), add32(const32(IDS_AT), idBytes))),
    ...set(target, tee(start, add32(get(to), const32(LONGEST_PREFIX)))),
    // A branch has 16 children and a value, which is empty.
    ...set(left, const32(17)),
    ...doWhile(loop, get(mask)),
    ...empties,
    ...advance(get(left)),
    ...listPrefix(start, target, left),
  ];
  return body([[7, I32]], code);
}
