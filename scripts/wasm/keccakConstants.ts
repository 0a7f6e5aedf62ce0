/*
 * The constants of Keccak-f[1600], computed from their definitions. Source: The Keccak reference, version 3.0, section
 * 1.2. Lane (x, y) is number x + 5 y.
 */

/** Left rotation of each lane in ρ: triangular numbers along the walk (x, y) → (y, 2x + 3y) from (1, 0). */
export function rotations(): number[] {
  const bits = new Array<number>(25).fill(0);
  for (let step = 0, x = 1, y = 0; step < 24; step += 1) {
    bits[x + 5 * y] = (((step + 1) * (step + 2)) / 2) % 64;
    [x, y] = [y, (2 * x + 3 * y) % 5];
  }
  return bits;
}

/** The 24 constants of ι: bit 2^j - 1 of the constant of round i is output 7 i + j of the shift register. */
export function roundConstants(): bigint[] {
  let register = 1;
  return Array.from({ length: 24 }, () => {
    let constant = 0n;
    for (let j = 0; j < 7; j += 1) {
      if ((register & 1) === 1) constant |= 1n << BigInt(2 ** j - 1);
      // x^8 + x^6 + x^5 + x^4 + 1
      register <<= 1;
      if ((register & 256) !== 0) register ^= 0x171;
    }
    return constant;
  });
}
