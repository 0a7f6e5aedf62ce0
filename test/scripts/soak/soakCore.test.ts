import { expect } from "chai";

import { growthPerBlock } from "../../../scripts/soak/checkVitals.ts";
import { soakCore } from "../../../scripts/soak/soakCore.ts";

const BLOCKS = 2_400;
/** Of an empty block: its links, and what takes it back. */
const BYTES_PER_EMPTY_BLOCK = 2_500;

describe("soakCore", function () {
  this.timeout(60_000);

  it("judges every block, and leaves little of each behind", async () => {
    const { inSync, samples } = await soakCore({ blocks: BLOCKS, sampleBlocks: 200 });
    expect(inSync).to.equal(BLOCKS);
    expect(samples).to.have.length(12);
    expect(growthPerBlock(samples)).to.be.below(BYTES_PER_EMPTY_BLOCK);
  });
});
