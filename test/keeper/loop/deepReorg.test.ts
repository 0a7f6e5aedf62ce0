import { expect } from "chai";

import { depositUsd } from "../../fixtures/deployLockstep.ts";
import { readHeadOf, type Rpc } from "../../../testing/Rpc.ts";
import { World, wordsOf } from "../../helpers/keeper/World.ts";

const USD = 1_000_000n;
/** More than what is kept whole. */
const DEPTH = 300;

/** Remembers every answer, and gives it again for what its node no longer knows. */
class RememberingRpc implements Rpc {
  readonly #rpc: Rpc;
  readonly #answers = new Map<string, unknown>();

  constructor(rpc: Rpc) {
    this.#rpc = rpc;
  }

  async request(method: string, params: readonly unknown[]): Promise<unknown> {
    const key = JSON.stringify([method, params]);
    try {
      const answer = await this.#rpc.request(method, params);
      if (answer === null) return this.#answers.get(key) ?? null;
      this.#answers.set(key, answer);
      // A block that was asked for by its number is known by its hash as well.
      const { hash } = answer as { hash?: unknown };
      if (method === "eth_getBlockByNumber")
        this.#answers.set(JSON.stringify(["eth_getBlockByHash", [hash, false]]), answer);
      return answer;
    } catch (error: unknown) {
      if (this.#answers.has(key)) return this.#answers.get(key);
      throw error;
    }
  }
}

describe("a reorg deeper than what is kept whole", function () {
  this.timeout(120_000);

  it("leads away and back again: what was let go is fetched anew, and the books are a rebuild's", async () => {
    const world = await World.open();
    const [user] = world.system.users;
    const rpc = new RememberingRpc(world.rpc);
    const driver = world.keeper({ rpcs: { one: rpc }, keys: {} });
    await driver.follow();
    const leave = await world.fork();
    await depositUsd(world.system, user!, 100n * USD);
    for (let mined = 0; mined < DEPTH; mined += 1) {
      await world.mine();
      await driver.follow();
    }
    const branch = await readHeadOf(rpc);
    const words = wordsOf(driver.keeper.books);

    await leave();
    await driver.follow();
    const depths = driver.all("rolled-back").map(({ depth }) => depth);
    expect(depths.at(-1)).to.be.above(DEPTH);
    expect(wordsOf(driver.keeper.books)).to.not.deep.equal(words);
    const newcomer = world.keeper({ keys: {} });
    await newcomer.follow();
    expect(wordsOf(driver.keeper.books)).to.deep.equal(wordsOf(newcomer.keeper.books));

    await driver.hear("one", branch);
    for (let tries = 0; tries < 8 && driver.keeper.books.tip?.hash !== branch.hash; tries += 1) await driver.tick();
    expect(driver.keeper.books.tip).to.include({ number: branch.number, hash: branch.hash });
    expect(wordsOf(driver.keeper.books)).to.deep.equal(words);
    expect(driver.reports.filter(({ verdict }) => verdict.kind === "Diverged")).to.deep.equal([]);
    await world.close();
  });
});
