import { nibbleAt } from "../lib/bytes.ts";
import type { Hash } from "../lib/hex.ts";
import { ListedNodes } from "./ListedNodes.ts";
import { EMPTY_ROOT } from "./nodeEncoding.ts";
import { ProofError } from "./ProofError.ts";
import { toProofNode, type ProofNode } from "./proofNode.ts";
import { ProofNodeReader } from "./ProofNodeReader.ts";

const HASH_LENGTH = 32;

/** What is to be proven. */
export interface ProofQuestion {
  /** The trie's root, from something already verified. */
  readonly root: Hash;
  /** keccak256 of the address or slot: 32 bytes. The path follows from it, so the proof is bound to the key. */
  readonly hashedKey: Uint8Array;
  /** The nodes from the root down, as a source served them: an untrusted JSON value. */
  readonly proof: unknown;
}

/** A node of the path, with the number of nibbles above it. */
export interface WalkedNode {
  readonly depth: number;
  readonly node: ProofNode;
}

/** What the proof proves. */
export interface ProofWalk {
  /** The nodes of the path from the root down, embedded ones included; none for the empty trie. */
  readonly nodes: readonly WalkedNode[];
  /** The leaf's value for this key; null: proven absent. */
  readonly value: Uint8Array | null;
}

/** What is done with each node of the path, the root first: it has been read, and lies in `bytes`. */
type Visit = (reader: ProofNodeReader, bytes: Uint8Array, depth: number) => void;

/** Chooses the reference that the key's path goes on to, or the leaf's value; whether there is one. */
function follow(reader: ProofNodeReader, key: Uint8Array, depth: number): boolean {
  return reader.kind === "branch" ? reader.selectChild(nibbleAt(key, depth)) : reader.pathMatches(key);
}

/** The one walk, from the root to where the key's path ends. */
function walk({ root, hashedKey, proof }: ProofQuestion, visit: Visit | null): Uint8Array | null {
  const nodes = new ListedNodes(root, proof);
  if (root === EMPTY_ROOT) {
    nodes.finishEmpty();
    return null;
  }
  const reader = new ProofNodeReader();
  const { bytes } = nodes;
  nodes.take(0, HASH_LENGTH);
  for (let depth = 0, above = reader.kind; ;) {
    reader.read(bytes, nodes.start, nodes.end, depth);
    if (above === "extension" && reader.kind !== "branch") {
      throw new ProofError("ProofNodeMalformed", `nibble ${depth}: an extension does not lead to a branch`, { depth });
    }
    visit?.(reader, bytes, depth);
    const isFound = follow(reader, hashedKey, depth);
    if (!isFound || reader.kind === "leaf") {
      nodes.finish();
      return isFound ? bytes.subarray(reader.start, reader.end) : null;
    }
    above = reader.kind;
    depth += reader.kind === "branch" ? 1 : reader.pathLength;
    nodes.take(reader.start, reader.end);
  }
}

/**
 * Verifies a Merkle-Patricia proof of inclusion or exclusion (EIP-1186) and returns the path it shows. Strict: every
 * node is canonical and bound to the root by its hash, the path is the key's, and nothing is missing or left over.
 *
 * @throws ProofError
 */
export function walkProof(question: ProofQuestion): ProofWalk {
  const nodes: WalkedNode[] = [];
  const value = walk(question, (reader, bytes, depth) => {
    nodes.push({ depth, node: toProofNode(reader, bytes) });
  });
  return { nodes, value };
}

/**
 * The value that a proof proves for its key, null when it proves that there is none: {@link walkProof} in every check,
 * without the path.
 *
 * @throws ProofError
 */
export function proveValue(question: ProofQuestion): Uint8Array | null {
  return walk(question, null);
}
