import type { KeeperError } from "./errors/KeeperError.ts";
import type { Hash } from "./lib/hex.ts";
import type { Counter, Metrics } from "./telemetry/Metrics.ts";

/** What came of a transaction at a relay: `failed` is neither its yes nor its no. */
export const RELAY_OUTCOMES = ["accepted", "refused", "failed"] as const;
type RelayOutcome = (typeof RELAY_OUTCOMES)[number];

/** Faults by which a relay says no. */
const REFUSALS: ReadonlySet<string> = new Set(["RelayRpcError", "RelayHttpStatus", "RelayRateLimited"]);

interface RelayRecord {
  readonly url: string;
  readonly counts: Record<RelayOutcome, number>;
  last: { readonly hash: Hash; readonly outcome: RelayOutcome; readonly detail: string } | null;
}

/** What operators see of the relays: their own words, of which the keeper believes none. */
export class RelayStatus {
  readonly #sends: Counter;
  readonly #records = new Map<string, RelayRecord>();

  constructor(metrics: Metrics) {
    this.#sends = metrics.counter({
      name: "lockstep_relay_sends_total",
      help: "Transactions handed to a relay, by what came of it: accepted, refused, or failed without an answer.",
      labels: ["relay", "outcome"],
    });
  }

  /** These are there from now on; each count starts at 0, so that its first increase is seen as one. */
  watch(relays: readonly { readonly id: string; readonly redactedUrl: string }[]): void {
    for (const { id: relay, redactedUrl: url } of relays) {
      this.#records.set(relay, { url, counts: { accepted: 0, refused: 0, failed: 0 }, last: null });
      for (const outcome of RELAY_OUTCOMES) this.#sends.add({ relay, outcome }, 0);
    }
  }

  /** A relay took a transaction, or did not: then with its fault. */
  sent(relay: string, hash: Hash, fault: KeeperError | null): void {
    const record = this.#records.get(relay);
    if (record === undefined) return;
    const outcome = fault === null ? "accepted" : REFUSALS.has(fault.code) ? "refused" : "failed";
    record.counts[outcome] += 1;
    record.last = { hash, outcome, detail: fault?.message ?? "" };
    this.#sends.add({ relay, outcome });
  }

  toJson(): readonly unknown[] {
    return [...this.#records].map(([id, { url, counts, last }]) => ({ id, url, ...counts, last }));
  }
}
