import { expect } from "chai";

import type { Rule } from "../../../../scripts/chaos/Rule.ts";
import { tamperStorage } from "../../../../testing/chainControl.ts";
import { LocalWorld } from "../../../helpers/keeper/LocalWorld.ts";
import { readBlock } from "../../../../testing/Rpc.ts";
import { TAMPERED } from "../../../helpers/keeper/scenarioFork.ts";
import { SourcesRig } from "../../../helpers/keeper/sourcesRig.ts";

const REFUSALS = ["distance to target block exceeds maximum proof window", "missing trie node"];
const NO_PROOF: Rule = { method: "eth_getProof", action: "error", code: -32_000, message: "missing trie node" };

describe("sources that cannot prove (B20)", function () {
  this.timeout(60_000);
  let world: LocalWorld;

  before(async () => {
    world = await LocalWorld.open("anvil", 71);
  });

  after(() => world.close());

  /** Proves the newest block only, as it is now. */
  async function onlyTheNewest(message: string): Promise<Rule> {
    const { number: newest } = (await readBlock(world.rpc, "latest"))!;
    const older = await Promise.all(Array.from({ length: newest }, (_, number) => readBlock(world.rpc, number)));
    const match = new RegExp(older.map((block) => block!.hash).join("|"));
    return { method: "eth_getProof", match, action: "error", code: -32_000, message };
  }

  for (const message of REFUSALS) {
    it(`is in sync at the head after a start from nothing when all older ones answer "${message}"`, async () => {
      const rig = await SourcesRig.start(world, { transports: ["ws"], rules: [await onlyTheNewest(message)] });
      try {
        const { verdict } = await rig.untilInSync();
        expect(verdict.kind).to.equal("InSync");
        expect(rig.liar.rules[0]!.told).to.be.greaterThan(0);
      } finally {
        await rig.stop();
      }
    });
  }

  it("is in sync at the head when all were gone for long and prove nothing from before", async () => {
    const rig = await SourcesRig.startThree(world);
    try {
      for (const proxy of rig.proxies) await proxy.goDown();
      await rig.until("all are down", () => rig.keeper.sources().every(({ state }) => state === "down"));
      await world.trade(12);
      const rule = await onlyTheNewest(REFUSALS[0]!);
      const seen = rig.seen();
      for (const proxy of rig.proxies) {
        proxy.setRules([rule]);
        await proxy.comeBack();
      }
      const { verdict } = await rig.untilInSync();
      expect(verdict).to.include({ kind: "InSync", isWitnessed: true });
      for (const proxy of rig.proxies) proxy.clear();
      await rig.untilRecovered();
      await rig.expectSound(seen);
    } finally {
      await rig.stop();
    }
  });

  it("says Unknown(no-proof), and no more than that, while nobody proves the head", async () => {
    const rig = await SourcesRig.startThree(world);
    try {
      const seen = rig.seen();
      for (const proxy of rig.proxies) proxy.setRules([NO_PROOF]);
      const { number } = await rig.head();
      await world.trade(2);
      await rig.until("Unknown", () => seen.said.includes("Unknown(no-proof)"));
      const { number: last } = await rig.head();
      await rig.until("the last", () => seen.reports.at(-1)?.number === last);
      expect(seen.reports.filter((report) => report.verdict.kind === "InSync" && report.number > number)).to.deep.equal(
        [],
      );
      expect(seen.alerts("unknown-no-proof")).to.include("warning");
      expect(seen.attested.filter((height) => height > number)).to.deep.equal([]);
      for (const proxy of rig.proxies) proxy.clear();
      await rig.untilRecovered();
      await rig.expectSound(seen);
    } finally {
      await rig.stop();
    }
  });

  it("finds at the head what was written into a block that nobody proves any more", async () => {
    const rig = await SourcesRig.startThree(world);
    try {
      for (const proxy of rig.proxies) await proxy.goDown();
      await rig.until("all are down", () => rig.keeper.sources().every(({ state }) => state === "down"));
      const number = await tamperStorage(world.rpc, {
        address: world.addresses.PositionLedger,
        slot: TAMPERED,
        value: 1n,
      });
      await world.trade(3);
      const rule = await onlyTheNewest(REFUSALS[0]!);
      const seen = rig.seen();
      for (const proxy of rig.proxies) {
        proxy.setRules([rule]);
        await proxy.comeBack();
      }
      await rig.until("it is found", () => seen.said.includes("Diverged"));
      for (const proxy of rig.proxies) proxy.clear();
      await rig.until("it is contained", () => seen.all("incident").some(({ report }) => report.state === "contained"));
      const [opened] = seen.all("incident");
      expect(opened!.report.blockNumber).to.be.greaterThan(number);
      expect(opened!.report).to.include({ cause: "unexplained-write", contract: "PositionLedger" });
      expect(
        seen.reports.filter((report) => report.verdict.kind === "InSync" && report.number >= number),
      ).to.deep.equal([]);
    } finally {
      await rig.stop();
    }
  });
});
