import { printable } from "../lib/printable.ts";

/** What an operator may tell a running keeper to do. */
export type Order =
  /** No reminders of this incident any more: a person is at it. */
  | { readonly kind: "acknowledge"; readonly key: string; readonly reason: string }
  /** The incident is over for people: nothing is sent for it any more. Refused while the books differ. */
  | { readonly kind: "close-incident"; readonly incidentId: string; readonly reason: string }
  /** Refuse new risk now, for the newest block that k operators serve. */
  | { readonly kind: "pause"; readonly reason: string }
  /**
   * Sign that the protocol may resume, if everything allows it. `afterConsensusFault`: the operator knows that one was found, and has
   * settled which chain is the right one.
   */
  | { readonly kind: "sign-resume"; readonly afterConsensusFault?: boolean };

/** What the core itself carries out. */
export type CoreOrder = Exclude<Order, { readonly kind: "acknowledge" }>;

/** An order, and who gave it. */
export interface SignedOrder {
  readonly order: Order;
  /** Name of the user of the operating system. */
  readonly by: string;
}

/** What came of an order. */
export interface OrderOutcome {
  readonly isDone: boolean;
  /** What was done, or why not and what to do about it. */
  readonly detail: string;
}

const MAX_TEXT = 500;
const KINDS = ["acknowledge", "close-incident", "pause", "sign-resume"] as const;

/** Reads an order; null when it is none. Texts are one line of 500 characters at most. */
export function readOrder(value: unknown): SignedOrder | null {
  if (typeof value !== "object" || value === null) return null;
  const { order, by } = value as { order?: unknown; by?: unknown };
  if (typeof order !== "object" || order === null || typeof by !== "string" || by === "") return null;
  const { kind, key, incidentId, reason, afterConsensusFault } = order as Record<string, unknown>;
  if (!(KINDS as readonly unknown[]).includes(kind)) return null;
  const text = (field: unknown): string | null => {
    const line = typeof field === "string" ? lineOf(field) : "";
    return line.trim() === "" ? null : line;
  };
  const said = { by: lineOf(by) };
  if (kind === "sign-resume") {
    return { ...said, order: { kind, afterConsensusFault: afterConsensusFault === true } };
  }
  const why = text(reason);
  if (why === null) return null;
  if (kind === "pause") return { ...said, order: { kind, reason: why } };
  const which = text(kind === "acknowledge" ? key : incidentId);
  if (which === null) return null;
  return kind === "acknowledge"
    ? { ...said, order: { kind, key: which, reason: why } }
    : { ...said, order: { kind: "close-incident", incidentId: which, reason: why } };
}

function lineOf(text: string): string {
  return printable(text.slice(0, MAX_TEXT), MAX_TEXT);
}
