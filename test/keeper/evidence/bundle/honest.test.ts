import { expect } from "chai";
import { network } from "hardhat";

import { buildBundle } from "../../../../keeper/evidence/bundle/buildBundle.ts";
import { writeBundleText } from "../../../../keeper/evidence/bundle/bundleText.ts";
import { verifyBundle } from "../../../../keeper/evidence/bundle/verifyBundle.ts";
import { BOOK_NAMES } from "../../../../keeper/domain/bookSet.ts";
import type { KeeperOptions } from "../../../../keeper/loop/KeeperOptions.ts";
import { emitEveryEvent } from "../../../helpers/keeper/everyEvent.ts";
import { World } from "../../../helpers/keeper/World.ts";
import { deployToured } from "../../books/naive/tourSync.ts";
import { REDUCERS } from "../../../../keeper/books/reducers.ts";
import { finish } from "./bundleOf.ts";
import { honestSteps } from "./honestSteps.ts";

const CAUSES = ["unexplained-write", "miscomputed", "illegal", "unreadable"] as const;

describe("a bundle that accuses an honest block", function () {
  this.timeout(400_000);

  it("is refuted, whatever the block holds and whatever it is accused of", async () => {
    const world = await World.of(await deployToured(await network.create()));
    await emitEveryEvent(world.system);
    const policy = {
      ...{ mode: "act", isLocalChain: true, allowSingleSource: false, checkpointIntervalSeconds: 300 },
      ...{ claimedPausesPerDay: 8, claimedPersistence: 1 },
    };
    const { addresses, immutables } = world;
    const settings = { chainId: 31_337, addresses, immutables, policy, pauser: null, sources: [] };
    const options = settings as unknown as KeeperOptions;
    const kinds = new Set<string>();
    const results = new Map<string, number>();
    let count = 0;
    for await (const transition of honestSteps(world, options, ({ header: { number } }) => ({
      cause: CAUSES[number % CAUSES.length]!,
      contract: BOOK_NAMES[number % BOOK_NAMES.length]!,
    }))) {
      const bundle = finish(buildBundle({ transition, located: null, software: "test", exchanges: [] }));
      const shown = verifyBundle(writeBundleText(bundle));
      count += 1;
      results.set(shown.result, (results.get(shown.result) ?? 0) + 1);
      expect(shown.result, `${bundle.manifest.blocks[0]!.number}: ${shown.reason}`).to.equal("refuted");
      expect(shown.findings).to.deep.equal([]);
      for (const log of transition.block.logs) {
        const book = BOOK_NAMES.find((name) => addresses[name] === log.address);
        if (book !== undefined) kinds.add(`${book}.${REDUCERS[book].decode(log)!.name}`);
      }
    }
    console.log(`      ${count} blocks with ${kinds.size} kinds of events`);
    expect(kinds.size).to.be.at.least(70);
    expect(kinds).to.include("PositionLedger.WordRepaired");
    await world.close();
  });
});
