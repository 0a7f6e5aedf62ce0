import type { LocatedSlot } from "../domain/Finding.ts";
import type { Hash } from "../lib/hex.ts";
import type { RebuildRecord } from "./RebuildRecord.ts";

/** Monotonic milliseconds of each stage of an incident; null while it has not happened. */
export interface IncidentTimes {
  /** The head of the first divergent block was announced. */
  headAt: number | null;
  /** The last byte that the verdict needed had arrived. */
  factsAt: number | null;
  verdictAt: number | null;
  signedAt: number | null;
  /** The transaction was handed to the sources. */
  broadcastAt: number | null;
  /** A source accepted it. */
  acceptedAt: number | null;
  /** The effect was proven in the books. */
  containedAt: number | null;
}

/** Everything known of one incident. */
export interface IncidentRecord {
  readonly id: Hash;
  state: string;
  readonly cause: string;
  readonly contract: string;
  readonly blockNumber: number;
  readonly blockHash: Hash;
  readonly detail: string;
  transaction: Hash | null;
  containedIn: number | null;
  located: readonly LocatedSlot[];
  locateNote: string;
  /** The search has ended. */
  isLocated: boolean;
  /** Every slot that differs was found; and: so many differ that the search stopped. False while nothing is known. */
  isComplete: boolean;
  isTruncated: boolean;
  /** The books that were built again because of it; null where none were. */
  rebuild: RebuildRecord | null;
  readonly times: IncidentTimes;
}

/** What an incident is opened with. */
type Opening = Omit<
  IncidentRecord,
  "located" | "locateNote" | "isLocated" | "isComplete" | "isTruncated" | "rebuild" | "times"
>;

/** The record of an incident that was just opened: nothing is located, and nothing sent. */
export function openIncident(
  opening: Opening,
  times: Pick<IncidentTimes, "headAt" | "factsAt" | "verdictAt">,
): IncidentRecord {
  const sent = { signedAt: null, broadcastAt: null, acceptedAt: null, containedAt: null };
  const search = { located: [], locateNote: "", isLocated: false, isComplete: false, isTruncated: false };
  return { ...opening, ...search, rebuild: null, times: { ...times, ...sent } };
}

/** Milliseconds spent in each stage; null for a stage that has not ended. */
export interface StageTimes {
  /** Head announced → last needed byte: the node's own share. */
  readonly node: number | null;
  /** Last needed byte → verdict. */
  readonly detect: number | null;
  /** Verdict → signed, the durable intent included. */
  readonly decide: number | null;
  /** Signed → accepted by a source. */
  readonly broadcast: number | null;
  /** Broadcast → effect proven. */
  readonly include: number | null;
}

/** The stages of an incident. */
export function stageTimes({ times }: Pick<IncidentRecord, "times">): StageTimes {
  const between = (from: number | null, to: number | null): number | null =>
    from === null || to === null ? null : Math.max(0, to - from);
  return {
    node: between(times.headAt, times.factsAt),
    detect: between(times.factsAt, times.verdictAt),
    decide: between(times.verdictAt, times.signedAt),
    broadcast: between(times.signedAt, times.acceptedAt ?? times.broadcastAt),
    include: between(times.broadcastAt, times.containedAt),
  };
}
