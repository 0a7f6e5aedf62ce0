import { setImmediate as turn } from "node:timers/promises";

/**
 * Turns of the event loop for pieces of work of which each may take some milliseconds: one a turn, in the order in which they ask, so
 * that whoever else waits for the thread waits for one of them at most. Where nobody else does, all go on at once.
 */
export class Turns {
  /** Others need the thread as well. */
  readonly isShared: boolean;
  #last: Promise<unknown> = Promise.resolve();

  constructor(isShared: boolean) {
    this.isShared = isShared;
  }

  /** Resolves in the next turn that nobody else has taken. */
  async next(): Promise<void> {
    if (!this.isShared) return;
    const own = this.#last.then(() => turn());
    this.#last = own;
    await own;
  }
}
