import type { Hash } from "../../keeper/lib/hex.ts";
import type { Effect } from "../../keeper/loop/ports.ts";
import { BlockLedger } from "./BlockLedger.ts";
import type { Head } from "./SoakWorld.ts";

/** What the watch asks of others when the keeper signs. */
export interface WatchOptions {
  /** Hash of the true chain's block at a height now; null where there is none. */
  readonly hashAt: (number: number) => Promise<Hash | null>;
  /** Hash of the block that the keeper's books hold at a height. */
  readonly booksAt: (number: number) => Hash | null;
}

/** A block that was orphaned may still be signed for so long: no keeper can know of the reorg before it hears of it. */
const ORPHAN_GRACE_MS = 3_000;
const ORPHANS_KEPT = 256;

interface Waiter {
  readonly head: Head;
  readonly resolve: (isJudged: boolean) => void;
}

/** Sees everything that the keeper does, and holds it against what the chain really was. */
export class Watch {
  readonly ledger = new BlockLedger();
  /** What must never happen, in words. */
  readonly problems: string[] = [];
  /** How often each thing was done or said. */
  readonly counts = new Map<string, number>();
  readonly #options: WatchOptions;
  readonly #orphanedAtMs = new Map<Hash, number>();
  #checks: Promise<unknown> = Promise.resolve();
  #waiter: Waiter | null = null;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** For the keeper's `onEffect`. */
  see(effect: Effect, nowMs: number): void {
    switch (effect.type) {
      case "block": {
        const { number, hash, verdict } = effect.report;
        this.#count(`verdict ${verdict.kind}`);
        if (verdict.kind === "InSync") this.#seeInSync({ number, hash });
        else if (verdict.kind !== "Unknown") this.#problem(`${verdict.kind} at block ${number} ${hash}`);
        return;
      }
      case "unknown":
        this.#count(`unknown ${effect.reason}`);
        return;
      case "rolled-back":
        this.#count("rolled back");
        return;
      case "quarantine":
        this.#count("quarantine");
        return;
      case "condition":
        if (effect.holds) this.#count(`condition ${effect.condition.kind}`);
        return;
      case "incident":
        this.#problem(`incident ${effect.report.cause} of block ${effect.report.blockNumber}: ${effect.report.detail}`);
        return;
      case "latch":
        this.#problem(`latched: ${effect.detail}`);
        return;
      case "broadcast":
        this.#count(`sent ${effect.purpose}`);
        if (effect.purpose !== "checkpoint") this.#problem(`sent a ${effect.purpose}`);
        return;
      case "sign-typed-data": {
        if (effect.statement.kind !== "attestation") return;
        const { blockNumber, blockHash } = effect.statement.attestation;
        this.#count("signatures");
        this.#checks = Promise.all([this.#checks, this.#checkSigned(Number(blockNumber), blockHash, nowMs)]);
        return;
      }
      default:
    }
  }

  /** These blocks are no longer the chain's. */
  orphaned(hashes: readonly Hash[], nowMs: number): void {
    for (const hash of hashes) this.#orphanedAtMs.set(hash, nowMs);
    for (const [hash] of this.#orphanedAtMs) {
      if (this.#orphanedAtMs.size <= ORPHANS_KEPT) break;
      this.#orphanedAtMs.delete(hash);
    }
  }

  /** Whether the block, or one above it, is said to be in sync before the signal aborts. One wait at a time. */
  async judged(head: Head, signal: AbortSignal): Promise<boolean> {
    if (this.ledger.has(head.number, head.hash)) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#waiter = { head, resolve };
    const onAbort = (): void => resolve(false);
    signal.addEventListener("abort", onAbort, { once: true });
    const isJudged = await promise;
    signal.removeEventListener("abort", onAbort);
    this.#waiter = null;
    return isJudged;
  }

  /** Resolves when every signature was held against the chain. */
  async settled(): Promise<void> {
    await this.#checks;
  }

  #seeInSync({ number, hash }: Head): void {
    this.ledger.report(number, hash);
    const waiter = this.#waiter;
    if (waiter === null) return;
    const { head, resolve } = waiter;
    // Above it, the books must stand on it: at the end of a reorg nothing else is left there.
    if (number > head.number ? this.#options.booksAt(head.number) === head.hash : hash === head.hash) resolve(true);
  }

  /** A signed block must be held by the books, and be the chain's, or have been until a moment ago. */
  async #checkSigned(number: number, hash: Hash, nowMs: number): Promise<void> {
    if (this.#options.booksAt(number) !== hash) this.#problem(`signed block ${number} ${hash}, not in the books`);
    const orphanedAtMs = this.#orphanedAtMs.get(hash);
    if (orphanedAtMs !== undefined && nowMs - orphanedAtMs > ORPHAN_GRACE_MS) {
      this.#problem(`signed block ${number} ${hash}, orphaned ${Math.round(nowMs - orphanedAtMs)} ms before`);
    }
    const canonical = await this.#options.hashAt(number);
    if (canonical !== hash && !this.#orphanedAtMs.has(hash)) {
      this.#problem(`signed block ${number} ${hash}, which was never the chain's: ${String(canonical)}`);
    }
  }

  #problem(text: string): void {
    this.problems.push(text);
  }

  #count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }
}
