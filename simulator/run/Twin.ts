import type { Effect } from "../../keeper/loop/ports.ts";
import type { KeeperOptions } from "../../keeper/loop/KeeperOptions.ts";
import type { Replacements } from "../../keeper/loop/Replacements.ts";

/** A keeper with something broken in it, which the simulator has to catch; the honest one has nothing. */
export interface Twin {
  readonly replacements?: Replacements;
  /** Is told something else at its start. */
  readonly retold?: (options: KeeperOptions) => KeeperOptions;
  /** Changes what a core does before it is done. */
  readonly bend?: (effects: readonly Effect[], keeper: number) => readonly Effect[];
  /** Knows nothing after a restart of what it did before. */
  readonly forgets?: boolean;
  /** Reads its journal without verifying it. */
  readonly readsUnchecked?: boolean;
  /** Tells the core that a record is durable before it is. */
  readonly isHasty?: boolean;
}

/** The keeper as it is. */
export const HONEST: Twin = {};
