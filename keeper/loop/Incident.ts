import type { TransactionRequest } from "../actions/plan/TransactionRequest.ts";
import type { RevertReason } from "../actions/plan/revertReason.ts";
import type { SendRefusal } from "../actions/plan/sendRefusal.ts";
import type { Finding } from "../domain/Finding.ts";
import type { Hash, Hex } from "../lib/hex.ts";
import type { IncidentReport } from "./ports.ts";

const NO_EVIDENCE: Hash = `0x${"00".repeat(32)}`;

/** One signed pause, as it was sent. */
export interface SentPause {
  readonly raw: Hex;
  readonly hash: Hash;
  readonly request: TransactionRequest;
  /** What each source said of it; null of one that took it. */
  readonly answers: Map<string, SendRefusal | null>;
  /** When it is sent once more if nobody has taken it, and how long after that. */
  resend: { readonly atMs: number; readonly waitMs: number };
}

/** What is to be signed, and how often its nonce was bid for before. */
export interface Intended {
  readonly request: TransactionRequest;
  readonly attempt: number;
}

/** A divergence that is being contained. */
export interface Incident {
  readonly id: Hash;
  readonly finding: Finding;
  evidenceHash: Hash;
  state: IncidentReport["state"];
  /** Block that the last attempt names: when it is orphaned, so is the attempt. */
  attemptedAt: Hash | null;
  /** Highest block that an attempt named, and how many heights there were. */
  highest: number;
  heights: number;
  /** Attempts so far; each pays more than the one before. */
  attempts: number;
  /** The step that is awaited: the intent in the journal, or the signature. */
  awaited: (Intended & { readonly id: number; readonly step: "journal" | "sign" }) | null;
  /** What is written down, and could not be signed: nobody has seen it. */
  unsigned: Intended | null;
  sent: SentPause | null;
  /** Nonces that the chain used up without an effect. */
  fruitless: number;
  /** Why the contracts refuse, once that was asked, and the height at which it is tried again. */
  refusal: { readonly reason: RevertReason; readonly untilHeight: number } | null;
  /** The question why they do. */
  inquiry: number | null;
  /** The newest transaction that was sent for it. */
  transaction: Hash | null;
  /** Since when no source has taken a pause that was sent; null while one has. */
  untakenSinceMs: number | null;
  /** Nothing is signed before: a signer had failed. */
  waitUntilMs: number;
  /** Alerts that were raised for it, each once. */
  readonly said: Set<string>;
  containedIn: number | null;
}

/** An incident of which nothing is known but its finding. */
export function newIncident(id: Hash, finding: Finding, evidenceHash: Hash): Incident {
  return {
    ...{ id, finding, evidenceHash, state: "opened", attemptedAt: null, highest: -1, heights: 0, attempts: 0 },
    ...{ awaited: null, unsigned: null, sent: null, fruitless: 0, refusal: null, inquiry: null },
    ...{ transaction: null, untakenSinceMs: null, waitUntilMs: 0, said: new Set(), containedIn: null },
  };
}

/** What is told of it. */
export function reportOf({ id, state, finding, transaction, containedIn }: Incident): IncidentReport {
  const { cause, contract, blockNumber, blockHash, detail } = finding;
  return { id, state, cause, contract, blockNumber, blockHash, detail, transaction, containedIn };
}

/** An incident of an earlier run, as its report says: nothing of it is on its way. */
export function revived({ id, state, transaction, containedIn, ...report }: IncidentReport): Incident {
  const { cause, contract, blockNumber, blockHash, detail } = report;
  const finding = { cause, contract, blockNumber, blockHash, detail, logIndex: null } as Finding;
  return { ...newIncident(id, finding, NO_EVIDENCE), state, transaction, containedIn };
}
