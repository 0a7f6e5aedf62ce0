import { expect } from "chai";

import { LocalWorld } from "../../helpers/keeper/LocalWorld.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";

const BLOCKS = 300;
const STEPS = 10;

describe("Keeper on a market where nothing is wrong", function () {
  this.timeout(120_000);

  it(`P3: never says Diverged in ${BLOCKS} blocks, sends nothing but checkpoints, and stays InSync`, async () => {
    const world = await LocalWorld.open("hardhat", chooseSeed(4));
    try {
      const driver = world.keeper({ keys: world.keys, policy: { checkpointIntervalSeconds: 60 } });
      await driver.follow();
      const first = driver.keeper.books.tip!.number;
      while (driver.keeper.books.tip!.number < first + BLOCKS) {
        await world.trade(STEPS);
        await driver.follow();
        expect(driver.verdict.kind).to.equal("InSync");
      }
      expect(driver.reports.filter(({ verdict }) => verdict.kind !== "InSync")).to.deep.equal([]);
      expect(driver.all("incident")).to.deep.equal([]);
      expect(driver.all("quarantine")).to.deep.equal([]);
      expect(new Set(driver.all("broadcast").map(({ purpose }) => purpose))).to.deep.equal(new Set(["checkpoint"]));
      expect(driver.refusals).to.deep.equal([]);
      expect(driver.keeper.books.roots()).to.deep.equal(await world.roots(driver.keeper.books.tip!.hash));
      expect(await world.flags()).to.equal(0n);
    } finally {
      await world.close();
    }
  });
});
