import { callNode } from "../../scripts/local/callNode.ts";
import type { RuleInput } from "../../scripts/chaos/ChaosRpc.ts";
import type { SourceWorld } from "./SourceWorld.ts";

/** What a client did with a question. */
export type Answer = "right" | "wrong" | "none";

/** One source: the node that it passes requests on to, and how it lies about it. */
export interface Place {
  readonly node: "truth" | "early" | "late";
  readonly rules: (world: SourceWorld) => readonly RuleInput[];
}

/** Three sources in the order in which each client gets them. */
export interface SourceCase {
  readonly name: string;
  readonly places: readonly [Place, Place, Place];
  /** All three belong to one operator, and are declared so to whoever can be told. */
  readonly isOneOperator?: true;
  /** What Lockstep owes: the value, or nothing where a value could not be trusted. */
  readonly owed: Exclude<Answer, "wrong">;
}

const bent = (...rules: readonly RuleInput[]): Place => ({ node: "truth", rules: () => rules });
const honest = bent();
/** Heads and headers are true; values and their proofs are those of the late twin, whatever block they are asked at. */
const forging: Place = {
  node: "truth",
  rules: (world) => [forge(world, "eth_getStorageAt"), forge(world, "eth_getProof")],
};
/** Consistent in itself: another chain, which left the true one after the pinned block, or before it. */
const lateTwin: Place = { node: "late", rules: () => [] };
const earlyTwin: Place = { node: "early", rules: () => [] };

/** Every case, the baseline first. */
export const CASES: readonly SourceCase[] = [
  { name: "all honest", places: [honest, honest, honest], owed: "right" },
  { name: "liar first", places: [forging, honest, honest], owed: "right" },
  { name: "twin liar first", places: [lateTwin, honest, honest], owed: "right" },
  { name: "stale first", places: [bent("*: stale 5"), honest, honest], owed: "right" },
  { name: "hung first", places: [bent("*: hang"), honest, honest], owed: "right" },
  { name: "slow-loris first", places: [bent("*: drip 10"), honest, honest], owed: "right" },
  { name: "mid-stream close first", places: [bent("*: truncate 20"), honest, honest], owed: "right" },
  { name: "garbage first", places: [bent("*: raw <html>Bad gateway</html>"), honest, honest], owed: "right" },
  { name: "429 first", places: [bent("*: status 429 retry-after=1"), honest, honest], owed: "right" },
  // Nobody lies about the headers: a proof by the third is a proof.
  { name: "two liars of three", places: [forging, forging, honest], owed: "right" },
  { name: "two twin liars of three", places: [earlyTwin, earlyTwin, honest], owed: "none" },
  { name: "one operator behind three URLs", places: [lateTwin, lateTwin, lateTwin], isOneOperator: true, owed: "none" },
];

/** The case that the others are compared with, and the one whose time is. */
export const BASELINE = "all honest";
export const HUNG = "hung first";

function forge(world: SourceWorld, method: string): RuleInput {
  const change = (_: unknown, [address, where]: readonly unknown[]): Promise<unknown> => {
    return callNode(world.late.url, method, [address, where, "latest"]);
  };
  return { method, action: "replace", change };
}
