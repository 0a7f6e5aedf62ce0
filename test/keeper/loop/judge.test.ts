import { expect } from "chai";

import { lyingRpc } from "../../../testing/lies.ts";
import { World } from "../../helpers/keeper/World.ts";

describe("Judge", function () {
  this.timeout(60_000);
  let world: World;

  before(async () => {
    world = await World.open();
  });

  after(() => world.close());

  it("agrees with no block that nobody proves, and with the next one that is proven", async () => {
    let isProving = true;
    const rpc = lyingRpc(world.rpc, (method, params, ask) => {
      if (method === "eth_getProof" && !isProving) throw new Error("no proofs today");
      return ask(method, params);
    });
    const driver = world.keeper({ rpcs: { a: rpc } });
    const isTipAgreed = (): boolean => driver.keeper.judge.isAgreed(driver.keeper.books.tip!.hash);
    await driver.follow();
    expect([driver.verdict.kind, isTipAgreed()]).to.deep.equal(["InSync", true]);
    isProving = false;
    await world.mine();
    for (let look = 0; look < 20 && driver.verdict.kind !== "Unknown"; look += 1) {
      await driver.follow();
      await driver.tick(500);
    }
    expect(driver.verdict).to.include({ kind: "Unknown", reason: "no-proof" });
    expect(driver.keeper.books.tip?.number).to.equal(Number(await world.send("eth_blockNumber")));
    expect(isTipAgreed()).to.equal(false);
    isProving = true;
    await world.mine();
    await driver.follow();
    expect([driver.verdict.kind, isTipAgreed()]).to.deep.equal(["InSync", true]);
  });
});
