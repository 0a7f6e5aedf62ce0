import { bytesEqual, nibbleAt } from "../lib/bytes.ts";
import { bytesToHex, HexError, parseData, type Hash } from "../lib/hex.ts";
import { keccak256, keccak256Hex } from "../lib/keccak.ts";
import { EMPTY_ROOT, type NodeRef } from "./nodeEncoding.ts";
import { decodeProofNode, type ProofNode } from "./proofNode.ts";
import { ProofError } from "./ProofError.ts";

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

/** A branch of 16 hashes has 532 bytes, a leaf with an account at most 150. */
const MAX_NODE_BYTES = 600;
/** One node a nibble, and each of them once more where a client also lists embedded ones. */
const MAX_NODES = 129;
const EMPTY_NODE = 0x80;

function parseNodes(proof: unknown): Uint8Array[] {
  if (!Array.isArray(proof)) throw new ProofError("ProofMalformed", "the proof is not a list");
  if (proof.length > MAX_NODES) {
    throw new ProofError("ProofMalformed", `the proof has ${proof.length} nodes`, { nodes: proof.length });
  }
  // By index: a list with holes skips them in `map`.
  return Array.from({ length: proof.length }, (_, index) => {
    try {
      return parseData(proof[index], `proof[${index}]`, { maxLength: MAX_NODE_BYTES });
    } catch (error: unknown) {
      if (!(error instanceof HexError)) throw error;
      throw new ProofError("ProofMalformed", error.message, { index, hex: error.code }, { cause: error });
    }
  });
}

/** The empty trie: clients prove it by no node at all, or by the encoding of the empty string. */
function walkEmpty(nodes: readonly Uint8Array[]): ProofWalk {
  const first = nodes[0];
  if (first !== undefined && (first.length !== 1 || first[0] !== EMPTY_NODE)) {
    throw new ProofError("ProofNodeHashMismatch", "a node in the proof of the empty trie", { index: 0 });
  }
  if (nodes.length > 1) throw new ProofError("ProofNodeUnused", "nodes below the empty trie", { index: 1 });
  return { nodes: [], value: null };
}

/** Takes the listed nodes one after the other, each only as the node that its parent names. */
class NodeReader {
  readonly #nodes: readonly Uint8Array[];
  #next = 0;

  constructor(nodes: readonly Uint8Array[]) {
    this.#nodes = nodes;
  }

  /** The encoding behind a reference, bound to it byte by byte. */
  read(ref: NodeRef, isRoot: boolean): Uint8Array {
    const listed = this.#nodes[this.#next];
    if (!isRoot && ref.length < 32) {
      // Embedded: the parent already holds every byte. Some clients list it once more, which is fine if it is the same.
      if (listed !== undefined && bytesEqual(listed, ref)) this.#next += 1;
      return ref;
    }
    const index = this.#next;
    if (listed === undefined) throw new ProofError("ProofNodeMissing", `node ${index} is missing`, { index });
    if (!bytesEqual(keccak256(listed), ref)) {
      const payload = { index, expected: bytesToHex(ref), actual: keccak256Hex(listed) };
      throw new ProofError("ProofNodeHashMismatch", `node ${index} is not the one its parent names`, payload);
    }
    this.#next += 1;
    return listed;
  }

  /** Every listed node has been taken. */
  finish(): void {
    if (this.#next === this.#nodes.length) return;
    const payload = { index: this.#next, nodes: this.#nodes.length };
    throw new ProofError("ProofNodeUnused", `the path ends before node ${this.#next}`, payload);
  }
}

function matches(path: readonly number[], key: Uint8Array, depth: number): boolean {
  return path.every((nibble, at) => nibbleAt(key, depth + at) === nibble);
}

/**
 * Verifies a Merkle-Patricia proof of inclusion or exclusion (EIP-1186) and returns the path it shows. Strict: every
 * node is canonical and bound to the root by its hash, the path is the key's, and nothing is missing or left over.
 *
 * @throws ProofError
 */
export function walkProof({ root, hashedKey, proof }: ProofQuestion): ProofWalk {
  const listed = parseNodes(proof);
  if (root === EMPTY_ROOT) return walkEmpty(listed);
  const reader = new NodeReader(listed);
  const nodes: WalkedNode[] = [];
  let value: Uint8Array | null = null;
  let ref: NodeRef | null = parseData(root, "root", { length: 32 });
  for (let depth = 0; ref !== null;) {
    const node: ProofNode = decodeProofNode(reader.read(ref, nodes.length === 0), depth);
    const above: ProofNode | undefined = nodes.at(-1)?.node;
    if (above?.kind === "extension" && node.kind !== "branch") {
      throw new ProofError("ProofNodeMalformed", `nibble ${depth}: an extension does not lead to a branch`, { depth });
    }
    nodes.push({ depth, node });
    if (node.kind === "branch") {
      ref = node.children[nibbleAt(hashedKey, depth)] ?? null;
      depth += 1;
    } else if (!matches(node.path, hashedKey, depth)) {
      ref = null;
    } else if (node.kind === "extension") {
      ref = node.child;
      depth += node.path.length;
    } else {
      value = node.value;
      ref = null;
    }
  }
  reader.finish();
  return { nodes, value };
}
