import { engine } from "ox/wasm/Secp256k1";
import { bigintToHex32, bytesToHex, hexToBytes, type Address } from "../../lib/hex.ts";
import { keccak256 } from "../../lib/keccak.ts";

/** A recoverable signature in the lower half of the order (EIP-2). */
export interface Signature {
  readonly yParity: 0 | 1;
  /** 32 bytes each, big-endian. */
  readonly r: Uint8Array;
  readonly s: Uint8Array;
}

// libsecp256k1 in WebAssembly: compiled once, when the module is loaded, so that nothing waits for it at a decision. It is
// used directly and not installed as an engine of `ox`, which would change what other code of the process runs.
const library = await engine();

/** RFC 6979 alone, without further entropy; the digest is signed as it is. */
const DETERMINISTIC = { extraEntropy: false, prehash: false, lowS: true } as const;
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
const ORDER = 2n * HALF_ORDER + 1n;

/** ECDSA over secp256k1 with libsecp256k1: constant time in the key, whose copy in the library's memory is wiped. */
export const secp256k1 = {
  /**
   * Signs a digest of 32 bytes: deterministic (RFC 6979) and low in s.
   *
   * @throws Error when the key is none: 0, or not below the order.
   */
  sign(digest: Uint8Array, privateKey: Uint8Array): Signature {
    const signature = library.sign(digest, privateKey, DETERMINISTIC);
    return { yParity: signature[0] === 1 ? 1 : 0, r: signature.subarray(1, 33), s: signature.subarray(33) };
  },

  /** The address whose key signed the digest; null where no key can have. */
  recover(digest: Uint8Array, { yParity, r, s }: Signature): Address | null {
    const signature = new Uint8Array(65);
    signature[0] = yParity;
    signature.set(r, 1);
    signature.set(s, 33);
    try {
      return secp256k1.addressOf(library.recoverPublicKey(signature, digest));
    } catch {
      return null;
    }
  },

  /**
   * The address of a private key of 32 bytes.
   *
   * @throws Error when the key is none.
   */
  addressOfKey(privateKey: Uint8Array): Address {
    return secp256k1.addressOf(library.getPublicKey(privateKey));
  },

  /** The address of an uncompressed public key of 65 bytes. */
  addressOf(publicKey: Uint8Array): Address {
    return bytesToHex(keccak256(publicKey.subarray(1)).subarray(12));
  },

  /** The same signature in the lower half of the order: chains refuse the other one (EIP-2). */
  toLowS(signature: Signature): Signature {
    const value = BigInt(bytesToHex(signature.s));
    if (value <= HALF_ORDER || value >= ORDER) return signature;
    const s = hexToBytes(bigintToHex32(ORDER - value));
    return { yParity: signature.yParity === 0 ? 1 : 0, r: signature.r, s };
  },
} as const;
