import { littleEndian64, name, sized, unsigned, vector, type Bytes } from "./encoding.ts";
import {
  add32,
  and32,
  body,
  const32,
  const64,
  doWhile,
  get,
  I32,
  I64,
  isZero32,
  lessUnsigned32,
  load64,
  load8,
  not64,
  notEqual32,
  or32,
  remainderUnsigned32,
  set,
  store64,
  store8,
  subtract32,
  tee,
  when,
  xor64,
  type Statement,
} from "./instructions.ts";
import { roundConstants } from "./keccakConstants.ts";
import { COMPLEMENTED, keccakRound } from "./keccakRound.ts";

/** Where things lie in the module's memory, in bytes. */
export const STATE_AT = 0;
const CONSTANTS_AT = 256;
export const INPUT_AT = 512;
/** Bytes absorbed by one permutation: 1600 bits less twice the 256 of the digest. */
export const RATE = 136;
const PAGE = 65_536;
/** Bytes that one call may absorb: whole blocks, with one more left for padding. */
export const CAPACITY = (Math.floor((PAGE - INPUT_AT) / RATE) - 1) * RATE;
/** Bits of the second parameter. */
export const IS_FIRST = 1;
export const IS_LAST = 2;

/** Local variables. */
const LENGTH = 0;
const FLAGS = 1;
const AT = 2;
const END = 3;
const ROUND = 4;
const LANES = 5;
const OTHER_LANES = 30;
const SCRATCH = { parities: 55, effects: 60, row: 65 };
const LOCALS = [
  [3, I32],
  [65, I64],
] as const;

const LANE_NUMBERS = Array.from({ length: 25 }, (_, lane) => lane);

function complementLanes(): Statement {
  return [...COMPLEMENTED].flatMap((lane) => set(LANES + lane, not64(get(LANES + lane))));
}

/** Continues with the state in memory; locals are 0 otherwise, as a new sponge is. */
function loadState(): Statement {
  const load = LANE_NUMBERS.flatMap((lane) => set(LANES + lane, load64(const32(0), STATE_AT + 8 * lane)));
  return [...when(isZero32(and32(get(FLAGS), const32(IS_FIRST))), load), ...complementLanes()];
}

/** Where the blocks to absorb end; the last ones are padded by 1, zeros and 128, as Ethereum's Keccak is. */
function padInput(): Statement {
  const lastBlock = subtract32(get(LENGTH), remainderUnsigned32(get(LENGTH), const32(RATE)));
  const lastByte = INPUT_AT + RATE - 1;
  return [
    ...set(END, get(LENGTH)),
    ...when(and32(get(FLAGS), const32(IS_LAST)), [
      // At least to the end of the block: a whole one is zeroed from the end of the input on.
      ...Array.from({ length: RATE / 8 }, (_, at) => {
        return store64(get(LENGTH), INPUT_AT + 8 * at, const64(at === 0 ? 1n : 0n));
      }).flat(),
      ...set(END, lastBlock),
      ...store8(get(END), lastByte, or32(load8(get(END), lastByte), const32(128))),
      ...set(END, add32(get(END), const32(RATE))),
    ]),
  ];
}

/** Twelve times two rounds: two leave the lanes where they were, and more in a row made it no faster. */
function permute(): Statement {
  const rounds = [
    ...keccakRound({ from: LANES, to: OTHER_LANES, ...SCRATCH }, [get(ROUND), CONSTANTS_AT]),
    ...keccakRound({ from: OTHER_LANES, to: LANES, ...SCRATCH }, [get(ROUND), CONSTANTS_AT + 8]),
  ];
  const next = tee(ROUND, add32(get(ROUND), const32(16)));
  return [...set(ROUND, const32(0)), ...doWhile(rounds, notEqual32(next, const32(24 * 8)))];
}

function absorbBlocks(): Statement {
  const mix = LANE_NUMBERS.slice(0, RATE / 8).flatMap((lane) => {
    return set(LANES + lane, xor64(get(LANES + lane), load64(get(AT), INPUT_AT + 8 * lane)));
  });
  const next = tee(AT, add32(get(AT), const32(RATE)));
  return doWhile([...mix, ...permute()], lessUnsigned32(next, get(END)));
}

function storeState(): Statement {
  const store = LANE_NUMBERS.flatMap((lane) => store64(const32(0), STATE_AT + 8 * lane, get(LANES + lane)));
  return [...complementLanes(), ...store];
}

/** A section of a module: a vector of entries under its number. */
export function section(id: number, entries: readonly Bytes[]): Bytes {
  return [id, ...sized(vector(entries))];
}

/**
 * The module: `memory`, one page that never grows, and `absorb(length, flags)`, which absorbs the bytes at
 * {@link INPUT_AT} into the sponge whose state lies at {@link STATE_AT}. The flag {@link IS_FIRST} begins a new sponge;
 * {@link IS_LAST} pads the input and leaves the digest in the first 32 bytes of the state. Without `IS_LAST` the length
 * is a multiple of {@link RATE} and not 0; it is never above {@link CAPACITY}.
 */
export function keccakModule(): Uint8Array {
  const code = [...loadState(), ...padInput(), ...absorbBlocks(), ...storeState()];
  const constants = roundConstants().flatMap(littleEndian64);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [[0x60, ...vector([[I32], [I32]]), ...vector([])]]),
    ...section(3, [unsigned(0)]),
    ...section(5, [[0x01, 1, 1]]),
    ...section(7, [
      [...name("memory"), 0x02, 0],
      [...name("absorb"), 0x00, 0],
    ]),
    ...section(10, [sized(body(LOCALS, code))]),
    ...section(11, [[0x00, ...const32(CONSTANTS_AT), 0x0b, ...sized(constants)]]),
  ]);
}
