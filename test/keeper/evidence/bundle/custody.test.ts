import { expect } from "chai";

import { verifyBundle } from "../../../../keeper/evidence/bundle/verifyBundle.ts";
import type { TokenSlot } from "../../../../keeper/domain/TokenSlot.ts";
import { bigintToHex32, type Address } from "../../../../keeper/lib/hex.ts";
import { depositUsd } from "../../../fixtures/deployLockstep.ts";
import { impersonate } from "../../../helpers/assets.ts";
import { World } from "../../../helpers/keeper/World.ts";
import { settle, textOf } from "./bundleOf.ts";
import { claim, forge, set, type Parts } from "./forge.ts";

/** One token's proof as the blob holds it. */
interface TokenProof {
  readonly accountProof: readonly string[];
  readonly storageProof: readonly string[];
}

describe("A bundle of custody below the books", function () {
  this.timeout(60_000);
  let text: string;
  let role: string;
  let world: World;
  let token: Address;

  before(async () => {
    world = await World.open();
    const { system } = world;
    token = (system.usd.target as string).toLowerCase() as Address;
    await depositUsd(system, system.users[0]!, 1_000n);
    const tokenSlots: readonly TokenSlot[] = [{ token, slot: bigintToHex32(0n), order: "solidity" }];
    const driver = world.keeper({ options: { tokenSlots } });
    await driver.follow();
    const vault = await impersonate(system, system.vault.target as string);
    await system.usd.connect(vault).transfer(system.admin.address, 1n);
    await driver.follow();
    role = `tokens/${Number(await world.send("eth_blockNumber"))}`;
    expect(driver.verdict.kind).to.equal("Diverged");
    const { blockNumber } = driver.incident!;
    role = `tokens/${blockNumber}`;
    await settle(driver, false);
    text = textOf(driver);
  });

  after(() => world.close());

  /** Changes the one token's proof. */
  function withProof(change: (proof: TokenProof) => TokenProof): string {
    return forge(text, ({ blobs }) => {
      const [proof] = blobs.get(role) as [TokenProof];
      blobs.set(role, [change(proof)]);
    });
  }

  it("shows it by the token's own word, and says what it takes for given", () => {
    const shown = verifyBundle(text);
    expect(shown, shown.reason).to.include({ result: "confirmed", kind: "Diverged", level: "root-only" });
    const [finding] = shown.findings;
    expect(finding).to.include({ cause: "custody-short", contract: "CollateralVault" });
    expect(finding!.detail).to.equal(`the vault holds 999 of ${token} and owes 1000: 1 are missing`);
    expect(shown.given).to.include(`balances of a token are at ${token}:0`);
    expect(shown.claimed).to.deep.equal([]);
  });

  it("is incomplete without the token's proof, never refuted", () => {
    const cut = forge(text, ({ blobs }) => blobs.delete(role));
    expect(verifyBundle(cut)).to.include({ result: "incomplete" });
    expect(verifyBundle(cut).failure).to.deep.equal({ check: "custody", blob: role });
  });

  it("is invalid with another proof than the token's", () => {
    for (const forged of [
      withProof((proof) => ({ ...proof, storageProof: proof.storageProof.slice(1) })),
      withProof((proof) => ({ ...proof, accountProof: [] })),
      forge(text, ({ blobs }) => blobs.set(role, [])),
      forge(text, ({ blobs }) => blobs.set(role, [null])),
      forge(text, (parts: Parts) =>
        set(parts, { tokenSlots: [{ token, slot: bigintToHex32(3n), order: "solidity" }] }),
      ),
      forge(text, (parts: Parts) => set(parts, { tokenSlots: 7 })),
    ]) {
      expect(verifyBundle(forged).result).to.equal("invalid");
    }
  });

  it("is refuted when it says anything else of the block", () => {
    const other = forge(text, (parts) => {
      const [finding] = parts.manifest.incident.findings;
      claim(parts, { findings: [finding!, { ...finding!, cause: "unexplained-write" }] });
    });
    expect(verifyBundle(other).result).to.equal("refuted");
  });
});
