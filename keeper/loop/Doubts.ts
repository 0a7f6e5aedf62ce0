import type { UnknownReason } from "../domain/Verdict.ts";
import type { Hash } from "../lib/hex.ts";
import type { BlockFetcher } from "./BlockFetcher.ts";

/** Why something cannot be judged. */
export interface Doubt {
  readonly reason: UnknownReason;
  readonly detail: string;
}

/** Time that an answer may take before its absence is reported. */
const PATIENCE_MS = 1_000;

/**
 * What cannot be judged now, and why. What a few sources claim and nobody shows is no doubt as long as k operators do without
 * it: a single one could otherwise keep the keeper from ever knowing anything.
 */
export class Doubts {
  readonly #fetcher: BlockFetcher;
  readonly #isDispensable: (claimants: readonly string[]) => boolean;
  #first: Doubt | null = null;
  /** The block of the first doubt, now and before it was cleared. */
  #block: Hash | null = null;
  #before: Hash | null = null;
  #noHeadSinceMs: number | null = null;

  /** @param isDispensable whether k operators serve something without these sources */
  constructor(fetcher: BlockFetcher, isDispensable: (claimants: readonly string[]) => boolean) {
    this.#fetcher = fetcher;
    this.#isDispensable = isDispensable;
  }

  /** The first that was found since the last call of {@link clear}; null when nothing was. */
  get first(): Doubt | null {
    return this.#first;
  }

  clear(): void {
    this.#before = this.#block;
    this.#block = null;
    this.#first = null;
  }

  /** Finds that no source serves a head, when that has lasted. */
  checkHead(isMissing: boolean, nowMs: number): void {
    this.#noHeadSinceMs = isMissing ? (this.#noHeadSinceMs ?? nowMs) : null;
    if (this.#noHeadSinceMs === null || nowMs - this.#noHeadSinceMs < PATIENCE_MS) return;
    this.#first ??= { reason: "no-source", detail: "no source serves a head that could be verified" };
  }

  /** Finds that a block cannot be had, or not be read, of all those that were asked. */
  checkFetch(hash: Hash, claimants: readonly string[], nowMs: number): void {
    const fetched = this.#fetcher.get(hash);
    if (fetched === undefined || this.#first !== null || this.#isDispensable(claimants)) return;
    // That it is asked for again ends no doubt.
    if (fetched.requests.size > 0 && hash !== this.#before) return;
    const { unsupported, missing, heardAtMs } = fetched;
    if (unsupported !== null) this.#first = { reason: "unsupported-header", detail: unsupported };
    else if (missing !== null && nowMs - heardAtMs > PATIENCE_MS)
      this.#first = { reason: "no-answer", detail: missing };
    if (this.#first !== null) this.#block = hash;
  }
}
