import { expect } from "chai";

import { LOCAL_CHAIN_IDS, PROFILE_NAMES, PROFILES, profileOf } from "../../../keeper/domain/chainProfile.ts";

/** Chain ids, the profile that each has by itself, and block 0 where everybody knows it. */
const PUBLIC = [
  [1, "ethereum", "0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"],
  [11_155_111, "ethereum", "0x25a5cc106eea7138acab33231d7160d69cb777ee0c2c553fcddf5138993e6dd9"],
  [17_000, "ethereum", "0xb5f7f912443c940f21fd611f12828d75b534364ed9e95ca4e307729a4661bde4"],
  [10, "op-stack", "0x7ca38a1916c42007829c55e69d3e9a73265554b586a499015373241b8a3fa48b"],
  [8_453, "op-stack", "0xf712aa9241cc24369b143cf6dce85f0902a9731e70d66818a3a5845b296c73dd"],
] as const;

/** A chain that nobody has heard of. */
const UNKNOWN = 987_654_321;

describe("chainProfile", () => {
  it("has a profile of each name, under that name", () => {
    expect(Object.keys(PROFILES)).to.have.members([...PROFILE_NAMES]);
    for (const name of PROFILE_NAMES) expect(PROFILES[name].name).to.equal(name);
  });

  for (const [chainId, name, genesisHash] of PUBLIC) {
    it(`knows chain ${chainId} by its id, its genesis too`, () => {
      expect(profileOf(chainId)).to.deep.equal({ ...PROFILES[name], genesisHash });
    });
  }

  it("takes development chains for local, and nothing else", () => {
    for (const chainId of LOCAL_CHAIN_IDS) expect(profileOf(chainId)).to.deep.equal(PROFILES.local);
    for (const [chainId] of PUBLIC) expect(LOCAL_CHAIN_IDS.has(chainId)).to.equal(false);
  });

  it("holds an unknown chain against Ethereum's numbers, and knows no genesis of it", () => {
    expect(profileOf(UNKNOWN)).to.deep.equal(PROFILES.ethereum);
    expect(profileOf(UNKNOWN).genesisHash).to.equal(null);
  });

  it("takes the operator's word for what is normal, and keeps what is known of the chain", () => {
    expect(profileOf(1, "op-stack")).to.deep.equal({ ...PROFILES["op-stack"], genesisHash: PUBLIC[0][2] });
    expect(profileOf(31_337, "ethereum")).to.deep.equal(PROFILES.ethereum);
    expect(profileOf(UNKNOWN, "local")).to.deep.equal(PROFILES.local);
  });

  it("is on by default on every public chain: no check is infinite, and none is at zero", () => {
    for (const name of ["ethereum", "op-stack"] as const) {
      const { haltSeconds, finalityStallSeconds, futureSeconds, blockSeconds, confirmations } = PROFILES[name];
      for (const value of [haltSeconds, finalityStallSeconds, futureSeconds, blockSeconds, confirmations]) {
        expect(value).to.be.within(1, 86_400);
      }
      // A block that is late is no halt, and blocks below the checkpoint's are ones that a usual reorg does not reach.
      expect(haltSeconds).to.be.greaterThan(5 * blockSeconds);
      expect(PROFILES[name].checkpointDepth).to.be.within(1, confirmations);
      expect(PROFILES[name].finality).to.equal("finalized");
    }
  });

  it("checks no time of a development chain, whose time and blocks come when somebody wants them", () => {
    const { haltSeconds, finalityStallSeconds, futureSeconds, finality, checkpointDepth } = PROFILES.local;
    expect([haltSeconds, finalityStallSeconds, futureSeconds]).to.deep.equal([Infinity, Infinity, Infinity]);
    expect([finality, checkpointDepth]).to.deep.equal(["depth", 0]);
  });
});
