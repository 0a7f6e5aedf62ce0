import { TAKE_OVER_BLOCKS } from "../../domain/rounds.ts";
import { turnOf } from "../../domain/turnOf.ts";
import type { Address, Hash } from "../../lib/hex.ts";

/** More than can be open at once. */
const MAX_KNOWN = 256;

/**
 * Whose turn it is to carry something. One keeper is drawn by the hash of what is carried; when it is not on chain some blocks after
 * this keeper could have sent it, the next one takes over. Two may send the same: the second has no effect but its gas.
 */
export class Rotation {
  readonly #since = new Map<Hash, number>();

  /**
   * @param hash of what is carried
   * @param tipNumber newest block of the books
   */
  isMine(hash: Hash, members: readonly Address[], keeper: Address | null, tipNumber: number): boolean {
    const since = Math.min(this.#since.get(hash) ?? tipNumber, tipNumber);
    this.#since.set(hash, since);
    const [oldest] = this.#since.keys();
    if (this.#since.size > MAX_KNOWN && oldest !== undefined) this.#since.delete(oldest);
    const turn = keeper === null ? members.length : turnOf(hash, members, keeper);
    return tipNumber - since >= turn * TAKE_OVER_BLOCKS;
  }
}
