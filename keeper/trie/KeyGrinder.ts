import type { Hex } from "../lib/hex.ts";
import { AREAS_AT, BLOCK_SIZE, HASH_SIZE, KEY_BLOCKS_AT } from "./compact/layout.ts";
import { createNodeKernel, type NodeKernel } from "./compact/nodeKernel.ts";

/** Digits that fit one number; longer prefixes are beyond any search. */
const MAX_DIGITS = 8;
const WORD = 2 ** 32;

/** Prefixes of one length, by their value. */
interface Wanted {
  /** By so much the first four bytes of a hash are shifted; null for a prefix of no digits, which every hash has. */
  readonly shift: number | null;
  readonly prefixes: Map<number, string>;
}

/** Where slots are hashed. */
interface Bench {
  readonly kernel: NodeKernel;
  readonly view: DataView;
}

/** Two slots with their padding, and where their hashes go: addresses in the kernel's memory, of which nothing else is used. */
const LEFT = KEY_BLOCKS_AT;
const RIGHT = KEY_BLOCKS_AT + BLOCK_SIZE;
const LEFT_HASH = AREAS_AT;
const RIGHT_HASH = AREAS_AT + HASH_SIZE;

/**
 * Finds slots whose hash starts with given digits, by hashing the slots 0, 1, 2, … in order: no randomness, and small
 * slot numbers, which real contracts use, come first. Nothing is allocated for a hash: millions of them would make the collector
 * look through all that the keeper holds, in the middle of a step.
 */
export class KeyGrinder {
  /** Made when the first slot is searched: most tries are compared without. */
  #bench: Bench | null = null;
  /** The next slot, always even: two are hashed at once. */
  #next = 0;
  #hashesLeft: number;

  /** `maxHashes` bounds the work over the grinder's whole life; 16^n are expected for n digits. */
  constructor(maxHashes: number) {
    this.#hashesLeft = maxHashes;
  }

  /** Nothing more will be found. */
  get isExhausted(): boolean {
    return this.#hashesLeft <= 0;
  }

  /**
   * One slot for as many of the prefixes (lower-case hex digits, 8 at most) as are found before the work is used up, or
   * `limit` hashes of it, one more if that is odd. One pass serves all of them. The next call continues with the next slot.
   *
   * @throws RangeError for a prefix that is longer
   */
  grind(prefixes: Iterable<string>, limit = Infinity): Map<string, Hex> {
    const found = new Map<string, Hex>();
    const [wanted, count] = group(prefixes);
    this.#bench ??= createBench();
    const { kernel, view } = this.#bench;
    for (let left = Math.min(limit, this.#hashesLeft); found.size < count && left > 0; left -= 2) {
      stage(view, LEFT, this.#next);
      stage(view, RIGHT, this.#next + 1);
      kernel.hashTwo(LEFT, RIGHT, 1, LEFT_HASH, RIGHT_HASH);
      take(wanted, view.getUint32(LEFT_HASH), this.#next, found);
      take(wanted, view.getUint32(RIGHT_HASH), this.#next + 1, found);
      this.#next += 2;
      this.#hashesLeft -= 2;
    }
    return found;
  }
}

function createBench(): Bench {
  const { memory, kernel } = createNodeKernel();
  for (const block of [LEFT, RIGHT]) kernel.pad(block, HASH_SIZE);
  return { kernel, view: new DataView(memory.buffer) };
}

/** Writes a slot's number where it is hashed, big-endian; its first 24 bytes stay zero. */
function stage(view: DataView, block: number, slot: number): void {
  view.setUint32(block + 28, slot);
  if (slot >= WORD) view.setUint32(block + 24, Math.floor(slot / WORD));
}

/** Takes a slot for the prefixes that its hash, of which these are the first four bytes, begins with. */
function take(wanted: readonly Wanted[], head: number, slot: number, found: Map<string, Hex>): void {
  for (const { shift, prefixes } of wanted) {
    const value = shift === null ? 0 : head >>> shift;
    const prefix = prefixes.get(value);
    if (prefix === undefined) continue;
    prefixes.delete(value);
    found.set(prefix, `0x${slot.toString(16).padStart(64, "0")}`);
  }
}

function group(prefixes: Iterable<string>): [Wanted[], number] {
  const lengths = new Map<number, Map<number, string>>();
  let count = 0;
  for (const prefix of new Set(prefixes)) {
    if (prefix.length > MAX_DIGITS)
      throw new RangeError(`no slot is searched for the ${prefix.length} digits ${prefix}`);
    const same = lengths.get(prefix.length) ?? new Map<number, string>();
    lengths.set(prefix.length, same.set(prefix === "" ? 0 : Number.parseInt(prefix, 16), prefix));
    count += 1;
  }
  const wanted = [...lengths].map(([length, same]) => {
    return { shift: length === 0 ? null : 32 - 4 * length, prefixes: same };
  });
  return [wanted, count];
}
