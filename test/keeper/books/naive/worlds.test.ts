import { expect } from "chai";

import { END_WORLDS } from "./endWorlds.ts";
import { LOSS_WORLDS } from "./lossWorlds.ts";
import { PERMITTED_WORLDS } from "./permittedWorlds.ts";
import { SYNC_WORLDS } from "./syncWorlds.ts";
import { Toured } from "./Toured.ts";
import { TRADING_WORLDS } from "./tradingWorlds.ts";

const WORLDS = [...TRADING_WORLDS, ...LOSS_WORLDS, ...SYNC_WORLDS, ...END_WORLDS];

describe("deriveNaively of a tour in another world", () => {
  let toured: Toured;

  before(async function () {
    this.timeout(300_000);
    toured = await Toured.once();
  });

  for (const { name, event, isMeant = () => true, which, changes, detail } of WORLDS) {
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

  for (const { name, event, isMeant, which, changes, input } of PERMITTED_WORLDS) {
    it(`finds nothing illegal in ${name}`, () => {
      const found = toured.find(event, isMeant, which);
      const { args } = toured.abis.get(found.book)!.parseLog(found.log)!;
      const { problems } = toured.deriveInWorld(
        { ...found, input: { ...found.input, ...input } },
        changes(args, found),
      );
      expect(problems.filter(({ kind }) => kind === "illegal")).to.deep.equal([]);
    });
  }
});
