import { expect } from "chai";

import { storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import { useInventedStage, type InventedStage } from "./inventedStage.ts";

const TAMPERED = ledger.accounts.slot(`0x${"07".repeat(32)}`);

describe("One of three that stands still at the divergent block", function () {
  this.timeout(60_000);
  const staged = useInventedStage();
  let stage: InventedStage;

  before(() => {
    stage = staged.current;
  });

  it("keeps nobody from seeing that the pause took effect", async () => {
    await stage.start({ keys: { pause: stage.world.pauser(0) } });
    await stage.world.tamper("PositionLedger", TAMPERED, 5n);
    await stage.world.mine();
    await stage.hear("a", "b", "liar");
    await stage.settle();
    expect((await stage.world.flags()) & 3n).to.equal(3n);
    expect(stage.driver.incident?.state).to.equal("contained");
  });

  it("keeps nobody from trying again when the pause was not included", async () => {
    await stage.start({
      keys: { pause: stage.world.pauser(0) },
      broadcast: () => Promise.resolve(),
    });
    await stage.world.tamper("PositionLedger", TAMPERED, 5n);
    await stage.world.mine();
    await stage.hear("a", "b", "liar");
    for (let round = 0; round < 10; round += 1) {
      await stage.driver.tick(12_000);
      await stage.world.mine();
      await stage.hear("a", "b");
    }
    expect(stage.driver.keeper.books.tip?.hash).to.equal((await stage.head()).hash);
    const sent = stage.driver.all("broadcast").filter(({ purpose }) => purpose === "soft-pause");
    expect(sent.length).to.be.at.least(10);
  });
});
