import { expect } from "chai";
import { network } from "hardhat";

import { deployLockstep } from "../../../fixtures/deployLockstep.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";
import { NaiveFollower, readContext } from "./NaiveFollower.ts";
import { Traffic } from "./Traffic.ts";

const OPERATIONS = 250;

describe("deriveNaively", () => {
  it("derives every storage root of honest traffic and finds nothing wrong", async () => {
    const seed = Number(process.env["SEED"] ?? 1);
    process.stdout.write(`      seed ${seed}\n`);
    const random = new SeededRandom(seed);
    const connection = await network.create();
    const parameters = { feedMaxAgeSeconds: 1_800, softTimeSeconds: 1_200, coolDownSeconds: 1_200 };
    const system = await deployLockstep(connection, { keeperCount: 2, parameters });
    const follower = new NaiveFollower(system, await readContext(system));
    const traffic = await Traffic.start(system, random);
    for (let sent = 0; sent < OPERATIONS;) {
      for (let left = 1 + random.below(4); left > 0; left -= 1, sent += 1) await traffic.send();
      await traffic.mine();
    }
    await follower.follow();
    await connection.close();

    expect(follower.mismatches).to.deep.equal([]);
    expect(follower.problems).to.deep.equal([]);
    const logs = follower.followed.flatMap(({ input }) => input.block.logs);
    const trades = follower.followed.filter(({ result }) => result.writes.has("OrderSettlement"));
    expect(logs.length).to.be.greaterThan(OPERATIONS);
    expect(trades.length).to.be.greaterThan(4);
  });
});
