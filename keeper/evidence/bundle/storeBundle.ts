import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";

import { syncDirectory } from "../SegmentFiles.ts";
import type { Bundle } from "./Bundle.ts";
import { readBundleText, readManifestLine, writeBundleText } from "./bundleText.ts";
import type { Manifest } from "./Manifest.ts";

const LEVELS = ["incomplete", "root-only", "located"] as const;

/** What became of a bundle that was to be written. */
export interface StoredBundle {
  readonly bytes: number;
  /** False where the one that is there shows more. */
  readonly isWritten: boolean;
}

/**
 * Writes a bundle in the place of an earlier one, which stays where it shows more. Whole or not at all, and durable when it
 * resolves.
 */
export async function storeBundle(path: string, bundle: Bundle): Promise<StoredBundle> {
  if (await showsMore(path, bundle.manifest)) return { bytes: 0, isWritten: false };
  const text = writeBundleText(bundle);
  await mkdir(dirname(path), { recursive: true });
  const handle = await open(`${path}.tmp`, "w", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${path}.tmp`, path);
  await syncDirectory(dirname(path));
  return { bytes: Buffer.byteLength(text), isWritten: true };
}

/** Whether there is a whole bundle already that shows more: all of it is read only where it says so. */
async function showsMore(path: string, manifest: Manifest): Promise<boolean> {
  try {
    const bytes = await readFile(path);
    const earlier = readManifestLine(bytes.toString("utf8", 0, bytes.indexOf("\n")));
    if (compare(earlier, manifest) <= 0) return false;
    readBundleText(bytes.toString("utf8"));
    return true;
  } catch {
    return false;
  }
}

/** Above zero when the first shows more than the second. */
function compare(one: Manifest, other: Manifest): number {
  const byLevel = LEVELS.indexOf(one.level) - LEVELS.indexOf(other.level);
  if (byLevel !== 0) return byLevel;
  const bySlots = one.located.length - other.located.length;
  return bySlots === 0 ? other.omitted.length - one.omitted.length : bySlots;
}
