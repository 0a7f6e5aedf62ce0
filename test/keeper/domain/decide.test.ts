import { expect } from "chai";

import { NO_SYNC } from "../../../keeper/domain/conditions.ts";
import { decide, type Action, type Situation } from "../../../keeper/domain/decide.ts";
import type { Finding } from "../../../keeper/domain/Finding.ts";
import { incidentId } from "../../../keeper/domain/incidentId.ts";
import type { Mode, Policy } from "../../../keeper/domain/policy.ts";
import type { UnknownReason, Verdict } from "../../../keeper/domain/Verdict.ts";
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
  readonly situation: Situation;
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
              const policy = { mode, isLocalChain, allowSingleSource, checkpointIntervalSeconds: 300 };
              const situation = { isPauseUnderway, isCheckpointDue, maySign };
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

  it("only alerts for what is unknown", () => {
    for (const { verdict, kinds } of rows()) if (verdict.kind === "Unknown") expect(kinds).to.deep.equal(["alert"]);
  });

  it("names the alert after the verdict", () => {
    const policy: Policy = {
      mode: "alert",
      isLocalChain: true,
      allowSingleSource: false,
      checkpointIntervalSeconds: 1,
    };
    const situation = { isPauseUnderway: false, isCheckpointDue: true, maySign: true };
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
