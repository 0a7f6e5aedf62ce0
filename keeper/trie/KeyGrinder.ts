import { bytesToHex, type Hex } from "../lib/hex.ts";
import { keccak256 } from "../lib/keccak.ts";

/** Digits that fit one number; longer prefixes are beyond any search. */
const MAX_DIGITS = 8;

/** Prefixes of one length, by their value. */
interface Wanted {
  /** By so much the first four bytes of a hash are shifted; null for a prefix of no digits, which every hash has. */
  readonly shift: number | null;
  readonly prefixes: Map<number, string>;
}

/**
 * Finds slots whose hash starts with given digits, by hashing the slots 0, 1, 2, … in order: no randomness, and small
 * slot numbers, which real contracts use, come first.
 */
export class KeyGrinder {
  readonly #slot = new Uint8Array(32);
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
   * `limit` hashes of it. One pass serves all of them. The next call continues with the next slot.
   *
   * @throws RangeError for a prefix that is longer
   */
  grind(prefixes: Iterable<string>, limit = Infinity): Map<string, Hex> {
    const found = new Map<string, Hex>();
    const [wanted, count] = group(prefixes);
    for (let left = Math.min(limit, this.#hashesLeft); found.size < count && left > 0; left -= 1) {
      const hash = keccak256(this.#slot);
      const head = ((hash[0]! << 24) | (hash[1]! << 16) | (hash[2]! << 8) | hash[3]!) >>> 0;
      for (const { shift, prefixes: same } of wanted) {
        const value = shift === null ? 0 : head >>> shift;
        const prefix = same.get(value);
        if (prefix === undefined) continue;
        same.delete(value);
        found.set(prefix, bytesToHex(this.#slot));
      }
      this.#increment();
      this.#hashesLeft -= 1;
    }
    return found;
  }

  #increment(): void {
    for (let at = this.#slot.length - 1; at >= 0; at -= 1) {
      const byte = (this.#slot[at]! + 1) & 255;
      this.#slot[at] = byte;
      if (byte !== 0) return;
    }
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
