import { cleanText } from "../alerts/plan/cleanText.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import { isRecord } from "../probes/isRecord.ts";

/** What an operator has to know of a running keeper. Texts are fit for a terminal, whoever made them up. */
export interface StatusSummary {
  readonly state: string;
  readonly isLeading: boolean;
  /** Kind of the newest verdict, and what it says; null before the first. */
  readonly verdict: { readonly kind: string; readonly detail: string } | null;
  readonly block: string | null;
  /** Newest block that was in sync. */
  readonly lastInSync: string | null;
  readonly secondsSinceVerdict: number | null;
  readonly votes: number;
  readonly quorum: number;
  readonly finalBlock: string | null;
  readonly conditions: readonly string[];
  readonly sources: readonly { readonly isUp: boolean; readonly text: string }[];
  readonly peers: readonly { readonly isUp: boolean; readonly text: string }[];
  /** Checks of readiness that are not as they should be. */
  readonly readiness: readonly { readonly isFailed: boolean; readonly text: string }[];
  /** Incidents that are not over. */
  readonly incidents: readonly string[];
  /** What people were told of and has not ended. */
  readonly alerts: readonly { readonly isCritical: boolean; readonly text: string }[];
  /** Sinks that take nothing now. */
  readonly sinks: readonly string[];
}

const STATE = /^[A-Z][A-Z_]{1,31}$/;
const OVER: ReadonlySet<string> = new Set(["closed", "orphaned"]);
const MAX_TEXT = 240;
/** Entries of one list that are looked at. */
const MAX_ITEMS = 100;

/**
 * What the document of `/status` says; what it does not say is empty.
 *
 * @throws KeeperError `StatusForeign` for a document that no keeper serves
 */
export function readStatus(document: unknown): StatusSummary {
  const fields = isRecord(document) ? document : {};
  const { state, isLeading, sources, incidents } = fields;
  const isKeeper = typeof state === "string" && STATE.test(state) && typeof isLeading === "boolean";
  if (!isKeeper || !Array.isArray(sources) || !Array.isArray(incidents)) {
    throw new KeeperError("StatusForeign", "what it serves at /status is no keeper's");
  }
  const seconds = fields["secondsSinceVerdict"];
  return {
    state,
    isLeading,
    verdict: readVerdict(fields),
    block: readBlock(fields["block"]),
    lastInSync: readBlock(fields["lastInSync"]),
    secondsSinceVerdict: typeof seconds === "number" && seconds >= 0 ? seconds : null,
    votes: count(fields["votes"]),
    quorum: count(fields["quorum"]),
    finalBlock: readBlock(recordAt(fields, "finality")["block"]),
    conditions: records(fields["conditions"]).map(({ kind, detail }) => `${text(kind)}: ${text(detail)}`),
    sources: records(sources).map(readSource),
    peers: records(fields["peers"]).map(readPeer),
    readiness: records(recordAt(fields, "readiness")["results"]).flatMap(readCheck),
    incidents: records(incidents).flatMap(readIncident),
    alerts: records(recordAt(fields, "alerts")["standing"]).map(readAlert),
    sinks: records(recordAt(fields, "alerts")["sinks"]).flatMap(({ name, failingSinceMs, lastError }) =>
      typeof failingSinceMs === "number" ? [`${text(name)}: ${text(lastError)}`] : [],
    ),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function readVerdict({ verdict, unknown }: Fields): StatusSummary["verdict"] {
  if (isRecord(unknown)) return { kind: "Unknown", detail: `${text(unknown["reason"])}: ${text(unknown["detail"])}` };
  if (!isRecord(verdict)) return null;
  const [finding] = records(verdict["findings"]);
  const about =
    finding === undefined
      ? text(verdict["detail"])
      : `${text(finding["contract"])} ${text(finding["cause"])} since block ${text(finding["blockNumber"])}`;
  return { kind: text(verdict["kind"]), detail: about };
}

function readBlock(value: unknown): string | null {
  return isRecord(value) ? `${text(value["number"])} ${text(value["hash"])}` : null;
}

function readSource({ id, state, reason, head, latencyMs }: Fields): StatusSummary["sources"][number] {
  const why = text(reason) === "" ? "" : `: ${text(reason)}`;
  const at = isRecord(head) ? `, head ${text(head["number"])}` : "";
  const speed = typeof latencyMs === "number" ? `, ${Math.round(latencyMs)} ms` : "";
  return { isUp: state === "up", text: `${text(id)} ${text(state)}${why}${at}${speed}` };
}

function readPeer({ name, isUp, fault }: Fields): StatusSummary["peers"][number] {
  const why = isRecord(fault) ? `: ${text(fault["code"])} ${text(fault["detail"])}` : "";
  return { isUp: isUp === true, text: `${text(name)} ${isUp === true ? "up" : "not heard"}${why}` };
}

function readCheck({ name, status, detail, advice }: Fields): StatusSummary["readiness"] {
  if (status !== "fail" && status !== "warn") return [];
  const todo = text(advice) === "" ? "" : ` → ${text(advice)}`;
  return [{ isFailed: status === "fail", text: `${text(name)} ${status}: ${text(detail)}${todo}` }];
}

function readIncident({ id, state, contract, cause, blockNumber, transaction, containedIn }: Fields): string[] {
  if (OVER.has(text(state))) return [];
  const sent = text(transaction) === "" ? "no transaction" : `transaction ${text(transaction)}`;
  const paused = typeof containedIn === "number" ? `, paused in block ${containedIn}` : "";
  return [
    `${text(id)} ${text(state)}: ${text(contract)} ${text(cause)} in block ${text(blockNumber)}, ${sent}${paused}`,
  ];
}

function readAlert({ key, level, title, acknowledged }: Fields): StatusSummary["alerts"][number] {
  const by = isRecord(acknowledged) ? `acknowledged by ${text(acknowledged["by"])}` : "nobody has acknowledged it";
  return { isCritical: level === "critical", text: `${text(level)} ${text(title)} (${by}; ${text(key)})` };
}

function recordAt(fields: Fields, name: string): Fields {
  const value = fields[name];
  return isRecord(value) ? value : {};
}

function records(value: unknown): Fields[] {
  return Array.isArray(value) ? value.slice(0, MAX_ITEMS).filter(isRecord) : [];
}

function text(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" ? cleanText(value, MAX_TEXT) : "";
}

function count(value: unknown): number {
  return Number.isSafeInteger(value) ? (value as number) : 0;
}
