import type { Hash } from "../lib/hex.ts";
import type { IncidentReport, KeyName } from "./ports.ts";

/** A transaction that was about to be signed under a nonce, as its intent says. */
export interface RememberedBid {
  readonly key: KeyName;
  readonly nonce: number;
  readonly attempt: number;
  readonly baseFeePerGas: bigint;
}

/** What a keeper knows of its own doings from before it started, or before it took the lead. */
export interface Remembered {
  /** Newest last, so that a node that still holds one of them is offered more. */
  readonly bids: readonly RememberedBid[];
  /** The last that was written of each incident. */
  readonly incidents: ReadonlyMap<Hash, IncidentReport>;
}

/** Intents that are remembered of each key: nonces before them are on the chain since long. */
const MAX_BIDS = 64;

/** Reads it out of the store's records, oldest first. */
export function readRemembered(records: readonly { readonly kind: string; readonly body: unknown }[]): Remembered {
  const bids: RememberedBid[] = [];
  const incidents = new Map<Hash, IncidentReport>();
  for (const { kind, body } of records) {
    if (kind === "intent") {
      const { key, nonce, attempt, baseFeePerGas } = body as RememberedBid;
      bids.push({ key, nonce, attempt, baseFeePerGas });
    }
    if (kind === "incident") {
      const report = body as IncidentReport;
      incidents.set(report.id, report);
    }
  }
  return { bids: bids.slice(-MAX_BIDS), incidents };
}
