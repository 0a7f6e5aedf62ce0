import { expect } from "chai";

import type { Allowed } from "../../../keeper/domain/conditions.ts";
import type { Policy } from "../../../keeper/domain/policy.ts";
import type { Opinion } from "../../../keeper/loop/Decider.ts";
import type { KeeperOptions } from "../../../keeper/loop/KeeperOptions.ts";
import { mayCertify } from "../../../keeper/loop/quorum/mayCertify.ts";

describe("mayCertify", () => {
  function may(
    inSync: Allowed["inSync"],
    { isLocalChain = false, isAgreed = true, mode = "act" as Policy["mode"], attester = "0xa" as string | null } = {},
  ): boolean {
    const opinion = { isAgreed, allowed: { inSync } } as unknown as Opinion;
    return mayCertify(opinion, { policy: { mode, isLocalChain }, attester } as unknown as KeeperOptions);
  }

  it("takes two operators, but on a local chain, where one is enough", () => {
    expect(may("witnessed")).to.equal(true);
    expect(may("unwitnessed")).to.equal(false);
    expect(may("unwitnessed", { isLocalChain: true })).to.equal(true);
    for (const isLocalChain of [false, true]) expect(may("no", { isLocalChain })).to.equal(false);
  });

  it("takes a block that k operators serve, a key, and the mode that acts", () => {
    expect(may("witnessed", { isAgreed: false })).to.equal(false);
    expect(may("witnessed", { attester: null })).to.equal(false);
    for (const mode of ["observe", "dry-run"])
      expect(may("witnessed", { mode: mode as Policy["mode"] })).to.equal(false);
  });
});
