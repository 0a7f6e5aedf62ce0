import { ATTACKS } from "./attacks.ts";
import type { Draw } from "./Draw.ts";
import type { History } from "./generateHistory.ts";
import { encodeConvict, type Motion } from "./Motion.ts";
import { Prosecution, type Forum } from "./Prosecution.ts";

/** One call of `convict`, and what may come of it. */
export interface Attempt {
  /** What the adversary does. */
  readonly attack: string;
  /** Index of the accused statement. */
  readonly statement: number;
  /** Calldata, without prefix. */
  readonly calldata: string;
  /** Mask of the keepers who lose their bond if it succeeds; zero: it must be refused. */
  readonly guilty: bigint;
  /** Whether it must succeed. */
  readonly isRequired: boolean;
}

/** How many of the other attacks each statement meets. */
const OTHER_ATTACKS = 7;

/** Names of all attacks. */
export const ATTACK_NAMES: readonly string[] = [
  "every book",
  "two signatures of two statements",
  ...ATTACKS.map(({ name }) => name),
];

/** Accuses the signers of every statement of a history in many ways. */
export function accuse(forum: Forum, history: History, draw: Draw): Attempt[] {
  return history.statements.flatMap((statement, index) => {
    const prosecution = new Prosecution(forum, history, statement, draw);
    return [...accuseStraight(prosecution, index), ...accuseOtherwise(prosecution, index)];
  });
}

/** The whole evidence about each book of the set: what convicts a liar, and nobody else. */
function accuseStraight(prosecution: Prosecution, statement: number): Attempt[] {
  const { judgement, books, draw } = prosecution;
  const { signers, kind } = prosecution.statement;
  // All signers once, and in turn one of them: recovering them is most of the work.
  const full = draw.below(books.length);
  return books.map((_, index) => {
    const shown = index === full ? signers : [draw.pick(signers)];
    const isFalse =
      judgement.verdict === "falseNumber" || (judgement.verdict === "falseRoots" && judgement.indices.has(index));
    const guilty = isFalse && kind !== "honest" ? prosecution.bonded(shown) : 0n;
    const calldata = encodeConvict(prosecution.motion(index, shown));
    return { attack: "every book", statement, calldata, guilty, isRequired: guilty !== 0n };
  });
}

function accuseOtherwise(prosecution: Prosecution, statement: number): Attempt[] {
  const { judgement, draw } = prosecution;
  const { kind, signers } = prosecution.statement;
  const isAssailable = kind !== "honest" && judgement.verdict !== "unassailable";
  const attempts = draw.some(ATTACKS, OTHER_ATTACKS).map(({ name, isForged, prepare }) => {
    const guilty = isAssailable && !isForged ? prosecution.bonded(signers) : 0n;
    return { attack: name, statement, calldata: encodeConvict(prepare(prosecution)), guilty, isRequired: false };
  });
  if (!isAssailable) return attempts;
  const guilty = prosecution.bonded(signers);
  const joined = joinSignatures(prosecution).map((motion) => {
    const attack = "two signatures of two statements";
    return { attack, statement, calldata: encodeConvict(motion), guilty, isRequired: false };
  });
  return [...attempts, ...joined];
}

/** An honest keeper's signature of something else beside a liar's, in both orders: one of them ascends. */
function joinSignatures(prosecution: Prosecution): Motion[] {
  const { history, draw, judgement } = prosecution;
  const honest = history.statements.filter(({ kind }) => kind === "honest");
  if (honest.length === 0) return [];
  const other = draw.pick(honest);
  const innocent = prosecution.sign(other.attestation, [draw.pick(other.signers)]);
  const index = judgement.verdict === "falseRoots" ? draw.pick([...judgement.indices]) : prosecution.anyIndex();
  const base = prosecution.motion(index, [prosecution.anySigner()]);
  return [base.signatures + innocent, innocent + base.signatures].map((signatures) => ({ ...base, signatures }));
}
