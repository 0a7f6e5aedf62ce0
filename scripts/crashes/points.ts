/** What the node and the endpoints are like in a run. */
export type Weather = "calm" | "held" | "fees" | "swallowed" | "refused" | "unanswered";

/** A boundary at which a keeper is killed. */
export interface Point {
  readonly name: string;
  /** Weathers in which a keeper is sure to come by; any without. */
  readonly weathers?: readonly Weather[];
  /** Only a keeper comes by that has not been killed yet, or only one that has. */
  readonly only?: "first" | "restarted";
  /** The effect is proven here: what may be lost is its record. */
  readonly isAfterProof?: true;
  /** Killed from outside, by what the harness sees. */
  readonly isOutside?: true;
}

const REPLACING: readonly Weather[] = ["held", "fees", "swallowed"];

const written = (record: string): string[] => {
  return ["before", "written, not committed", "committed, not acknowledged", "durable, core not told"].map(
    (where) => `${record}: ${where}`,
  );
};
const sent = (send: string): string[] => {
  const places = ["before the first source", "between the sources", "written to all"];
  const answers = ["first", "second"].flatMap((which) => [`${which} answer arrived`, `${which} answer taken`]);
  return [...places, ...answers].map((where) => `${send}: ${where}`);
};
const signed = (signature: string): string[] => [`${signature}: before`, `${signature}: made, not handed over`];

const named = (names: readonly string[], more: Omit<Point, "name"> = {}): Point[] => {
  return names.map((name) => ({ name, ...more }));
};

/** Every point between the verdict and its proven effect, and behind it, in the order in which a keeper comes by. */
export const POINTS: readonly Point[] = [
  // The incident and the first intent share a transaction of the store.
  ...named(["verdict: decided", "verdict: told", "opened record: before", "opened: told"], { only: "first" }),
  ...named(["opened record: durable, core not told"], { only: "first" }),
  ...named([...written("intent record"), ...signed("signature"), "send: decided", ...sent("send")]),
  ...named(["acting: told", ...written("acting record")], { only: "first" }),
  ...named(["answers at opened: on disk", "evidence: gathered", "bundle: written, not in place"], { only: "first" }),
  ...named(["bundle: in place"], { only: "first" }),
  ...named(["next block: before it is asked for", "next block: asked for", "next block: answer arrived"]),
  ...named([...written("replacement intent record"), ...signed("replacement signature")], { weathers: REPLACING }),
  ...named(sent("replacement send"), { weathers: REPLACING }),
  ...named(sent("send again").slice(0, 3), { weathers: ["refused"] }),
  ...named(["outside: taken by the node, the answers lost"], { weathers: ["unanswered"], isOutside: true }),
  ...named(["outside: included, the block not told"], { weathers: ["calm"], isOutside: true }),
  ...named(["outside: at any moment"], { isOutside: true }),
  ...named(["restart: store read", "restart: keys taken", "restart: first input"], { only: "restarted" }),
  ...named(["restart: incident found again"], { only: "restarted" }),
  ...named(["effect: answer arrived", "effect: decided"]),
  ...named(["contained: told", ...written("contained record")], { isAfterProof: true }),
  ...named(["answers at contained: on disk"], { isAfterProof: true }),
];
