import { nibbleAt } from "../lib/bytes.ts";
import type { NodeRef } from "./nodeEncoding.ts";
import { ProofNodeReader } from "./ProofNodeReader.ts";

/** A node of a chain's trie, as a proof shows it. Source: Yellow Paper, appendix D. */
export type ProofNode =
  | { readonly kind: "leaf"; readonly path: readonly number[]; readonly value: Uint8Array }
  | { readonly kind: "extension"; readonly path: readonly number[]; readonly child: NodeRef }
  | { readonly kind: "branch"; readonly children: readonly (NodeRef | null)[] };

/** The node that the reader has read from these bytes. What it holds are views into them. */
export function toProofNode(reader: ProofNodeReader, bytes: Uint8Array): ProofNode {
  if (reader.kind === "branch") {
    const children = Array.from({ length: 16 }, (_, nibble) => {
      return reader.selectChild(nibble) ? bytes.subarray(reader.start, reader.end) : null;
    });
    return { kind: "branch", children };
  }
  const path = Array.from({ length: reader.pathLength }, (_, at) => nibbleAt(bytes, reader.pathStart + at));
  const item = bytes.subarray(reader.start, reader.end);
  return reader.kind === "leaf" ? { kind: "leaf", path, value: item } : { kind: "extension", path, child: item };
}

/**
 * The node with this encoding, which stands at nibble `depth` of a trie whose keys have 64 nibbles. Only canonical
 * nodes are accepted: any other could not have come out of a client's trie.
 *
 * @throws ProofError `ProofNodeMalformed`
 */
export function decodeProofNode(encoded: Uint8Array, depth: number): ProofNode {
  const reader = new ProofNodeReader();
  reader.read(encoded, 0, encoded.length, depth);
  return toProofNode(reader, encoded);
}
