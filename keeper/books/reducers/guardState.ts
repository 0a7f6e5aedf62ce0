import type { BookName } from "../../domain/bookSet.ts";
import type { Hash } from "../../lib/hex.ts";
import { storage, type HaltWord, type IncidentWord } from "../generated/SyncGuard.ts";

/** Where the guard's words are read from: a reducer's context, or that of the rules. */
export interface GuardReader {
  readOf(book: BookName, slot: Hash): bigint;
}

/** The incident that stands, or the last one. */
export function readIncident(context: GuardReader): IncidentWord {
  return storage.incident.decode(context.readOf("SyncGuard", storage.incident.slot));
}

/** The halt that stands, or the last one. */
export function readHalt(context: GuardReader): HaltWord {
  return storage.halt.decode(context.readOf("SyncGuard", storage.halt.slot));
}

/** What the standing or last hard pause is about. */
export function readCause(context: GuardReader): Hash {
  return storage.cause.decode(context.readOf("SyncGuard", storage.cause.slot));
}

/** Whether an incident stands: every pause counts up the nonce, and every end clears what was counted. */
export function stands(context: GuardReader): boolean {
  return readIncident(context).nonce !== readHalt(context).clearedNonce;
}

/** Whether the incident that stands had a hard pause. */
export function isHard(context: GuardReader): boolean {
  return stands(context) && readHalt(context).pausedAt >= readIncident(context).startedAt;
}

/** Whether the wind-down has begun. */
export function isWoundDown(context: GuardReader): boolean {
  return readHalt(context).windDownAt !== 0n;
}
