import { expect } from "chai";

import type { DrillResult } from "../../../scripts/drills/DrillResult.ts";

/** Every drill's result has the same fields, whatever became of it. */
export function expectShape(result: DrillResult): void {
  expect(result).to.have.all.keys(
    ...["scenario", "expects", "contained", "verdict", "cause", "located"],
    ...["blocks", "ms", "reactions", "attempts", "restored"],
  );
  expect(result.blocks).to.have.all.keys("detect", "pause");
  expect(result.ms).to.have.all.keys("node", "detect", "decide", "broadcast", "include");
  for (const located of result.located) {
    expect(located).to.have.all.keys("contract", "variable", "account", "cause", "before", "after");
  }
  expect(result.attempts).to.not.have.length(0);
  for (const attempt of result.attempts) expect(attempt).to.have.all.keys("what", "outcome", "isHarmless");
}

/** It was contained, something was measured, and nothing that was tried did harm. */
export function expectContained(result: DrillResult): void {
  expectShape(result);
  expect(result.attempts.filter(({ isHarmless }) => !isHarmless)).to.deep.equal([]);
  expect(result).to.include({ contained: true });
  expect(result.reactions).to.not.have.length(0);
  if (result.expects === "pause") expect(result.blocks.pause).to.be.at.least(0);
  else expect(result.blocks.pause).to.equal(null);
}

/** It was not contained, and this is what went wrong among other things. */
export function expectHarm(result: DrillResult, what: string, outcome: RegExp): void {
  expectShape(result);
  expect(result.contained).to.equal(false);
  const attempt = result.attempts.find((tried) => tried.what === what);
  expect(attempt, what).to.include({ isHarmless: false });
  expect(attempt?.outcome).to.match(outcome);
}
