import { expect } from "chai";

import { BOOK_NAMES } from "../../../keeper/domain/bookSet.ts";
import { REDUCERS } from "../../../keeper/books/reducers.ts";
import { World, wordsOf } from "../../helpers/keeper/World.ts";
import { readBlock } from "../../helpers/keeper/Rpc.ts";
import { tour } from "../books/naive/tour.ts";

describe("Keeper on everything that an honest protocol can do", function () {
  this.timeout(120_000);
  let world: World;

  before(async () => {
    world = await World.open({ keeperCount: 2 });
    await tour(world.system);
  });

  after(() => world.close());

  it("is InSync at every block of it, with every event among them", async () => {
    const driver = world.keeper({ keys: {} });
    const head = Number(await world.send("eth_blockNumber"));
    const names = new Set<string>();
    for (let number = 1; number <= head; number += 1) {
      const block = (await readBlock(world.rpc, number))!;
      await driver.hear("hardhat", block);
      expect(driver.reports.at(-1)).to.include({ number, hash: block.hash });
      expect(driver.verdict.kind).to.equal("InSync");
      for (const log of driver.keeper.books.tip?.logs ?? []) {
        const book = BOOK_NAMES.find((name) => world.addresses[name] === log.address);
        if (book !== undefined) names.add(REDUCERS[book].decode(log)!.name);
      }
    }
    expect([...names]).to.include.members([
      "CheckpointReplaced",
      "HardPaused",
      "SoftLifted",
      "ClaimKept",
      "KeeperJailed",
    ]);

    // In one go, as after a start.
    const late = world.keeper({ keys: {} });
    await late.follow();
    expect(late.reports).to.have.length(1);
    expect(wordsOf(late.keeper.books)).to.deep.equal(wordsOf(driver.keeper.books));
  });
});
