import { expect } from "chai";
import { network } from "hardhat";

import type { EntryPostedEvent } from "../../../keeper/books/generated/PositionLedger.ts";
import { ENTRY_KIND } from "../../../keeper/books/reducers/ledger/entryKinds.ts";
import { REDUCERS } from "../../../keeper/books/reducers.ts";
import { BOOK_NAMES } from "../../../keeper/domain/bookSet.ts";
import { askSecondOpinion } from "../../../keeper/loop/secondOpinion.ts";
import type { ProvenBooks } from "../../../keeper/loop/requestBlock.ts";
import { postCheckpoint } from "../../helpers/attestations.ts";
import { startNode } from "../../../scripts/local/startNode.ts";
import { ACTION_KINDS, ClearingActions, type ActionKind } from "../../helpers/clearing/ClearingActions.ts";
import { deployAwkwardMarket } from "../../helpers/clearing/awkwardMarket.ts";
import { openAwkwardMarket } from "../../helpers/keeper/anvilMarket.ts";
import { liveBadDay } from "../../helpers/keeper/badDay.ts";
import type { InProcessKeeper } from "../../../testing/InProcessKeeper.ts";
import { describeVerdict } from "../../../testing/describeVerdict.ts";
import { readBlock } from "../../../testing/Rpc.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { World, wordsOf } from "../../helpers/keeper/World.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";

const ACTIONS = 500;
/** By then chance has given every kind, those excepted that the bad day forces. */
const MOST_ACTIONS = 2_000;
const ACTIONS_ON_ANVIL = 250;
const AFTERMATH = 60;
const FORCED = new Set<ActionKind>(["coverShortfall", "levelClearing", "startCollateralAuction", "bidCollateral"]);
/** Entries of {@link ENTRY_KIND}: all of them. */
const ENTRIES = Object.keys(ENTRY_KIND).map((kind) => `entry ${kind}`);
/** A branch of so many actions is dropped after each of so many. */
const BRANCH = 6;
const BRANCH_EVERY = 50;
const DEPOSITS = 24;

const EVENTS = [
  ...["LossSocialised", "DebtRecorded", "FundingUpdated", "ExpirySettled", "SoftPaused", "SoftLifted", "PositionSold"],
  ...["AuctionStarted", "CollateralAuctionStarted", "CollateralAuctionStopped", "CollateralSold", "OrderFilled"],
];

/** Hears every block of a chain, one by one, and expects the keeper to be in sync with each. */
class EveryBlock {
  readonly driver: InProcessKeeper;
  readonly #world: World;
  /** Names of the books' events, and `entry <kind>`. */
  readonly seen = new Set<string>();
  #next = 1;

  constructor(world: World) {
    this.#world = world;
    this.driver = world.keeper({ keys: {} });
  }

  async follow(): Promise<void> {
    const head = Number(await this.#world.send("eth_blockNumber"));
    for (; this.#next <= head; this.#next += 1) await this.#hear(this.#next);
  }

  /** The chain was replaced from this block on. */
  rewind(number: number): void {
    this.#next = number;
  }

  async #hear(number: number): Promise<void> {
    const block = (await readBlock(this.#world.rpc, number))!;
    await this.driver.hear("hardhat", block);
    const report = this.driver.reports.at(-1);
    const { verdict } = this.driver;
    if (verdict.kind !== "InSync") throw new Error(`block ${number}: ${describeVerdict(verdict)}`);
    expect(report).to.include({ number, hash: block.hash });
    expect(this.driver.keeper.books.roots(), `block ${number}`).to.deep.equal(await this.#world.roots(block.hash));
    for (const log of this.driver.keeper.books.tip?.logs ?? []) {
      const book = BOOK_NAMES.find((name) => this.#world.addresses[name] === log.address);
      const event = book === undefined ? null : REDUCERS[book].decode(log);
      if (event !== null) this.seen.add(nameOf(event));
    }
  }
}

function nameOf(event: { readonly name: string }): string {
  if (event.name !== "EntryPosted") return event.name;
  const { kind } = event as EntryPostedEvent;
  return `entry ${Object.entries(ENTRY_KIND).find(([, value]) => value === kind)?.[0]}`;
}

/** Everything from genesis again, by the other derivation: it has to agree as well. */
async function askNaively(world: World, { keeper: { books } }: InProcessKeeper): Promise<string> {
  const roots = await world.roots(books.tip!.hash);
  const proven = BOOK_NAMES.map((name, index) => [name, { storageRoot: roots[index] }] as const);
  const blocks = books.blocksSince(null);
  const opinion = askSecondOpinion(books, blocks!, Object.fromEntries(proven) as unknown as ProvenBooks);
  return opinion.agreesWithChain ? "" : opinion.detail;
}

async function payFund({ usd, vault, fund, admin }: World["system"], amount: bigint): Promise<void> {
  await usd.mint(admin.address, amount);
  await usd.connect(admin).approve(vault.target, amount);
  await vault.connect(admin).deposit(await fund.ACCOUNT(), usd.target, amount);
}

/** Some actions that a reorg then drops. */
async function dropBranch(world: World, actions: ClearingActions, every: EveryBlock): Promise<void> {
  const fork = Number(await world.send("eth_blockNumber"));
  const replace = await world.fork();
  for (let count = 0; count < BRANCH; count += 1) await actions.step();
  await every.follow();
  await replace();
  every.rewind(fork + 1);
}

describe("Keeper on everything that people do", function () {
  this.timeout(600_000);

  it("is in sync with every block, across reorgs, and has a rebuild's words", async () => {
    const random = new SeededRandom(chooseSeed(1));
    const system = await deployAwkwardMarket(await network.create());
    const world = await World.of(system);
    const actions = new ClearingActions(system, random);
    const every = new EveryBlock(world);
    await payFund(system, 5_000n * 10n ** 6n);
    for (let count = 0; count < DEPOSITS; count += 1) await actions.perform("deposit");
    const missing = () => ACTION_KINDS.filter((kind) => actions.tallies.get(kind)!.done === 0 && !FORCED.has(kind));
    for (let step = 0; step < ACTIONS || (missing().length > 0 && step < MOST_ACTIONS); step += 1) {
      if (step % BRANCH_EVERY === 0) await dropBranch(world, actions, every);
      await actions.step();
      await every.follow();
    }
    await liveBadDay(system);
    for (let step = 0; step < AFTERMATH; step += 1) await actions.step();
    await every.follow();
    console.log(actions.summary());
    expect(missing(), "kinds of actions that never succeeded").to.deep.equal([]);
    const unseen = [...ENTRIES, ...EVENTS].filter((name) => !every.seen.has(name));
    expect(unseen, "what never happened").to.deep.equal([]);
    const { driver } = every;
    expect(driver.all("rolled-back").filter(({ depth }) => depth > 1).length).to.be.greaterThan(5);
    expect(driver.all("incident")).to.deep.equal([]);
    const rebuilt = world.keeper({ keys: {} });
    await rebuilt.follow();
    expect(wordsOf(driver.keeper.books)).to.deep.equal(wordsOf(rebuilt.keeper.books));
    expect(await askNaively(world, rebuilt)).to.equal("");
    await world.close();
  });

  it("is in sync with every block on Anvil, where a word that is read and stays empty shows", async () => {
    const signal = new AbortController().signal;
    const node = await startNode({ chain: "anvil", port: 0, host: "127.0.0.1", signal });
    try {
      const random = new SeededRandom(chooseSeed(1));
      const system = await openAwkwardMarket(node);
      const world = await World.of(system);
      const actions = new ClearingActions(system, random);
      const every = new EveryBlock(world);
      // A pause before the first checkpoint would read the registry's cursor, which is empty until then.
      await postCheckpoint(system);
      await payFund(system, 5_000n * 10n ** 6n);
      for (let count = 0; count < DEPOSITS; count += 1) await actions.perform("deposit");
      await every.follow();
      for (let step = 0; step < ACTIONS_ON_ANVIL; step += 1) {
        await actions.step();
        await every.follow();
      }
      await liveBadDay(system);
      for (let step = 0; step < AFTERMATH; step += 1) await actions.step();
      await every.follow();
      console.log(actions.summary());
      // Chance alone liquidates, and may not within so few actions.
      const unseen = ENTRIES.filter((name) => !every.seen.has(name) && name !== "entry liquidation");
      expect(unseen, "what never happened").to.deep.equal([]);
      const rebuilt = world.keeper({ keys: {} });
      await rebuilt.follow();
      expect(wordsOf(every.driver.keeper.books)).to.deep.equal(wordsOf(rebuilt.keeper.books));
      await world.close();
    } finally {
      await node.stop();
    }
  });
});
