import { expect } from "chai";

import { askSecondOpinion } from "../../../keeper/loop/secondOpinion.ts";
import { depositUsd } from "../../fixtures/deployLockstep.ts";
import { World, wordsOf } from "../../helpers/keeper/World.ts";

describe("A second opinion for practice", function () {
  this.timeout(60_000);

  it("is asked of the first few blocks in sync that hold logs, and changes nothing", async () => {
    const world = await World.open();
    try {
      const asked: number[] = [];
      const secondOpinion: typeof askSecondOpinion = (books, blocks, ...rest) => {
        asked.push(...blocks.map(({ number }) => number));
        return askSecondOpinion(books, blocks, ...rest);
      };
      const practising = world.keeper({ options: { practiceBlocks: 2 }, replacements: { secondOpinion } });
      const plain = world.keeper();
      for (const driver of [practising, plain]) await driver.follow();
      for (let count = 0; count < 4; count += 1) {
        await world.mine();
        await depositUsd(world.system, world.system.users[0]!, 5n);
        for (const driver of [practising, plain]) await driver.follow();
      }
      expect(asked).to.have.length(2);
      expect(wordsOf(practising.keeper.books)).to.deep.equal(wordsOf(plain.keeper.books));
      expect(practising.verdict).to.deep.equal(plain.verdict);
    } finally {
      await world.close();
    }
  });
});
