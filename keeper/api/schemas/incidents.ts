import { Type, type Static } from "typebox";

import { INCIDENT_STATE_NAMES } from "../../domain/incidentState.ts";
import { BlockNumber, Hash, nullable, oneOf } from "./primitives.ts";

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

/** Books that were built again because of an incident. */
export const Rebuild = Type.Object({
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
  state: oneOf(INCIDENT_STATE_NAMES),
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
