import { expect } from "chai";

import { MAX_RUNTIME_BYTES, readSizes } from "../../scripts/sizes/readSizes.ts";

describe("contract sizes", () => {
  it("are within the limit of EIP-170, of every contract that is deployed", async () => {
    const sizes = await readSizes();
    const names = sizes.map(({ contract }) => contract);
    expect(names).to.include.members(["PositionLedger", "CheckpointRegistry", "MarginEngine", "PriceOracle"]);
    expect(names).not.to.include.members(["MockToken"]);
    expect(names).not.to.include.members(["MarginMath"]);
    expect(sizes.filter(({ bytes }) => bytes > MAX_RUNTIME_BYTES)).to.deep.equal([]);
  });
});
