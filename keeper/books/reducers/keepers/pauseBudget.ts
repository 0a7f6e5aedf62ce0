import { storage as keepers, type KeysWord } from "../../generated/KeeperRegistry.ts";
import type { BookName, Immutables } from "../../../domain/bookSet.ts";
import type { Address, Hash } from "../../../lib/hex.ts";
import { readIncident } from "../guardState.ts";

/** `CauseClass` of the contract. */
export const CAUSE_CLASS = { books: 0n, view: 1n } as const;

/** What a budget is read from: a reducer's context, or that of the rules. */
export interface BudgetContext {
  readonly timestamp: bigint;
  readonly immutables: Pick<Immutables, "coolDown" | "softTime" | "viewTime">;
  readOf(book: BookName, slot: Hash): bigint;
}

/** When the pause key of a keeper may pause again, seconds; {@link NEVER} while the incident of its last pause stands. */
export interface PauseBudget {
  /** The pause key. */
  readonly pauser: Address;
  readonly key: KeysWord;
  readonly generation: bigint;
  readonly booksArmedAt: bigint;
  readonly viewArmedAt: bigint;
}

/** No time comes after it. */
export const NEVER = (1n << 256n) - 1n;

/**
 * What the pause key of a keeper may still do, as the contracts' `PauseBudget`. The key remembers the generation of its last
 * pause only: if that was a view's, the books were armed when it began, and are so still.
 */
export function readBudget(attester: Address, context: BudgetContext): PauseBudget {
  const read = (slot: Hash): bigint => context.readOf("KeeperRegistry", slot);
  const { pauser } = keepers.keepers.decode(read(keepers.keepers.slot(attester)));
  const key = keepers.keys.decode(read(keepers.keys.slot(pauser)));
  const { generation, liftedAt } = readIncident(context);
  const { coolDown, viewTime } = context.immutables;
  const armedAt = (until: bigint): bigint => {
    if (until === 0n) return 0n;
    if (key.generation === generation) return NEVER;
    const wasLast = key.generation + 1n === generation;
    return (wasLast && liftedAt > until ? liftedAt : until) + coolDown;
  };
  const wasViewLater = key.viewUntil >= key.booksUntil + coolDown + viewTime;
  const booksArmedAt = wasViewLater ? 0n : armedAt(key.booksUntil);
  return { pauser, key, generation, booksArmedAt, viewArmedAt: armedAt(key.viewUntil) };
}

/** When a key may pause for this cause, seconds. */
export function armedAt(cause: bigint, { booksArmedAt, viewArmedAt }: PauseBudget): bigint {
  return cause === CAUSE_CLASS.view && viewArmedAt > booksArmedAt ? viewArmedAt : booksArmedAt;
}

/** End of a pause that begins now, seconds: what a view's pause has used up is taken off one for the books. */
export function pauseEnd(cause: bigint, { viewArmedAt }: PauseBudget, context: BudgetContext): bigint {
  const { timestamp, immutables } = context;
  if (cause === CAUSE_CLASS.view) return timestamp + immutables.viewTime;
  return timestamp + immutables.softTime - (timestamp >= viewArmedAt ? 0n : immutables.viewTime);
}
