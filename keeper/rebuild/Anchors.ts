import type { VerifiedReader } from "../chain/read/VerifiedReader.ts";
import { wait } from "../chain/sources/wait.ts";
import type { Header } from "../chain/verify/header.ts";
import { KeeperError } from "../errors/KeeperError.ts";

const RETRY_MS = 250;

/** What the chain of k operators has at a height: every header of a rebuild is bound to one of these. */
export class Anchors {
  readonly #reader: VerifiedReader;
  readonly #patienceMs: number;
  readonly #now: () => number;
  readonly #signal: AbortSignal;

  constructor(
    reader: VerifiedReader,
    options: { readonly patienceMs: number; readonly now: () => number; readonly signal: AbortSignal },
  ) {
    this.#reader = reader;
    this.#patienceMs = options.patienceMs;
    this.#now = options.now;
    this.#signal = options.signal;
  }

  /**
   * The header that k operators serve at a height.
   *
   * @throws KeeperError `NoAgreement`, whose payload says who said what, when they do not for as long as one has patience;
   * `ReaderClosed` when the signal aborts
   */
  at(number: number): Promise<Header> {
    return this.insist(() => this.#reader.blockHeader(number));
  }

  /** Asks again what k operators did not agree on, as long as one has patience. */
  async insist<Value>(ask: () => Promise<Value>): Promise<Value> {
    const startedAtMs = this.#now();
    for (;;) {
      try {
        return await ask();
      } catch (error: unknown) {
        if (!KeeperError.is(error, "NoAgreement") || this.#signal.aborted) throw error;
        if (this.#now() - startedAtMs >= this.#patienceMs) throw error;
        await wait(RETRY_MS, this.#signal);
      }
    }
  }
}
