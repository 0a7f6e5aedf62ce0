import { expect } from "chai";

import { checkProvers } from "../../../keeper/probes/fleet.ts";
import { startNode } from "../../../scripts/local/startNode.ts";
import { examine, statusesOf } from "./examine.ts";

describe("the probes on a chain of one block", function () {
  this.timeout(30_000);

  it("call nothing broken for which there is no block yet: Anvil has no true state root in block 0", async () => {
    const { signal } = new AbortController();
    const node = await startNode({ chain: "anvil", port: 0, host: "127.0.0.1", signal });
    try {
      const report = await examine(node.url);
      const statuses = statusesOf(report);
      expect(Object.values(statuses)).to.not.include("fail");
      expect(statuses).to.include({
        "account proof": "skip",
        "proof window": "skip",
        "EIP-1898": "skip",
        header: "ok",
      });
      expect(checkProvers([report]).status).to.equal("skip");
    } finally {
      await node.stop();
    }
  });
});
