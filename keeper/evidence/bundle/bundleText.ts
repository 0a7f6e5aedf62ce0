import { decode, encode } from "../codec.ts";
import { MAX_BUNDLE_BYTES, sha256, type Bundle } from "./Bundle.ts";
import { BundleProblem } from "./BundleProblem.ts";
import type { Manifest } from "./Manifest.ts";
import { readManifest } from "./readManifest.ts";

const LINE = /^([0-9a-f]{64}) (.+)$/;

/**
 * A bundle as a file: one line for the manifest, one for each blob in the order in which the manifest names them. Each line is the
 * SHA-256 of its JSON, a space, and the JSON. Equal bundles are equal texts.
 */
export function writeBundleText({ manifest, bodies }: Bundle): string {
  const json = encode(manifest);
  const names = [...new Set(manifest.blobs.map(({ sha256: name }) => name))];
  const lines = names.map((name) => `${name} ${bodies.get(name) ?? ""}\n`);
  return [`${sha256(json)} ${json}\n`, ...lines].join("");
}

/**
 * Reads a bundle strictly: every byte is covered by a digest, every blob is one that the manifest names, none is missing.
 *
 * @throws BundleProblem `invalid`
 */
export function readBundleText(text: string): Bundle {
  if (text.length > MAX_BUNDLE_BYTES) throw refuse("file", `it is larger than ${MAX_BUNDLE_BYTES} bytes`);
  if (!text.endsWith("\n")) throw refuse("file", "its last line is cut short");
  const [first = "", ...lines] = text.slice(0, -1).split("\n");
  const rest = lines.map((line, index) => readLine(line, `line ${index + 2}`));
  const manifest = readManifestLine(first);
  const expected = [...new Set(manifest.blobs.map(({ sha256: name }) => name))];
  for (const [index, name] of expected.entries()) {
    const role = manifest.blobs.find((blob) => blob.sha256 === name)?.role ?? name;
    if (rest[index]?.[0] !== name) throw refuse(role, "the file does not hold it in its place");
  }
  if (rest.length > expected.length) throw refuse("file", "it holds blobs that the manifest does not name");
  for (const { role, sha256: name, bytes } of manifest.blobs) {
    const body = rest.find(([other]) => other === name)?.[1] ?? "";
    if (Buffer.byteLength(body) !== bytes) throw refuse(role, `it has not the ${bytes} bytes that the manifest says`);
  }
  return { manifest, bodies: new Map(rest) };
}

/**
 * The manifest in the first line of a bundle.
 *
 * @throws BundleProblem `invalid`
 */
export function readManifestLine(line: string): Manifest {
  const [, json] = readLine(line, "manifest");
  let value: unknown;
  try {
    value = decode(json);
  } catch (error: unknown) {
    throw refuse("manifest", "it is no JSON", error);
  }
  return readManifest(value);
}

/** A line's digest, which its JSON has, and that JSON. */
function readLine(line: string, where: string): readonly [string, string] {
  const [, name = "", json = ""] = LINE.exec(line) ?? [];
  if (name === "") throw refuse(where, "the line is no digest followed by JSON");
  if (sha256(json) !== name) throw refuse(where, "its bytes do not have the digest that stands before them");
  return [name, json];
}

function refuse(blob: string, detail: string, cause?: unknown): BundleProblem {
  return new BundleProblem("invalid", "blobs", blob, detail, { cause });
}

/**
 * The value of a blob; undefined where the bundle has none of this role.
 *
 * @throws BundleProblem `invalid` when it is no JSON
 */
export function blobOf({ manifest, bodies }: Bundle, role: string): unknown {
  const entry = manifest.blobs.find((blob) => blob.role === role);
  const body = entry === undefined ? undefined : bodies.get(entry.sha256);
  if (body === undefined) return undefined;
  try {
    return JSON.parse(body) as unknown;
  } catch (error: unknown) {
    throw new BundleProblem("invalid", "blobs", role, "it is no JSON", { cause: error });
  }
}
