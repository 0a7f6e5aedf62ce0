import { expect } from "chai";

import { LOSS_WORLDS } from "./lossWorlds.ts";
import { Toured } from "./Toured.ts";
import { TRADING_WORLDS } from "./tradingWorlds.ts";

describe("deriveNaively of a tour in another world", () => {
  let toured: Toured;

  before(async () => {
    toured = await Toured.once();
  });

  for (const { name, event, isMeant = () => true, which, changes, detail } of [...TRADING_WORLDS, ...LOSS_WORLDS]) {
    it(`calls illegal ${name}`, () => {
      const found = toured.find(event, isMeant, which);
      const { args } = toured.abis.get(found.book)!.parseLog(found.log)!;
      const { problems } = toured.deriveInWorld(found, changes(args, found));
      const illegal = problems.filter(({ kind }) => kind === "illegal").map((problem) => problem.detail);
      expect(
        illegal.some((said) => detail.test(said)),
        illegal.join("; ") || "nothing",
      ).to.equal(true);
    });
  }
});
