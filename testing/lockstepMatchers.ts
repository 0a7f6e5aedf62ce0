import type { Cause } from "../keeper/domain/Finding.ts";
import type { UnknownReason, Verdict } from "../keeper/domain/Verdict.ts";
import { Attack, type AttackOutcome } from "./Attack.ts";
import { describeVerdict } from "./describeVerdict.ts";

/** What follows `expect(attack).to.be.contained`. */
export interface Containment {
  /** In at most so many blocks after the one that diverged: 1 is the next block. */
  readonly within: (count: number) => {
    /** Runs the attack, and mines so many blocks at most. Resolves to what came of it; rejects with an assertion error. */
    readonly blocks: Promise<AttackOutcome>;
  };
}

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace, no-restricted-syntax -- how chai's types are added to; erased
  namespace Chai {
    interface Assertion {
      /** Of a verdict: books and chain agree. */
      readonly inSync: Assertion;
      /** Of a verdict: they differ, for this cause if one is named, in this contract if one is named. */
      diverged(cause?: Cause, contract?: string): Assertion;
      /** Of a verdict: nothing could be proved, for this reason if one is named. */
      unknown(reason?: UnknownReason): Assertion;
      /** Of a verdict: the keeper is wrong, and not the chain. */
      readonly ownFault: Assertion;
      /** Of an attack: the ledger refuses new risk in time. */
      readonly contained: Containment;
    }
  }
}

const KINDS: readonly string[] = ["InSync", "Diverged", "OwnFault", "Unknown"] satisfies Verdict["kind"][];

function verdictOf(subject: unknown, matcher: string): Verdict {
  const { kind } = (subject ?? {}) as { readonly kind?: unknown };
  if (typeof kind === "string" && KINDS.includes(kind)) return subject as Verdict;
  throw new TypeError(`"${matcher}" is said of a verdict, such as keeper.verdict: it is ${describe(subject)}`);
}

function attackOf(subject: unknown): Attack {
  if (subject instanceof Attack) return subject;
  throw new TypeError(`"contained" is said of what staging.attack(keeper, act) makes: it is ${describe(subject)}`);
}

function describe(subject: unknown): string {
  if (subject === null || subject === undefined) return String(subject);
  return typeof subject === "object" ? `an object (${subject.constructor.name})` : typeof subject;
}

const ATTACK = "lockstepAttack";
const LIMIT = "lockstepLimit";

/** Says of a verdict whether it is what is expected, or not what is not. */
function judge(
  assertion: Chai.AssertionStatic,
  matcher: string,
  what: string,
  isIt: (verdict: Verdict) => boolean,
): void {
  const verdict = verdictOf(assertion._obj, matcher);
  assertion.assert(
    isIt(verdict),
    `expected the verdict to be ${what}, it is ${describeVerdict(verdict)}`,
    `expected the verdict not to be ${what}, it is ${describeVerdict(verdict)}`,
  );
}

async function runWithin(assertion: Chai.AssertionStatic, attack: Attack, limit: number): Promise<AttackOutcome> {
  const outcome = await attack.run(limit);
  const { divergedAt, detectedAt, pausedAt, verdict, quarantined } = outcome;
  const blocks = (block: number): string => `${block - divergedAt} block(s) after block ${divergedAt}`;
  const found = [
    detectedAt === null ? "it was not detected" : `it was detected ${blocks(detectedAt)}`,
    pausedAt === null ? "not paused" : `paused ${blocks(pausedAt)}`,
    `the verdict is ${describeVerdict(verdict)}`,
    ...(quarantined.length === 0 ? [] : [`not believed: ${quarantined.join("; ")}`]),
  ].join(", ");
  assertion.assert(
    pausedAt !== null && pausedAt - divergedAt <= limit,
    `expected the attack to be contained within ${limit} block(s): ${found}`,
    `expected the attack not to be contained within ${limit} block(s): ${found}`,
  );
  return outcome;
}

/** Matchers for chai: `use(lockstepMatchers)`. */
export const lockstepMatchers: Chai.ChaiPlugin = ({ Assertion }, utils) => {
  Assertion.addProperty("inSync", function (this: Chai.AssertionStatic) {
    judge(this, "inSync", "InSync", ({ kind }) => kind === "InSync");
  });
  Assertion.addProperty("ownFault", function (this: Chai.AssertionStatic) {
    judge(this, "ownFault", "OwnFault", ({ kind }) => kind === "OwnFault");
  });
  Assertion.addMethod("diverged", function (this: Chai.AssertionStatic, cause?: Cause, contract?: string) {
    const what = [
      "Diverged",
      cause === undefined ? "" : ` for ${cause}`,
      contract === undefined ? "" : ` in ${contract}`,
    ];
    judge(this, "diverged", what.join(""), (verdict) => {
      if (verdict.kind !== "Diverged") return false;
      return verdict.findings.some(
        (finding) => (cause ?? finding.cause) === finding.cause && (contract ?? finding.contract) === finding.contract,
      );
    });
  });
  Assertion.addMethod("unknown", function (this: Chai.AssertionStatic, reason?: UnknownReason) {
    judge(this, "unknown", reason === undefined ? "Unknown" : `Unknown(${reason})`, (verdict) => {
      return verdict.kind === "Unknown" && (reason ?? verdict.reason) === verdict.reason;
    });
  });
  // By flags and `then`, as chai-as-promised, which Hardhat's toolbox brings along, lets no property return anything else.
  Assertion.addProperty("contained", function (this: Chai.AssertionStatic) {
    utils.flag(this, ATTACK, attackOf(this._obj));
  });
  Assertion.overwriteMethod("within", (ordinary: (...args: unknown[]) => unknown) => {
    return function (this: Chai.AssertionStatic, ...args: unknown[]) {
      if (utils.flag(this, ATTACK) === undefined) return ordinary.apply(this, args);
      const [count] = args;
      if (!Number.isSafeInteger(count) || (count as number) < 0) {
        throw new RangeError(`within(${String(count)}): a whole number of blocks is needed`);
      }
      utils.flag(this, LIMIT, count);
      return undefined;
    };
  });
  Assertion.addProperty("blocks", function (this: Chai.AssertionStatic) {
    const attack = utils.flag(this, ATTACK) as Attack | undefined;
    const limit = utils.flag(this, LIMIT) as number | undefined;
    if (attack === undefined || limit === undefined) throw new TypeError('"blocks" follows contained.within(count)');
    const run = runWithin(this, attack, limit);
    const promise = { then: run.then.bind(run), catch: run.catch.bind(run), finally: run.finally.bind(run) };
    return Object.assign(this, promise);
  });
};
