import { computeAddress, SigningKey } from "ethers";

import { bigintToHex32, type Hash, type Hex } from "../../keeper/lib/hex.ts";

/** Order of secp256k1. */
const ORDER = 0xffffffff_ffffffff_ffffffff_fffffffe_baaedce6_af48a03b_bfd25e8c_d0364141n;

/**
 * Signs thousands of digests a second, as millions of signatures need it: every signature has the nonce of the first one, so
 * that no curve arithmetic is left. They are valid ECDSA signatures with a low s (SEC 1, 4.1.3; EIP-2). Whoever sees two of
 * them knows the key: for keys that protect nothing.
 */
export class QuickSigner {
  readonly address: string;
  readonly #key: bigint;
  readonly #r: bigint;
  readonly #parity: number;
  readonly #inverseNonce: bigint;

  constructor(privateKey: string) {
    const first = bigintToHex32(1n);
    const { r, s, yParity } = new SigningKey(privateKey).sign(first);
    this.address = computeAddress(privateKey);
    this.#key = BigInt(privateKey);
    this.#r = BigInt(r);
    this.#parity = yParity;
    // s = (z + r d) / k
    this.#inverseNonce = (BigInt(s) * inverse((1n + this.#r * this.#key) % ORDER)) % ORDER;
  }

  /** The signature of a digest: r, s, v, 65 bytes, without the prefix. */
  sign(digest: Hash): string {
    const s = (this.#inverseNonce * (BigInt(digest) + this.#r * this.#key)) % ORDER;
    const isHigh = s > ORDER / 2n;
    return joined(this.#r, isHigh ? ORDER - s : s, isHigh ? 1 - this.#parity : this.#parity);
  }
}

/** The other signature that the same key gives the same digest: with s above half the order (refused by EIP-2). */
export function malleated(signature: string): string {
  const [r, s] = [BigInt(`0x${signature.slice(0, 64)}`), BigInt(`0x${signature.slice(64, 128)}`)];
  return joined(r, ORDER - s, 28 - Number(`0x${signature.slice(128)}`));
}

function joined(r: bigint, s: bigint, parity: number): string {
  const digits: Hex = `${bigintToHex32(r)}${bigintToHex32(s).slice(2)}${(27 + parity).toString(16)}`;
  return digits.slice(2);
}

/** By Fermat: the order is prime. */
function inverse(value: bigint): bigint {
  let [result, base] = [1n, value];
  for (let exponent = ORDER - 2n; exponent > 0n; exponent >>= 1n) {
    if ((exponent & 1n) === 1n) result = (result * base) % ORDER;
    base = (base * base) % ORDER;
  }
  return result;
}
