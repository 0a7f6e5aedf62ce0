/**
 * What is unusual about the chain, or about what the sources say of it. None of these is a divergence, and none pauses
 * anything by itself.
 *
 * - `split`: trusted operators serve branches that compete, for longer than blocks take to travel.
 * - `oscillation`: a source goes back and forth between branches; its vote is suspended until it has settled.
 * - `height-regression`: a source that served the books' block serves only an ancestor of it, and nobody serves more.
 * - `deep-reorg`: more blocks were replaced than the chain's confirmations.
 * - `consensus-fault`: k operators serve a branch without a block that k operators had called final. A human decides.
 * - `finality-stall`: heads move, the final block does not.
 * - `clock-skew`: a head lies further in the future of this machine's clock than it may.
 * - `halted-chain`: no new block for too long.
 * - `burst`: many blocks at once after silence; the books are catching up.
 * - `source-degraded`: fewer operators than configured are up, of this chain and believed.
 * - `custody-suspect`: k operators say that the vault holds less of an asset than it owes, and nothing proves it.
 */
export const CONDITION_KINDS = [
  "split",
  "oscillation",
  "height-regression",
  "deep-reorg",
  "consensus-fault",
  "finality-stall",
  "clock-skew",
  "halted-chain",
  "burst",
  "source-degraded",
  "custody-suspect",
] as const;
export type ConditionKind = (typeof CONDITION_KINDS)[number];

/** Conditions that a human has to look at now. */
export const CRITICAL_CONDITIONS: ReadonlySet<ConditionKind> = new Set([
  "deep-reorg",
  "consensus-fault",
  "custody-suspect",
]);

/** A condition that holds, and why. */
export interface Condition {
  readonly kind: ConditionKind;
  readonly detail: string;
}

/** Conditions under which not even k votes make a block InSync, and the first of them names why it is unknown. */
export const NO_SYNC = ["consensus-fault", "height-regression", "halted-chain"] as const satisfies ConditionKind[];
/** Conditions under which nothing is signed although blocks are in sync. */
export const NO_SIGNATURE: readonly ConditionKind[] = [
  ...NO_SYNC,
  "deep-reorg",
  "finality-stall",
  "clock-skew",
  "burst",
];
/** Conditions under which no resume is signed: any that says the sources do not see one and the same chain. */
export const NO_RESUME: readonly ConditionKind[] = [...NO_SIGNATURE, "split", "oscillation", "source-degraded"];

/** How many stand behind a block, and where. */
export interface Support {
  /** Operators that vote for the block. */
  readonly votes: number;
  /** k: a majority of the configured operators. */
  readonly quorum: number;
  readonly operatorCount: number;
  readonly isLocalChain: boolean;
  readonly allowSingleSource: boolean;
  readonly conditions: readonly ConditionKind[];
}

/** What may be done about a block. */
export interface Allowed {
  /** A pause that is bound to the block: the chain itself refuses it when the block is not its own. */
  readonly pause: boolean;
  readonly inSync: "witnessed" | "unwitnessed" | "no";
  /** Attestations and checkpoints. */
  readonly sign: boolean;
  readonly resume: boolean;
}

/**
 * What the evidence at hand allows. Fewer sources allow less, never more: one source is enough for a pause, which only its own
 * chain takes; everything that says "all is well" needs k operators.
 */
export function allowedWith(support: Support): Allowed {
  const { votes, quorum, operatorCount, isLocalChain, allowSingleSource, conditions } = support;
  const has = (kinds: readonly ConditionKind[]): boolean => conditions.some((kind) => kinds.includes(kind));
  const isWitnessed = operatorCount > 1 && votes >= quorum;
  const isAlone = operatorCount === 1 && votes === 1 && (isLocalChain || allowSingleSource);
  const may = (isWitnessed || isAlone) && !has(NO_SYNC);
  const inSync = !may ? "no" : isWitnessed ? "witnessed" : "unwitnessed";
  const maySign = inSync === "witnessed" || (inSync === "unwitnessed" && isLocalChain);
  return {
    pause: votes >= 1,
    inSync,
    sign: maySign && !has(NO_SIGNATURE),
    resume: maySign && !has(NO_RESUME),
  };
}
