import { CONDITION_KINDS, CRITICAL_CONDITIONS, type ConditionKind } from "../../domain/conditions.ts";
import { toJson } from "../../lib/toJson.ts";
import type { Effect } from "../../loop/ports.ts";
import { INCIDENT_STATES, UNKNOWN_STATE } from "./incidentStates.ts";
import { makeDraft } from "./makeDraft.ts";
import type { NoticeDraft, NoticeLevel } from "./Notice.ts";

type EffectOf<T extends Effect["type"]> = Extract<Effect, { readonly type: T }>;

/** Conditions and incidents keep these many of each in mind; a keeper has one or two at a time. */
const MAX_INCIDENTS = 64;

/** Slots that are named in a message; the evidence has all of them. */
const SHOWN_SLOTS = 3;

/** What the reader is given by its composer. */
export interface EffectReaderOptions {
  /** Where the evidence of an incident lies, as soon as it does. */
  readonly evidenceOf?: (incidentId: string) => string | undefined;
}

/**
 * What a keeper's effects mean for people, as drafts of notices; whether and when they are sent is for `AlertPlan`.
 *
 * The core says some things twice, as an effect and as an alert of the same name. They come out under one key: an alert
 * that repeats a condition, an unknown or an incident that stands is folded into it.
 */
export class EffectReader {
  readonly #evidenceOf: (incidentId: string) => string | undefined;
  /** What was located of the incidents that stand. */
  readonly #incidents = new Map<string, { located: string }>();
  #latch: string | null = null;

  constructor({ evidenceOf = () => undefined }: EffectReaderOptions = {}) {
    this.#evidenceOf = evidenceOf;
  }

  /** In the order in which they happened. Empty for effects that concern nobody. */
  read(effect: Effect): NoticeDraft[] {
    switch (effect.type) {
      case "incident":
        return [this.#incident(effect)];
      case "located":
        return this.#isNews(effect) ? [this.#located(effect)] : [];
      case "condition":
        return [
          condition(effect.condition.kind, effect.condition.detail, levelOf(effect.condition.kind), effect.holds),
        ];
      case "unknown":
        return [unknown(`unknown-${effect.reason}`, effect.detail, "warning")];
      case "block":
        return blockEnds(effect);
      case "latch":
        return [this.#latched(effect.detail)];
      case "quarantine":
        return [quarantine(effect)];
      case "view-compared":
        return effect.comparison.kind === "equal" ? viewEnds(effect.name) : [];
      case "withheld":
        return withheld(effect);
      case "alert":
        return this.#alert(effect);
      default:
        return [];
    }
  }

  #incident({ report }: EffectOf<"incident">): NoticeDraft {
    const { id, cause, contract, blockNumber, blockHash, detail, transaction, containedIn } = report;
    const state: string = report.state;
    const { level, isEnd, headline, meaning } = INCIDENT_STATES[state] ?? UNKNOWN_STATE;
    const known = this.#incidents.get(id) ?? { located: "" };
    if (isEnd) this.#incidents.delete(id);
    else this.#remember(id, known);
    return makeDraft({
      key: id,
      kind: "incident",
      level,
      event: "incident",
      state,
      title: `${headline}: ${contract}, ${cause}, block ${blockNumber}`,
      detail: `${detail} ${meaning}`,
      fields: {
        ...{ block: blockNumber, blockHash, contract, cause, transaction, containedIn },
        ...{ located: known.located, evidence: this.#evidenceOf(id) },
      },
      isEnd,
    });
  }

  #remember(id: string, known: { located: string }): void {
    this.#incidents.set(id, known);
    const [oldest] = this.#incidents.keys();
    if (this.#incidents.size > MAX_INCIDENTS && oldest !== undefined) this.#incidents.delete(oldest);
  }

  /** A search that ended without a slot, for what became no incident, was about a doubt that has been dispelled. */
  #isNews({ incidentId, slots, isFinal }: EffectOf<"located">): boolean {
    return isFinal && (slots.length > 0 || this.#incidents.has(incidentId));
  }

  #located({ incidentId, slots, note, isTruncated, isOwnFault }: EffectOf<"located">): NoticeDraft {
    const names = slots
      .slice(0, SHOWN_SLOTS)
      .map(({ contract, variable, cause }) => `${contract}.${variable} (${cause})`);
    const more = slots.length > SHOWN_SLOTS ? ` and ${slots.length - SHOWN_SLOTS} more` : "";
    const located = slots.length === 0 ? "no slot found" : `${names.join(", ")}${more}`;
    const known = this.#incidents.get(incidentId);
    if (known !== undefined) known.located = located;
    const [first] = slots;
    const remarks = [
      note,
      isTruncated ? "So many slots differ that the search stopped: the books as a whole are suspect." : "",
      isOwnFault ? "The second opinion found the fault to be the keeper's own." : "",
    ];
    return makeDraft({
      key: incidentId,
      kind: "incident",
      level: isOwnFault ? "warning" : "critical",
      event: "located",
      state: "located",
      title: `Located: ${slots.length} ${slots.length === 1 ? "slot differs" : "slots differ"}`,
      detail: [located, ...remarks].filter((remark) => remark !== "").join(". "),
      fields: { located, before: first?.before, after: first?.after, evidence: this.#evidenceOf(incidentId) },
      isEnd: false,
    });
  }

  #latched(detail: string): NoticeDraft {
    this.#latch = detail;
    const title = "The keeper has latched: it signs nothing until a person has looked";
    return single({ event: "latch", level: "critical", title, detail });
  }

  #alert({ level, event, detail, fields }: EffectOf<"alert">): NoticeDraft[] {
    const kind = CONDITION_KINDS.find((candidate) => candidate === event);
    if (kind !== undefined) return [condition(kind, detail, higher(level, levelOf(kind)), true)];
    if (event.startsWith("unknown-")) return [unknown(event, detail, level)];
    // Its incident has just been told; without one (a keeper that only alerts) this is all that is said.
    if (event === "diverged" && this.#incidents.size > 0) return [];
    if (event === "own-fault" && detail === this.#latch) return [];
    const incidentId = INCIDENT.exec(detail)?.[1];
    if (incidentId !== undefined) return [noteOf(incidentId, { level, event, detail })];
    const title = capitalised(event);
    return [single({ event, subject: subjectOf(detail), level, title, detail, fields: flat(fields) })];
  }
}

/** How the core begins the details of alerts that are about one of several: an incident, a view or a keeper. */
const INCIDENT = /\bincident (0x[0-9a-f]{64})\b/;
const VIEW = /^(view [^\s:]+)/;
const ADDRESS = /\b0x[0-9a-f]{40}\b/;

/** What the alert is about, so that one about another is no repeat of it. */
function subjectOf(detail: string): string | undefined {
  return VIEW.exec(detail)?.[1] ?? ADDRESS.exec(detail)?.[0];
}

/** An alert about an incident adds to it, and has no life of its own. */
function noteOf(
  incidentId: string,
  { level, event, detail }: Pick<EffectOf<"alert">, "level" | "event" | "detail">,
): NoticeDraft {
  return makeDraft({
    ...{ key: incidentId, kind: "incident", level, event, state: event, title: capitalised(event), detail },
    ...{ fields: { [event]: detail }, isEnd: false },
  });
}

/** Evidence as one line each. */
function flat(fields: Readonly<Record<string, unknown>> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === "string" ? value : (toJson(value) ?? "")]),
  );
}

/** What would have been paused for and is not, because it must not be, or because there were too many pauses. */
function withheld({ action, because, detail }: EffectOf<"withheld">): NoticeDraft[] {
  if (action !== "soft-pause" || because === "persistence") return [];
  const isSpent = because === "budget";
  return [
    single({
      event: "pause-withheld",
      subject: subjectOf(detail),
      level: isSpent ? "critical" : "warning",
      title: isSpent ? "No pause: the pauses of this day are used up" : "No pause: the mode does not allow it",
      detail,
    }),
  ];
}

function condition(kind: ConditionKind, detail: string, level: NoticeLevel, holds: boolean): NoticeDraft {
  return makeDraft({
    key: `condition:${kind}`,
    kind: "condition",
    level: holds ? level : "warning",
    event: kind,
    state: holds ? "begin" : "end",
    title: holds ? capitalised(kind) : `${capitalised(kind)} is over`,
    detail,
    isEnd: !holds,
  });
}

function unknown(event: string, detail: string, level: NoticeLevel): NoticeDraft {
  return makeDraft({
    key: "condition:unknown",
    kind: "condition",
    level,
    event,
    state: "begin",
    title: `Nothing can be proved: ${event.slice("unknown-".length).replaceAll("-", " ")}`,
    detail: `${detail} While this lasts, blocks are neither in sync nor diverged.`,
    isEnd: false,
  });
}

/** What a verdict ends. Said with every block: what does not stand cannot end, and that is the plan's to know. */
function blockEnds({ report: { number, hash, verdict } }: EffectOf<"block">): NoticeDraft[] {
  if (verdict.kind === "Unknown") return [];
  const said = `Block ${number} is ${verdict.kind === "InSync" ? "in sync" : "judged"}.`;
  const known = makeDraft({
    ...{ key: "condition:unknown", kind: "condition", level: "warning", event: "unknown", state: "end", detail: said },
    ...{ title: "Blocks can be proved again", fields: { block: number, blockHash: hash }, isEnd: true },
  });
  if (verdict.kind !== "InSync") return [known];
  return [
    known,
    ...["diverged", "pause-withheld"].map((event) => over(event, "The books and the chain agree again", said)),
  ];
}

/** What a view in step ends. */
function viewEnds(name: string): NoticeDraft[] {
  const title = `The view ${name} agrees again`;
  return ["view-diverged", "pause-withheld"].map((event) => over(`${event}:view ${name}`, title, ""));
}

function over(name: string, title: string, detail: string): NoticeDraft {
  const [event = name] = name.split(":");
  return makeDraft({
    ...{ key: `alert:${name}`, kind: "alert", level: "warning", event, state: "end", title, detail, isEnd: true },
  });
}

function quarantine({ source, reason }: EffectOf<"quarantine">): NoticeDraft {
  return single({
    event: "source-quarantined",
    // Each source is an alert of its own.
    subject: source,
    level: "warning",
    title: `Source ${source} is in quarantine: it is not believed any more`,
    detail: reason,
    fields: { source },
  });
}

interface SingleParts {
  readonly event: string;
  readonly subject?: string | undefined;
  readonly level: NoticeLevel;
  readonly title: string;
  readonly detail: string;
  readonly fields?: Readonly<Record<string, string>>;
}

function single({ event, subject, ...parts }: SingleParts): NoticeDraft {
  const key = subject === undefined ? `alert:${event}` : `alert:${event}:${subject}`;
  return makeDraft({ ...parts, key, kind: "alert", event, state: "begin", isEnd: false });
}

function levelOf(kind: ConditionKind): NoticeLevel {
  return CRITICAL_CONDITIONS.has(kind) ? "critical" : "warning";
}

function higher(a: NoticeLevel, b: NoticeLevel): NoticeLevel {
  return a === "critical" ? a : b;
}

/** `pause-failed` as `Pause failed`. */
function capitalised(event: string): string {
  const words = event.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
