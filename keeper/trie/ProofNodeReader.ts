import { nibbleAt } from "../lib/bytes.ts";
import { readRlpPrefix, RlpError, skipRlp } from "../lib/rlp.ts";
import { ProofError } from "./ProofError.ts";

/** Nibbles of a key: every key of these tries is a hash. */
const KEY_NIBBLES = 64;
const HASH_LENGTH = 32;
const BRANCH_CHILDREN = 16;
const EMPTY_STRING = 0x80;
const EMPTY_LIST = 0xc0;
const HASH_PREFIX = EMPTY_STRING + HASH_LENGTH;

/**
 * Reads nodes where they lie, checks all of them and copies nothing: every field is a place in the bytes that were read
 * last. One reader serves one walk after the other. Source of the forms: Yellow Paper, appendices C and D.
 */
export class ProofNodeReader {
  kind: "leaf" | "extension" | "branch" = "branch";
  /** Leaf and extension: where the path begins, in nibbles of the bytes, and how many nibbles it has. */
  pathStart = 0;
  pathLength = 0;
  /**
   * A leaf's value, the reference of an extension's child or, after {@link selectChild}, that of a branch's: 32 bytes of
   * hash, or the whole encoding of an embedded node, which is shorter. Empty for no child.
   */
  start = 0;
  end = 0;
  /** Where each item of a branch begins; the 17th is its value. */
  readonly #items = new Uint32Array(BRANCH_CHILDREN + 1);
  #bytes: Uint8Array = new Uint8Array(0);
  #depth = 0;

  /**
   * Reads the node whose encoding fills the bytes from `start` to `end` and which stands at nibble `depth` of a trie whose
   * keys have 64 nibbles. Only canonical nodes are accepted, to the last byte: any other could not have come out of a
   * client's trie.
   *
   * @throws ProofError `ProofNodeMalformed`
   */
  read(bytes: Uint8Array, start: number, end: number, depth: number): void {
    this.#bytes = bytes;
    this.#depth = depth;
    try {
      this.#readNode(start, end);
    } catch (error: unknown) {
      if (!(error instanceof RlpError)) throw error;
      const offset = error.offset - start;
      const detail = { depth, rlp: error.code, offset };
      const message = `node at nibble ${depth}: ${error.code} at byte ${offset}`;
      throw new ProofError("ProofNodeMalformed", message, detail, { cause: error });
    }
  }

  /** Makes a branch's child at this nibble the reference; whether there is one. */
  selectChild(nibble: number): boolean {
    const at = this.#items[nibble]!;
    const length = this.#items[nibble + 1]! - at;
    // One byte is an empty string, no child; 33 bytes are a hash with its prefix; what is between is embedded.
    this.start = length === 1 + HASH_LENGTH || length === 1 ? at + 1 : at;
    this.end = at + length;
    return length > 1;
  }

  /** Whether the path is the key's from nibble `depth` on. */
  pathMatches(key: Uint8Array): boolean {
    for (let at = 0; at < this.pathLength; at += 1) {
      if (nibbleAt(this.#bytes, this.pathStart + at) !== nibbleAt(key, this.#depth + at)) return false;
    }
    return true;
  }

  #readNode(start: number, end: number): void {
    const node = readRlpPrefix(this.#bytes, start, end);
    if (node.end !== end) throw new RlpError("RlpTrailingBytes", node.end);
    if (!node.isList) throw this.#malformed("not a list");
    if (node.start === end) throw this.#malformed("a list of 0");
    const first = readRlpPrefix(this.#bytes, node.start, end);
    // Two items, of which the first is short, against seventeen, of which the first two are followed by others.
    if (first.end < end && readRlpPrefix(this.#bytes, first.end, end).end === end) {
      this.#readShort(first.isList, first.start, first.end, end);
    } else {
      this.#readBranch(node.start, end);
    }
  }

  #readShort(isList: boolean, pathStart: number, pathEnd: number, end: number): void {
    if (isList) throw this.#malformed("the path is a list");
    const isLeaf = this.#readPath(pathStart, pathEnd);
    const below = this.#depth + this.pathLength;
    if (isLeaf) {
      this.kind = "leaf";
      if (below !== KEY_NIBBLES) throw this.#malformed("a leaf's key is not 64 nibbles long");
      const value = readRlpPrefix(this.#bytes, pathEnd, end);
      if (value.isList) throw this.#malformed("the value is a list");
      if (value.start === value.end) throw this.#malformed("the value is empty");
      this.start = value.start;
      this.end = value.end;
      return;
    }
    this.kind = "extension";
    if (this.pathLength === 0) throw this.#malformed("an extension without a path");
    if (below >= KEY_NIBBLES) throw this.#malformed("an extension leaves no path below it");
    this.#skipChild(pathEnd, end);
    if (end - pathEnd === 1) throw this.#malformed("an extension without a child");
    this.start = end - pathEnd === 1 + HASH_LENGTH ? pathEnd + 1 : pathEnd;
    this.end = end;
  }

  /** The path in a hex-prefixed string, only in the canonical form; whether it is a leaf's. */
  #readPath(start: number, end: number): boolean {
    if (start === end) throw this.#malformed("empty path");
    const flag = this.#bytes[start]! >> 4;
    if (flag > 3) throw this.#malformed("unknown path flag");
    const isOdd = (flag & 1) === 1;
    if (!isOdd && (this.#bytes[start]! & 15) !== 0) throw this.#malformed("padding of the path is not zero");
    this.pathStart = 2 * start + (isOdd ? 1 : 2);
    this.pathLength = 2 * end - this.pathStart;
    return flag >= 2;
  }

  #readBranch(start: number, end: number): void {
    this.kind = "branch";
    let at = start;
    let children = 0;
    for (let nibble = 0; nibble < BRANCH_CHILDREN; nibble += 1) {
      if (at >= end) throw this.#malformed(`a list of ${nibble}`);
      this.#items[nibble] = at;
      const next = this.#skipChild(at, end);
      if (next - at > 1) children += 1;
      at = next;
    }
    if (at >= end) throw this.#malformed(`a list of ${BRANCH_CHILDREN}`);
    this.#items[BRANCH_CHILDREN] = at;
    const value = readRlpPrefix(this.#bytes, at, end);
    if (value.end !== end) throw this.#malformed(`a list of more than ${BRANCH_CHILDREN + 1}`);
    if (this.#depth >= KEY_NIBBLES) throw this.#malformed("a branch below the end of the key");
    if (value.isList || value.start < value.end) {
      throw this.#malformed("a branch with a value, where all keys are equally long");
    }
    if (children < 2) throw this.#malformed("a branch of fewer than two");
  }

  /** Where the child at `at` ends: nothing, a hash, or an embedded node, which is a list and shorter than a hash. */
  #skipChild(at: number, limit: number): number {
    const prefix = this.#bytes[at]!;
    if (prefix === EMPTY_STRING) return at + 1;
    // The whole of nearly all branches.
    if (prefix === HASH_PREFIX && at + 1 + HASH_LENGTH <= limit) return at + 1 + HASH_LENGTH;
    const end = skipRlp(this.#bytes, at, limit);
    if (prefix <= EMPTY_LIST) throw this.#malformed("a child is neither a hash nor a node");
    if (end - at >= HASH_LENGTH) throw this.#malformed("a child that long has to be hashed");
    return end;
  }

  #malformed(detail: string): ProofError {
    const depth = this.#depth;
    return new ProofError("ProofNodeMalformed", `node at nibble ${depth}: ${detail}`, { depth, detail });
  }
}
