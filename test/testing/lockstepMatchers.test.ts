import { AssertionError, expect, use } from "chai";
import { lockstepMatchers } from "lockstep/testing";

import { storage as ledger } from "../../keeper/books/generated/PositionLedger.ts";
import type { Verdict } from "../../keeper/domain/Verdict.ts";
import { World } from "../helpers/keeper/World.ts";

use(lockstepMatchers);

const HASH = `0x${"11".repeat(32)}` as const;
const FINDING = { blockNumber: 7, blockHash: HASH, detail: "roots differ", logIndex: null } as const;
const IN_SYNC: Verdict = { kind: "InSync", isWitnessed: true, roots: [] };
const UNKNOWN: Verdict = { kind: "Unknown", reason: "no-proof", detail: "pruned" };
const DIVERGED: Verdict = {
  kind: "Diverged",
  findings: [{ ...FINDING, cause: "unexplained-write", contract: "PositionLedger" }],
  isLatched: false,
};
const OWN_FAULT: Verdict = { kind: "OwnFault", findings: [], detail: "the reducers are wrong" };
const TAMPERED = ledger.accounts.slot(`0x${"07".repeat(32)}`);

describe("the matchers of lockstep/testing", () => {
  it("tell verdicts apart", () => {
    expect(IN_SYNC).to.be.inSync;
    expect(OWN_FAULT).to.be.ownFault;
    expect(UNKNOWN).to.be.unknown();
    expect(UNKNOWN).to.be.unknown("no-proof");
    expect(DIVERGED).to.be.diverged();
    expect(DIVERGED).to.be.diverged("unexplained-write");
    expect(DIVERGED).to.be.diverged("unexplained-write", "PositionLedger");
    for (const other of [OWN_FAULT, UNKNOWN, DIVERGED]) expect(other).to.not.be.inSync;
    for (const other of [IN_SYNC, UNKNOWN, DIVERGED]) expect(other).to.not.be.ownFault;
    for (const other of [IN_SYNC, OWN_FAULT, DIVERGED]) expect(other).to.not.be.unknown();
    for (const other of [IN_SYNC, OWN_FAULT, UNKNOWN]) expect(other).to.not.be.diverged();
    expect(UNKNOWN).to.not.be.unknown("split");
    expect(DIVERGED).to.not.be.diverged("illegal");
    expect(DIVERGED).to.not.be.diverged("unexplained-write", "CollateralVault");
  });

  it("say what was expected and what is there", () => {
    expect(() => expect(DIVERGED).to.be.inSync).to.throw(
      AssertionError,
      /to be InSync, it is Diverged[^]*roots differ/,
    );
    expect(() => expect(UNKNOWN).to.be.diverged("illegal")).to.throw(
      AssertionError,
      "to be Diverged for illegal, it is no-proof: pruned",
    );
    expect(() => expect(IN_SYNC).to.not.be.inSync).to.throw(AssertionError, "not to be InSync");
    expect(() => expect(DIVERGED).to.be.unknown("no-proof")).to.throw(AssertionError, "to be Unknown(no-proof)");
  });

  it("refuse what is no verdict, no attack and no number of blocks", async () => {
    expect(() => expect("InSync").to.be.inSync).to.throw(TypeError, '"inSync" is said of a verdict, such as');
    expect(() => expect(null).to.be.diverged()).to.throw(TypeError, "it is null");
    expect(() => expect({ kind: "Fine" }).to.be.ownFault).to.throw(TypeError, "an object (Object)");
    expect(() => expect(Promise.resolve()).to.be.contained).to.throw(TypeError, "staging.attack(keeper, act)");
    const world = await World.open();
    try {
      const attack = world.attack(world.keeper(), () => Promise.resolve());
      for (const count of [-1, 0.5, Number.NaN]) {
        expect(() => expect(attack).to.be.contained.within(count)).to.throw(RangeError, `within(${count})`);
      }
    } finally {
      await world.close();
    }
  });

  it("leave chai's own within as it is", () => {
    expect(5).to.be.within(4, 6);
    expect(() => expect(5).to.be.within(6, 7)).to.throw(AssertionError, "within 6..7");
  });

  describe("contained", () => {
    let world: World;
    beforeEach(async () => {
      world = await World.open();
    });
    afterEach(() => world.close());

    it("resolves to what came of the attack, and counts from the block that diverged", async () => {
      const keeper = world.keeper();
      const outcome = await expect(
        world.attack(keeper, async () => {
          await world.mine(3);
          await keeper.follow();
          await world.tamper("PositionLedger", TAMPERED, 1n);
          await world.mine();
        }),
      ).to.be.contained.within(1).blocks;
      expect(outcome.verdict).to.be.diverged("unexplained-write");
      expect(outcome.detectedAt).to.equal(outcome.divergedAt);
      expect(outcome.pausedAt).to.equal(outcome.divergedAt + 1);
    });

    it("fails when nothing happens that a keeper would have to contain", async () => {
      const attack = world.attack(world.keeper(), () => Promise.resolve());
      const error: unknown = await expect(attack)
        .to.be.contained.within(2)
        .blocks.then(
          () => null,
          (reason: unknown) => reason,
        );
      expect(error).to.be.instanceOf(AssertionError);
      expect((error as Error).message).to.match(
        /within 2 block\(s\): it was not detected, not paused, the verdict is InSync/,
      );
    });

    it("says whom the keeper does not believe: here a node whose newest block had its state changed unseen", async () => {
      const unseen = async (): Promise<void> => {
        await world.mine();
        await world.tamper("PositionLedger", TAMPERED, 1n);
      };
      const error: unknown = await expect(world.attack(world.keeper(), unseen))
        .to.be.contained.within(1)
        .blocks.then(
          () => null,
          (reason: unknown) => reason,
        );
      expect((error as Error).message).to.match(/not believed: hardhat: /);
    });

    it("fails when the pause comes too late", async () => {
      const attack = world.attack(world.keeper(), () => world.tamper("PositionLedger", TAMPERED, 1n));
      const error: unknown = await expect(attack)
        .to.be.contained.within(0)
        .blocks.then(
          () => null,
          (reason: unknown) => reason,
        );
      expect((error as Error).message).to.match(/within 0 block\(s\): it was detected 0 block\(s\) after/);
    });

    it("says so when the keeper was not in sync to begin with, and when an attack is run twice", async () => {
      const keeper = world.keeper();
      const attack = world.attack(keeper, () => world.tamper("PositionLedger", TAMPERED, 1n));
      await expect(attack).to.be.contained.within(1).blocks;
      for (const [again, message] of [
        [attack, "an attack happens once"],
        [world.attack(keeper, () => Promise.resolve()), "not in sync before the attack: Diverged"],
      ] as const) {
        const error: unknown = await expect(again)
          .to.be.contained.within(1)
          .blocks.then(
            () => null,
            (reason: unknown) => reason,
          );
        expect((error as Error).message).to.include(message);
      }
    });
  });
});
