import { createHash } from "node:crypto";

/** Bytes that are digested at a time. */
const SLICE = 1_048_576;

/** SHA-256 of bytes, 64 digits; in pieces, as megabytes take long. */
export function* sha256Pieces(bytes: Uint8Array): Generator<undefined, string> {
  const hash = createHash("sha256");
  for (let at = 0; at < bytes.length; at += SLICE) {
    if (at > 0) yield;
    hash.update(bytes.subarray(at, at + SLICE));
  }
  return hash.digest("hex");
}
