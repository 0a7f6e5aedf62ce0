import { expect } from "chai";

import { NO_SYNC } from "../../../keeper/domain/conditions.ts";
import { decide, type Action, type History } from "../../../keeper/domain/decide.ts";
import type { Finding } from "../../../keeper/domain/Finding.ts";
import { incidentId } from "../../../keeper/domain/incidentId.ts";
import { checkPolicy, POLICY_DEFAULTS, type Mode, type Policy } from "../../../keeper/domain/policy.ts";
import { RESPONSES } from "../../../keeper/domain/responses.ts";
import type { UnknownReason, Verdict, ViewVerdict } from "../../../keeper/domain/Verdict.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import { AbiCoder, id, keccak256 } from "ethers";

const HASH: Hash = `0x${"ab".repeat(32)}`;
const FINDING: Finding = {
  cause: "unexplained-write",
  contract: "PositionLedger",
  blockNumber: 7,
  blockHash: HASH,
  detail: "roots differ",
  logIndex: null,
};
const REASONS: readonly UnknownReason[] = [
  "no-source",
  "no-answer",
  "no-proof",
  "no-quorum",
  "unsupported-header",
  "split",
  ...NO_SYNC,
];
const VERDICTS: readonly Verdict[] = [
  { kind: "InSync", isWitnessed: true, roots: [HASH] },
  { kind: "InSync", isWitnessed: false, roots: [HASH] },
  { kind: "Diverged", findings: [FINDING], isLatched: false },
  { kind: "Diverged", findings: [FINDING], isLatched: true },
  { kind: "OwnFault", findings: [FINDING], detail: "ours" },
  ...REASONS.map((reason): Verdict => ({ kind: "Unknown", reason, detail: "why" })),
];
const MODES: readonly Mode[] = ["watch", "alert", "act"];
const BOTH = [true, false];

interface Row {
  readonly verdict: Verdict;
  readonly situation: History;
  readonly policy: Policy;
  readonly kinds: readonly Action["kind"][];
}

/** Every verdict in every situation under every policy. */
function rows(): Row[] {
  const result: Row[] = [];
  for (const verdict of VERDICTS)
    for (const mode of MODES)
      for (const isLocalChain of BOTH)
        for (const allowSingleSource of BOTH)
          for (const isPauseUnderway of BOTH)
            for (const [isCheckpointDue, maySign] of BOTH.flatMap((one) => BOTH.map((two) => [one, two] as const))) {
              const policy = {
                mode,
                isLocalChain,
                allowSingleSource,
                checkpointIntervalSeconds: 300,
                ...POLICY_DEFAULTS,
              };
              const situation = { isPauseUnderway, isCheckpointDue, maySign, timesSeen: 1, claimedPauses: 0 };
              const kinds = decide(verdict, situation, policy).map(({ kind }) => kind);
              result.push({ verdict, situation, policy, kinds });
            }
  return result;
}

describe("decide", () => {
  it("answers every verdict in every situation under every policy", () => {
    expect(rows()).to.have.length(VERDICTS.length * 3 * 2 ** 5);
  });

  it("pauses exactly for a proved divergence, in mode act, once", () => {
    for (const { verdict, situation, policy, kinds } of rows()) {
      const isDue = verdict.kind === "Diverged" && policy.mode === "act" && !situation.isPauseUnderway;
      expect(kinds.includes("soft-pause"), JSON.stringify({ verdict, situation, policy })).to.equal(isDue);
    }
  });

  it("attests exactly what is InSync and due, in mode act, where it may be signed", () => {
    for (const { verdict, situation, policy, kinds } of rows()) {
      const mayAttest = verdict.kind === "InSync" && situation.maySign;
      const isDue = mayAttest && policy.mode === "act" && situation.isCheckpointDue;
      expect(kinds.includes("attest"), JSON.stringify({ verdict, situation, policy })).to.equal(isDue);
    }
  });

  it("latches exactly its own fault, and says so", () => {
    for (const { verdict, kinds } of rows()) {
      if (verdict.kind === "OwnFault") expect(kinds).to.deep.equal(["latch", "alert"]);
      else expect(kinds).to.not.include("latch");
    }
  });

  it("withholds in modes watch and alert exactly what it would do in mode act: a dry run", () => {
    for (const { verdict, situation, policy, kinds } of rows()) {
      if (policy.mode === "act") {
        expect(kinds).to.not.include("withhold");
        continue;
      }
      const actions = decide(verdict, situation, policy);
      const withheld = actions.flatMap((action) => (action.kind === "withhold" ? [action.action] : []));
      const done = decide(verdict, situation, { ...policy, mode: "act" });
      const acts = done.flatMap(({ kind }) => (kind === "soft-pause" || kind === "attest" ? [kind] : []));
      expect(withheld).to.deep.equal(acts);
      expect(kinds.filter((kind) => kind === "soft-pause" || kind === "attest")).to.deep.equal([]);
    }
  });

  describe("of a view", () => {
    const policy: Policy = {
      ...{ mode: "act", isLocalChain: true, allowSingleSource: false, checkpointIntervalSeconds: 300 },
      ...{ claimedPausesPerDay: 2, claimedPersistence: 3 },
    };
    const view = { ...FINDING, cause: "view-diverged" } as const;
    const verdict: ViewVerdict = { kind: "ViewDiverged", view: "engine", findings: [view], mayPause: true };
    const history: History = {
      ...{ isPauseUnderway: false, isCheckpointDue: false, maySign: false, timesSeen: 3, claimedPauses: 0 },
    };
    const decided = (changes: Partial<History>, of: ViewVerdict = verdict): readonly Action[] =>
      decide(of, { ...history, ...changes }, policy);

    it("pauses on the views' budget once it was seen so often in a row as the policy says", () => {
      expect(decided({ timesSeen: 2 })[0]).to.deep.equal({
        kind: "withhold",
        action: "soft-pause",
        because: "persistence",
      });
      expect(decided({ timesSeen: 3 })[0]).to.deep.equal({ kind: "soft-pause", budget: "view" });
    });

    it("G14: has so many pauses a day and no more, while what is proved has as many as it needs", () => {
      expect(decided({ claimedPauses: 1 })[0]).to.deep.equal({ kind: "soft-pause", budget: "view" });
      expect(decided({ claimedPauses: 2 })[0]).to.deep.equal({
        kind: "withhold",
        action: "soft-pause",
        because: "budget",
      });
      const proved: Verdict = { kind: "Diverged", findings: [FINDING], isLatched: false };
      const spent = { ...history, claimedPauses: 1_000, timesSeen: 1 };
      expect(decide(proved, spent, policy)[0]).to.deep.equal({ kind: "soft-pause", budget: "books" });
    });

    it("draws on the books' budget when something proved is among the findings", () => {
      expect(decided({}, { ...verdict, findings: [view, FINDING] })[0]).to.deep.equal({
        kind: "soft-pause",
        budget: "books",
      });
    });

    it("only warns where its owner wants no pause, and says nothing while one is under way", () => {
      expect(decided({}, { ...verdict, mayPause: false }).map(({ kind }) => kind)).to.deep.equal(["alert"]);
      expect(decided({ isPauseUnderway: true })).to.deep.equal([]);
    });
  });

  describe("checkPolicy", () => {
    const good: Policy = {
      ...{
        mode: "act",
        isLocalChain: false,
        allowSingleSource: false,
        checkpointIntervalSeconds: 1,
        ...POLICY_DEFAULTS,
      },
    };

    it("finds nothing in one that can be decided with, and names each thing that cannot", () => {
      expect(checkPolicy(good)).to.deep.equal([]);
      const bad = {
        mode: "yes" as Mode,
        checkpointIntervalSeconds: 0,
        claimedPausesPerDay: -1,
        claimedPersistence: 0.5,
      };
      for (const [name, value] of Object.entries(bad)) {
        const [problem, ...rest] = checkPolicy({ ...good, [name]: value });
        expect([problem?.startsWith(name), rest]).to.deep.equal([true, []]);
      }
    });
  });

  it("has a response for every cause, and lets only a view or an operator pause without a proof", () => {
    const claimed = Object.entries(RESPONSES).filter(
      ([, { action, evidence }]) => action === "soft-pause" && evidence !== "proved",
    );
    expect(claimed.map(([cause]) => cause)).to.deep.equal(["view-diverged", "ordered"]);
    for (const { action, budget } of Object.values(RESPONSES))
      expect(budget !== null).to.equal(action === "soft-pause");
  });

  it("only alerts for what is unknown", () => {
    for (const { verdict, kinds } of rows()) if (verdict.kind === "Unknown") expect(kinds).to.deep.equal(["alert"]);
  });

  it("names the alert after the verdict", () => {
    const policy: Policy = {
      mode: "alert",
      isLocalChain: true,
      allowSingleSource: false,
      checkpointIntervalSeconds: 1,
      ...POLICY_DEFAULTS,
    };
    const situation = { isPauseUnderway: false, isCheckpointDue: true, maySign: true, timesSeen: 1, claimedPauses: 0 };
    const events = VERDICTS.map((verdict) =>
      decide(verdict, situation, policy).flatMap((action) =>
        action.kind === "alert" ? [`${action.level} ${action.event}`] : [],
      ),
    );
    expect(events).to.deep.equal([
      [],
      [],
      ["critical diverged"],
      ["critical diverged"],
      ["critical own-fault"],
      ...REASONS.map((reason) => [`warning unknown-${reason}`]),
    ]);
  });
});

describe("incidentId", () => {
  const key = {
    chainId: 31_337,
    guard: "0x00000000000000000000000000000000000000aa",
    blockHash: HASH,
    book: "0x00000000000000000000000000000000000000bb",
    cause: "unexplained-write",
  } as const;

  it("is the hash of its parts, 32 bytes each", () => {
    const types = ["uint256", "address", "bytes32", "address", "bytes32"];
    const values = [key.chainId, key.guard, key.blockHash, key.book, id(key.cause)];
    expect(incidentId(key)).to.equal(keccak256(AbiCoder.defaultAbiCoder().encode(types, values)));
  });

  it("does not change between releases: keepers of different versions name one incident", () => {
    expect(incidentId(key)).to.equal("0x3553acce36cf32e2ced736f0cb80dcc0853bd7445890fdb3f6c1f1e5246f97a7");
  });

  it("differs in every part", () => {
    const others = [
      { ...key, chainId: 1 },
      { ...key, guard: key.book },
      { ...key, blockHash: `0x${"cd".repeat(32)}` as Hash },
      { ...key, book: key.guard },
      { ...key, cause: "illegal" },
    ];
    expect(new Set([key, ...others].map(incidentId)).size).to.equal(6);
  });
});
