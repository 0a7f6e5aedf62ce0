import { createHash } from "node:crypto";

import type { Manifest } from "./Manifest.ts";

/** A bundle is never larger: it can be mailed. Bytes. */
export const MAX_BUNDLE_BYTES = 16 * 1024 * 1024;

/** A bundle in memory: what it says, and the bodies of its blobs, as JSON texts in one line, by their SHA-256. */
export interface Bundle {
  readonly manifest: Manifest;
  readonly bodies: ReadonlyMap<string, string>;
}

/** SHA-256 of a text's bytes, 64 digits. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
