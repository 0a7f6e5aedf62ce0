import { signed, unsigned, type Bytes } from "./encoding.ts";

/*
 * The instructions that the kernel needs, as functions of their operands: `xor(get(a), get(b))` is the code that leaves
 * a ^ b on the stack. Opcodes: WebAssembly Core Specification 2.0, section 5.4.
 */

/** Code that leaves one value on the stack. */
export type Value = Bytes;
/** Code that leaves nothing on the stack. */
export type Statement = Bytes;

/** Type of an `i32`, of an `i64`, and of a vector of 128 bits. */
export const I32 = 0x7f;
export const I64 = 0x7e;
export const V128 = 0x7b;
const NO_RESULT = 0x40;
const END = 0x0b;
/** The alignment is a hint; none is promised. */
const UNALIGNED = 0;

export const get = (local: number): Value => [0x20, ...unsigned(local)];
export const set = (local: number, value: Value): Statement => [...value, 0x21, ...unsigned(local)];
/** Sets the local and leaves its value. */
export const tee = (local: number, value: Value): Value => [...value, 0x22, ...unsigned(local)];

export const const32 = (value: number): Value => [0x41, ...signed(BigInt(value))];
export const const64 = (value: bigint): Value => [0x42, ...signed(BigInt.asIntN(64, value))];

/** Loads and stores at `address + offset`. */
export const load64 = (address: Value, offset: number): Value => [...address, 0x29, UNALIGNED, ...unsigned(offset)];
export const load8 = (address: Value, offset: number): Value => [...address, 0x2d, UNALIGNED, ...unsigned(offset)];
export const load16 = (address: Value, offset: number): Value => [...address, 0x2f, UNALIGNED, ...unsigned(offset)];
export const store64 = (address: Value, offset: number, value: Value): Statement => {
  return [...address, ...value, 0x37, UNALIGNED, ...unsigned(offset)];
};
export const store8 = (address: Value, offset: number, value: Value): Statement => {
  return [...address, ...value, 0x3a, UNALIGNED, ...unsigned(offset)];
};

const binary =
  (opcode: number) =>
  (left: Value, right: Value): Value => [...left, ...right, opcode];

export const trailingZeros32 = (value: Value): Value => [...value, 0x68];
export const countBits32 = (value: Value): Value => [...value, 0x69];
export const isZero32 = (value: Value): Value => [...value, 0x45];
export const notEqual32 = binary(0x47);
export const lessUnsigned32 = binary(0x49);
export const greaterUnsigned32 = binary(0x4b);
export const add32 = binary(0x6a);
export const multiply32 = binary(0x6c);
export const subtract32 = binary(0x6b);
export const divideUnsigned32 = binary(0x6e);
export const remainderUnsigned32 = binary(0x70);
export const and32 = binary(0x71);
export const or32 = binary(0x72);
export const shiftRight32 = binary(0x76);

export const and64 = binary(0x83);
export const or64 = binary(0x84);
export const xor64 = binary(0x85);
export const not64 = (value: Value): Value => xor64(value, const64(-1n));
export const rotateLeft64 = (value: Value, bits: number): Value => {
  return bits === 0 ? value : [...value, ...const64(BigInt(bits)), 0x89];
};

/** Vectors of two lanes of 64 bits; opcodes: sections 5.4.9 and 4.4.3. */
const vector = (opcode: number): readonly number[] => [0xfd, ...unsigned(opcode)];
const vectorBinary =
  (opcode: number) =>
  (left: Value, right: Value): Value => [...left, ...right, ...vector(opcode)];

export const load128 = (address: Value, offset: number): Value => {
  return [...address, ...vector(0x00), UNALIGNED, ...unsigned(offset)];
};
/** Sixteen times this byte. */
export const const128 = (byte: number): Value => [...vector(0x0c), ...new Array<number>(16).fill(byte)];
export const store128 = (address: Value, offset: number, value: Value): Statement => {
  return [...address, ...value, ...vector(0x0b), UNALIGNED, ...unsigned(offset)];
};
/** The word there in both lanes. */
export const loadBoth = (address: Value, offset: number): Value => {
  return [...address, ...vector(0x0a), UNALIGNED, ...unsigned(offset)];
};
/** The vector with its second lane replaced by the word there. */
export const loadSecond = (address: Value, offset: number, lanes: Value): Value => {
  return [...address, ...lanes, ...vector(0x57), UNALIGNED, ...unsigned(offset), 1];
};
/** Stores lane 0 or 1. */
export const storeLane = (address: Value, offset: number, lanes: Value, lane: number): Statement => {
  return [...address, ...lanes, ...vector(0x5b), UNALIGNED, ...unsigned(offset), lane];
};
export const not128 = (value: Value): Value => [...value, ...vector(0x4d)];
export const and128 = vectorBinary(0x4e);
/** `left & ~right`. */
export const andNot128 = vectorBinary(0x4f);
export const or128 = vectorBinary(0x50);
export const xor128 = vectorBinary(0x51);
/** Both lanes rotated; the local is for scratch, because there is no instruction for it. */
export const rotateLeft128 = (value: Value, bits: number, scratch: number): Value => {
  if (bits === 0) return value;
  const left = [...tee(scratch, value), ...const32(bits), ...vector(0xcb)];
  const right = [...get(scratch), ...const32(64 - bits), ...vector(0xcd)];
  return or128(left, right);
};

/** The body, and once more for as long as the condition after it holds. */
export const doWhile = (body: Statement, condition: Value): Statement => {
  return [0x03, NO_RESULT, ...body, ...condition, 0x0d, 0, END];
};
export const when = (condition: Value, body: Statement): Statement => [...condition, 0x04, NO_RESULT, ...body, END];
export const whenElse = (condition: Value, body: Statement, other: Statement): Statement => {
  return [...condition, 0x04, NO_RESULT, ...body, 0x05, ...other, END];
};

/** A function's code: local variables (after the parameters) by type, then what it does. */
export const body = (locals: readonly (readonly [count: number, type: number])[], code: Statement): Bytes => {
  return [...unsigned(locals.length), ...locals.flatMap(([count, type]) => [...unsigned(count), type]), ...code, END];
};
