import { littleEndian64, name, sized, vector, type Bytes } from "./encoding.ts";
import {
  add32,
  and32,
  andNot128,
  body,
  const32,
  countBits32,
  const64,
  divideUnsigned32,
  doWhile,
  get,
  greaterUnsigned32,
  I32,
  I64,
  isZero32,
  load128,
  load16,
  load64,
  load8,
  loadBoth,
  loadSecond,
  lessUnsigned32,
  multiply32,
  not64,
  notEqual32,
  or32,
  rotateLeft128,
  set,
  shiftRight32,
  store128,
  store64,
  store8,
  storeLane,
  subtract32,
  tee,
  V128,
  when,
  whenElse,
  xor128,
  xor64,
  type Statement,
  type Value,
} from "./instructions.ts";
import { roundConstants } from "./keccakConstants.ts";
import { RATE, section } from "./keccakModule.ts";
import { COMPLEMENTED, keccakRound, ONE_SPONGE, type LaneWords, type RoundLocals } from "./keccakRound.ts";

/** Bytes at the start of the memory that belong to the kernel: the round constants. */
export const RESERVED = 24 * 8;
/** Bytes of a branch's record before its ids of 4 bytes, after which the references lie: bitmaps at 0 and 2. */
const IDS_AT = 8;
const EMBEDDED_AT = 2;
const REF_SIZE = 32;
/** A branch's payload starts here: room for the longest prefix. */
const LONGEST_PREFIX = 3;

const LANE_NUMBERS = Array.from({ length: 25 }, (_, lane) => lane);
const RATE_LANES = LANE_NUMBERS.slice(0, RATE / 8);
const DIGEST_LANES = LANE_NUMBERS.slice(0, 4);

/** Twelve times two rounds, as in the one-sponge kernel. */
function permute({ from, to, ...rest }: RoundLocals, round: number, words: LaneWords): Statement {
  const rounds = [
    ...keccakRound({ from, to, ...rest }, [get(round), 0], words),
    ...keccakRound({ from: to, to: from, ...rest }, [get(round), 8], words),
  ];
  const next = tee(round, add32(get(round), const32(16)));
  return [...set(round, const32(0)), ...doWhile(rounds, notEqual32(next, const32(24 * 8)))];
}

/** `hash(from, blocks, to)`: the digest of padded blocks. */
function hashCode(): Bytes {
  const [from, blocks, to, round, lanes] = [0, 1, 2, 3, 4];
  const complement = (which: readonly number[]): Statement => {
    return which.flatMap((lane) => set(lanes + lane, not64(get(lanes + lane))));
  };
  const mix = RATE_LANES.flatMap((lane) => {
    return set(lanes + lane, xor64(get(lanes + lane), load64(get(from), 8 * lane)));
  });
  const locals = { from: lanes, to: lanes + 25, parities: lanes + 50, effects: lanes + 55, row: lanes + 60 };
  const absorb = [...mix, ...permute(locals, round, ONE_SPONGE), ...set(from, add32(get(from), const32(RATE)))];
  const code = [
    ...complement([...COMPLEMENTED]),
    ...doWhile(absorb, tee(blocks, subtract32(get(blocks), const32(1)))),
    ...complement([...COMPLEMENTED].filter((lane) => lane < DIGEST_LANES.length)),
    ...DIGEST_LANES.flatMap((lane) => store64(get(to), 8 * lane, get(lanes + lane))),
  ];
  return body(
    [
      [1, I32],
      [65, I64],
    ],
    code,
  );
}

/** `hashTwo(left, right, blocks, toLeft, toRight)`: two sponges side by side in vectors of two words. */
function hashTwoCode(): Bytes {
  const [left, right, blocks, toLeft, toRight, round, lanes] = [0, 1, 2, 3, 4, 5, 6];
  const scratch = lanes + 65;
  const words: LaneWords = {
    complemented: new Set(),
    xor: xor128,
    rotateLeft: (value, bits) => rotateLeft128(value, bits, scratch),
    load: loadBoth,
    chi: (first, second) => andNot128(get(second), get(first)),
  };
  const mix = RATE_LANES.flatMap((lane) => {
    const input = loadSecond(get(right), 8 * lane, loadBoth(get(left), 8 * lane));
    return set(lanes + lane, xor128(get(lanes + lane), input));
  });
  const locals = { from: lanes, to: lanes + 25, parities: lanes + 50, effects: lanes + 55, row: lanes + 60 };
  const absorb = [
    ...mix,
    ...permute(locals, round, words),
    ...set(left, add32(get(left), const32(RATE))),
    ...set(right, add32(get(right), const32(RATE))),
  ];
  const code = [
    ...doWhile(absorb, tee(blocks, subtract32(get(blocks), const32(1)))),
    ...DIGEST_LANES.flatMap((lane) => storeLane(get(toLeft), 8 * lane, get(lanes + lane), 0)),
    ...DIGEST_LANES.flatMap((lane) => storeLane(get(toRight), 8 * lane, get(lanes + lane), 1)),
  ];
  return body(
    [
      [1, I32],
      [66, V128],
    ],
    code,
  );
}

/** `pad(from, length)`: pads in place for Keccak-256, and returns how many blocks it is then. */
function padCode(): Bytes {
  const [from, length, blocks, end] = [0, 1, 2, 3];
  const code = [
    ...set(end, add32(get(from), get(length))),
    // At least to the end of the block: a whole one is zeroed from the end of the input on.
    ...RATE_LANES.flatMap((at) => store64(get(end), 8 * at, const64(at === 0 ? 1n : 0n))),
    ...set(blocks, add32(divideUnsigned32(get(length), const32(RATE)), const32(1))),
    ...set(end, add32(get(from), multiply32(get(blocks), const32(RATE)))),
    ...set(end, subtract32(get(end), const32(1))),
    ...store8(get(end), 0, or32(load8(get(end), 0), const32(128))),
    ...get(blocks),
  ];
  return body([[2, I32]], code);
}

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
function encodeLeafCode(): Bytes {
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
function encodeBranchCode(): Bytes {
  const [record, to, mask, embedded, source, target, count, start] = [0, 1, 2, 3, 4, 5, 6, 7];
  const advance = (by: readonly number[]): Statement => set(target, add32(get(target), by));
  const child = [
    ...whenElse(
      and32(get(embedded), const32(1)),
      // A node below 56 bytes says its length in its first byte.
      [...copy32(source, target), ...advance(subtract32(load8(get(source), 0), const32(0xbf)))],
      [...store8(get(target), 0, const32(0xa0)), ...copy32(source, target, 1), ...advance(const32(1 + REF_SIZE))],
    ),
    ...set(source, add32(get(source), const32(REF_SIZE))),
  ];
  const empty = [...store8(get(target), 0, const32(0x80)), ...advance(const32(1))];
  const loop = [
    ...whenElse(and32(get(mask), const32(1)), child, empty),
    ...set(mask, shiftRight32(get(mask), const32(1))),
    ...set(embedded, shiftRight32(get(embedded), const32(1))),
  ];
  // Four bytes each, padded to a multiple of eight.
  const idBytes = and32(add32(multiply32(countBits32(get(mask)), const32(4)), const32(7)), const32(-8));
  const code = [
    ...set(mask, load16(get(record), 0)),
    ...set(embedded, load16(get(record), EMBEDDED_AT)),
    ...set(source, add32(get(record), add32(const32(IDS_AT), idBytes))),
    ...set(target, tee(start, add32(get(to), const32(LONGEST_PREFIX)))),
    ...set(count, const32(16)),
    ...doWhile(loop, tee(count, subtract32(get(count), const32(1)))),
    ...store8(get(target), 0, const32(0x80)),
    ...advance(const32(1)),
    ...listPrefix(start, target, count),
  ];
  return body([[6, I32]], code);
}

/**
 * The kernel of the storage trie: it imports the trie's memory as `trie.memory`, of which it owns the first
 * {@link RESERVED} bytes, and encodes and hashes nodes where they lie.
 */
export function nodeModule(): Uint8Array {
  const type = (parameters: number, results: number): number[] => {
    const of = (count: number): number[] => [...vector(new Array<number[]>(count).fill([I32]))];
    return [0x60, ...of(parameters), ...of(results)];
  };
  const constants = roundConstants().flatMap(littleEndian64);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [type(3, 0), type(5, 0), type(2, 1), type(4, 1)]),
    ...section(2, [[...name("trie"), ...name("memory"), 0x02, 0, 1]]),
    ...section(3, [[0], [1], [2], [2], [3]]),
    ...section(7, [
      [...name("hash"), 0x00, 0],
      [...name("hashTwo"), 0x00, 1],
      [...name("pad"), 0x00, 2],
      [...name("encodeBranch"), 0x00, 3],
      [...name("encodeLeaf"), 0x00, 4],
    ]),
    ...section(10, [
      sized(hashCode()),
      sized(hashTwoCode()),
      sized(padCode()),
      sized(encodeBranchCode()),
      sized(encodeLeafCode()),
    ]),
    ...section(11, [[0x00, ...const32(0), 0x0b, ...sized(constants)]]),
  ]);
}
