import type { ComparedRoots, RebuildOutcome } from "./telemetry/RebuildRecord.ts";

/** What a rebuild counted. */
export interface RebuildCounts {
  readonly blocks: number;
  readonly events: number;
  readonly findingCount: number;
}

const MEANING = {
  "own-books":
    "the rebuilt books have the chain's storage roots: this keeper's live books are at fault, not the chain. Nothing is resumed by " +
    "itself: if this keeper paused, tell governance that its pause has no ground in these slots. Stop it, run `lockstep resync`, start " +
    "it again; after a latched own fault with a new data directory",
  confirmed:
    "the rebuilt books have this keeper's storage roots, and the chain has others: its storage is not what its events imply. The " +
    "divergence is confirmed by a second path, with the same reducers. The pause stays until governance acts",
  "own-reducers":
    "the rebuilt books repeat this keeper's storage roots, and the second derivation of the block agrees with the chain: the reducers " +
    "of this version are at fault, not the chain. Nothing was paused for it. Keep this keeper latched and run another version",
  neither:
    "the rebuilt books have other storage roots than this keeper's live books, and others than the chain: the live books are at fault, " +
    "and the chain's storage is not what its events imply. The pause stays until governance acts; compare with another keeper, then " +
    "stop this one, run `lockstep resync` and start it again",
} as const;

/**
 * What rebuilt books say of live ones and of the chain: each contract's roots at its block, all together.
 *
 * @param roots of the contracts that were searched; at least one differs between books and chain
 * @param isOwnFault whether the second opinion found the fault to be the keeper's own
 */
export function judgeRebuilt(
  roots: readonly ComparedRoots[],
  counts: RebuildCounts,
  isOwnFault: boolean,
): RebuildOutcome {
  const kind = roots.every(({ rebuilt, chain }) => rebuilt === chain)
    ? "own-books"
    : roots.every(({ rebuilt, books }) => rebuilt === books)
      ? isOwnFault
        ? "own-reducers"
        : "confirmed"
      : "neither";
  const { findingCount } = counts;
  const wrong = `; the reducers object to the history in ${findingCount} ${findingCount === 1 ? "place" : "places"}, whatever the roots`;
  return { kind, roots, ...counts, detail: `${MEANING[kind]}${findingCount === 0 ? "" : wrong}` };
}
