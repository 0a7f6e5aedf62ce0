import { expect } from "chai";

import { BOOK_NAMES } from "../../../../keeper/domain/bookSet.ts";
import type { Hash, Hex } from "../../../../keeper/lib/hex.ts";
import type { InProcessKeeper } from "../../../../testing/InProcessKeeper.ts";
import { World } from "../../../helpers/keeper/World.ts";

/** keccak256("eip1967.proxy.implementation") - 1, and the same of beacon and admin. */
const PROXY_SLOTS: readonly Hash[] = [
  "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc",
  "0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50",
  "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103",
];
const IMPLEMENTATION = BigInt(`0x${"be".repeat(20)}`);
/** Whoever pauses is asked through these: with other code they pause nothing. */
const UNPAUSABLE = new Set(["PositionLedger", "KeeperRegistry", "SyncGuard", "CheckpointRegistry"]);

/** The protocol has no proxies. A slot that proxies use is one that no event explains, in every book, and so is other code. */
describe("Scenario: an implementation is swapped under the protocol", function () {
  this.timeout(60_000);
  let world: World;
  let driver: InProcessKeeper;

  before(async () => {
    world = await World.open();
    driver = world.keeper();
    await driver.follow();
  });

  after(() => world.close());

  const verdict = (): string => driver.verdict.kind;
  const isPaused = async () => ((await world.flags()) & 1n) === 1n && driver.incident?.state === "contained";

  /** Changes something in a block of its own, has it judged, and takes it back by a reorg. */
  async function stage(change: () => Promise<void>, judge: () => Promise<void>): Promise<void> {
    const replace = await world.fork();
    try {
      await change();
      await world.mine();
      await driver.follow();
      await judge();
    } finally {
      await replace();
      await driver.follow();
    }
    expect(verdict()).to.equal("InSync");
  }

  it("F18: finds the slot of an implementation, a beacon or an admin written in any book, with its code as it was", async () => {
    for (const [index, name] of BOOK_NAMES.entries()) {
      const slot = PROXY_SLOTS[index % PROXY_SLOTS.length]!;
      const code = await world.send("eth_getCode", world.addresses[name], "latest");
      const words = [...driver.keeper.books.trie(name).slots()].map(([at]) => at);
      await stage(
        () => world.tamper(name, slot, IMPLEMENTATION),
        async () => {
          expect(await world.send("eth_getCode", world.addresses[name], "latest")).to.equal(code);
          // Whoever reads the words that he knows, and the code, sees nothing.
          expect(words).to.not.include(slot);
          const { verdict: found } = driver;
          if (found.kind !== "Diverged") throw new Error(`${name}: ${found.kind}`);
          expect(found.findings[0]).to.include({ cause: "unexplained-write", contract: name });
          expect(await isPaused(), name).to.equal(true);
        },
      );
    }
  });

  it("F18: finds other code behind an address, with its storage as it was", async () => {
    // What an EIP-1167 proxy to somewhere else looks like.
    const proxy = `0x363d3d373d3d3d363d73${"be".repeat(20)}5af43d82803e903d91602b57fd5bf3` as Hex;
    for (const name of BOOK_NAMES) {
      await stage(
        async () => {
          await world.send("hardhat_setCode", world.addresses[name], proxy);
        },
        async () => {
          const { verdict: found } = driver;
          if (found.kind !== "Diverged") throw new Error(`${name}: ${found.kind}`);
          expect(found.findings[0]).to.include({ contract: name });
          if (!UNPAUSABLE.has(name)) expect(await isPaused(), name).to.equal(true);
        },
      );
    }
  });
});
