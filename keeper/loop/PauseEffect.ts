import type { CauseClass } from "../actions/plan/calls.ts";
import type { BookBlock, Books } from "../books/Books.ts";
import { storage as keepers } from "../books/generated/KeeperRegistry.ts";
import { FLAG, readHot } from "../books/legality/flags.ts";
import { isWoundDown, readIncident, stands } from "../books/reducers/guardState.ts";
import { armedAt, CAUSE_CLASS, readBudget, type BudgetContext } from "../books/reducers/keepers/pauseBudget.ts";
import type { Finding } from "../domain/Finding.ts";
import { RESPONSES } from "../domain/responses.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";

/** What the guard has done about a divergence, as the books prove it. */
export class PauseEffect {
  readonly #options: Pick<KeeperOptions, "immutables" | "pauser">;
  readonly #books: Books;

  constructor(options: Pick<KeeperOptions, "immutables" | "pauser">, books: Books) {
    this.#options = options;
    this.#books = books;
  }

  /**
   * Whether the guard has judged the divergent block, or a later one. A pause names blocks before the one that includes it, so it
   * came after the divergence, whoever sent it, and only a checkpoint of a later block lifts it. Reorgs can take it away again.
   */
  isEffective(finding: Finding, tip: BookBlock): boolean {
    const { nonce, softBlock } = readIncident(this.#at(tip));
    return (nonce !== 0n && softBlock >= BigInt(finding.blockNumber)) || this.#isCovered(finding, tip);
  }

  /** Whether the guard restricts anything because of an incident. */
  stands(tip: BookBlock): boolean {
    return stands(this.#at(tip));
  }

  /**
   * New risk is refused already by an earlier pause of this keeper's, so that the guard would refuse another: the
   * restriction stands until a later block is in sync, and nothing more can be had by sending. In a wind-down nothing is left
   * to restrict.
   */
  #isCovered(finding: Finding, tip: BookBlock): boolean {
    const { pauser } = this.#options;
    const context = this.#at(tip);
    if (isWoundDown(context)) return true;
    const { flags } = readHot(context);
    if (pauser === null || (flags & FLAG.increaseRisk) === 0n) return false;
    const { attester } = keepers.keys.decode(this.#books.read("KeeperRegistry", keepers.keys.slot(pauser)));
    return context.timestamp < armedAt(CAUSE_CLASS[classOf(finding)], readBudget(attester, context));
  }

  #at(tip: BookBlock): BudgetContext {
    return {
      timestamp: BigInt(tip.timestamp),
      immutables: this.#options.immutables,
      readOf: (book, slot) => this.#books.read(book, slot),
    };
  }
}

/** Whose budget a pause draws on: a view that is wrong has its own, so that it never uses up the pause of a proved mismatch. */
export function classOf({ cause }: Finding): CauseClass {
  return RESPONSES[cause].budget;
}
