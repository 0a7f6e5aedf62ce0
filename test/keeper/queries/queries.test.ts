import { expect } from "chai";

import { describeAccount } from "../../../keeper/queries/accounts.ts";
import { BooksAt } from "../../../keeper/queries/BooksAt.ts";
import { CHECKPOINT_STATUSES, describeCheckpoints } from "../../../keeper/queries/checkpoints.ts";
import { describeGrade } from "../../../keeper/queries/grade.ts";
import { scaled } from "../../../keeper/queries/greeks.ts";
import { describeInstrument, listedInstruments } from "../../../keeper/queries/instruments.ts";
import type { InProcessKeeper } from "../../../testing/InProcessKeeper.ts";
import { openTraffic } from "../../helpers/keeper/openTraffic.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import type { World } from "../../helpers/keeper/World.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";

const BLOCKS = 120;
/** Blocks between two comparisons. */
const EVERY = 6;
const STRICT = 0;
/** TIMESTAMP, stored and returned: what a call at the head sees, which is not always the head's own time. */
const RETURN_TIMESTAMP = "0x4260005260206000f3";
const VALUATION = ["equity", "initial", "maintenance", "lagPremium"] as const;
const GREEKS = ["delta", "gamma", "vega", "theta"] as const;

/** The keeper's books as calls at the head see the chain. */
async function booksAt(world: World, { keeper }: InProcessKeeper): Promise<BooksAt> {
  const timestamp = Number(await world.system.ethers.provider.call({ data: RETURN_TIMESTAMP }));
  const { number, hash } = keeper.books.tip!;
  return new BooksAt(keeper.books, { number, hash, timestamp }, keeper.books.roots());
}

async function compareAccounts({ system }: World, at: BooksAt): Promise<number> {
  const { ledger, margin } = system;
  let positions = 0;
  for (const account of at.accountsFrom(0, at.accountCount)) {
    const own = describeAccount(account, at);
    const { quote, positions: held, collateral, checkpointTime } = await ledger.portfolioOf(account);
    const given = {
      ...{ quote, checkpointTime },
      positions: held.map(({ instrument, size }) => ({ instrument, size })),
      collateral: collateral.map(({ id, balance }) => ({ id, balance })),
    };
    const value = await margin.evaluate(given, STRICT);
    const { margin: valued } = own;
    if (valued.kind !== "valued") throw new Error(`${account} is ${valued.kind}: ${valued.detail}`);
    expect(own.quote + sum(own.positions.map(({ funding }) => funding)), account).to.equal(quote);
    expect(own.positions.map(({ instrument, size }) => [instrument, size])).to.deep.equal(
      held.map(({ instrument, size }) => [instrument, size]),
    );
    expect(own.collateral.map(({ balance }) => balance)).to.deep.equal(collateral.map(({ balance }) => balance));
    for (const field of VALUATION) expect(valued[field], `${account} ${field}`).to.equal(value[field]);
    expect(valued.hasValidPrices).to.equal(value.isValid);
    expect(valued.free).to.equal(value.equity - value.initial - value.lagPremium);
    positions += held.length;
  }
  return positions;
}

async function compareInstruments({ system }: World, at: BooksAt): Promise<number> {
  const { ledger, margin } = system;
  const listed = listedInstruments(at.items, at);
  for (const instrument of listed) {
    const own = describeInstrument(instrument, at)!;
    const mark = await margin.markOf(instrument).catch(() => null);
    expect(own.mark, `mark of ${instrument}`).to.equal(mark);
    const { openInterest } = await ledger.marketOf(instrument);
    expect(own.openInterest).to.equal(openInterest);
    if (own.kind === "perpetual") continue;
    const greeks = await margin.greeksOf(instrument).catch(() => null);
    expect(own.greeks === null, `greeks of ${instrument}`).to.equal(greeks === null);
    for (const field of GREEKS) expect(own.greeks?.unit[field]).to.equal(greeks?.[field]);
  }
  return listed.length;
}

async function compareRest({ system }: World, at: BooksAt): Promise<string> {
  const { ledger, registry } = system;
  const flags = await ledger.flags();
  const { families, grade } = describeGrade(at);
  const [risk, withdraw] = families.map(({ isRestricted }) => isRestricted);
  expect([risk, withdraw], grade).to.deep.equal([(flags & 1n) !== 0n, (flags & 2n) !== 0n]);
  for (const { blockNumber, status, postedAt } of describeCheckpoints(at)) {
    const kept = await registry.checkpointOf(blockNumber);
    expect([CHECKPOINT_STATUSES.indexOf(status), postedAt]).to.deep.equal([Number(kept.status), kept.postedAt]);
  }
  return grade;
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}

describe("queries", function () {
  this.timeout(120_000);

  it(`say what the contracts' own views say, over ${BLOCKS} blocks of random operations`, async () => {
    const { world, traffic } = await openTraffic(new SeededRandom(chooseSeed(77)), { keeperCount: 2 });
    const driver = world.keeper({ keys: {} });
    let [positions, instruments] = [0, 0];
    const grades = new Set<string>();
    for (let block = 1; block <= BLOCKS; block += 1) {
      for (let left = 3; left > 0; left -= 1) await traffic.send();
      await traffic.mine();
      await driver.follow();
      if (block % EVERY !== 0) continue;
      const at = await booksAt(world, driver);
      positions += await compareAccounts(world, at);
      instruments += await compareInstruments(world, at);
      grades.add(await compareRest(world, at));
    }
    expect(positions).to.be.greaterThan(20);
    expect(instruments).to.be.greaterThan(40);
    expect(grades.size, [...grades].join(", ")).to.be.greaterThan(1);
    await world.close();
  });

  it("scale Greeks by the size of a position, towards zero", () => {
    const unit = { delta: 5n * 10n ** 17n, gamma: 3n, vega: -(10n ** 18n), theta: 0n };
    expect(scaled(unit, -3n * 10n ** 18n)).to.deep.equal({
      ...{ delta: -15n * 10n ** 17n, gamma: -9n, vega: 3n * 10n ** 18n, theta: 0n },
    });
    expect(scaled(unit, 10n ** 17n).gamma).to.equal(0n);
  });
});
