import { readAlertRecord } from "../alerts/plan/alertRecords.ts";
import { readOrder } from "../domain/Order.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import { isRecord } from "../probes/isRecord.ts";
import type { StoreRecord } from "../store/Store.ts";

/** One state of an incident, and since when. */
interface IncidentStep {
  /** Wall-clock milliseconds. */
  readonly at: number;
  readonly state: string;
  readonly transaction: string | null;
  readonly containedIn: number | null;
}

/** A person's word on an incident. */
interface IncidentWord {
  readonly at: number;
  readonly by: string;
  readonly reason: string;
}

/** What a journal has of one incident. Texts are as they were written: what shows them cleans them. */
export interface IncidentHistory {
  readonly id: string;
  readonly cause: string;
  readonly contract: string;
  readonly blockNumber: number;
  readonly blockHash: string;
  readonly detail: string;
  readonly state: string;
  readonly isOpen: boolean;
  readonly openedAt: number;
  /** When it was closed or orphaned; null while it is open. */
  readonly endedAt: number | null;
  readonly transaction: string | null;
  readonly containedIn: number | null;
  /** Intents to send a pause for it: each was journalled before it was signed. */
  readonly attempts: number;
  readonly steps: readonly IncidentStep[];
  readonly acknowledged: IncidentWord | null;
  /** The newest order to close it, if a person gave one; refused while the books differed. */
  readonly closeOrder: IncidentWord | null;
}

type Draft = { -readonly [Key in keyof IncidentHistory]: IncidentHistory[Key] } & { steps: IncidentStep[] };

const OVER: ReadonlySet<string> = new Set(["closed", "orphaned"]);
const ID = /^0x[0-9a-f]{64}$/;
/** States of one incident that are kept: one that flaps must not fill the memory. */
const MAX_STEPS = 200;
/** Incidents that are named where one was not found. */
const MAX_NAMED = 3;

/** The incidents of a keeper's records, oldest first. What is malformed is passed over: another version may have written it. */
export function readIncidents(records: Iterable<StoreRecord>): IncidentHistory[] {
  const drafts = new Map<string, Draft>();
  for (const record of records) {
    if (record.kind === "incident") seeReport(drafts, record);
    else if (record.kind === "intent") seeIntent(drafts, record);
    else if (record.kind === "alert-acknowledged") seeAcknowledgement(drafts, record);
    else if (record.kind === "order") seeOrder(drafts, record);
  }
  return [...drafts.values()];
}

function seeReport(drafts: Map<string, Draft>, { at, body }: StoreRecord): void {
  if (!isRecord(body)) return;
  const { id, state, cause, contract, blockNumber, blockHash, detail, transaction, containedIn } = body;
  if (typeof id !== "string" || !ID.test(id) || typeof state !== "string") return;
  const step: IncidentStep = {
    ...{ at, state, transaction: typeof transaction === "string" ? transaction : null },
    containedIn: typeof containedIn === "number" ? containedIn : null,
  };
  const draft = drafts.get(id) ?? begin(drafts, id, at);
  draft.steps.push(step);
  if (draft.steps.length > MAX_STEPS) draft.steps.splice(1, 1);
  const isOpen = !OVER.has(state);
  Object.assign(draft, {
    ...{ cause: text(cause), contract: text(contract), blockHash: text(blockHash), detail: text(detail) },
    ...{ blockNumber: typeof blockNumber === "number" ? blockNumber : -1, state, isOpen, endedAt: isOpen ? null : at },
    transaction: step.transaction ?? draft.transaction,
    containedIn: step.containedIn ?? draft.containedIn,
  });
}

/** A pause for a branch that is not followed has an intent and no report. */
function seeIntent(drafts: Map<string, Draft>, { at, body }: StoreRecord): void {
  if (!isRecord(body)) return;
  const { incidentId: id, purpose, blockNumber, blockHash } = body;
  if (typeof id !== "string" || !ID.test(id)) return;
  const known = drafts.get(id);
  const draft = known ?? begin(drafts, id, at);
  draft.attempts += 1;
  if (known !== undefined) return;
  const where = { blockNumber: typeof blockNumber === "number" ? blockNumber : -1, blockHash: text(blockHash) };
  Object.assign(draft, { ...where, state: text(purpose), isOpen: purpose !== "side-pause" });
}

function seeAcknowledgement(drafts: Map<string, Draft>, record: StoreRecord): void {
  const entry = readAlertRecord(record);
  if (entry?.kind !== "alert-acknowledged") return;
  const draft = drafts.get(entry.key);
  if (draft !== undefined) draft.acknowledged = { at: entry.atMs, by: entry.by, reason: entry.reason };
}

function seeOrder(drafts: Map<string, Draft>, { at, body }: StoreRecord): void {
  const signed = isRecord(body) ? readOrder({ order: body["order"], by: body["by"] }) : null;
  if (signed === null) return;
  const { order, by } = signed;
  if (order.kind !== "close-incident") return;
  const draft = drafts.get(order.incidentId);
  if (draft !== undefined) draft.closeOrder = { at, by, reason: order.reason };
}

function begin(drafts: Map<string, Draft>, id: string, at: number): Draft {
  const draft: Draft = {
    ...{ id, cause: "", contract: "", blockNumber: -1, blockHash: "", detail: "", state: "", isOpen: true },
    ...{ openedAt: at, endedAt: null, transaction: null, containedIn: null, attempts: 0, steps: [] },
    ...{ acknowledged: null, closeOrder: null },
  };
  drafts.set(id, draft);
  return draft;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/**
 * The incident whose id begins with a text.
 *
 * @throws KeeperError `IncidentUnknown` naming the nearest, `IncidentAmbiguous` naming those that it could be
 */
export function findIncident(incidents: readonly IncidentHistory[], given: string): IncidentHistory {
  const typed = given.trim().toLowerCase();
  const prefix = typed.startsWith("0x") ? typed : `0x${typed}`;
  const found = prefix === "0x" ? [] : incidents.filter(({ id }) => id.startsWith(prefix));
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  if (first !== undefined) {
    const message = `${given} could be ${nameSome(found)}: give more of its digits`;
    throw new KeeperError("IncidentAmbiguous", message, { given, ids: found.map(({ id }) => id) });
  }
  const common = ({ id }: IncidentHistory): number => {
    const end = Array.from(id).findIndex((digit, index) => digit !== prefix[index]);
    return end === -1 ? id.length : end;
  };
  const nearest = incidents.toReversed().sort((one, other) => common(other) - common(one));
  const advice = nearest.length === 0 ? "this journal has none at all" : `nearest are ${nameSome(nearest)}`;
  const message = `no incident of this keeper begins with ${JSON.stringify(given.slice(0, 80))}: ${advice}`;
  throw new KeeperError("IncidentUnknown", message, { given });
}

function nameSome(incidents: readonly IncidentHistory[]): string {
  const named = incidents.slice(0, MAX_NAMED).map(({ id, state }) => `${id} (${state})`);
  const rest = incidents.length - named.length;
  return rest > 0 ? `${named.join(", ")} and ${rest} more` : named.join(", ");
}
