import { expect } from "chai";
import { network } from "hardhat";

import type { MarginHarness } from "../../../types/ethers-contracts/index.ts";

const { ethers } = await network.create();
const ONE = 10n ** 18n;
const MAX_UINT128 = (1n << 128n) - 1n;
const MIN_INT128 = -(1n << 127n);

describe("MarginMath", () => {
  let harness: MarginHarness;

  before(async () => {
    harness = await ethers.deployContract("MarginHarness");
  });

  describe("amounts", () => {
    it("rounds an asset down, a debt and a notional and its share up", async () => {
      // 1.5 wei: 1 as an asset, 2 as a debt; 10 % of 2 is 1.
      expect(await harness.amounts(15n * 10n ** 17n, 1n, 100_000n)).to.deep.equal([1n, 2n, 1n]);
      expect(await harness.amounts(-15n * 10n ** 17n, 1n, 100_000n)).to.deep.equal([-2n, 2n, 1n]);
      expect(await harness.amounts(ONE, 100n, 100_000n)).to.deep.equal([100n, 100n, 10n]);
    });

    it("holds the greatest size at the greatest price", async () => {
      const product = (1n << 127n) * MAX_UINT128;
      const up = (product + ONE - 1n) / ONE;
      const share = (up * 16_777_215n + 999_999n) / 1_000_000n;
      expect(await harness.amounts(MIN_INT128, MAX_UINT128, 16_777_215n)).to.deep.equal([-up, up, share]);
    });
  });

  describe("movedSpot", () => {
    it("is the price itself, halves and wholes of the move away from it", async () => {
      for (const [move, spot] of [
        [-2, 80n],
        [-1, 90n],
        [0, 100n],
        [1, 110n],
        [2, 120n],
      ] as const) {
        expect(await harness.movedSpot(100n, move, 200_000n)).to.equal(spot);
      }
    });

    it("truncates the distance towards zero", async () => {
      expect(await harness.movedSpot(101n, -1, 10_000n)).to.equal(101n);
      expect(await harness.movedSpot(399n, -1, 10_000n)).to.equal(398n);
      expect(await harness.movedSpot(399n, 1, 10_000n)).to.equal(400n);
    });

    it("is one at least, where everything or more is lost, and 2^128 - 1 at most", async () => {
      expect(await harness.movedSpot(100n, -2, 999_999n)).to.equal(1n);
      expect(await harness.movedSpot(ONE, -2, 1_000_000n)).to.equal(1n);
      expect(await harness.movedSpot(ONE, -2, 16_777_215n)).to.equal(1n);
      for (const move of [-2, 0, 2]) expect(await harness.movedSpot(0n, move, 100_000n)).to.equal(1n);
      expect(await harness.movedSpot(MAX_UINT128, 1, 2n)).to.equal(MAX_UINT128);
      expect(await harness.movedSpot(MAX_UINT128, 2, 16_777_215n)).to.equal(MAX_UINT128);
    });
  });

  describe("deviations", () => {
    it("are at the volatility, and shocked down and up", async () => {
      expect(await harness.deviations(800_000n, 250_000n, 10n ** 6n)).to.deep.equal([800_000n, 600_000n, 1_000_000n]);
    });

    it("stop at zero below and at what the pricing takes above", async () => {
      expect(await harness.deviations(800_000n, 1_000_000n, 10n ** 6n)).to.deep.equal([800_000n, 0n, 1_600_000n]);
      expect(await harness.deviations(800_000n, 1_500_000n, 10n ** 6n)).to.deep.equal([800_000n, 0n, 2_000_000n]);
      const most = 100_000_000n;
      expect(await harness.deviations(90_000_000n, 200_000n, 10n ** 6n)).to.deep.equal([
        90_000_000n,
        72_000_000n,
        most,
      ]);
      expect(await harness.deviations((1n << 32n) - 1n, 16_777_215n, 10n ** 6n)).to.deep.equal([most, 0n, most]);
    });
  });

  describe("collateralValue", () => {
    it("is what the balance is worth after the haircut, rounded down", async () => {
      // 2.5 of an asset with 6 decimals at 3 quote, less 10 %.
      expect(await harness.collateralValue(2_500_000n, 6, 3n * ONE, 100_000n)).to.equal((675n * ONE) / 100n);
      expect(await harness.collateralValue(1n, 18, ONE - 1n, 0n)).to.equal(0n);
      expect(await harness.collateralValue(10n ** 18n, 18, ONE, 1_000_000n)).to.equal(0n);
    });

    it("is 2^128 - 1 at most, however much there is", async () => {
      expect(await harness.collateralValue(MAX_UINT128, 0, MAX_UINT128, 0n)).to.equal(MAX_UINT128);
      expect(await harness.collateralValue(MAX_UINT128, 18, ONE, 0n)).to.equal(MAX_UINT128);
      expect(await harness.collateralValue(MAX_UINT128, 18, ONE, 1n)).to.equal((MAX_UINT128 * 999_999n) / 1_000_000n);
    });
  });
});
