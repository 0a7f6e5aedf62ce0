import { expect } from "chai";

import { incidentId } from "../../../../keeper/domain/incidentId.ts";
import { verifyBundle } from "../../../../keeper/evidence/bundle/verifyBundle.ts";
import { settingsHash } from "../../../../keeper/domain/settingsHash.ts";
import { writeBundleText } from "../../../../keeper/evidence/bundle/bundleText.ts";
import { settingsOf } from "../../../../keeper/loop/settingsOf.ts";
import type { InProcessKeeper } from "../../../../testing/InProcessKeeper.ts";
import { depositUsd } from "../../../fixtures/deployLockstep.ts";
import { accountOf } from "../../../helpers/accounts.ts";
import { readHeadOf } from "../../../../testing/Rpc.ts";
import { World } from "../../../helpers/keeper/World.ts";
import { bundleOf, settle, textOf } from "./bundleOf.ts";
import { forge } from "./forge.ts";
import { STAGES } from "./stages.ts";

/** The evidence hashes of the pauses that a keeper signed, as the guard is told them: the last word of the call. */
function pausesOf(driver: InProcessKeeper): string[] {
  return driver.all("sign-transaction").map(({ request }) => `0x${request.data.slice(-64)}`);
}

describe("verifyBundle", function () {
  this.timeout(120_000);

  for (const { name, kind, cause, contract, level, run } of STAGES) {
    it(`confirms ${name}`, async () => {
      const { world, driver } = await run();
      try {
        await settle(driver, level === "located");
        expect(driver.verdict.kind).to.equal(kind);
        const text = textOf(driver);
        expect(textOf(driver), "deterministic").to.equal(text);
        const shown = verifyBundle(text);
        expect(shown, JSON.stringify(shown.failure)).to.include({ result: "confirmed", kind, level });
        expect(shown.claimed).to.deep.equal([]);
        const [finding] =
          driver.verdict.kind === "Diverged" || driver.verdict.kind === "OwnFault" ? driver.verdict.findings : [];
        expect(finding).to.include({ cause, contract });
        const { blockHash } = finding!;
        const book = world.addresses[finding!.contract];
        const key = { chainId: 31_337, guard: world.addresses.SyncGuard, blockHash, book, cause };
        expect(shown.incidentId).to.equal(incidentId(key));
        if (kind === "Diverged") expect(shown.findings.map(({ cause: found }) => found)).to.include(cause);
        const [pause] = pausesOf(driver);
        expect(pause === undefined, "a fault of our own pauses nothing").to.equal(kind === "OwnFault");
        if (pause !== undefined) {
          expect(shown.evidenceHash, "what the pause says").to.equal(pause);
          expect(shown.lookUp.join()).to.contain(pause);
        }
        for (const located of driver.located.slice(0, level === "located" ? undefined : 0)) {
          expect(shown.slots.map(({ hashedSlot }) => hashedSlot)).to.include(located.hashedSlot);
        }
      } finally {
        await world.close();
      }
    });
  }

  it("confirms what only one of three sources serves, and the keeper judges aside", async () => {
    const world = await World.open();
    const { rpc } = world;
    const driver = world.keeper({ rpcs: { a: rpc, b: rpc, c: rpc } });
    await driver.follow();
    expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
    const agreed = driver.keeper.books.tip!.hash;
    await world.tamper("InsuranceFund", `0x${"5a".repeat(32)}`, 7n);
    await world.mine();
    await driver.hear("c", await readHeadOf(rpc));
    await driver.tick(200);
    await driver.tick(200);
    expect(driver.keeper.books.tip!.hash, "not followed").to.equal(agreed);
    expect(driver.all("alert").map(({ event }) => event)).to.include("side-branch-diverged");
    await settle(driver, false);
    const shown = verifyBundle(textOf(driver));
    expect(shown, shown.reason).to.include({ result: "confirmed", kind: "Diverged", level: "root-only" });
    expect(shown.findings[0]).to.include({ cause: "unexplained-write", contract: "InsuranceFund" });
    await world.close();
  });

  it("shows what a replica that takes over does: its pause, whatever later blocks add, and not that it stood by", async () => {
    const world = await World.open();
    const driver = world.keeper({ options: { isStandby: true } });
    await driver.follow();
    await world.tamper("InsuranceFund", `0x${"5a".repeat(32)}`, 7n);
    await world.mine();
    await driver.follow();
    await settle(driver, false);
    expect(pausesOf(driver)).to.deep.equal([]);
    const standing = verifyBundle(textOf(driver));
    expect(standing.result).to.equal("confirmed");
    expect(standing.lookUp.join()).to.not.contain("SoftPaused");
    await world.tamper("CollateralVault", `0x${"5b".repeat(32)}`, 7n);
    await world.mine();
    await driver.follow();
    expect(driver.keeper.judge.latched.map(({ contract }) => contract)).to.deep.equal([
      ...["InsuranceFund", "CollateralVault"],
    ]);
    await driver.deliver({ type: "lead", past: { signedRoots: new Map() }, nowMs: driver.nowMs });
    await driver.tick(1_000);
    await driver.tick(1_000);
    expect(driver.all("evidence")).to.have.length(2);
    const leading = verifyBundle(textOf(driver));
    const [pause] = pausesOf(driver);
    expect(pause).to.match(/^0x[0-9a-f]{64}$/);
    expect(leading).to.include({ result: "confirmed", evidenceHash: pause });
    expect(standing.evidenceHash).to.not.equal(pause);
    await world.close();
  });

  it("takes more findings than the manifest tells from their own blob, and says where they were left out", async () => {
    const { world, driver } = await STAGES[0]!.run();
    await settle(driver, false);
    await world.close();
    const { transition } = driver.all("evidence").at(-1)!;
    const { options, facts } = transition;
    const [first] = facts.findings;
    const findings = Array.from({ length: 100 }, (_, index) => ({ ...first, detail: `${index}` })) as unknown;
    const many = Object.create(transition, { facts: { value: { ...facts, findings } } }) as typeof transition;
    for (const name of ["before", "pricePath", "proofsOf"] as const) {
      Object.defineProperty(many, name, { value: transition[name].bind(transition) });
    }
    for (const name of ["incidentId", "block", "keys"] as const) {
      Object.defineProperty(many, name, { value: transition[name] });
    }
    const expected = settingsHash({ findings, settings: settingsOf(options) });
    const bundle = bundleOf(driver, { transition: many, located: null });
    expect(bundle.manifest.incident.findings).to.have.length(64);
    const text = writeBundleText(bundle);
    expect(verifyBundle(text)).to.include({ result: "confirmed", evidenceHash: expected });
    const lying = forge(text, ({ blobs }) => {
      const [one, ...rest] = blobs.get("findings") as { cause: string }[];
      blobs.set("findings", [{ ...one, cause: "illegal" }, ...rest]);
    });
    expect(verifyBundle(lying)).to.include({ result: "invalid", evidenceHash: null });
    const without = forge(text, (parts) => {
      parts.blobs.delete("findings");
      parts.manifest = { ...parts.manifest, omitted: [{ role: "findings", why: "no room" }] };
    });
    const shown = verifyBundle(without);
    expect(shown).to.include({ result: "confirmed", evidenceHash: null });
    expect(shown.lookUp.join()).to.contain("some were left out");
    expect(verifyBundle(forge(text, ({ blobs }) => blobs.delete("findings"))).result).to.equal("invalid");
  });

  it("is told that there is nothing to show where no block before was ever proven", async () => {
    const world = await World.open({ module: "FlawedLockstep" });
    const [thief] = world.system.users;
    await world.system.ledger.connect(thief!).migrateQuote(accountOf(thief!), 10n ** 24n);
    await world.mine(20);
    const driver = world.keeper({ options: { proofDepth: 4 } });
    await driver.follow();
    await settle(driver, false);
    const bundle = bundleOf(driver);
    expect(bundle.manifest.level).to.equal("incomplete");
    const shown = verifyBundle(textOf(driver));
    expect(shown.result).to.equal("incomplete");
    expect(shown.reason).to.contain("no block before it was ever proven");
    await world.close();
  });

  it("confirms a divergence after more blocks in sync than are held as evidence", async () => {
    const world = await World.open();
    const driver = world.keeper();
    const [user] = world.system.users;
    await depositUsd(world.system, user!, 100n * 1_000_000n);
    await driver.follow();
    for (let count = 0; count < 40; count += 1) {
      await world.mine();
      await driver.follow();
    }
    await world.tamper("InsuranceFund", `0x${"5a".repeat(32)}`, 7n);
    await world.mine();
    await driver.follow();
    await settle(driver, false);
    expect(verifyBundle(textOf(driver)).result).to.equal("confirmed");
    await world.close();
  });
});
