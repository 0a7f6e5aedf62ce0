import { bytesToHex, HexError, parseData, writeHex, type Hash } from "../lib/hex.ts";
import { isKeccak256, keccak256Hex } from "../lib/keccak.ts";
import { ProofError } from "./ProofError.ts";

/** A branch of 16 hashes has 532 bytes, a leaf with an account at most 150. */
const MAX_NODE_BYTES = 600;
/** One node a nibble, and each of them once more where a client also lists embedded ones. */
const MAX_NODES = 129;
const HASH_LENGTH = 32;
const EMPTY_NODE = 0x80;

/** The list itself, bounded; what it holds has not been looked at. */
function asList(proof: unknown): readonly unknown[] {
  if (!Array.isArray(proof)) throw new ProofError("ProofMalformed", "the proof is not a list");
  if (proof.length <= MAX_NODES) return proof;
  throw new ProofError("ProofMalformed", `the proof has ${proof.length} nodes`, { nodes: proof.length });
}

/** How many bytes a node will have, before its digits are read: room is made for all nodes at once. */
function sizeOf(node: unknown, input: string): number {
  if (typeof node !== "string") throw new HexError("HexNotString", input, "not a string");
  const size = (node.length >> 1) - 1;
  if (size > MAX_NODE_BYTES) throw new HexError("HexWrongLength", input, `more than ${MAX_NODE_BYTES} bytes`);
  // What is too short to be hex has no bytes, and is refused when it is read.
  return Math.max(0, size);
}

/** Runs a step for each node, by its index: a list with holes would skip them. */
function forEachNode(list: readonly unknown[], step: (node: unknown, index: number, input: string) => void): void {
  for (let index = 0; index < list.length; index += 1) {
    try {
      step(list[index], index, `proof[${index}]`);
    } catch (error: unknown) {
      if (!(error instanceof HexError)) throw error;
      throw new ProofError("ProofMalformed", error.message, { index, hex: error.code }, { cause: error });
    }
  }
}

/**
 * The nodes that a proof lists, behind the root's hash in one array, so that every reference is a place in it. They are
 * taken in order, each only as the node that its parent names.
 */
export class ListedNodes {
  /** The root's hash, then the nodes one after the other. */
  readonly bytes: Uint8Array;
  /** Where each node begins; where the last one ends. */
  readonly #starts: Uint32Array;
  readonly #count: number;
  #next = 0;
  /** Where the node that was taken last lies in `bytes`. */
  start = 0;
  end = 0;

  /**
   * The proof is an untrusted JSON value.
   *
   * @throws ProofError `ProofMalformed`; HexError when the root is no hash
   */
  constructor(root: Hash, proof: unknown) {
    const list = asList(proof);
    const starts = new Uint32Array(list.length + 1);
    starts[0] = HASH_LENGTH;
    forEachNode(list, (node, index, input) => {
      starts[index + 1] = starts[index]! + sizeOf(node, input);
    });
    const bytes = new Uint8Array(starts[list.length]!);
    forEachNode(list, (node, index, input) => {
      writeHex(node as string, bytes, starts[index]!, input);
    });
    bytes.set(parseData(root, "root", { length: HASH_LENGTH }));
    this.bytes = bytes;
    this.#starts = starts;
    this.#count = list.length;
  }

  /**
   * Takes the node behind the reference from `start` to `end`, bound to it byte by byte.
   *
   * @throws ProofError `ProofNodeMissing`, `ProofNodeHashMismatch`
   */
  take(start: number, end: number): void {
    if (end - start < HASH_LENGTH) {
      // Embedded: the parent already holds every byte. Some clients list it once more, which is fine if it is the same.
      this.start = start;
      this.end = end;
      if (this.#isListed(start, end)) this.#next += 1;
      return;
    }
    const index = this.#next;
    if (index >= this.#count) throw new ProofError("ProofNodeMissing", `node ${index} is missing`, { index });
    this.start = this.#starts[index]!;
    this.end = this.#starts[index + 1]!;
    const node = this.bytes.subarray(this.start, this.end);
    if (!isKeccak256(node, this.bytes, start)) {
      const payload = { index, expected: bytesToHex(this.bytes.subarray(start, end)), actual: keccak256Hex(node) };
      throw new ProofError("ProofNodeHashMismatch", `node ${index} is not the one its parent names`, payload);
    }
    this.#next += 1;
  }

  /**
   * The path has ended: every listed node has been taken.
   *
   * @throws ProofError `ProofNodeUnused`
   */
  finish(): void {
    if (this.#next === this.#count) return;
    const payload = { index: this.#next, nodes: this.#count };
    throw new ProofError("ProofNodeUnused", `the path ends before node ${this.#next}`, payload);
  }

  /**
   * The root is the empty trie's, which clients prove by no node at all, or by the encoding of the empty string.
   *
   * @throws ProofError `ProofNodeHashMismatch`, `ProofNodeUnused`
   */
  finishEmpty(): void {
    if (this.#count === 0) return;
    if (this.#starts[1] !== HASH_LENGTH + 1 || this.bytes[HASH_LENGTH] !== EMPTY_NODE) {
      throw new ProofError("ProofNodeHashMismatch", "a node in the proof of the empty trie", { index: 0 });
    }
    if (this.#count > 1) throw new ProofError("ProofNodeUnused", "nodes below the empty trie", { index: 1 });
  }

  /** Whether the next listed node has exactly the bytes from `start` to `end`. */
  #isListed(start: number, end: number): boolean {
    if (this.#next >= this.#count) return false;
    const listed = this.#starts[this.#next]!;
    if (this.#starts[this.#next + 1]! - listed !== end - start) return false;
    for (let at = start; at < end; at += 1) if (this.bytes[at] !== this.bytes[listed + at - start]) return false;
    return true;
  }
}
