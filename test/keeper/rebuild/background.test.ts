import { expect } from "chai";

import type { RebuildOptions } from "../../../keeper/rebuild/RebuildOptions.ts";
import { RebuildRig } from "./RebuildRig.ts";

describe("rebuildBooks beside other work", function () {
  this.timeout(120_000);
  let rig: RebuildRig;

  before(async () => {
    rig = await RebuildRig.open("anvil", 31);
    await rig.world.trade(8);
    await rig.world.mine(40);
  });

  after(() => rig.close());

  /** In which turn of the event loop each block was applied, by a clock on which every look takes 5 ms. */
  async function turnsOf(chosen: Partial<RebuildOptions>): Promise<number[]> {
    let [turn, ms, isOver] = [0, 0, false];
    const count = (): void => {
      turn += 1;
      if (!isOver) setImmediate(count);
    };
    count();
    const turns: number[] = [];
    try {
      await rig.rebuild({
        ...{ now: () => (ms += 5), patienceMs: 1e9, segmentBlocks: 256, onBlock: () => turns.push(turn) },
        ...chosen,
      });
    } finally {
      isOver = true;
    }
    return turns;
  }

  it("gives the thread back as soon as it has had it for some milliseconds", async () => {
    const turns = await turnsOf({ isBackground: true });
    expect(turns).to.have.length.greaterThan(40);
    expect(new Set(turns).size).to.equal(turns.length);
    // Otherwise nobody else gets a turn while blocks are there to be applied.
    expect(new Set(await turnsOf({})).size).to.be.lessThan(turns.length);
  });

  it("gives the same books", async () => {
    const [plain, beside] = [await rig.rebuild(), await rig.rebuild({ isBackground: true })];
    expect(beside.books.toImage()).to.deep.equal(plain.books.toImage());
    expect(beside.roots).to.deep.equal({ kind: "proven" });
  });

  it("asks for no account proof where the caller has what to compare with", async () => {
    const slot = `0x${"77".repeat(32)}`;
    await rig.world.send("hardhat_setStorageAt", rig.world.addresses.SyncGuard, slot, `0x${"1".padStart(64, "0")}`);
    await rig.world.mine();
    expect((await rig.fault()).code).to.equal("RebuildMismatch");
    const proofs = (): number => {
      return Object.values(rig.proxies).reduce((sum, { calls }) => sum + (calls.get("eth_getProof") ?? 0), 0);
    };
    const asked = proofs();
    const { roots, block } = await rig.rebuild({ provesRoots: false });
    expect(roots).to.include({ kind: "unproven", detail: "no proof was asked for" });
    expect(block).to.deep.equal(await rig.head());
    expect(proofs()).to.equal(asked);
  });
});
