import { bytesEqual } from "../lib/bytes.ts";
import { bytesToHex, HexError, parseData, type Hash, type Hex } from "../lib/hex.ts";
import { keccak256 } from "../lib/keccak.ts";
import type { ComparedWords } from "./ComparedWords.ts";
import { decodeWord } from "./decodeWord.ts";
import { EMPTY_ROOT, type NodeRef } from "./nodeEncoding.ts";
import { Probes } from "./Probes.ts";
import { ProofError } from "./ProofError.ts";
import { decodeProofNode, type ProofNode } from "./proofNode.ts";
import type { TrieEntry } from "./StorageTrie.ts";
import { walkProof } from "./walkProof.ts";

/**
 * A slot whose word in the books is not the word on the chain. Both are 0 only where the chain's trie has a leaf of
 * zero, which no real chain has (see `WordOptions`).
 */
export interface SlotDifference {
  /** The slot, where it is known: always for one of ours, by luck for one that only the chain has. */
  readonly slot?: Hex;
  /** keccak256(slot), proven. */
  readonly hashedSlot: Hash;
  /** The word in our trie, 0 when absent. */
  readonly own: bigint;
  /** The word on the chain, proven, 0 when absent. */
  readonly chain: bigint;
}

/** What a descent compares, and how much work it may do. */
export interface DescentOptions {
  /** Our words. Must not change while the descent runs. */
  readonly trie: ComparedWords;
  /** The contract's storage root on the chain, from a verified account proof. */
  readonly chainRoot: Hash;
  /** Differences to name before stopping. */
  readonly maxDifferences?: number;
  /** Answers to take before stopping. */
  readonly maxRounds?: number;
  /** Longest prefix, in nibbles, for which a probe is searched by hashing when no known slot lies under it. */
  readonly maxGrindNibbles?: number;
  /** Hashes of that search at most; by default so many that the longest prefix is found but once in 400 times. */
  readonly maxHashes?: number;
  /** Hashes of that search in one call of {@link Descent.nextKeys}, so that none takes long. Default: all. */
  readonly hashesPerCall?: number;
  /** Slots that may well differ: they are probed before others. */
  readonly hints?: Iterable<Hex>;
  /** Other tries, whose slots serve as probes where we have none. */
  readonly pools?: readonly ComparedWords[];
}

/** One entry of an `eth_getProof` answer. */
export interface StorageProofAnswer {
  readonly key: Hex;
  /** The value that the answer claims; checked against the proof when given. */
  readonly value?: bigint;
  readonly proof: readonly Hex[];
}

/** A subtree of the chain's trie that differs from ours and whose node has not been seen yet. */
interface Pending {
  readonly path: readonly number[];
  readonly ref: NodeRef;
}

const DEFAULT_MAX_DIFFERENCES = 100;
const DEFAULT_MAX_ROUNDS = 100;
const DEFAULT_MAX_GRIND_NIBBLES = 5;
/** Keys in one `eth_getProof`; clients refuse more than about a thousand. */
const MAX_KEYS_PER_ROUND = 64;
/** A leaf of zero is what makes the roots differ where one stands, so it is named: both words are 0 then. */
const ZERO_LEAF = { allowsZeroLeaf: true };
/** Work per descent, in multiples of the hashes expected for one longest prefix: fails once in e^6 = 400 times. */
const GRIND_FACTOR = 6;

function toDigits(path: readonly number[]): string {
  return path.map((nibble) => nibble.toString(16)).join("");
}

/**
 * Names the slots in which our trie and a chain's trie differ, from `eth_getProof` answers.
 *
 * A state machine without I/O: while `nextKeys()` is not empty, ask for proofs of those slots at the block of the
 * root, and hand them to `accept`. It only enters subtrees whose reference differs from ours, so d differences among
 * n words take O(d log n) probes. Every node is bound to `chainRoot` by its hash: a false answer can only be refused.
 */
export class Descent {
  readonly #trie: ComparedWords;
  readonly #chainRoot: Hash;
  readonly #maxDifferences: number;
  readonly #maxRounds: number;
  readonly #hashesPerCall: number;
  readonly #probes: Probes;
  readonly #pending = new Map<string, Pending>();
  /** Slots asked for by their hash: names a word that only the chain has, should a probe hit it. */
  readonly #askedSlots = new Map<Hash, Hex>();
  #askedKeys: ReadonlySet<Hex> = new Set();
  readonly #differences: SlotDifference[] = [];
  readonly #unentered: string[] = [];
  #hasMore = false;
  #isOutOfRounds = false;
  #calls = 0;

  constructor(options: DescentOptions) {
    this.#trie = options.trie;
    this.#chainRoot = options.chainRoot;
    this.#maxDifferences = options.maxDifferences ?? DEFAULT_MAX_DIFFERENCES;
    this.#maxRounds = options.maxRounds ?? DEFAULT_MAX_ROUNDS;
    this.#hashesPerCall = options.hashesPerCall ?? Infinity;
    const maxGrindNibbles = options.maxGrindNibbles ?? DEFAULT_MAX_GRIND_NIBBLES;
    const { trie, hints = [], pools = [], maxHashes = GRIND_FACTOR * 16 ** maxGrindNibbles } = options;
    this.#probes = new Probes({ trie, hints, pools, maxGrindNibbles, maxHashes });
    if (this.#trie.root() === this.#chainRoot) return;
    if (this.#chainRoot === EMPTY_ROOT) this.#addOwnOnly([]);
    else this.#enter([], parseData(this.#chainRoot, "chainRoot", { length: 32 }));
  }

  /** The slots found to differ so far. */
  get differences(): readonly SlotDifference[] {
    return this.#differences;
  }

  /** Every differing slot has been named. */
  get isComplete(): boolean {
    return this.#pending.size === 0 && !this.isTruncated;
  }

  /** More slots differ than were named: a limit was reached, or no probe was found for some prefix. */
  get isTruncated(): boolean {
    return this.#hasMore || this.#isOutOfRounds || this.#unentered.length > 0;
  }

  /** More slots differ than may be named. */
  get hasMore(): boolean {
    return this.#hasMore;
  }

  /** Digits with which the hashes of slots begin that differ and could not be named: no probe was found under them. */
  get unentered(): readonly string[] {
    return this.#unentered;
  }

  /** No slot can be asked for now, but the next call of {@link nextKeys} may find one. */
  get isSearching(): boolean {
    return this.#pending.size > 0 && this.#askedKeys.size === 0;
  }

  /** Answers accepted so far. */
  get calls(): number {
    return this.#calls;
  }

  /**
   * The slots to ask `eth_getProof` for next, at most `limit`; none when the descent has ended, or {@link isSearching}.
   * Asking twice changes nothing else.
   */
  nextKeys(limit = MAX_KEYS_PER_ROUND): Hex[] {
    if (this.#differences.length >= this.#maxDifferences || this.#calls >= this.#maxRounds) this.#stop();
    this.#dropSurplus();
    const keys = new Set<Hex>();
    const unknown: string[] = [];
    const probe = (): void => {
      unknown.length = 0;
      // Deepest first: that names whole slots soonest, which counts when a limit ends the descent.
      for (const [digits, { path }] of [...this.#pending].sort(([left], [right]) => right.length - left.length)) {
        const slot = keys.size < limit ? this.#probes.known(path, digits) : undefined;
        if (slot !== undefined) keys.add(slot);
        else if (keys.size < limit) unknown.push(digits);
      }
    };
    probe();
    if (keys.size === 0 && unknown.length > 0) {
      this.#probes.search(
        unknown.filter((digits) => this.#probes.canSearch(digits)),
        this.#hashesPerCall,
      );
      probe();
      for (const digits of unknown) if (!this.#probes.canSearch(digits)) this.#abandon(digits);
    }
    this.#askedKeys = keys;
    return [...keys];
  }

  /**
   * Takes the answer to `nextKeys()`. Keys that it leaves out are asked for again. A refused answer changes nothing.
   *
   * @throws ProofError when a proof does not hold against the chain's root, claims a value it does not prove, or is
   * for a key that was not asked for.
   */
  accept(proofs: readonly StorageProofAnswer[]): void {
    // The answer comes from outside: its type is a claim, and the check must not widen it to `any[]`.
    const isList: boolean = Array.isArray(proofs);
    if (!isList) throw new ProofError("ProofMalformed", "the answer is not a list of proofs");
    const seen = new Map<string, ProofNode>();
    const answered = new Set<Hex>();
    for (const answer of proofs) {
      const slot = parseKey((answer as StorageProofAnswer | null | undefined)?.key);
      if (!this.#askedKeys.has(slot) || answered.has(slot)) {
        throw new ProofError("ProofKeyUnexpected", `a proof of ${slot} was not asked for`, { key: slot });
      }
      answered.add(slot);
      this.#verify(slot, answer, seen);
    }
    this.#calls += 1;
    for (const { path } of [...this.#pending.values()]) {
      const node = seen.get(toDigits(path));
      if (node !== undefined) this.#expand(path, node, seen);
    }
  }

  /** Verifies one proof and notes its nodes by the digits of their path. */
  #verify(slot: Hex, answer: StorageProofAnswer, seen: Map<string, ProofNode>): void {
    const hashedKey = keccak256(parseData(slot, "key"));
    const walk = walkProof({ root: this.#chainRoot, hashedKey, proof: answer.proof });
    const proven = walk.value === null ? 0n : decodeWord(walk.value, ZERO_LEAF);
    if (answer.value !== undefined && answer.value !== proven) {
      const payload = { key: slot, claimed: answer.value, proven };
      throw new ProofError("ProofValueMismatch", `the answer's value of ${slot} is not the proven one`, payload);
    }
    const last = walk.nodes.at(-1)?.node;
    if (last?.kind === "leaf") decodeWord(last.value, ZERO_LEAF);
    this.#askedSlots.set(bytesToHex(hashedKey), slot);
    const digits = bytesToHex(hashedKey).slice(2);
    for (const { depth, node } of walk.nodes) seen.set(digits.slice(0, depth), node);
  }

  /** Compares our words under a path with the chain's node there, and enters the children that differ. */
  #expand(path: readonly number[], node: ProofNode, seen: ReadonlyMap<string, ProofNode>): void {
    this.#pending.delete(toDigits(path));
    if (node.kind === "leaf") {
      this.#compareLeaf(path, node);
    } else if (node.kind === "extension") {
      // What we hold beside the extension's path, the chain does not have.
      node.path.forEach((taken, at) => {
        const above = [...path, ...node.path.slice(0, at)];
        for (let nibble = 0; nibble < 16; nibble += 1) if (nibble !== taken) this.#addOwnOnly([...above, nibble]);
      });
      const below = [...path, ...node.path];
      this.#compareChild(below, this.#trie.nodeRefAt(below), node.child, seen);
    } else {
      const own = this.#trie.childRefsAt(path);
      node.children.forEach((ref, nibble) => {
        if (ref !== null) this.#compareChild([...path, nibble], own[nibble] ?? null, ref, seen);
        else if (own[nibble] !== null) this.#addOwnOnly([...path, nibble]);
      });
    }
  }

  #compareChild(
    path: readonly number[],
    own: NodeRef | null,
    ref: NodeRef,
    seen: ReadonlyMap<string, ProofNode>,
  ): void {
    if (own !== null && bytesEqual(own, ref)) return;
    const node = ref.length < 32 ? decodeProofNode(ref, path.length) : seen.get(toDigits(path));
    if (node === undefined) this.#enter(path, ref);
    else this.#expand(path, node, seen);
  }

  #compareLeaf(path: readonly number[], leaf: ProofNode & { kind: "leaf" }): void {
    const hashedSlot: Hash = `0x${toDigits([...path, ...leaf.path])}`;
    const chain = decodeWord(leaf.value, ZERO_LEAF);
    let own: TrieEntry | undefined;
    for (const entry of this.#trie.entriesUnder(path)) {
      if (entry.hashedSlot === hashedSlot) own = entry;
      else if (!this.#add({ slot: entry.slot, hashedSlot: entry.hashedSlot, own: entry.value, chain: 0n })) return;
    }
    if (own !== undefined && own.value === chain) return;
    const slot = own?.slot ?? this.#askedSlots.get(hashedSlot);
    this.#add({ ...(slot === undefined ? {} : { slot }), hashedSlot, own: own?.value ?? 0n, chain });
  }

  /** All our words under a path are missing on the chain. */
  #addOwnOnly(path: readonly number[]): void {
    for (const { slot, hashedSlot, value } of this.#trie.entriesUnder(path)) {
      if (!this.#add({ slot, hashedSlot, own: value, chain: 0n })) return;
    }
  }

  /** False when the difference is one too many. */
  #add(difference: SlotDifference): boolean {
    if (this.#differences.length >= this.#maxDifferences) {
      this.#hasMore = true;
      return false;
    }
    this.#differences.push(difference);
    return true;
  }

  #enter(path: readonly number[], ref: NodeRef): void {
    this.#pending.set(toDigits(path), { path, ref });
  }

  /** Gives up a subtree for which there is no probe; the others go on. */
  #abandon(digits: string): void {
    this.#unentered.push(digits);
    this.#pending.delete(digits);
  }

  /** Each pending subtree holds a difference: those beyond what may be named need not be entered. */
  #dropSurplus(): void {
    const surplus = this.#differences.length + this.#pending.size - this.#maxDifferences;
    if (surplus <= 0) return;
    this.#hasMore = true;
    const shallowest = [...this.#pending.keys()].sort((left, right) => left.length - right.length);
    for (const digits of shallowest.slice(0, surplus)) this.#pending.delete(digits);
  }

  #stop(): void {
    // A difference is left in each.
    if (this.#pending.size > 0) {
      if (this.#calls >= this.#maxRounds) this.#isOutOfRounds = true;
      else this.#hasMore = true;
    }
    this.#pending.clear();
  }
}

/** The slot of an answer's key; clients trim leading zeros of keys, or do not. */
function parseKey(key: unknown): Hex {
  try {
    const text =
      typeof key === "string" && /^0x[0-9a-fA-F]{0,64}$/.test(key) ? `0x${key.slice(2).padStart(64, "0")}` : key;
    return bytesToHex(parseData(text, "key", { length: 32 }));
  } catch (error: unknown) {
    if (!(error instanceof HexError)) throw error;
    throw new ProofError("ProofMalformed", error.message, { hex: error.code }, { cause: error });
  }
}
