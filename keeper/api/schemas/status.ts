import { Type, type Static } from "typebox";

import { Address, Decimal, Hash, nullable, oneOf } from "./primitives.ts";

const BlockNumber = Type.Integer({ minimum: 0 });
const Milliseconds = Type.Number({ description: "milliseconds" });
const Block = Type.Object({ number: BlockNumber, hash: Hash });

/** Why the books and the chain differ, proved by the block it names. */
export const Finding = Type.Object({
  cause: Type.String(),
  contract: Type.String(),
  blockNumber: BlockNumber,
  blockHash: Hash,
  detail: Type.String(),
  logIndex: nullable(Type.Integer({ minimum: 0 })),
  isFailure: Type.Optional(Type.Boolean()),
});
export type Finding = Static<typeof Finding>;

/** What the keeper says of a block. */
export const Verdict = Type.Union([
  Type.Object({ kind: Type.Literal("InSync"), isWitnessed: Type.Boolean(), roots: Type.Array(Hash) }),
  Type.Object({ kind: Type.Literal("Diverged"), findings: Type.Array(Finding), isLatched: Type.Boolean() }),
  Type.Object({ kind: Type.Literal("OwnFault"), findings: Type.Array(Finding), detail: Type.String() }),
  Type.Object({ kind: Type.Literal("Unknown"), reason: Type.String(), detail: Type.String() }),
]);
export type Verdict = Static<typeof Verdict>;

/** One word that differs. */
export const LocatedSlot = Type.Object({
  contract: Type.String(),
  variable: Type.String(),
  account: nullable(Type.String({ pattern: "^0x[0-9a-f]*$" })),
  slot: nullable(Hash),
  hashedSlot: Hash,
  cause: Type.String(),
  before: Type.String({ description: "by the books" }),
  after: Type.String({ description: "by the chain" }),
});
export type LocatedSlot = Static<typeof LocatedSlot>;

const Rebuild = Type.Object({
  incidentId: Hash,
  target: Block,
  block: nullable(BlockNumber),
  seconds: Type.Number(),
  outcome: nullable(
    Type.Object({
      kind: Type.String(),
      detail: Type.String(),
      code: Type.Optional(Type.String()),
      roots: Type.Optional(
        Type.Array(
          Type.Object({
            contract: Type.String(),
            blockNumber: BlockNumber,
            blockHash: Hash,
            books: Hash,
            chain: Hash,
            rebuilt: Hash,
          }),
        ),
      ),
      blocks: Type.Optional(Type.Integer()),
      events: Type.Optional(Type.Integer()),
      findingCount: Type.Optional(Type.Integer()),
    }),
  ),
});

const stage = (description: string) => nullable(Type.Number(), description);

/** One divergence, from found to closed. */
export const Incident = Type.Object({
  id: Hash,
  state: oneOf(["opened", "acting", "contained", "repairing", "resuming", "closed", "orphaned", "failed"]),
  cause: Type.String(),
  contract: Type.String(),
  blockNumber: BlockNumber,
  blockHash: Hash,
  detail: Type.String(),
  transaction: nullable(Hash, "the newest that was sent because of it"),
  containedIn: nullable(BlockNumber, "block at which the pause was first seen to be proven"),
  openedAt: Type.Integer({ description: "milliseconds since the epoch by the keeper's clock" }),
  located: Type.Array(LocatedSlot, {
    description: "the first words that differ; `locatedCount` says how many were found",
  }),
  locatedCount: Type.Integer({ minimum: 0 }),
  locateNote: Type.String(),
  isLocated: Type.Boolean({ description: "the search has ended" }),
  isComplete: Type.Boolean({ description: "every word that differs was found" }),
  isTruncated: Type.Boolean({ description: "so many differ that the search stopped" }),
  rebuild: nullable(Rebuild),
  ms: Type.Object(
    {
      node: stage("head announced to last needed byte: the node's own share"),
      detect: stage("last needed byte to verdict"),
      decide: stage("verdict to signed, the durable intent included"),
      broadcast: stage("signed to accepted by a source"),
      include: stage("broadcast to effect proven"),
    },
    { description: "milliseconds of each stage; null for one that has not ended" },
  ),
});
export type Incident = Static<typeof Incident>;

/** A source as the keeper sees it. */
export const Source = Type.Object({
  id: Type.String(),
  operator: Type.String(),
  state: oneOf(["down", "unidentified", "foreign", "quarantined", "suspended", "limited", "up"]),
  reason: Type.String({ description: "why it is in that state; empty when it is up" }),
  score: Type.Integer({ minimum: 0, maximum: 100, description: "share of its newest answers that came and verified" }),
  latencyMs: nullable(Milliseconds),
  head: nullable(Block),
});
export type Source = Static<typeof Source>;

/** A storage root by the books, and by the chain's proof. */
export const ContractRoots = Type.Object({
  contract: Type.String(),
  address: Address,
  books: Hash,
  chain: nullable(Hash, "null while the newest block is not proven"),
});
export type ContractRoots = Static<typeof ContractRoots>;

const Check = Type.Object({
  name: Type.String(),
  status: oneOf(["ok", "warn", "fail", "skip"]),
  detail: Type.String(),
  advice: Type.Optional(Type.String()),
});

const Sink = Type.Object({
  name: Type.String(),
  sent: Type.Integer(),
  failed: Type.Integer(),
  dropped: Type.Integer(),
  refused: Type.Integer(),
  waiting: Type.Integer(),
  lastSuccessAtMs: nullable(Milliseconds),
  failingSinceMs: nullable(Milliseconds),
  lastError: nullable(Type.String()),
});

const StandingAlert = Type.Object({
  key: Type.String(),
  level: oneOf(["warning", "critical"]),
  event: Type.String(),
  state: Type.String(),
  title: Type.String(),
  acknowledged: nullable(Type.Object({ by: Type.String(), reason: Type.String(), atMs: Milliseconds })),
});

const LagPremium = Type.Array(
  Type.Object({ instrument: Type.String(), ppm: Type.Integer({ description: "of the notional, parts per million" }) }),
  {
    description:
      "what lag added to the initial requirement at the block, for the first instruments; empty where it was not in sync",
  },
);

/** How fast one verdict came, and what lag cost at its block. */
export const LatencySample = Type.Object({
  block: BlockNumber,
  timestamp: Type.Integer({ description: "of the block, seconds since the epoch" }),
  detectionMs: Type.Number({ description: "head announced to verdict" }),
  verdictMs: Type.Number({ description: "last needed byte to verdict: the keeper's own share" }),
  lagPremium: LagPremium,
});
export type LatencySample = Static<typeof LatencySample>;

/** A rehearsal on a local chain, as far as it is. */
export const DrillState = Type.Object({
  isRunning: Type.Boolean(),
  steps: Type.Array(
    Type.Object({
      name: Type.String(),
      title: Type.String(),
      block: nullable(BlockNumber),
      ms: Type.Integer({ description: "milliseconds since the chain was broken" }),
    }),
  ),
  outcome: nullable(oneOf(["resumed", "failed"]), "null while it runs, and before the first"),
  trouble: nullable(Type.String(), "what ended it before its time"),
});
export type DrillState = Static<typeof DrillState>;

/** Everything that operators see of a running keeper. */
export const StatusDocument = Type.Object({
  keeper: Type.Object({
    name: Type.String(),
    version: Type.String(),
    mode: oneOf(["watch", "alert", "act"]),
    chainId: Type.Integer(),
    isLocalChain: Type.Boolean(),
    startedAt: Type.Integer({ description: "milliseconds since the epoch" }),
  }),
  state: oneOf([
    "STARTING",
    "LAGGING",
    "IN_SYNC",
    "FINALITY_STALLED",
    "SOURCE_DEGRADED",
    "UNKNOWN",
    "DIVERGED",
    "PAUSED",
    "REPAIRING",
    "RESUME_GATE",
    "OWN_FAULT",
    "CONSENSUS_FAULT",
  ]),
  stateSince: Type.Integer({ description: "milliseconds since the epoch" }),
  ready: Type.Object({ ready: Type.Boolean(), reason: Type.String() }),
  isLeading: Type.Boolean(),
  block: nullable(Block),
  verdict: nullable(Verdict, "on the newest block that was judged"),
  unknown: nullable(Type.Object({ reason: Type.String(), detail: Type.String() }), "why nothing can be said now"),
  lastInSync: nullable(Block),
  secondsSinceVerdict: nullable(Type.Number()),
  votes: Type.Integer(),
  quorum: Type.Integer(),
  slots: Type.Integer({ description: "storage words in the books" }),
  snapshot: nullable(Type.Object({ number: BlockNumber, hash: Hash, ageSeconds: Type.Number() })),
  rebuild: nullable(Rebuild),
  conditions: Type.Array(Type.Object({ kind: Type.String(), detail: Type.String() })),
  finality: Type.Object({
    mode: nullable(Type.Object({ policy: Type.String(), detail: Type.String(), isWeak: Type.Boolean() })),
    block: nullable(Block),
  }),
  sources: Type.Array(Source),
  contracts: Type.Array(ContractRoots, { description: "at the newest block of the books" }),
  readiness: nullable(Type.Object({ results: Type.Array(Check), blockNumber: BlockNumber })),
  alerts: nullable(
    Type.Object({
      sinks: Type.Array(Sink),
      standing: Type.Array(StandingAlert),
      keptBack: Type.Integer(),
    }),
  ),
  relays: Type.Array(Type.Unknown()),
  peers: Type.Array(
    Type.Object({
      name: Type.String(),
      isUp: Type.Boolean(),
      fault: nullable(Type.Object({ code: Type.String(), detail: Type.String() })),
    }),
  ),
  incidents: Type.Array(Incident, { description: "of this run, newest first, each with its first located words" }),
  drill: nullable(DrillState, "null where none is offered: on every chain but that of `lockstep up`"),
});
export type StatusDocument = Static<typeof StatusDocument>;

export const IncidentPage = Type.Object({ data: Type.Array(Incident), next: nullable(Type.String()) });
export type IncidentPage = Static<typeof IncidentPage>;
export const IncidentAnswer = Type.Object({ data: Incident });
export type IncidentAnswer = Static<typeof IncidentAnswer>;
export const LatencyAnswer = Type.Object({ data: Type.Array(LatencySample) });
export type LatencyAnswer = Static<typeof LatencyAnswer>;

/** One event of `/v1/events`, by its name. */
export const EventData = {
  status: StatusDocument,
  verdict: Type.Object({
    block: Type.Object({ number: BlockNumber, hash: Hash, timestamp: Type.Integer() }),
    verdict: Verdict,
    votes: Type.Integer(),
    quorum: Type.Integer(),
    logCount: Type.Integer(),
    slots: Type.Integer(),
    state: Type.String(),
    detectionMs: Type.Number(),
    verdictMs: Type.Number(),
    lagPremium: LagPremium,
  }),
  unknown: Type.Object({ reason: Type.String(), detail: Type.String(), state: Type.String() }),
  incident: Incident,
  condition: Type.Object({ kind: Type.String(), detail: Type.String(), holds: Type.Boolean() }),
  source: Type.Object({ source: Type.String(), reason: Type.String() }),
  checkpoint: Type.Object({ blockNumber: Decimal, blockHash: Hash, transaction: Hash }),
  drill: DrillState,
  heartbeat: Type.Object({
    state: Type.String(),
    secondsSinceVerdict: nullable(Type.Number()),
    sources: Type.Array(Source),
    conditions: Type.Array(Type.Object({ kind: Type.String(), detail: Type.String() })),
  }),
} as const;
export type EventData = { readonly [Name in keyof typeof EventData]: Static<(typeof EventData)[Name]> };
