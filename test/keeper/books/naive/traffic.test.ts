import { expect } from "chai";
import { network } from "hardhat";

import { EVENTS } from "../../../../keeper/books/naive/events.ts";
import { BOOK_NAMES } from "../../../../keeper/domain/bookSet.ts";
import { deployLockstep } from "../../../fixtures/deployLockstep.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";
import { NaiveFollower, readContext } from "./NaiveFollower.ts";
import { ENTRIES } from "./Toured.ts";
import { compareWithBooks } from "./compareWithBooks.ts";
import { compareValuations } from "./compareValuations.ts";
import { Traffic } from "./Traffic.ts";

const OPERATIONS = 500;
const PARAMETERS = {
  ...{ feedMaxAgeSeconds: 1_800, softTimeSeconds: 2_400, coolDownSeconds: 1_200, graceSeconds: 120 },
  ...{ makerFeePpm: 200, takerFeePpm: 500, maxOpenInterest: 10n ** 9n, sequencerGraceSeconds: 60 },
  ...{ settlementCap: 10n ** 12n, outflowPpm: 5_000, allowancePpm: 1_000, outflowPeriodSeconds: 1_200 },
  ...{ auctionSeconds: 900, maxDiscountPpm: 150_000, liquidationCapacity: 10n ** 23n },
};

/** How often each event occurs, entries by their kind. */
function count({ followed }: NaiveFollower): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { input } of followed) {
    for (const log of input.block.logs) {
      const book = BOOK_NAMES.find((name) => input.addresses[name] === log.address);
      const event = book && EVENTS[book].parseLog(log);
      if (event == null) continue;
      const name = event.name === "EntryPosted" ? ENTRIES[Number(event.args.getValue("kind"))]![0] : event.name;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return counts;
}

describe("deriveNaively", () => {
  it("derives every storage root of honest traffic and finds nothing wrong", async () => {
    const seed = Number(process.env["SEED"] ?? 1);
    process.stdout.write(`      seed ${seed}\n`);
    const random = new SeededRandom(seed);
    const connection = await network.create();
    const sequencer = await connection.ethers.deployContract("MockSequencerFeed");
    const parameters = { ...PARAMETERS, sequencerFeed: sequencer.target as string };
    const system = await deployLockstep(connection, { keeperCount: 2, parameters });
    const follower = new NaiveFollower(system, await readContext(system));
    const traffic = await Traffic.start(system, random, sequencer);
    const unequal: string[] = [];
    for (let sent = 0; sent < OPERATIONS;) {
      for (let left = 1 + random.below(4); left > 0; left -= 1, sent += 1) await traffic.send();
      await traffic.mine();
      if (random.below(6) !== 0) continue;
      await follower.follow();
      unequal.push(...(await compareValuations(system, follower, traffic.accounts)));
    }
    await follower.follow();
    await connection.close();

    expect(follower.mismatches).to.deep.equal([]);
    expect(follower.problems).to.deep.equal([]);
    expect(compareWithBooks(follower)).to.deep.equal([]);
    const counts = count(follower);
    for (const name of ["Trade", "FundingUpdated", "Credit", "Debit"]) expect(counts.get(name)).to.be.greaterThan(1);
    expect(unequal).to.deep.equal([]);
  });
});
