/** Bytes of a WebAssembly binary, or a part of one. Source: WebAssembly Core Specification 2.0, chapter 5. */
export type Bytes = readonly number[];

/** LEB128 of an unsigned integer below 2^31: lengths, indices, offsets. */
export function unsigned(value: number): Bytes {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  return [...bytes, rest];
}

/** LEB128 of a signed integer: the immediate of `i32.const` and `i64.const`. */
export function signed(value: bigint): Bytes {
  const bytes: number[] = [];
  let rest = value;
  // The last byte carries the sign in its bit 6.
  for (; rest < -64n || rest > 63n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest & 127n)];
}

/** A vector: how many elements, then the elements. */
export function vector(elements: readonly Bytes[]): Bytes {
  return [...unsigned(elements.length), ...elements.flat()];
}

/** Bytes with their number before them: a name, a body, raw data. */
export function sized(bytes: Bytes): Bytes {
  return [...unsigned(bytes.length), ...bytes];
}

/** A name of ASCII letters. */
export function name(text: string): Bytes {
  return sized(Array.from(text, (letter) => letter.charCodeAt(0)));
}

/** Little-endian bytes of a word of 64 bits, as memory holds it. */
export function littleEndian64(word: bigint): Bytes {
  return Array.from({ length: 8 }, (_, at) => Number((word >> BigInt(8 * at)) & 255n));
}
