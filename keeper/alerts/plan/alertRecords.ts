import type { Notice } from "./Notice.ts";

/**
 * What the alert path writes to the journal, and is given back at the next start.
 *
 * - `alert-raised`: a notice was decided, for these sinks. Written before it is handed to them.
 * - `alert-sent`: a sink has done with it: it took it, or refused it for good, or it was dropped.
 * - `alert-acknowledged`: a person took the matter on.
 */
export const ALERT_RECORD_KINDS = ["alert-raised", "alert-sent", "alert-acknowledged"] as const;
export type AlertRecordKind = (typeof ALERT_RECORD_KINDS)[number];

/** A record as a journal holds it; other kinds are ignored. */
export interface AlertRecord {
  readonly kind: string;
  readonly body: unknown;
}

/** How a sink was done with a notice. */
export type SinkOutcome = "sent" | "refused" | "dropped" | "superseded";

/** What a record says. */
export type AlertEntry =
  | { readonly kind: "alert-raised"; readonly notice: Notice; readonly sinks: readonly string[] }
  | { readonly kind: "alert-sent"; readonly id: string; readonly sink: string; readonly outcome: string }
  | {
      readonly kind: "alert-acknowledged";
      readonly key: string;
      readonly by: string;
      readonly reason: string;
      readonly atMs: number;
    };

/** Reads a record; undefined for other kinds, and for one that another version wrote in another form. */
export function readAlertRecord({ kind, body }: AlertRecord): AlertEntry | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const fields = body as Readonly<Record<string, unknown>>;
  const has = (type: string, names: readonly string[]): boolean => names.every((name) => typeof fields[name] === type);
  switch (kind) {
    case "alert-raised": {
      const { notice, sinks } = fields;
      const areSinks = Array.isArray(sinks) && sinks.every((sink) => typeof sink === "string");
      return areSinks && isNotice(notice) ? { kind, notice, sinks } : undefined;
    }
    case "alert-sent":
      return has("string", ["id", "sink", "outcome"]) ? ({ kind, ...fields } as AlertEntry) : undefined;
    case "alert-acknowledged": {
      const isWhole = has("string", ["key", "by", "reason"]) && has("number", ["atMs"]);
      return isWhole ? ({ kind, ...fields } as AlertEntry) : undefined;
    }
    default:
      return undefined;
  }
}

function isNotice(value: unknown): value is Notice {
  if (typeof value !== "object" || value === null) return false;
  const notice = value as Readonly<Record<string, unknown>>;
  const texts = ["id", "key", "event", "state", "title", "detail"].every((name) => typeof notice[name] === "string");
  const isKnown = ["incident", "condition", "alert"].includes(String(notice["kind"]));
  const isLevel = ["warning", "critical"].includes(String(notice["level"]));
  const { fields, isEnd, reminder, atMs } = notice;
  const rest = typeof isEnd === "boolean" && typeof reminder === "number" && typeof atMs === "number";
  return texts && isKnown && isLevel && rest && typeof fields === "object" && fields !== null;
}
