import { signed, unsigned, type Bytes } from "./encoding.ts";

/*
 * The instructions that the kernel needs, as functions of their operands: `xor(get(a), get(b))` is the code that leaves
 * a ^ b on the stack. Opcodes: WebAssembly Core Specification 2.0, section 5.4.
 */

/** Code that leaves one value on the stack. */
export type Value = Bytes;
/** Code that leaves nothing on the stack. */
export type Statement = Bytes;

/** Type of an `i32`, and of an `i64`. */
export const I32 = 0x7f;
export const I64 = 0x7e;
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
export const store64 = (address: Value, offset: number, value: Value): Statement => {
  return [...address, ...value, 0x37, UNALIGNED, ...unsigned(offset)];
};
export const store8 = (address: Value, offset: number, value: Value): Statement => {
  return [...address, ...value, 0x3a, UNALIGNED, ...unsigned(offset)];
};

const binary =
  (opcode: number) =>
  (left: Value, right: Value): Value => [...left, ...right, opcode];

export const isZero32 = (value: Value): Value => [...value, 0x45];
export const notEqual32 = binary(0x47);
export const lessUnsigned32 = binary(0x49);
export const add32 = binary(0x6a);
export const subtract32 = binary(0x6b);
export const remainderUnsigned32 = binary(0x70);
export const and32 = binary(0x71);
export const or32 = binary(0x72);

export const and64 = binary(0x83);
export const or64 = binary(0x84);
export const xor64 = binary(0x85);
export const not64 = (value: Value): Value => xor64(value, const64(-1n));
export const rotateLeft64 = (value: Value, bits: number): Value => {
  return bits === 0 ? value : [...value, ...const64(BigInt(bits)), 0x89];
};

/** The body, and once more for as long as the condition after it holds. */
export const doWhile = (body: Statement, condition: Value): Statement => {
  return [0x03, NO_RESULT, ...body, ...condition, 0x0d, 0, END];
};
export const when = (condition: Value, body: Statement): Statement => [...condition, 0x04, NO_RESULT, ...body, END];

/** A function's code: local variables (after the parameters) by type, then what it does. */
export const body = (locals: readonly (readonly [count: number, type: number])[], code: Statement): Bytes => {
  return [...unsigned(locals.length), ...locals.flatMap(([count, type]) => [...unsigned(count), type]), ...code, END];
};
