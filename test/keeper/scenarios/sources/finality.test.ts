import { setTimeout as wait } from "node:timers/promises";

import { expect } from "chai";

import type { FinalityMode } from "../../../../keeper/chain/agree/Finality.ts";
import { PROFILES } from "../../../../keeper/domain/chainProfile.ts";
import type { Hash } from "../../../../keeper/lib/hex.ts";
import type { Rule } from "../../../../scripts/chaos/Rule.ts";
import { Seen } from "../../../../testing/Seen.ts";
import { depositUsd } from "../../../fixtures/deployLockstep.ts";
import { accountOf } from "../../../helpers/accounts.ts";
import { LocalWorld } from "../../../helpers/keeper/LocalWorld.ts";
import { SourcesRig } from "../../../helpers/keeper/sourcesRig.ts";
import { World } from "../../../helpers/keeper/World.ts";
import { TrustingDesk } from "../../../helpers/naive/TrustingDesk.ts";

const TAGS = /"(safe|finalized)"/;
const BY_TAG = { finality: "finalized", confirmations: "3" };
/** Anvil's final block is so far below its head, with four slots an epoch. */
const FINAL_DEPTH = 8;
/** Tags are asked for each second. */
const POLL_MS = 1_200;

const onTags = (action: object): Rule => ({ method: "eth_getBlockByNumber", match: TAGS, ...action }) as Rule;
const toLatest: readonly Rule[] = (["safe", "finalized"] as const).map((tag) => ({ action: "pin", tag, to: "latest" }));

function modesOf(rig: SourcesRig): FinalityMode[] {
  return rig.effects.flatMap((effect) => (effect.type === "finality" ? [effect.mode] : []));
}

/** It was said that the chain has no finality, loudly, and nothing was ever taken for final. */
async function expectWeak(rig: SourcesRig): Promise<void> {
  await rig.until("finality is told", () => modesOf(rig).length > 0);
  await wait(POLL_MS);
  expect(modesOf(rig).map(({ isWeak, policy }) => [isWeak, policy])).to.deep.equal([[true, "depth"]]);
  const alerts = rig.effects.filter((effect) => effect.type === "alert" && effect.event === "no-finality");
  expect(alerts).to.have.length(1);
  expect(rig.keeper.finalBlock).to.equal(null);
}

describe("sources and finality", function () {
  this.timeout(60_000);

  it("is none where final means latest: what Hardhat calls final is taken back, and was paid (B21)", async () => {
    const world = await World.open();
    const [user] = world.system.users;
    const keeper = world.keeper({ options: { chain: { ...PROFILES.local, finality: "finalized" } } });
    const of = { vault: world.addresses.CollateralVault, account: accountOf(user!).toLowerCase() as Hash };
    await keeper.follow();
    const desk = await TrustingDesk.open(world.rpc, of, { tag: "finalized" });
    const replace = await world.fork();
    await depositUsd(world.system, user!, 500_000_000n);
    await keeper.follow();
    await desk.serve();
    const seen = new Seen(keeper.effects);
    await replace();
    await keeper.follow();
    expect(await desk.lossBy(world.rpc)).to.equal(500_000_000n);
    // Said at the start, and acted on: a reorg is one, and no fault of the consensus.
    expect(keeper.all("alert").map(({ event }) => event)).to.include("no-finality");
    expect(keeper.keeper.finalBlock).to.equal(null);
    expect([seen.said, seen.all("latch")]).to.deep.equal([["InSync"], []]);
    seen.expectCalm();
    expect(keeper.keeper.books.roots()).to.deep.equal(await world.roots(keeper.keeper.books.tip!.hash));
    await world.close();
  });

  describe("on Anvil", () => {
    let world: LocalWorld;

    before(async () => {
      world = await LocalWorld.open("anvil", 81);
      await world.mine(2 * FINAL_DEPTH);
    });

    after(() => world.close());

    it("says loudly that there is no finality where nobody knows the tags, or means latest by them (B21)", async () => {
      const meanings: readonly (readonly Rule[])[] = [
        [onTags({ action: "error", code: -39_001, message: "Unknown block" })],
        [onTags({ action: "error", code: -32_602, message: "invalid block tag" })],
        [onTags({ action: "null" })],
        [onTags({ action: "replace", result: "0x0" })],
        toLatest,
      ];
      await Promise.all(
        meanings.map(async (rules) => {
          const rig = await SourcesRig.startOne(world, { rules, flags: () => ({ ...BY_TAG, mode: "watch" }) });
          try {
            await expectWeak(rig);
          } finally {
            await rig.stop();
          }
        }),
      );
    });

    it("takes nothing for final that only one of three calls so, and nothing back (B21)", async () => {
      const rig = await SourcesRig.startThree(world, { flags: () => BY_TAG });
      try {
        await rig.until("there is a final block", () => rig.keeper.finalBlock !== null);
        const first = rig.keeper.finalBlock!;
        const seen = rig.seen();
        const lies: readonly (readonly Rule[])[] = [
          toLatest,
          [onTags({ action: "pin", tag: "finalized", to: 1 })],
          [onTags({ action: "edit", path: "/hash", value: `0x${"ab".repeat(32)}` })],
          [onTags({ action: "error", code: -32_005, message: "limit exceeded" })],
        ];
        for (const rules of lies) {
          rig.liar.setRules(rules);
          await world.mine();
          await rig.untilInSync();
          await wait(POLL_MS);
          const { number } = await rig.head();
          expect(rig.keeper.finalBlock!.number).to.be.within(first.number, number - FINAL_DEPTH);
          await rig.expectCanonical([rig.keeper.finalBlock!]);
        }
        rig.liar.clear();
        await rig.untilRecovered();
        expect(modesOf(rig).map(({ isWeak }) => isWeak)).to.deep.equal([false]);
        expect(seen.begun).to.not.include("consensus-fault");
        await rig.expectSound(seen);
      } finally {
        await rig.stop();
      }
    });
  });

  describe("on Hardhat", () => {
    let world: LocalWorld;

    before(async () => {
      world = await LocalWorld.open("hardhat", 82);
    });

    after(() => world.close());

    it("says that safe and finalized mean nothing here (B21)", async () => {
      const rig = await SourcesRig.start(world, { transports: ["ws"], flags: () => BY_TAG });
      try {
        await rig.untilInSync();
        await expectWeak(rig);
      } finally {
        await rig.stop();
      }
    });

    for (const [name, action] of [
      ["[]", { action: "empty" }],
      ["null", { action: "null" }],
      ["an error", { action: "error", code: -32_000, message: "unknown block" }],
    ] as const) {
      it(`judges every block while one has no receipts of the newest, and says ${name} (B10)`, async () => {
        const rig = await SourcesRig.startThree(world);
        try {
          const { number } = await rig.head();
          const seen = rig.seen();
          rig.liar.setRules([{ method: "eth_getTransactionReceipt", ...action }]);
          await world.trade(2);
          await rig.untilInSync();
          expect(rig.liar.rules[0]!.told).to.be.greaterThan(0);
          expect(seen.said).to.deep.equal(["InSync"]);
          await rig.expectRecovery(seen, number);
        } finally {
          await rig.stop();
        }
      });
    }
  });
});
