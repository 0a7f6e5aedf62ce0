import { expect } from "chai";

import { chainOf } from "../../../keeper/config/chainOf.ts";
import { profileOf, type PinnedBlock } from "../../../keeper/domain/chainProfile.ts";
import { hashOf } from "../../helpers/keeper/blockTree.ts";

const NOTHING_SET: Parameters<typeof chainOf>[1] = {
  profile: undefined,
  finality: undefined,
  confirmations: undefined,
  checkpointDepth: undefined,
  genesisHash: undefined,
  pinnedBlock: undefined,
};
const PIN: PinnedBlock = { number: 7, hash: hashOf("pin") };

describe("chainOf", () => {
  it("is the chain's profile where the operator set nothing", () => {
    for (const chainId of [1, 10, 31_337, 4_242]) {
      expect(chainOf(chainId, NOTHING_SET)).to.deep.equal(profileOf(chainId));
    }
  });

  it("takes each setting for itself, and leaves the others to the profile", () => {
    const base = profileOf(1);
    const genesisHash = hashOf("genesis");
    for (const [setting, expected] of [
      [{ profile: "op-stack" }, { ...profileOf(10), genesisHash: base.genesisHash }],
      [{ finality: "safe" }, { ...base, finality: "safe" }],
      [{ confirmations: 9 }, { ...base, confirmations: 9 }],
      [{ checkpointDepth: 5 }, { ...base, checkpointDepth: 5 }],
      [{ genesisHash }, { ...base, genesisHash }],
      [{ pinnedBlock: PIN }, { ...base, pin: PIN }],
    ] as const) {
      expect(chainOf(1, { ...NOTHING_SET, ...setting })).to.deep.equal(expected);
    }
  });

  it("takes zero for a number that was set", () => {
    const chain = chainOf(1, { ...NOTHING_SET, confirmations: 0, checkpointDepth: 0 });
    expect([chain.confirmations, chain.checkpointDepth]).to.deep.equal([0, 0]);
  });

  it("names the profile that the operator chose, so that it can be said at start", () => {
    expect(chainOf(31_337, { ...NOTHING_SET, profile: "ethereum" }).name).to.equal("ethereum");
  });
});
