import { bytesToHex, parseData, type Hex } from "../lib/hex.ts";
import { keccak256 } from "../lib/keccak.ts";
import type { ComparedWords } from "./ComparedWords.ts";
import { KeyGrinder } from "./KeyGrinder.ts";

/** Where slots come from that lie under a path. */
export interface ProbeOptions {
  readonly trie: ComparedWords;
  /** Slots that are taken before all others where they lie right: such as may well differ. */
  readonly hints?: Iterable<Hex>;
  /** Other tries: their slots are as good as ours where we have none. */
  readonly pools?: readonly ComparedWords[];
  /** Longest path, in nibbles, for which a slot is searched by hashing. */
  readonly maxGrindNibbles: number;
  /** Hashes of that search at most. */
  readonly maxHashes: number;
}

/** A slot and the digits of its hash. */
interface Hint {
  readonly digits: string;
  readonly slot: Hex;
}

/**
 * Finds, for paths of a trie, a slot whose hash lies under them: its proof shows the path's node. Each is kept, so that asking
 * again asks the same.
 */
export class Probes {
  readonly #options: ProbeOptions;
  readonly #grinder: KeyGrinder;
  /** By rising digits. */
  readonly #hints: readonly Hint[];
  readonly #found = new Map<string, Hex>();

  constructor(options: ProbeOptions) {
    this.#options = options;
    this.#grinder = new KeyGrinder(options.maxHashes);
    const hints = [...(options.hints ?? [])].map((slot) => {
      return { digits: bytesToHex(keccak256(parseData(slot, "hint", { length: 32 }))).slice(2), slot };
    });
    this.#hints = hints.sort((left, right) => (left.digits < right.digits ? -1 : 1));
  }

  /** A slot under a path, from all that is known; undefined where it has to be searched. */
  known(path: readonly number[], digits: string): Hex | undefined {
    const found = this.#found.get(digits) ?? this.#hintUnder(digits) ?? this.#slotUnder(path);
    if (found !== undefined) this.#found.set(digits, found);
    return found;
  }

  /** Searches slots under these paths with at most so many hashes; the next call goes on. */
  search(paths: Iterable<string>, hashes: number): void {
    for (const [digits, slot] of this.#grinder.grind(paths, hashes)) this.#found.set(digits, slot);
  }

  /** Whether a search for this path may still find something. */
  canSearch(digits: string): boolean {
    return digits.length <= this.#options.maxGrindNibbles && !this.#grinder.isExhausted;
  }

  #hintUnder(digits: string): Hex | undefined {
    let [low, high] = [0, this.#hints.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#hints[middle]!.digits < digits) low = middle + 1;
      else high = middle;
    }
    const hint = this.#hints[low];
    return hint?.digits.startsWith(digits) === true ? hint.slot : undefined;
  }

  #slotUnder(path: readonly number[]): Hex | undefined {
    const { trie, pools = [] } = this.#options;
    for (const words of [trie, ...pools]) {
      const next = words.slotsUnder(path).next();
      if (next.done !== true) return next.value;
    }
    return undefined;
  }
}
