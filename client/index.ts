/**
 * A typed client for a keeper's verified read API, for Node and browsers. See docs/api.md.
 */
export { LockstepClient, type LockstepClientOptions, type PageOptions } from "./LockstepClient.ts";
export { LockstepError } from "./LockstepError.ts";
export { type StreamedEvent } from "./readEvents.ts";
export type * from "../keeper/api/schemas/books.ts";
export type { Greeks, Problem, ProvenAt } from "../keeper/api/schemas/answers.ts";
export type { Finding, Incident, LocatedSlot, Verdict } from "../keeper/api/schemas/incidents.ts";
export type {
  ContractRoots,
  DrillState,
  EventData,
  LatencySample,
  Source,
  StatusDocument,
} from "../keeper/api/schemas/status.ts";
