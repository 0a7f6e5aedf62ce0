import { wait } from "../../keeper/chain/sources/wait.ts";
import { KeeperError } from "../../keeper/errors/KeeperError.ts";

/** How long, how often, and until whose word. */
export interface Patience {
  readonly patienceMs: number;
  readonly pollMs: number;
  readonly signal: AbortSignal;
}

/**
 * Waits for a condition.
 *
 * @throws KeeperError `DrillTimeout` with its name when it does not come about; `DrillFailed` when told to end
 */
export async function waitUntil(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  { patienceMs, pollMs, signal }: Patience,
): Promise<void> {
  for (const deadline = performance.now() + patienceMs; !(await isTrue());) {
    if (signal.aborted) throw new KeeperError("DrillFailed", `told to end before ${what}`);
    if (performance.now() >= deadline) {
      throw new KeeperError("DrillTimeout", `waited ${patienceMs} ms in vain until ${what}`, { what });
    }
    await wait(pollMs, signal);
  }
}
