import { expect } from "chai";
import { network } from "hardhat";

import { premiumPpm } from "../../../keeper/books/model/syncLag.ts";
import { samples } from "../../helpers/samples.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { callRows, firstDifference } from "../../helpers/reference/callRows.ts";
import { decimal, multiply, ratio, SCALE, squareRoot } from "../../helpers/reference/decimal.ts";

const MAX = (1n << 256n) - 1n;
const YEAR = 31_536_000n;
const NO_CAP = MAX;

/** volatility · √(lag in years) as a decimal. */
function exactPremium(volatilityPpm: bigint, lagSeconds: bigint): bigint {
  return volatilityPpm * squareRoot(ratio(lagSeconds, YEAR));
}

const INPUTS = samples(100_000, 100);

describe("SyncLag", () => {
  const seed = chooseSeed(8_101);

  it(`is equal in Solidity and TypeScript on ${INPUTS} inputs, the absurd included`, async () => {
    const { ethers } = await network.create();
    const harness = await ethers.deployContract("PricingHarness");
    const random = new SeededRandom(seed);
    for (let batch = 0; batch < INPUTS / 100; batch++) {
      const rows = Array.from({ length: 100 }, () => [
        random.uint(1 + random.below(batch % 8 === 0 ? 256 : 40)),
        random.uint(1 + random.below(batch % 8 === 0 ? 256 : 40)),
        random.uint(1 + random.below(256)),
      ]);
      const expected = rows.map(([volatility, lag, cap]) => premiumPpm(volatility!, lag!, cap!));
      const at = firstDifference(await callRows(harness, "premiums", rows.flat()), expected);
      expect(at, `row ${rows[at]?.join()} of seed ${seed}`).to.equal(-1);
    }
  });

  it("is the volatility after a year, half of it after a quarter", () => {
    expect(premiumPpm(800_000n, YEAR, NO_CAP)).to.equal(800_000n);
    expect(premiumPpm(800_000n, YEAR / 4n, NO_CAP)).to.equal(400_000n);
    expect(premiumPpm(800_000n, 12n, NO_CAP)).to.equal(494n);
  });

  it("is never below the exact value, and at most 6 in a million and one above it", () => {
    const random = new SeededRandom(seed);
    let widest = 0n;
    for (let i = 0; i < 3_000; i++) {
      const [volatility, lag] = [random.uint(1 + random.below(128)), random.uint(1 + random.below(128))];
      const exact = exactPremium(volatility, lag);
      const excess = premiumPpm(volatility, lag, NO_CAP) * SCALE - exact;
      // The reference rounds its root down, which the volatility multiplies.
      expect(excess >= -volatility, `${volatility}, ${lag}`).to.equal(true);
      expect(excess <= multiply(exact, decimal("0.000006")) + SCALE, `${volatility}, ${lag}`).to.equal(true);
      if (exact > 10n ** 9n * SCALE && excess * SCALE > widest * exact) widest = (excess * SCALE) / exact;
    }
    console.log(
      `      largest relative excess of premiums above 10^9: ${(Number(widest / 10n ** 62n) / 1e18).toFixed(9)}`,
    );
  });

  it("never decreases with volatility, lag or cap, and never exceeds the cap", () => {
    const random = new SeededRandom(seed + 1);
    for (let i = 0; i < 5_000; i++) {
      const draw = () => random.uint(1 + random.below(160));
      const [volatility, lag, cap, more] = [draw(), draw(), draw(), draw()];
      const premium = premiumPpm(volatility, lag, cap);
      expect(premium <= cap).to.equal(true);
      expect(premiumPpm(volatility + more, lag, cap) >= premium).to.equal(true);
      expect(premiumPpm(volatility, lag + more, cap) >= premium).to.equal(true);
      expect(premiumPpm(volatility, lag, cap + more) >= premium).to.equal(true);
    }
  });

  it("is zero without volatility or lag, and the cap when either is beyond 128 bits", () => {
    expect(premiumPpm(0n, MAX, 7n)).to.equal(0n);
    expect(premiumPpm(MAX, 0n, 7n)).to.equal(0n);
    expect(premiumPpm(MAX, 1n, MAX)).to.equal(MAX);
    expect(premiumPpm(1n, 1n << 128n, MAX)).to.equal(MAX);
    expect(premiumPpm(1n, 1n, 5n)).to.equal(1n);
  });
});
