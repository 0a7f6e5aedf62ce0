import type { ApiHandlers } from "../../keeper/api/ports.ts";

/** What the API of a keeper would show that has judged nothing. */
export const IDLE_HANDLERS: ApiHandlers = {
  isReady: () => ({ ready: false, reason: "starting" }),
  status: () => ({ state: "STARTING" }),
  metrics: () => "",
  heartbeat: () => ({ state: "STARTING", secondsSinceVerdict: null, sources: [], conditions: [] }),
  statements: () => null,
  latency: () => [],
  books: () => ({ kind: "unproven", code: "Starting", detail: "no block was judged yet", retryAfterSeconds: 10 }),
  incidents: () => [],
  evidence: () => Promise.resolve(null),
};
