import {
  and64,
  get,
  load64,
  not64,
  or64,
  rotateLeft64,
  set,
  xor64,
  type Statement,
  type Value,
} from "./instructions.ts";
import { rotations } from "./keccakConstants.ts";

/**
 * Lanes that are held complemented between rounds ("lane complementing", Keccak implementation overview 3.2, section
 * 2.2): with these, most of χ's NOTs are absorbed in the choice between AND and OR.
 */
export const COMPLEMENTED: ReadonlySet<number> = new Set([1, 2, 8, 12, 17, 20]);

/** Local variables of a round: numbers of the first of 5 lanes each, and of 25 for the state. */
export interface RoundLocals {
  readonly from: number;
  readonly to: number;
  readonly parities: number;
  readonly effects: number;
  readonly row: number;
}

const ROTATIONS = rotations();
const FIVE = [0, 1, 2, 3, 4] as const;

function rotationOf(lane: number): number {
  const bits = ROTATIONS[lane];
  if (bits === undefined) throw new RangeError(`there is no lane ${lane}`);
  return bits;
}

/** Whether the parity of this column comes out complemented. */
function isParityComplemented(x: number, complemented: ReadonlySet<number>): boolean {
  return FIVE.filter((y) => complemented.has((x % 5) + 5 * y)).length % 2 === 1;
}

/** The lane that π moves to (x, y): of column x + 3y in row x. */
function movedTo(
  x: number,
  y: number,
  complemented: ReadonlySet<number>,
): { lane: number; column: number; isComplemented: boolean } {
  const column = (x + 3 * y) % 5;
  const lane = column + 5 * x;
  const isEffectComplemented =
    isParityComplemented(column + 4, complemented) !== isParityComplemented(column + 1, complemented);
  return { lane, column, isComplemented: complemented.has(lane) !== isEffectComplemented };
}

/**
 * `~first & second`, where the locals hold the operands complemented or not; the result is held complemented if that is
 * wanted. Where one operand is complemented and the other is not, De Morgan gives it without a NOT.
 */
function chiTerm(first: number, second: number, held: readonly [boolean, boolean], wantsComplement: boolean): Value {
  const [left, right] = [get(first), get(second)];
  const [isLeft, isRight] = held;
  if (isLeft !== isRight) {
    const isComplement = isRight;
    const term = isRight ? or64(left, right) : and64(left, right);
    return isComplement === wantsComplement ? term : not64(term);
  }
  if (isLeft) return wantsComplement ? or64(not64(left), right) : and64(left, not64(right));
  return wantsComplement ? or64(left, not64(right)) : and64(not64(left), right);
}

/** The words that a round computes with. */
export interface LaneWords {
  /** Lanes held complemented. */
  readonly complemented: ReadonlySet<number>;
  readonly xor: (left: Value, right: Value) => Value;
  readonly rotateLeft: (value: Value, bits: number) => Value;
  /** A round's constant, at `address + offset`. */
  readonly load: (address: Value, offset: number) => Value;
  /** `~first & second` of two locals; see {@link chiTerm}. */
  readonly chi: typeof chiTerm;
}

/** One sponge, in words of 64 bits. */
export const ONE_SPONGE: LaneWords = {
  complemented: COMPLEMENTED,
  xor: xor64,
  rotateLeft: rotateLeft64,
  load: load64,
  chi: chiTerm,
};

/**
 * One round of Keccak-f[1600], from the lanes in `from` to those in `to`; the round constant is the word in memory at
 * `constant`. Source: The Keccak reference, version 3.0, section 1.2 (θ, ρ, π, χ, ι in this order).
 */
export function keccakRound(
  { from, to, parities, effects, row }: RoundLocals,
  constant: [Value, number],
  { complemented, xor, rotateLeft, load, chi }: LaneWords = ONE_SPONGE,
): Statement {
  const code: number[] = [];
  for (const x of FIVE) {
    const column = FIVE.map((y) => get(from + x + 5 * y));
    code.push(...set(parities + x, column.reduce(xor)));
  }
  for (const x of FIVE) {
    const [left, right] = [(x + 4) % 5, (x + 1) % 5];
    code.push(...set(effects + x, xor(get(parities + left), rotateLeft(get(parities + right), 1))));
  }
  for (const y of FIVE) {
    for (const x of FIVE) {
      const { lane, column } = movedTo(x, y, complemented);
      code.push(...set(row + x, rotateLeft(xor(get(from + lane), get(effects + column)), rotationOf(lane))));
    }
    const isHeld = (x: number): boolean => movedTo(x, y, complemented).isComplemented;
    for (const x of FIVE) {
      const [first, second] = [(x + 1) % 5, (x + 2) % 5];
      const wantsComplement = complemented.has(x + 5 * y) !== isHeld(x);
      const term = chi(row + first, row + second, [isHeld(first), isHeld(second)], wantsComplement);
      const lane = xor(get(row + x), term);
      code.push(...set(to + x + 5 * y, x + y === 0 ? xor(lane, load(...constant)) : lane));
    }
  }
  return code;
}
