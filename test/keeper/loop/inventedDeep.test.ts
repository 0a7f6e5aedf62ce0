import { expect } from "chai";

import { PROFILES } from "../../../keeper/domain/chainProfile.ts";
import { InventedStage } from "./inventedStage.ts";

describe("A deep reorg", function () {
  this.timeout(60_000);

  it("is not over because one of three, followed alone for a second, invents blocks above it", async () => {
    const stage = await InventedStage.open();
    const { world } = stage;
    await stage.start({
      keys: { pause: world.pauser(0) },
      options: { chain: { ...PROFILES.ethereum, finality: "depth" } },
    });
    const replace = await world.fork();
    await world.mine(5);
    await stage.hear("a", "b", "liar");
    await replace();
    await stage.hear("a", "b", "liar");
    const holding = (): string[] => stage.driver.keeper.conditions.map(({ kind }) => kind);
    expect(holding()).to.include("deep-reorg");
    const tall = stage.tower(await stage.head(), 10, await stage.stateAfter(() => Promise.resolve()));
    await stage.cutOff("a", "b");
    await stage.driver.tick(1_000);
    await stage.driver.hear("liar", tall);
    await stage.driver.tick(1_000);
    await world.mine();
    await stage.hear("a", "b", "liar");
    expect(stage.driver.keeper.books.tip?.hash).to.equal((await stage.head()).hash);
    expect(holding()).to.include("deep-reorg");
    await world.close();
  });
});
