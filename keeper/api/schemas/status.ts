import { Type, type Static } from "typebox";

import { KEEPER_STATES } from "../../domain/keeperState.ts";
import { Incident, Rebuild, Verdict } from "./incidents.ts";
import { Address, BlockNumber, Decimal, Hash, nullable, oneOf } from "./primitives.ts";

const Milliseconds = Type.Number({ description: "milliseconds" });
const Block = Type.Object({ number: BlockNumber, hash: Hash });

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

const State = oneOf(KEEPER_STATES);

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
  state: State,
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

/** Some incidents. */
export const IncidentPage = Type.Object({ data: Type.Array(Incident), next: nullable(Type.String()) });
export type IncidentPage = Static<typeof IncidentPage>;
/** One incident. */
export const IncidentAnswer = Type.Object({ data: Incident });
export type IncidentAnswer = Static<typeof IncidentAnswer>;
/** The newest verdicts' latency. */
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
    state: State,
    detectionMs: Type.Number(),
    verdictMs: Type.Number(),
    lagPremium: LagPremium,
  }),
  unknown: Type.Object({ reason: Type.String(), detail: Type.String(), state: State }),
  incident: Incident,
  condition: Type.Object({ kind: Type.String(), detail: Type.String(), holds: Type.Boolean() }),
  source: Type.Object({ source: Type.String(), reason: Type.String() }),
  checkpoint: Type.Object({ blockNumber: Decimal, blockHash: Hash, transaction: Hash }),
  drill: DrillState,
  heartbeat: Type.Object({
    state: State,
    secondsSinceVerdict: nullable(Type.Number()),
    sources: Type.Array(Source),
    conditions: Type.Array(Type.Object({ kind: Type.String(), detail: Type.String() })),
  }),
} as const;
/** The data of each event. */
export type EventData = { readonly [Name in keyof typeof EventData]: Static<(typeof EventData)[Name]> };
