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
    it(`reports ${name}`, () => {
      const found = toured.find(event, isMeant, which);
      const { args } = toured.abis.get(found.book)!.parseLog(found.log)!;
      const { problems } = toured.deriveInWorld(found, changes(args, found));
      const reported = problems.map((problem) => problem.detail);
      expect(
        reported.some((said) => detail.test(said)),
        reported.join("; ") || "nothing",
      ).to.equal(true);
    });
  }
});
