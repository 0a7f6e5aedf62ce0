import { expect } from "chai";

import type { Hash } from "../../../keeper/lib/hex.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import type { InProcessKeeper } from "../../../testing/InProcessKeeper.ts";
import { LocalWorld } from "../../helpers/keeper/LocalWorld.ts";
import { openTraffic } from "../../helpers/keeper/openTraffic.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { wordsOf, type World } from "../../helpers/keeper/World.ts";
import type { Traffic } from "../books/naive/Traffic.ts";

const OPERATIONS = 500;
const OPERATIONS_WITH_REORGS = 150;
const OPERATIONS_ON_ANVIL = 100;
const GAS = { gasLimit: 2_500_000 };

/** Random operations of everybody, governance included, mined one to four in a block. */
class Blocks {
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #traffic: Traffic;
  sent = 0;

  private constructor(world: World, random: SeededRandom, traffic: Traffic) {
    this.#world = world;
    this.#random = random;
    this.#traffic = traffic;
  }

  static async open(random: SeededRandom): Promise<{ readonly world: World; readonly blocks: Blocks }> {
    const { world, traffic } = await openTraffic(random, { keeperCount: 2 });
    return { world, blocks: new Blocks(world, random, traffic) };
  }

  async next(): Promise<void> {
    for (let left = 1 + this.#random.below(4); left > 0; left -= 1, this.sent += 1) {
      if (this.#random.below(16) === 0) await this.#govern();
      else await this.#traffic.send();
    }
    await this.#traffic.mine();
  }

  /** Feeds change their rules. */
  async #govern(): Promise<void> {
    const { oracle, ethFeed, btcFeed } = this.#world.system;
    const [feed, aggregator] = this.#random.bool() ? [1, ethFeed] : [2, btcFeed];
    const maxAge = 900 + this.#random.below(1_800);
    await oracle.setFeed(feed, aggregator.target, maxAge, 10n ** 20n, 10n ** 24n, GAS);
  }
}

async function expectEqual(driver: InProcessKeeper, world: { roots(blockHash: Hash): Promise<Hash[]> }): Promise<void> {
  const { books, judge } = driver.keeper;
  expect(judge.latched).to.deep.equal([]);
  expect(judge.hasOwnFault).to.equal(false);
  expect(driver.verdict.kind).to.equal("InSync");
  expect(books.roots()).to.deep.equal(await world.roots(books.tip!.hash));
}

describe("Keeper on honest traffic", function () {
  this.timeout(120_000);

  it(`has the chain's storage roots after every block of ${OPERATIONS} operations, and finds nothing`, async () => {
    const { world, blocks } = await Blocks.open(new SeededRandom(chooseSeed(1)));
    const driver = world.keeper({ keys: {} });
    while (blocks.sent < OPERATIONS) {
      await blocks.next();
      await driver.follow();
      await expectEqual(driver, world);
    }
    expect(driver.keeper.books.trie("PositionLedger").size).to.be.greaterThan(20);
    await world.close();
  });

  it(`P5: has a rebuild's words after ${OPERATIONS_WITH_REORGS} operations with reorgs between (A1, A2)`, async () => {
    const random = new SeededRandom(chooseSeed(2));
    const { world, blocks } = await Blocks.open(random);
    const driver = world.keeper({ keys: {} });
    const forks: (() => Promise<unknown>)[] = [];
    while (blocks.sent < OPERATIONS_WITH_REORGS) {
      if (random.below(3) === 0) forks.push(await world.fork());
      await blocks.next();
      if (random.below(3) !== 0) await driver.follow();
      const replace = random.below(4) === 0 ? forks.pop() : undefined;
      await replace?.();
      if (replace !== undefined) await driver.follow();
    }
    await driver.follow();
    await expectEqual(driver, world);
    const rebuilt = world.keeper({ keys: {} });
    await rebuilt.follow();
    expect(wordsOf(driver.keeper.books)).to.deep.equal(wordsOf(rebuilt.keeper.books));
    expect(driver.all("rolled-back").filter(({ depth }) => depth > 1)).to.have.length.greaterThan(2);
    await world.close();
  });

  it(`has a rebuild's words after ${OPERATIONS_ON_ANVIL} operations on Anvil with reorgs between (A1, P5)`, async () => {
    const seed = chooseSeed(3);
    const world = await LocalWorld.open("anvil", seed);
    try {
      const random = new SeededRandom(seed);
      const driver = world.keeper({ keys: {} });
      for (let sent = 0; sent < OPERATIONS_ON_ANVIL;) {
        const steps = 1 + random.below(6);
        await world.trade(steps);
        sent += steps;
        await driver.follow();
        await expectEqual(driver, world);
        if (random.below(2) !== 0) continue;
        await world.send("anvil_reorg", 1 + random.below(steps), []);
        await world.mine();
        await driver.follow();
        await expectEqual(driver, world);
      }
      const rebuilt = world.keeper({ keys: {} });
      await rebuilt.follow();
      expect(wordsOf(driver.keeper.books)).to.deep.equal(wordsOf(rebuilt.keeper.books));
      expect(driver.all("rolled-back")).to.have.length.greaterThan(5);
    } finally {
      await world.close();
    }
  });
});
