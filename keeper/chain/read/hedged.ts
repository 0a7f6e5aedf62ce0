import { KeeperError } from "../../errors/KeeperError.ts";

/** Bounds of a hedged call. */
export interface HedgeOptions {
  /** The next candidate is asked when the ones before it have not answered for so long. */
  readonly hedgeMs: number;
  /** Ends every attempt. */
  readonly signal: AbortSignal;
}

/** The first success, or why each candidate failed, in the order of failing. */
export type Hedged<Candidate, Value> =
  | { readonly ok: true; readonly value: Value; readonly candidate: Candidate }
  | { readonly ok: false; readonly failures: readonly (readonly [Candidate, KeeperError])[] };

/**
 * Asks one candidate after the other: the next one after `hedgeMs`, or at once when one fails. The first success wins
 * and the others are cancelled. Settles when one has succeeded, when all have failed, or when the signal aborts.
 *
 * An error that is no `KeeperError` is a bug and rejects.
 */
export function hedged<Candidate, Value>(
  candidates: readonly Candidate[],
  attempt: (candidate: Candidate, signal: AbortSignal) => Promise<Value>,
  { hedgeMs, signal }: HedgeOptions,
): Promise<Hedged<Candidate, Value>> {
  const { promise, resolve, reject } = Promise.withResolvers<Hedged<Candidate, Value>>();
  const losers = new AbortController();
  const failures: (readonly [Candidate, KeeperError])[] = [];
  let next = 0;
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    losers.abort();
  };
  const onAbort = (): void => {
    end();
    resolve({ ok: false, failures });
  };
  const start = (): void => {
    clearTimeout(timer);
    if (losers.signal.aborted) return;
    const candidate = candidates[next++];
    if (candidate === undefined) {
      if (failures.length === candidates.length) onAbort();
      return;
    }
    timer = setTimeout(start, hedgeMs);
    attempt(candidate, losers.signal).then(
      (value) => {
        end();
        resolve({ ok: true, value, candidate });
      },
      (error: unknown) => {
        if (losers.signal.aborted) return;
        if (!(error instanceof KeeperError)) {
          end();
          reject(error);
          return;
        }
        failures.push([candidate, error]);
        start();
      },
    );
  };
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  else start();
  return promise;
}
