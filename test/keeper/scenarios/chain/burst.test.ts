import { expect } from "chai";

import { EMPTY_ROOT } from "../../../../keeper/trie/nodeEncoding.ts";
import { PROFILES } from "../../../../keeper/domain/chainProfile.ts";
import type { Hash, Hex } from "../../../../keeper/lib/hex.ts";
import type { InProcessKeeper } from "../../../../testing/InProcessKeeper.ts";
import { Fork, hashAt, type ForkNode } from "../../../helpers/keeper/scenarioFork.ts";
import { Seen } from "../../../../testing/Seen.ts";
import { UNIT } from "../../../helpers/orders.ts";

const USD = 1_000_000n;
/** From this many on it is a burst. */
const BURST = 32;
/** Blocks that a follower without a cursor looks at. */
const LOOK_BACK = 5;
/** So many of each burst's last blocks are proven one by one. */
const PROVEN = 100;

describe("Scenario: many blocks at once after silence", function () {
  this.timeout(60_000);
  let fork: Fork;
  let here: ForkNode;
  let driver: InProcessKeeper;

  before(async () => {
    fork = await Fork.open(113, 1);
    here = fork.here;
    driver = await fork.keeper(fork.lines("a", "b", "c"), { options: { chain: PROFILES.local, proofDepth: PROVEN } });
  });

  after(() => fork.close());

  /** Mines a block with a deposit and others around it. */
  async function burst(count: number, on = here): Promise<Hex> {
    const raw = await fork.signDeposit(3n * USD);
    await on.mine(Math.floor(count / 3));
    await on.send("eth_sendRawTransaction", raw);
    await on.mine(count - Math.floor(count / 3));
    return raw;
  }

  /** The books took every block of the chain above one, each once and in order. */
  async function expectNoneMissed(above: Hash, by = driver): Promise<void> {
    const blocks = by.keeper.books.blocksSince(above) ?? [];
    const head = await here.head();
    expect(blocks.at(-1)?.hash).to.equal(head.hash);
    const [first] = blocks;
    expect(blocks.map(({ number }) => number)).to.deep.equal(
      Array.from({ length: blocks.length }, (_, index) => (first?.number ?? 0) + index),
    );
    for (const { number, hash } of blocks) expect(hash).to.equal(await hashAt(here, number));
  }

  /** The newest blocks were each held against their own proofs. */
  async function expectEachJudged(count: number): Promise<void> {
    const { number } = await here.head();
    const hashes = await Promise.all(Array.from({ length: count }, (_, index) => hashAt(here, number - index)));
    expect(hashes.filter((hash) => driver.keeper.judge.rootsOf(hash) === null)).to.deep.equal([]);
    for (const hash of [hashes[0]!, hashes.at(-1)!]) {
      expect(driver.keeper.judge.rootsOf(hash)).to.deep.equal(await fork.truth.roots(hash));
    }
  }

  for (const count of [500, 137, 15]) {
    it(`${count}: none is missed, ${count < BURST ? "nothing" : "and that"} is said, and it is over at the end (A13)`, async () => {
      const { hash = EMPTY_ROOT, number = 0 } = driver.keeper.books.tip ?? {};
      const before = fork.quoteBy(driver);
      const desk = await fork.desk(here.rpc, { lookBack: LOOK_BACK });
      await burst(count);
      const seen = new Seen(driver.effects);
      await driver.follow();
      await driver.tick(1_000);
      expect(driver.keeper.books.tip?.number).to.equal(number + count);
      expect(driver.keeper.books.blocksSince(hash)).to.have.length(count);
      await expectNoneMissed(hash);
      await expectEachJudged(Math.min(count, PROVEN));
      expect(fork.quoteBy(driver)).to.equal(before + 3n * UNIT);
      expect(seen.begun).to.deep.equal(count < BURST ? [] : ["burst"]);
      expect(seen.ended).to.deep.equal(seen.begun);
      expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
      expect(driver.keeper.books.roots()).to.deep.equal(await fork.truth.roots((await here.head()).hash));
      seen.expectCalm();
      // Who looks at the last blocks only owes the depositor what he never sees.
      await desk.serve();
      expect([desk.booked, await desk.lossBy(here.rpc)]).to.deep.equal([0n, -3n * USD]);
    });
  }

  it("that arrive in pieces, each head before the last is caught up with (A13)", async () => {
    const { hash = EMPTY_ROOT } = driver.keeper.books.tip ?? {};
    const seen = new Seen(driver.effects);
    const heads = [];
    for (const count of [40, 1, 96]) {
      await burst(count);
      const head = await here.head();
      for (const source of ["a", "b", "c"]) heads.push({ source, ...head });
    }
    await driver.deliverAll(heads.map((head) => ({ type: "head", ...head, nowMs: driver.nowMs })));
    await driver.follow();
    expect(driver.keeper.books.blocksSince(hash)).to.have.length(137);
    await expectNoneMissed(hash);
    expect(seen.ended).to.deep.equal(seen.begun);
    seen.expectCalm();
  });

  it("that replace some of those before: back to where the branches part, and none missed above it (A1, A13)", async () => {
    await burst(4);
    await driver.follow();
    const parent = await hashAt(here, (await here.head()).number - 3);
    const seen = new Seen(driver.effects);
    await here.reorg(3);
    await burst(64);
    await driver.follow();
    expect(seen.all("rolled-back").map(({ depth }) => depth)).to.deep.equal([3]);
    await expectNoneMissed(parent);
    expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
    seen.expectCalm();
  });

  it("are replaced while they are being caught up with: the books end on the branch that stays (A1, A13)", async () => {
    const lines = fork.lines("a", "b", "c");
    const late = await fork.keeper(lines, { options: { chain: PROFILES.local } });
    const { hash = EMPTY_ROOT } = late.keeper.books.tip ?? {};
    await burst(40);
    let answers = 0;
    for (const line of Object.values(lines)) {
      line.lie = async (method, params, ask) => {
        answers += 1;
        if (answers === 150) await here.reorg(25);
        return ask(method, params);
      };
    }
    const seen = new Seen(late.effects);
    await late.follow();
    await late.tick(500);
    await late.follow();
    expect(answers).to.be.greaterThan(150);
    await expectNoneMissed(hash, late);
    expect(late.verdict).to.include({ kind: "InSync", isWitnessed: true });
    seen.expectCalm();
    await driver.follow();
  });
});
