import { expect } from "chai";

import { REDUCERS } from "../../keeper/books/reducers.ts";
import type { Effect } from "../../keeper/loop/ports.ts";
import type { Promised } from "../../simulator/check/Violation.ts";
import type { Fault } from "../../simulator/plan/Fault.ts";
import type { Plan } from "../../simulator/plan/Plan.ts";
import { softPauseFor } from "../../simulator/contracts/softPauseFor.ts";
import { SILENT } from "../../simulator/run/Journal.ts";
import { simulate } from "../../simulator/run/simulate.ts";
import type { Twin } from "../../simulator/run/Twin.ts";
import { planWith, slot } from "./plans.ts";

const TAMPER: Fault = { kind: "tamper", how: "write", choice: 1, atMs: slot(6) };

/** Pauses for whatever it cannot tell. */
const anxious: Twin = {
  bend: (effects) => {
    return effects.flatMap((effect) => {
      const isUnknown = effect.type === "block" && effect.report.verdict.kind === "Unknown";
      return isUnknown
        ? [effect, { type: "sign-transaction", id: -1, key: "pause", request: softPauseFor(effect.report, 0) }]
        : [effect];
    });
  },
};

/** Calls in sync what it has found to differ. */
const blind: Twin = {
  bend: (effects) =>
    effects.map((effect) => {
      if (effect.type !== "block" || effect.report.verdict.kind !== "Diverged") return effect;
      return { ...effect, report: { ...effect.report, verdict: { kind: "InSync", isWitnessed: true, roots: [] } } };
    }),
};

/** Signs another root of each block, too. */
const torn: Twin = {
  bend: (effects) =>
    effects.flatMap((effect) => {
      if (effect.type !== "sign-typed-data" || effect.statement.kind !== "attestation") return [effect];
      const { attestation } = effect.statement;
      const other = { ...effect.statement, attestation: { ...attestation, booksRoot: attestation.blockHash } };
      return [effect, { ...effect, statement: other }];
    }),
};

/** Does nothing of a kind. */
function without(isLeftOut: (effect: Effect) => boolean): Twin {
  return { bend: (effects) => effects.filter((effect) => !isLeftOut(effect)) };
}

/** Hears and asks nobody from some effect on. */
function deaf(): Twin {
  let seen = 0;
  return without(({ type }) => {
    seen += 1;
    return type === "request" && seen > 300;
  });
}

const fivesources = [0, 0, 0, 1, 2].map((operator, index) => ({
  id: `source-${index}`,
  operator: `operator-${operator}`,
}));
const MOST_OF_ONE: Fault = { kind: "lie", sources: [0, 1, 2], how: "fork", fromMs: slot(3), toMs: slot(14) };

const TWINS: readonly (readonly [name: string, breaks: Promised, twin: () => Twin, plan: Plan])[] = [
  [
    "counts sources instead of operators",
    "P1",
    () => ({ retold: (options) => ({ ...options, sources: options.sources.map(({ id }) => ({ id, operator: id })) }) }),
    planWith([MOST_OF_ONE], { sources: fivesources }),
  ],
  [
    "believes the first source alone",
    "P1",
    () => ({
      retold: (options) => {
        return {
          ...options,
          sources: options.sources.slice(0, 1),
          policy: { ...options.policy, allowSingleSource: true },
        };
      },
    }),
    planWith([{ kind: "lie", sources: [0], how: "fork", fromMs: slot(3), toMs: slot(14) }]),
  ],
  ["calls in sync what differs", "P1", () => blind, planWith([TAMPER])],
  [
    "does not send its pause",
    "P2",
    () => without(({ type }) => type === "broadcast"),
    planWith([TAMPER], { mode: "liveness", quietBlocks: 10 }),
  ],
  [
    "pauses for what it cannot tell",
    "P3",
    () => anxious,
    planWith([
      { kind: "down", source: 0, fromMs: slot(4), toMs: slot(14) },
      { kind: "down", source: 1, fromMs: slot(4), toMs: slot(14) },
    ]),
  ],
  [
    "asks for no second opinion",
    "P3",
    () => ({ replacements: { secondOpinion: () => ({ agreesWithChain: false, detail: "" }) } }),
    planWith([{ kind: "memory-rot", keeper: 0, choice: 1, atMs: slot(6) }]),
  ],
  ["signs before the journal has it", "P4", () => ({ isHasty: true }), planWith([TAMPER])],
  ["signs two roots for a block", "P4", () => torn, planWith([])],
  [
    "forgets its incidents at a restart",
    "P4",
    () => ({ forgets: true }),
    planWith([TAMPER, { kind: "crash", keeper: 0, moment: "any", downMs: 500, isTorn: false, atMs: slot(9) }]),
  ],
  ["follows nobody any more", "P5", deaf, planWith([], { mode: "liveness", quietBlocks: 4 })],
  [
    "reads a journal that has rotted",
    "P6",
    () => ({ readsUnchecked: true }),
    planWith([TAMPER, { kind: "bit-rot", keeper: 0, record: 1, atMs: slot(10) }]),
  ],
  [
    "has a reducer that misses events",
    "P6",
    () => {
      const deafened = { ...REDUCERS.OrderSettlement, apply: () => undefined };
      return { replacements: { reducers: { ...REDUCERS, OrderSettlement: deafened } } };
    },
    planWith([], { blocks: 30, traffic: 3 }),
  ],
  [
    "posts no checkpoint",
    "P7",
    () => without((effect) => effect.type === "sign-transaction" && effect.key === "post"),
    planWith([{ kind: "false-pause", keeper: 3, atMs: slot(4) }], {
      ...{ mode: "liveness", blockSeconds: 120, blocks: 10, quietBlocks: 40, checkpointSeconds: 240, keepers: 4 },
    }),
  ],
  ["keeps no evidence", "P8", () => without(({ type }) => type === "evidence"), planWith([TAMPER])],
];

describe("a keeper with something broken in it, in the simulator", function () {
  this.timeout(30_000);

  for (const [name, promise, twin, plan] of TWINS) {
    it(`is caught when it ${name} (${promise})`, () => {
      expect(simulate(plan).violations, "the keeper as it is").to.deep.equal([]);
      const broken = simulate(plan, SILENT, twin()).violations.map((violation) => violation.promise);
      expect(broken).to.include(promise);
    });
  }
});
