import { isAboutBlocks, namesTag } from "./blockTags.ts";
import type { ActionName, Rule } from "./Rule.ts";

/** What a rule is held against. */
export interface Subject {
  readonly kind: "call" | "push";
  readonly transport: "http" | "ws";
  /** Number of calls in the batch; 1 for a call by itself. */
  readonly batchSize: number;
  readonly isBatch: boolean;
  readonly method: string;
  readonly params: unknown;
  readonly client: Client;
}

/** Who asks. */
export interface Client {
  /** An IPv4 address is written as one, whatever the socket's family. */
  readonly address: string;
  /** Empty when the client does not say. */
  readonly userAgent: string;
}

/** Actions that can be done to a push. */
export const PUSH_ACTIONS: ReadonlySet<ActionName> = new Set([
  ...([
    "drop",
    "hang",
    "delay",
    "drip",
    "truncate",
    "raw",
    "replace",
    "null",
    "empty",
    "edit",
    "remove",
    "xor",
  ] as const),
  ...(["duplicate", "shuffle", "stale", "refuse", "close-ws", "mute-ws"] as const),
]);

/** Polls and ends of the filters that a node keeps. */
const FILTER_CALLS = new Set(["eth_getFilterChanges", "eth_getFilterLogs", "eth_uninstallFilter"]);

/** Whether the action can be done here at all. A rule that cannot does not match, and is not counted. */
export function canApply(rule: Rule, subject: Subject): boolean {
  const { kind, transport, isBatch, batchSize, method } = subject;
  if (kind === "push") return PUSH_ACTIONS.has(rule.action);
  switch (rule.action) {
    case "shuffle":
      return false;
    case "status":
      return transport === "http";
    case "close-ws":
    case "mute-ws":
      return transport === "ws";
    case "reorder":
      return batchSize > 1;
    case "duplicate":
      return isBatch || transport === "ws";
    case "stale":
      return isAboutBlocks(subject);
    case "pin":
      return namesTag(subject, rule.tag);
    case "forget-filters":
      return FILTER_CALLS.has(method);
    default:
      return true;
  }
}
