import { BOOK_NAMES } from "../../../keeper/domain/bookSet.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import type { Staging } from "../../../testing/Staging.ts";

/**
 * A watch that takes the storage it finds when it starts for right, and whatever an operator accepts for right from then on: it
 * has no books of its own, only the roots of that moment, which anybody's honest transaction changes as well.
 */
export class BaselineWatch {
  readonly #staging: Staging;
  #roots: readonly Hash[];

  private constructor(staging: Staging, roots: readonly Hash[]) {
    this.#staging = staging;
    this.#roots = roots;
  }

  static async start(staging: Staging): Promise<BaselineWatch> {
    return new BaselineWatch(staging, await rootsOf(staging));
  }

  /** Whether the chain is what it was. */
  async isContent(): Promise<boolean> {
    return (await rootsOf(this.#staging)).join() === this.#roots.join();
  }

  /** Takes the chain as it is for right: this operator's word, and nobody else's. */
  async accept(): Promise<void> {
    this.#roots = await rootsOf(this.#staging);
  }
}

async function rootsOf(staging: Staging): Promise<readonly Hash[]> {
  const roots = BOOK_NAMES.map(async (name) => {
    const answer = await staging.send("eth_getProof", staging.addresses[name], [], "latest");
    return (answer as { readonly storageHash: Hash }).storageHash;
  });
  return Promise.all(roots);
}
