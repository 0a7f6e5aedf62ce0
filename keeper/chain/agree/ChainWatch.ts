import type { ChainProfile } from "../../domain/chainProfile.ts";
import type { Condition, ConditionKind } from "../../domain/conditions.ts";

/** What the keeper sees of the chain at one time. */
export interface Sight {
  /** Monotonic milliseconds. */
  readonly nowMs: number;
  /** Seconds since the epoch by this machine's clock; null where nobody said. */
  readonly wallSeconds: number | null;
  /** The books' block; null before the first. */
  readonly tip: { readonly number: number; readonly timestamp: number } | null;
  /** Blocks that are still to be applied. */
  readonly behind: number;
  /** Newest final block; null where there is none. */
  readonly finalNumber: number | null;
  /** Operators that are up, of this chain and believed, of those configured. */
  readonly operators: number;
  readonly operatorCount: number;
  /** Why branches compete; null while they do not. */
  readonly split: string | null;
  /** Sources that go back and forth. */
  readonly oscillating: readonly string[];
  /** Why the height went back; null while it did not. */
  readonly regression: string | null;
}

const MS = 1_000;
/** So many blocks at once are no ordinary step. */
const BURST_BLOCKS = 32;
/** A source may reconnect without a word. */
const DEGRADED_MS = 5_000;

/** Tells what is unusual about the chain, over time. */
export class ChainWatch {
  readonly #profile: ChainProfile;
  #newestAtMs: number | null = null;
  #newest = -1;
  /** Of the books; a block that was announced and never came is no sign of life for long. */
  #highest = -1;
  #finalAtMs: number | null = null;
  #final = -1;
  #splitSinceMs: number | null = null;
  #degradedSinceMs: number | null = null;
  /** A deep reorg is over when blocks beyond this are the chain's. */
  #deepUntil: { readonly number: number; readonly depth: number } | null = null;
  #consensusFault: string | null = null;
  #burst: string | null = null;
  #wasLevel = false;

  constructor(profile: ChainProfile) {
    this.#profile = profile;
  }

  /**
   * Blocks were taken back: `depth` of those that k operators had served, the highest of them at `fromNumber`. What was above
   * was nobody's chain, and is no height that the chain has reached.
   */
  rolledBack(depth: number, fromNumber: number): void {
    const { confirmations } = this.#profile;
    this.#newest = Math.min(this.#newest, fromNumber);
    this.#highest = Math.min(this.#highest, fromNumber);
    if (depth <= confirmations) return;
    // A second one, from lower down, does not shorten the first.
    this.#deepUntil = { number: Math.max(fromNumber + confirmations, this.#deepUntil?.number ?? 0), depth };
  }

  /** k operators serve a branch without the final block: for good. */
  consensusFault(detail: string): void {
    this.#consensusFault ??= detail;
  }

  /** What holds now, in the order of their kinds. */
  look(sight: Sight): Condition[] {
    this.#follow(sight);
    const found: (readonly [ConditionKind, string | null])[] = [
      ["split", this.#split(sight)],
      ["oscillation", describeOscillation(sight.oscillating)],
      ["height-regression", sight.regression],
      ["deep-reorg", this.#deepReorg()],
      ["consensus-fault", this.#consensusFault],
      ["finality-stall", this.#finalityStall(sight)],
      ["clock-skew", this.#clockSkew(sight)],
      ["halted-chain", this.#halt(sight)],
      ["burst", this.#burst],
      ["source-degraded", this.#degraded(sight)],
    ];
    return found.flatMap(([kind, detail]) => (detail === null ? [] : [{ kind, detail }]));
  }

  #follow({ nowMs, tip, behind, finalNumber }: Sight): void {
    const number = (tip?.number ?? -1) + behind;
    // Before the books have reached the head once, they catch up with everything there is.
    if (tip !== null && behind === 0) this.#wasLevel = true;
    if (this.#wasLevel && behind >= BURST_BLOCKS && this.#burst === null) {
      const silence = Math.round((nowMs - (this.#newestAtMs ?? nowMs)) / MS);
      this.#burst = `${behind} blocks at once after ${silence} s`;
    }
    if (behind === 0) this.#burst = null;
    const height = tip?.number ?? -1;
    if (number > this.#newest || height > this.#highest || this.#newestAtMs === null) {
      this.#newest = Math.max(number, this.#newest);
      this.#highest = Math.max(height, this.#highest);
      this.#newestAtMs = nowMs;
    }
    if (finalNumber !== null && (finalNumber > this.#final || this.#finalAtMs === null)) {
      this.#final = finalNumber;
      this.#finalAtMs = nowMs;
    }
  }

  #split({ nowMs, split }: Sight): string | null {
    this.#splitSinceMs = split === null ? null : (this.#splitSinceMs ?? nowMs);
    if (split === null || this.#splitSinceMs === null) return null;
    return nowMs - this.#splitSinceMs >= 2 * this.#profile.blockSeconds * MS ? split : null;
  }

  #deepReorg(): string | null {
    // Not forgotten beyond that: the blocks may turn out to be nobody's chain.
    if (this.#deepUntil === null || this.#highest > this.#deepUntil.number) return null;
    const { depth, number } = this.#deepUntil;
    return `${depth} blocks were replaced, ${this.#profile.confirmations} are normal; over after block ${number}`;
  }

  #finalityStall({ nowMs, tip }: Sight): string | null {
    const { finalityStallSeconds } = this.#profile;
    if (this.#finalAtMs === null || tip === null) return null;
    const seconds = (nowMs - this.#finalAtMs) / MS;
    if (seconds < finalityStallSeconds || tip.number <= this.#final) return null;
    return `block ${this.#final} is the newest final one for ${Math.round(seconds)} s, the head is ${tip.number}`;
  }

  #clockSkew({ tip, wallSeconds }: Sight): string | null {
    if (tip === null || wallSeconds === null) return null;
    const ahead = tip.timestamp - wallSeconds;
    if (ahead <= this.#profile.futureSeconds) return null;
    return `block ${tip.number} is ${Math.round(ahead)} s in the future of this machine's clock`;
  }

  #halt({ nowMs, tip, wallSeconds, behind }: Sight): string | null {
    const { haltSeconds } = this.#profile;
    if (tip === null || this.#newestAtMs === null) return null;
    const silent = (nowMs - this.#newestAtMs) / MS;
    if (silent >= haltSeconds) return `no block since ${tip.number}, ${Math.round(silent)} s ago`;
    if (behind > 0) return null;
    const age = wallSeconds === null ? 0 : wallSeconds - tip.timestamp;
    return age >= haltSeconds ? `the newest block, ${tip.number}, was made ${Math.round(age)} s ago` : null;
  }

  #degraded({ nowMs, operators, operatorCount }: Sight): string | null {
    const isShort = operators < operatorCount;
    this.#degradedSinceMs = isShort ? (this.#degradedSinceMs ?? nowMs) : null;
    if (this.#degradedSinceMs === null || nowMs - this.#degradedSinceMs < DEGRADED_MS) return null;
    return `${operators} of ${operatorCount} operators are up and believed`;
  }
}

function describeOscillation(sources: readonly string[]): string | null {
  return sources.length === 0 ? null : `${sources.join(", ")}: back and forth between branches`;
}
