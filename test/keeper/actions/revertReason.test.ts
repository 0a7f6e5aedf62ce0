import { expect } from "chai";
import { Interface } from "ethers";
import { artifacts } from "hardhat";

import { revertDataOf, revertReason } from "../../../keeper/actions/plan/revertReason.ts";
import type { Hex } from "../../../keeper/lib/hex.ts";

const INTERFACES = ["ISyncGuard", "ICheckpointRegistry", "IKeeperRegistry", "Quorum"];

/** Every custom error of the contracts that a keeper calls, by its selector. */
async function everyError(): Promise<Map<string, string>> {
  const errors = new Map<string, string>();
  for (const name of INTERFACES) {
    const { abi } = await artifacts.readArtifact(name);
    new Interface(abi).forEachError(({ selector, name: error }) => errors.set(selector, error));
  }
  return errors;
}

describe("revertReason", () => {
  it("knows no error that the contracts do not have, and names what it knows as they do", async () => {
    const errors = await everyError();
    const known = [...errors].filter(([selector]) => revertReason(selector as Hex).name !== selector);
    for (const [selector, name] of known) expect(revertReason(selector as Hex).name).to.equal(name);
    expect(known.length).to.equal(26);
  });

  it("tells apart who may not, who may not yet, and what needs nothing", async () => {
    const errors = await everyError();
    const kinds = Object.fromEntries([...errors].map(([selector, name]) => [name, revertReason(selector as Hex).kind]));
    expect(kinds["KeeperRegistryNotPauser"]).to.equal("role-lost");
    expect(kinds["KeeperRegistryNotRearmed"]).to.equal("spent");
    expect(kinds["GuardWrongBlock"]).to.equal("not-of-this-chain");
    expect(kinds["RegistryNotNewer"]).to.equal("done");
  });

  it("names an error it does not know by its selector, and none by saying so", () => {
    expect(revertReason("0xdeadbeef00")).to.deep.equal({ kind: "other", name: "0xdeadbeef" });
    expect(revertReason("0x")).to.deep.equal({ kind: "other", name: "no reason" });
  });

  it("finds the data where nodes put it, and nothing where there is none", () => {
    expect(revertDataOf("0xDEADBEEF")).to.equal("0xdeadbeef");
    expect(revertDataOf({ data: "0x01", message: "reverted" })).to.equal("0x01");
    for (const none of [undefined, null, 7, "reverted", "0x1", {}, { data: 3 }])
      expect(revertDataOf(none)).to.equal(null);
  });
});
