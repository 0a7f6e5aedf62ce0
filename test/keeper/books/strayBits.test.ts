import { expect } from "chai";

import { tourStrays } from "./tourStrays.ts";

describe("Books of words with bits that no field owns", function () {
  this.timeout(600_000);

  it("stay the chain's through every event that rewrites such a word", async () => {
    const { learnt, spoilt, spoiltWords, missed } = await tourStrays();
    for (const { system } of [learnt, spoilt]) await system.connection.close();
    expect([learnt.follower.mismatches, learnt.follower.findings]).to.deep.equal([[], []]);
    expect(missed).to.deep.equal([]);
    console.log(`      ${spoiltWords} words with such bits`);
    expect(spoilt.follower.mismatches).to.deep.equal([]);
    expect(spoilt.follower.findings).to.deep.equal([]);
  });
});
