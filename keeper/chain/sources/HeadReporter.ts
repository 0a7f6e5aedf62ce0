import type { Hash } from "../../lib/hex.ts";
import type { SourceHandlers } from "./Source.ts";
import { isRecord } from "./jsonRpc.ts";

/** A head as a node writes it. */
export interface RawHead {
  readonly number: number;
  readonly hash: Hash;
}

/**
 * Passes what a source learns about its head to the handlers: up and down alternate, heads come only while up, each
 * change once, and nothing comes after the signal has aborted.
 */
export class HeadReporter {
  readonly #handlers: SourceHandlers;
  readonly #signal: AbortSignal;
  #told: "nothing" | "up" | "down" = "nothing";
  #lastHash: Hash | undefined;
  #heads = 0;
  /** The newest head of a connection that is not up yet. */
  #pending: { head: RawHead; receivedAtMs: number } | undefined;

  constructor(handlers: SourceHandlers, signal: AbortSignal) {
    this.#handlers = handlers;
    this.#signal = signal;
  }

  /** How many heads were seen: a fetched head is stale when this moved while the fetch was under way. */
  get headCount(): number {
    return this.#heads;
  }

  /** The connection works. */
  up(): void {
    if (this.#signal.aborted || this.#told === "up") return;
    this.#told = "up";
    // A new connection says its head again, even an unchanged one: the listener may have dropped this source.
    this.#lastHash = undefined;
    this.#handlers.onUp();
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending !== undefined) this.#announce(pending.head, pending.receivedAtMs);
  }

  /** The connection is lost, or was never made. */
  down(reason: string): void {
    this.#pending = undefined;
    if (this.#signal.aborted || this.#told === "down") return;
    this.#told = "down";
    this.#handlers.onDown(reason);
  }

  /** A head of the connection; it is kept until `up` when the connection is still being set up. */
  head(head: RawHead, receivedAtMs: number): void {
    this.#heads++;
    if (this.#told === "up") this.#announce(head, receivedAtMs);
    else this.#pending = { head, receivedAtMs };
  }

  #announce(head: RawHead, receivedAtMs: number): void {
    if (this.#signal.aborted || head.hash === this.#lastHash) return;
    this.#lastHash = head.hash;
    this.#handlers.onHead({ number: head.number, hash: head.hash, receivedAtMs });
  }
}

/** The head in a block or in a `newHeads` message, or undefined when it is neither. */
export function readHead(value: unknown): RawHead | undefined {
  if (!isRecord(value)) return undefined;
  const { number, hash } = value;
  if (typeof number !== "string" || !/^0x[0-9a-f]{1,14}$/i.test(number)) return undefined;
  if (typeof hash !== "string" || !/^0x[0-9a-f]{64}$/i.test(hash)) return undefined;
  const height = Number(number);
  if (!Number.isSafeInteger(height)) return undefined;
  return { number: height, hash: hash.toLowerCase() as Hash };
}
