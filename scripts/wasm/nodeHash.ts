import type { Bytes } from "./encoding.ts";
import {
  add32,
  andNot128,
  body,
  const32,
  const64,
  divideUnsigned32,
  doWhile,
  get,
  I32,
  I64,
  load64,
  load8,
  loadBoth,
  loadSecond,
  multiply32,
  not64,
  notEqual32,
  or32,
  rotateLeft128,
  set,
  store64,
  store8,
  storeLane,
  subtract32,
  tee,
  V128,
  xor128,
  xor64,
  type Statement,
} from "./instructions.ts";
import { RATE } from "./keccakModule.ts";
import { COMPLEMENTED, keccakRound, ONE_SPONGE, type LaneWords, type RoundLocals } from "./keccakRound.ts";

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
export function hashCode(): Bytes {
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
export function hashTwoCode(): Bytes {
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
export function padCode(): Bytes {
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
