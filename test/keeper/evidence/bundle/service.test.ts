import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { storage as ledger } from "../../../../keeper/books/generated/PositionLedger.ts";
import { TOPICS } from "../../../../keeper/books/generated/SyncGuard.ts";
import { verifyBundle } from "../../../../keeper/evidence/bundle/verifyBundle.ts";
import { hexToBytes } from "../../../../keeper/lib/hex.ts";
import { keccak256Hex } from "../../../../keeper/lib/keccak.ts";
import type { Effect } from "../../../../keeper/loop/ports.ts";
import { LocalWorld } from "../../../helpers/keeper/LocalWorld.ts";
import { RecordedKeeper } from "../RecordedKeeper.ts";

const { SoftPaused: SOFT_PAUSED } = TOPICS;
const TAMPERED = ledger.accounts.slot(`0x${"07".repeat(32)}`);

function isContained(effect: Effect): boolean {
  return effect.type === "incident" && effect.report.state === "contained";
}

describe("a keeper as a service", function () {
  this.timeout(120_000);

  it("P8: leaves a bundle beside the sources' answers, with the located word, the hash of the pause on chain, and what the sources said", async () => {
    const world = await LocalWorld.open("anvil", 13);
    const keeper = await RecordedKeeper.start(world, [world.node.wsUrl, world.node.url]);
    let paused: readonly { readonly topics: readonly string[]; readonly data: string }[] = [];
    const height = async (): Promise<number> => Number(await world.send("eth_blockNumber"));
    try {
      await world.trade(3);
      await keeper.untilVerdict("InSync", await height());
      await world.send("anvil_setStorageAt", world.addresses.PositionLedger, TAMPERED, `0x${"00".repeat(31)}01`);
      await world.mine();
      await keeper.untilVerdict("Diverged", await height());
      await keeper.until("located", () =>
        keeper.effects.some((effect) => effect.type === "located" && effect.isFinal && effect.slots.length > 0),
      );
      const order = keeper.effects.map(({ type }) => type);
      expect(order.indexOf("evidence")).to.be.greaterThan(order.indexOf("broadcast"));
      // The guard's own event, as anybody looks it up.
      const filter = { address: world.addresses.SyncGuard, topics: [SOFT_PAUSED], fromBlock: "0x0", toBlock: "latest" };
      const find = async (): Promise<typeof paused> => (await world.send("eth_getLogs", filter)) as typeof paused;
      await keeper.until("paused", () => keeper.effects.some((effect) => isContained(effect)));
      paused = await find();
    } finally {
      await keeper.stop();
    }
    const evidence = join(keeper.directory, "data", "evidence");
    const [id] = await readdir(evidence);
    expect(await readdir(join(evidence, id!))).to.include.members(["bundle.lockstep", "opened"]);
    const text = await readFile(join(evidence, id!, "bundle.lockstep"), "utf8");
    const shown = verifyBundle(text);
    expect(shown, shown.reason).to.include({ result: "confirmed", level: "located", incidentId: id });
    expect(paused).to.have.length(1);
    expect(paused[0]!.topics[1]).to.equal(id);
    // Class, block number, block hash, evidence hash.
    expect(shown.evidenceHash).to.equal(`0x${paused[0]!.data.slice(2 + 3 * 64, 2 + 4 * 64)}`);
    expect(shown.slots).to.have.length(1);
    const hashedSlot = keccak256Hex(hexToBytes(TAMPERED));
    expect(shown.slots[0]).to.include({ hashedSlot, before: 0n, implied: 0n, chain: 1n });
    expect(text).to.contain("eth_getProof");
    await keeper.remove();
    await world.close();
  });
});
