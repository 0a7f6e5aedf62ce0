import type { AlertRecord } from "./alertRecords.ts";
import { readAlertRecord } from "./alertRecords.ts";
import { cleanFields, makeDraft } from "./makeDraft.ts";
import type { Notice, NoticeDraft } from "./Notice.ts";
import type { RateOptions } from "./RateLimit.ts";
import { reminderAfter } from "./reminderAfter.ts";
import type { Acknowledgement } from "./Standing.ts";
import { isNote } from "./isNote.ts";
import { Standing } from "./Standing.ts";

/** The two clocks of a moment: monotonic milliseconds for intervals, wall-clock milliseconds for people and restarts. */
export interface Moment {
  readonly nowMs: number;
  readonly wallMs: number;
}

/** What an operator decides of the plan. */
export interface AlertPlanOptions {
  /** Names of the sinks. */
  readonly sinks: readonly string[];
  /** Time to the first reminder. */
  readonly remindAfterMs: number;
}

/** A notice to send, and to which sinks. */
export interface Dispatch {
  readonly notice: Notice;
  readonly sinks: readonly string[];
}

/** Something that was told and has not ended, for operators. */
export interface StandingAlert {
  readonly key: string;
  readonly level: Notice["level"];
  readonly event: string;
  readonly state: string;
  readonly title: string;
  readonly acknowledged: Acknowledgement | null;
}

/** An incident has eight states, and as many things can be said about its pause: they all pass. What flaps is told four times, and then every five minutes. */
const RATES: Readonly<Record<Notice["kind"], RateOptions>> = {
  incident: { burst: 20, refillMs: 120_000 },
  condition: { burst: 4, refillMs: 300_000 },
  alert: { burst: 4, refillMs: 300_000 },
};
/** A single event that was not said for so long is told anew. A critical one must have been acknowledged as well. */
const QUIET_MS = 3_600_000;
/** Conditions that stood before a restart and are not said again for so long have ended meanwhile. */
const CONFIRM_MS = 600_000;
/** Keys that are remembered. */
const MAX_KEYS = 512;

/**
 * Which notice is sent when: a pure decision from what is said and from time, which comes in.
 *
 * Invariants: each state of an incident is told once, until a pause that was effective is lost or the incident has ended and
 * opens again; the same is never told twice while it stands; no key is told more often than its rate, and what was kept back
 * is summed up as soon as the rate allows; what is critical is repeated until it ends or is acknowledged; after `restore` all this
 * goes on as if the process had not ended.
 */
export class AlertPlan {
  readonly #options: AlertPlanOptions;
  readonly #standings = new Map<string, Standing>();
  #nextSeq = 1;
  #keptBack = 0;

  constructor(options: AlertPlanOptions) {
    this.#options = options;
  }

  /** Changes that the rate kept back, since the start. */
  get keptBack(): number {
    return this.#keptBack;
  }

  /** What stands, oldest first. */
  get standing(): StandingAlert[] {
    return [...this.#standings.values()]
      .filter(({ isEnded }) => !isEnded)
      .map(({ draft: { key, level, event, state, title }, acknowledged }) => {
        return { key, level, event, state, title, acknowledged };
      });
  }

  /** Something is said: tell it, unless it is told. */
  take(draft: NoticeDraft, at: Moment): Dispatch[] {
    const known = this.#standings.get(draft.key);
    if (draft.isEnd && (known === undefined || known.isEnded)) return [];
    if (known?.isEnded === true && !isNote(draft)) known.reopen();
    const standing = known ?? this.#open(draft, at.nowMs);
    // A note about what nobody knows of opens nothing.
    if (known === undefined && isNote(draft)) standing.isEnded = true;
    const change = standing.say(draft, at.nowMs);
    if (change === "same") return [];
    if (change === "worse") standing.acknowledged = null;
    if (!standing.rate.take(at.nowMs)) {
      standing.keptBack += 1;
      this.#keptBack += 1;
      return [];
    }
    if (!isNote(draft)) return [this.#tell(standing, at)];
    // Bad news that came after an acknowledgement: there are reminders again.
    if (change === "worse" && standing.dueMs === null) this.#schedule(standing, at.nowMs);
    return [this.#notice(standing, draft, 0, at)];
  }

  /** Time passes: reminders, sums of what was kept back, and the end of what is over. */
  tick(at: Moment): Dispatch[] {
    return [...this.#standings.values()].flatMap((standing) => this.#age(standing, at));
  }

  /** Somebody takes the matter on: no more reminders. Null when nothing of this key stands, or it is taken on already. */
  acknowledge(key: string, by: string, reason: string, at: Moment): Dispatch | null {
    const standing = this.#standings.get(key);
    if (standing === undefined || standing.isEnded || standing.acknowledged !== null) return null;
    standing.acknowledged = { by, reason, atMs: at.wallMs };
    standing.dueMs = null;
    const { kind, event, fields, title } = standing.draft;
    const draft = makeDraft({
      ...{ key, kind, event, fields, level: "warning", state: "acknowledged", isEnd: false },
      title: `Acknowledged by ${by}: ${title}`,
      detail: reason,
    });
    return this.#notice(standing, draft, 0, at);
  }

  /** Takes up the records of earlier runs, oldest first. Returns what was decided then and has not reached every sink. */
  restore(records: Iterable<AlertRecord>, at: Moment): Dispatch[] {
    const open = new Map<string, { readonly notice: Notice; readonly sinks: Set<string> }>();
    for (const record of records) {
      const entry = readAlertRecord(record);
      if (entry?.kind === "alert-raised") {
        open.set(entry.notice.id, { notice: entry.notice, sinks: new Set(entry.sinks) });
        this.#recall(entry.notice, at);
      } else if (entry?.kind === "alert-sent") {
        const raised = open.get(entry.id);
        raised?.sinks.delete(entry.sink);
        if (raised?.sinks.size === 0) open.delete(entry.id);
      } else if (entry?.kind === "alert-acknowledged") {
        const standing = this.#standings.get(entry.key);
        if (standing === undefined || standing.isEnded) continue;
        standing.acknowledged = { by: entry.by, reason: entry.reason, atMs: entry.atMs };
        standing.dueMs = null;
      }
    }
    const names = this.#options.sinks;
    return [...open.values()]
      .filter(({ notice }) => notice.reminder === 0)
      .map(({ notice, sinks }) => ({ notice, sinks: names.filter((name) => sinks.has(name)) }))
      .filter(({ sinks }) => sinks.length > 0);
  }

  /** A notice of an earlier run: what it told is told, and its clock goes on. */
  #recall(notice: Notice, at: Moment): void {
    // A wall clock that was set back must not put anything off.
    const saidMs = at.nowMs - Math.max(0, at.wallMs - notice.atMs);
    const { "kept back": _kept, "said again": _again, ...fields } = notice.fields;
    const known = this.#standings.get(notice.key);
    const standing = known ?? this.#open(notice, saidMs);
    if (known === undefined && isNote(notice)) standing.isEnded = true;
    if (notice.reminder === 0) standing.rate.take(saidMs);
    standing.recall({ ...notice, fields }, saidMs);
    const { draft } = standing;
    standing.confirmByMs = draft.kind === "condition" && !draft.isEnd ? at.nowMs + CONFIRM_MS : null;
    if (notice.state !== "acknowledged") this.#schedule(standing, saidMs);
  }

  #open(draft: NoticeDraft, nowMs: number): Standing {
    const standing = new Standing(draft, RATES[draft.kind], nowMs);
    this.#standings.set(draft.key, standing);
    if (this.#standings.size > MAX_KEYS) this.#standings.delete(this.#leastImportant());
    return standing;
  }

  #leastImportant(): string {
    const all = [...this.#standings.entries()];
    const ended = all.find(([, { isEnded }]) => isEnded);
    const mild = all.find(([, { draft }]) => draft.level !== "critical");
    return (ended ?? mild ?? all[0])?.[0] ?? "";
  }

  #tell(standing: Standing, at: Moment): Dispatch {
    const draft = counted(standing);
    standing.reminders = 0;
    this.#schedule(standing, at.nowMs);
    return this.#notice(standing, draft, 0, at);
  }

  #notice(standing: Standing, draft: NoticeDraft, reminder: number, { wallMs }: Moment): Dispatch {
    standing.tell(draft);
    const { notTo, ...rest } = draft;
    // The time makes it unique across restarts, the number within one.
    const id = `${wallMs.toString(36)}-${this.#nextSeq++}`;
    const sinks = this.#options.sinks.filter((name) => name !== notTo);
    return { notice: { ...rest, id, reminder, atMs: wallMs }, sinks };
  }

  #schedule(standing: Standing, sinceMs: number): void {
    const { draft, acknowledged, reminders } = standing;
    const isDue = draft.level === "critical" && acknowledged === null;
    standing.dueMs = isDue ? sinceMs + reminderAfter(reminders, this.#options.remindAfterMs) : null;
  }

  #age(standing: Standing, at: Moment): Dispatch[] {
    const { draft, rate, keptBack, dueMs, confirmByMs, saidMs, isEnded, acknowledged } = standing;
    if (keptBack > 0 && rate.take(at.nowMs)) return [this.#tell(standing, at)];
    if (keptBack > 0) return [];
    if (isEnded) {
      if (rate.isFull(at.nowMs)) this.#standings.delete(draft.key);
      return [];
    }
    if (confirmByMs !== null && at.nowMs >= confirmByMs) {
      const title = `${draft.title} (over)`;
      return this.take({ ...draft, state: "end", level: "warning", title, isEnd: true }, at);
    }
    const isForgettable = draft.kind === "alert" && (draft.level !== "critical" || acknowledged !== null);
    if (isForgettable && at.nowMs - saidMs >= QUIET_MS) {
      this.#standings.delete(draft.key);
      return [];
    }
    if (dueMs === null || at.nowMs < dueMs) return [];
    standing.reminders += 1;
    this.#schedule(standing, at.nowMs);
    const title = `Not acknowledged (reminder ${standing.reminders}): ${draft.title}`;
    return [this.#notice(standing, makeDraft({ ...counted(standing), title }), standing.reminders, at)];
  }
}

/** What was said last, with the number of what was not told since the last message; which begins anew. */
function counted(standing: Standing): NoticeDraft {
  const { draft, keptBack, repeats } = standing;
  const counts = {
    "kept back": keptBack === 0 ? null : `${keptBack} changes since the last message, because they came too fast`,
    "said again": repeats === 0 ? null : `${repeats} times since the last message`,
  };
  standing.keptBack = 0;
  standing.repeats = 0;
  return { ...draft, fields: cleanFields({ ...counts, ...draft.fields }) };
}
