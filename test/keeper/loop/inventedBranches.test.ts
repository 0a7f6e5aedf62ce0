import { expect } from "chai";

import { PROFILES, type ChainProfile } from "../../../keeper/domain/chainProfile.ts";
import { ROUND_BLOCKS } from "../../../keeper/domain/rounds.ts";
import type { KeeperOptions } from "../../../keeper/loop/KeeperOptions.ts";
import { lyingRpc } from "../../../testing/lies.ts";
import { readBlock, type Head, type Rpc } from "../../../testing/Rpc.ts";
import type { World } from "../../helpers/keeper/World.ts";
import { InventedStage, useInventedStage } from "./inventedStage.ts";

/** Blocks come in time here, and a chain may stand still. */
const CHAIN: ChainProfile = { ...PROFILES.ethereum, finality: "depth" };
const BLOCK_MS = CHAIN.blockSeconds * 1_000;
const HEIGHT = 600;
/** More than the patience with which a chain that stands still is called halted. */
const ROUNDS = 2 * Math.ceil(CHAIN.haltSeconds / CHAIN.blockSeconds);
/** Nothing is signed before the first round that begins after the start. */
const SIGNED = (ROUNDS - ROUND_BLOCKS) / 2;

describe("Tall branches that one of three invents", function () {
  this.timeout(60_000);
  const staged = useInventedStage();
  let stage: InventedStage;
  let world: World;

  before(() => {
    stage = staged.current;
    world = stage.world;
  });

  async function start(): Promise<void> {
    const options: Partial<KeeperOptions> = { chain: CHAIN };
    await stage.start({ options, policy: { checkpointIntervalSeconds: BLOCK_MS / 1_000 } });
    expect(stage.driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
  }

  /** The chain goes on, for the honest two; one of three stays where it is. */
  async function goOn(): Promise<void> {
    for (let round = 0; round < ROUNDS; round += 1) {
      await stage.driver.tick(BLOCK_MS);
      await world.send("evm_increaseTime", CHAIN.blockSeconds);
      await world.mine();
      await stage.settle();
      expect(stage.driver.keeper.books.tip?.hash).to.equal((await stage.head()).hash);
      expect(stage.driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
    }
  }

  /** What was said of the chain, except that branches compete. */
  const conditions = (): string[] => {
    const said = stage.driver.all("condition").map(({ condition }) => condition.kind);
    return said.filter((kind) => kind !== "split");
  };

  it("are no height of the chain, nor blocks that were replaced, and keep nobody from signing", async () => {
    await start();
    const trusted = await stage.head();
    const tall = stage.tower(trusted, HEIGHT, await stage.stateAfter(() => Promise.resolve()));
    await stage.driver.hear("liar", tall);
    await stage.driver.tick(2_000);
    expect(stage.driver.keeper.books.tip?.hash).to.equal(trusted.hash);
    const signed = stage.driver.all("checkpoint").length;
    await goOn();
    expect(conditions()).to.deep.equal([]);
    expect(stage.driver.all("rolled-back")).to.deep.equal([]);
    expect(stage.driver.all("checkpoint").length - signed).to.be.at.least(SIGNED);
  });

  it("are so neither when they were followed alone for a while, and then left", async () => {
    await start();
    const tall = stage.tower(await stage.head(), HEIGHT, await stage.stateAfter(() => Promise.resolve()));
    await stage.cutOff("a", "b");
    await stage.driver.tick(1_000);
    await stage.driver.hear("liar", tall);
    await stage.driver.tick(1_000);
    expect(stage.driver.keeper.books.tip?.hash).to.equal(tall.hash);
    const signed = stage.driver.all("checkpoint").length;
    await goOn();
    expect(stage.driver.all("rolled-back").map(({ depth }) => depth)).to.deep.equal([HEIGHT]);
    // To come back to the chain is a lower height for a moment; nothing of it stays.
    expect(conditions()).to.not.include.oneOf(["halted-chain", "deep-reorg", "consensus-fault"]);
    expect(stage.driver.keeper.conditions.filter(({ kind }) => kind !== "split")).to.deep.equal([]);
    expect(stage.driver.all("checkpoint").length - signed).to.be.at.least(SIGNED);
  });
});

describe("A final block of which the keeper does not know how it lies to what is served", function () {
  this.timeout(60_000);
  const FINAL_BELOW = 10;
  const AHEAD = 300;
  let stage: InventedStage;
  let old: Head;
  let final: Head;
  let tip: Head;

  /** Knows no block above a height, and calls the one at another height final. */
  function upTo(latest: number, finalized: number): Rpc {
    const tags: Record<string, number> = { latest, safe: finalized, finalized };
    return lyingRpc(stage.liar, async (method, params, ask) => {
      const isByNumber = method === "eth_getBlockByNumber";
      const number = isByNumber ? tags[params[0] as string] : undefined;
      const asked = number === undefined ? params : [`0x${number.toString(16)}`, false];
      const answer = (await ask(method, asked)) as { readonly number?: string } | null;
      return method.startsWith("eth_getBlockBy") && Number(answer?.number) > latest ? null : answer;
    });
  }

  before(async () => {
    stage = await InventedStage.open();
    old = await stage.head();
    await stage.world.mine(AHEAD);
    tip = await stage.head();
    final = (await readBlock(stage.world.rpc, tip.number - FINAL_BELOW))!;
  });

  after(() => stage.world.close());

  beforeEach(async () => {
    stage.driver = stage.world.keeper({
      rpcs: {
        lagging: upTo(old.number, old.number - 1),
        b: upTo(tip.number, final.number),
        liar: upTo(tip.number, final.number),
      },
      keys: stage.world.keysOf(0),
      options: { chain: { ...PROFILES.ethereum, finality: "finalized" } },
      broadcast: () => Promise.resolve(),
    });
    for (const source of ["lagging", "b", "liar"]) {
      await stage.driver.deliver({ type: "source-up", source, nowMs: stage.driver.nowMs });
    }
    await stage.driver.tick(50);
    await stage.driver.tick(PROFILES.ethereum.blockSeconds * 1_000);
    expect(stage.driver.keeper.finalBlock).to.deep.equal(final);
  });

  function expectNobodyBlamed(): void {
    const kinds = stage.driver.all("condition").map(({ condition }) => condition.kind);
    expect(kinds).to.not.include("consensus-fault");
    expect(stage.driver.all("quarantine")).to.deep.equal([]);
    expect(stage.driver.keeper.sources().map(({ state }) => state)).to.deep.equal(["up", "up", "up"]);
  }

  it("is contradicted by none who serves an old block, whoever does", async () => {
    await stage.driver.hear("liar", old);
    await stage.driver.hear("lagging", old);
    await stage.driver.tick(50);
    expectNobodyBlamed();
    expect(stage.driver.keeper.books.tip?.hash).to.equal(old.hash);
  });

  it("is followed as soon as k operators serve it, although one still lags below it", async () => {
    await stage.driver.hear("liar", old);
    await stage.driver.hear("lagging", old);
    for (const source of ["b", "liar"]) await stage.driver.hear(source, tip);
    await stage.driver.tick(1_000);
    expectNobodyBlamed();
    expect(stage.driver.keeper.books.tip?.hash).to.equal(tip.hash);
    expect(stage.driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
  });

  it("is not contradicted by an invention below it, until the blocks between are known", async () => {
    const state = await stage.stateAfter(() => Promise.resolve());
    const invented = stage.liar.invent(old, state);
    await stage.driver.hear("lagging", old);
    await stage.driver.hear("liar", invented);
    await stage.driver.tick(50);
    expectNobodyBlamed();
    await stage.driver.hear("b", tip);
    await stage.driver.tick(1_000);
    expect([...new Set(stage.driver.all("quarantine").map(({ source }) => source))]).to.deep.equal(["liar"]);
    const kinds = stage.driver.all("condition").map(({ condition }) => condition.kind);
    expect(kinds).to.not.include("consensus-fault");
  });
});
