import { expect } from "chai";
import { network } from "hardhat";

import { TOPICS as AUCTION } from "../../../keeper/books/generated/LiquidationAuction.ts";
import { TOPICS as LEDGER } from "../../../keeper/books/generated/PositionLedger.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { BooksFollower } from "./BooksFollower.ts";
import { RandomClearing } from "./RandomClearing.ts";

const BLOCKS = Number(process.env["LOCKSTEP_TEST_BLOCKS"] ?? 250);
const SEED = 22;

describe("Books on random clearing", function () {
  this.timeout(60_000 + BLOCKS * 1_000);

  it(`have the chain's roots after each of ${BLOCKS} blocks, and find nothing`, async () => {
    const connection = await network.create();
    const clearing = await RandomClearing.open(connection);
    const follower = await BooksFollower.open(clearing.system);
    const seed = chooseSeed(SEED);
    const random = new SeededRandom(seed);
    for (let block = 0; block < BLOCKS; block += 1) {
      await clearing.step(random);
      const found = await follower.follow();
      expect(found.map(({ contract, cause, detail }) => `${contract} ${cause}: ${detail}`)).to.deep.equal([]);
      expect(follower.mismatches).to.deep.equal([]);
    }
    await connection.close();
    // Another seed may take another way.
    if (seed === SEED) expect([...follower.topics]).to.include.members([AUCTION.PositionSold, LEDGER.DebtRecorded]);
  });
});
