/** What one incident took; milliseconds. The stages of the keeper follow one another, the last two from the broadcast on. */
export interface IncidentSample {
  /** Words in the keeper's books. */
  readonly slots: number;
  /** Block mined → last byte that the verdict needs: the node's own time to announce and to answer. */
  readonly nodeMs: number;
  /** Last needed byte → verdict, the second derivation included. */
  readonly verdictMs: number;
  /** Verdict → durable intent → signed → handed to the node. */
  readonly broadcastMs: number;
  /** Broadcast → accepted by the node. */
  readonly acceptedMs: number;
  /** Broadcast → the block that holds the pause is mined: mostly the time to that block. */
  readonly includedMs: number;
  /** 1: the block after the incident's. */
  readonly blocksToInclusion: number;
  /** Block mined → a peer's own code runs for the ordinary event in it, by the name of the system. */
  readonly noticedMs: ReadonlyMap<string, number>;
}
