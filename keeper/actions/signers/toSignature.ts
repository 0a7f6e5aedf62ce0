import { bytesToHex, type Hex } from "../../lib/hex.ts";
import type { Signature } from "./secp256k1.ts";

/** A signature as contracts take it: r, s, and v of 27 or 28. */
export function toSignature({ yParity, r, s }: Signature): Hex {
  const bytes = new Uint8Array(65);
  bytes.set(r, 0);
  bytes.set(s, 32);
  bytes[64] = 27 + yParity;
  return bytesToHex(bytes);
}
