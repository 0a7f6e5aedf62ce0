import { CONTAINED_STATES } from "./incidentStates.ts";
import { isNote } from "./isNote.ts";
import type { Notice, NoticeDraft } from "./Notice.ts";
import type { RateOptions } from "./RateLimit.ts";
import { RateLimit } from "./RateLimit.ts";

/** Who took a matter on, and why no reminders are needed any more. */
export interface Acknowledgement {
  readonly by: string;
  readonly reason: string;
  /** Wall-clock milliseconds. */
  readonly atMs: number;
}

/** What became of a draft: said already, or new; and new in a way that takes an acknowledgement back. */
export type Change = "same" | "new" | "worse";

/** All that is remembered of one key. Times are monotonic. */
export class Standing {
  readonly rate: RateLimit;
  /** What was said last, told or not. */
  draft: NoticeDraft;
  isEnded = false;
  acknowledged: Acknowledgement | null = null;
  /** Reminders sent since the last notice. */
  reminders = 0;
  /** When the next reminder is due; null for never. */
  dueMs: number | null = null;
  /** Changes that the rate kept back since the last notice. */
  keptBack = 0;
  /** How often the same was said again since the last notice. */
  repeats = 0;
  saidMs: number;
  /** After a restart: until when a condition must have been said again, or it is taken to have ended meanwhile. */
  confirmByMs: number | null = null;

  readonly #told = new Set<string>();
  /** The state that was seen last. */
  #live: string | null = null;

  constructor(draft: NoticeDraft, rate: RateOptions, nowMs: number) {
    this.draft = draft;
    this.rate = new RateLimit(rate, nowMs);
    this.saidMs = nowMs;
  }

  /** Takes what is said now into the memory, and tells what it changes. */
  say(draft: NoticeDraft, nowMs: number): Change {
    const before = this.draft;
    this.saidMs = nowMs;
    this.confirmByMs = null;
    if (isNote(draft)) return this.#note(draft);
    const isWorse = this.#move(draft);
    const isSame = this.keptBack > 0 ? markOf(before) === markOf(draft) : this.#told.has(markOf(draft));
    if (!isSame) return isWorse ? "worse" : "new";
    if (draft.kind === "alert") this.repeats += 1;
    return "same";
  }

  /** A notice that was sent before a restart: what it told is told. */
  recall({ id: _id, reminder, atMs: _atMs, ...draft }: Notice, saidMs: number): void {
    if (isNote(draft) || draft.state === "acknowledged") {
      this.tell(draft);
      if (isNote(draft) && isBadNews(draft)) this.acknowledged = null;
      return;
    }
    this.reminders = reminder;
    // A reminder says nothing new: it repeats the notice that was recalled before it.
    if (reminder > 0 && this.#told.size > 0) return;
    if (this.isEnded) this.reopen();
    this.saidMs = saidMs;
    if (this.#move(draft)) this.acknowledged = null;
    this.tell(draft);
  }

  /** What ended begins again: nothing of the former time counts, but the rate. */
  reopen(): void {
    this.#told.clear();
    this.#live = null;
    this.isEnded = false;
    this.acknowledged = null;
    this.repeats = 0;
  }

  /** The notice was sent, now or before a restart: its state is told. */
  tell(notice: Omit<NoticeDraft, "notTo">): void {
    if (notice.state === "acknowledged") return;
    // Of an incident each state is told once; of others only what holds now counts.
    if (notice.kind !== "incident") this.#told.clear();
    this.#told.add(markOf(notice));
  }

  /** Goes to the state of the draft. True where it is worse than before, so that whoever took it on must look again. */
  #move(draft: NoticeDraft): boolean {
    const before = this.draft;
    const isLost = draft.kind === "incident" && draft.state === "acting" && CONTAINED_STATES.has(this.#live ?? "");
    if (isLost) {
      // What comes after a pause that was lost again is told anew, once.
      this.#told.clear();
      this.#told.add("opened");
    }
    this.#live = draft.state;
    this.draft = draft;
    this.isEnded = draft.isEnd;
    const isRaised = draft.kind !== "incident" && draft.level === "critical" && before.level !== "critical";
    return isLost || isRaised || draft.state === "failed";
  }

  #note(draft: NoticeDraft): Change {
    this.draft = { ...this.draft, fields: { ...this.draft.fields, ...draft.fields } };
    if (this.#told.has(markOf(draft))) return "same";
    return isBadNews(draft) ? "worse" : "new";
  }
}

/** A note that calls for somebody; where the slots lie is news, but none that is worse. */
function isBadNews({ event, level }: Omit<NoticeDraft, "notTo">): boolean {
  return level === "critical" && event !== "located";
}

function markOf({ kind, event, state, level }: Omit<NoticeDraft, "notTo">): string {
  return kind === "incident" ? state : `${event} ${state} ${level}`;
}
