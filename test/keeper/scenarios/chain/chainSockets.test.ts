import { expect } from "chai";

import type { KeeperConfig } from "../../../../keeper/config/KeeperConfig.ts";
import { KeeperError } from "../../../../keeper/errors/KeeperError.ts";
import type { Hash } from "../../../../keeper/lib/hex.ts";
import { startNode } from "../../../../scripts/local/startNode.ts";
import { Fork, ForkNode, hashAt } from "../../../helpers/keeper/scenarioFork.ts";
import { Seen } from "../../../../testing/Seen.ts";
import { SourcesRig } from "../../../helpers/keeper/sourcesRig.ts";

const BURSTS = [500, 137, 15] as const;

describe("Scenario over sockets: bursts, time and other chains", function () {
  this.timeout(60_000);
  let fork: Fork;
  let here: ForkNode;
  let other: ForkNode;
  let rig: SourcesRig | null = null;

  before(async () => {
    fork = await Fork.open(141, 1);
    here = fork.here;
    const { signal } = new AbortController();
    other = new ForkNode(await startNode({ chain: "anvil", port: 0, host: "127.0.0.1", signal }));
    await other.mine((await here.head()).number + 20);
  });

  after(async () => {
    await other.node.stop();
    await fork.close();
  });

  afterEach(async () => {
    await rig?.stop();
    rig = null;
  });

  async function start(
    transports: readonly ("http" | "ws")[],
    flags: Partial<Record<keyof KeeperConfig, string>> = {},
    liar?: ForkNode,
  ): Promise<SourcesRig> {
    rig = await SourcesRig.start(fork.truth, {
      transports,
      upstreams: [here.node.url],
      ...(liar === undefined ? {} : { upstreamOfLiar: liar.node.url }),
      flags: () => flags,
    });
    return rig;
  }

  const said = (of: SourcesRig): string | undefined => new Seen(of.effects, 0).said.at(-1);

  it(`${BURSTS.join(", ")} blocks while the sockets are closed: none is missed (A13)`, async () => {
    const of = await start(["ws", "ws", "http"]);
    await of.untilInSync();
    const seen = of.seen();
    for (const count of BURSTS) {
      const { hash } = await here.head();
      await Promise.all(of.proxies.map((proxy) => proxy.goDown()));
      await of.until("no source", () => of.keeper.sources().every(({ state }) => state === "down"));
      await here.mine(count);
      await Promise.all(of.proxies.map((proxy) => proxy.comeBack()));
      await of.untilInSync();
      const blocks = of.keeper.books.blocksSince(hash) ?? [];
      expect(blocks).to.have.length(count);
      expect(blocks.map((block, index) => block.number - index)).to.deep.equal(blocks.map(() => blocks[0]?.number));
    }
    expect(seen.begun.filter((kind) => kind === "burst")).to.have.length.at.most(2);
    await of.expectSound(seen);
  });

  it("a block 900 s in the future: InSync, nothing signed until the clock agrees (D9)", async () => {
    // Ethereum's profile: a block may be 15 s ahead.
    const of = await start(["ws", "ws", "ws"], { profile: "ethereum", finality: "depth" });
    await of.untilInSync();
    const seen = of.seen();
    const { number = 0, timestamp = 0 } = of.keeper.books.tip ?? {};
    await fork.here.send("evm_setNextBlockTimestamp", Math.max(timestamp, Math.floor(Date.now() / 1_000)) + 900);
    for (let block = 0; block < 9; block += 1) {
      await here.mine();
      await of.untilInSync();
    }
    expect(seen.begun).to.deep.equal(["clock-skew"]);
    expect(seen.said).to.deep.equal(["InSync"]);
    seen.expectCalm();
    // What was there before may still have been signed, one block below its head.
    expect(seen.attested.filter((height) => height >= number)).to.deep.equal([]);
  });

  describe("another chain", () => {
    async function codeOf(starting: Promise<SourcesRig>): Promise<string> {
      return starting.then(
        () => "started",
        (error: unknown) => (KeeperError.is(error) ? error.code : String(error)),
      );
    }

    it("of another block 0 than is set is refused at the start (A15)", async () => {
      const genesisHash = await hashAt(other, 0);
      expect(await codeOf(start(["ws", "http"], { genesisHash }))).to.equal("ChainMismatch");
    });

    it("of another id behind all sources is refused at the start (A15)", async () => {
      await here.send("anvil_setChainId", 31_338);
      try {
        expect(await codeOf(start(["ws", "http"]))).to.equal("ChainMismatch");
      } finally {
        await here.send("anvil_setChainId", 31_337);
      }
    });

    it("behind one source at the start: that one has no say, the others go on (A15)", async () => {
      const of = await start(["ws", "http", "ws"], {}, other);
      await of.untilInSync();
      await of.until("foreign", () => of.source(0).state === "foreign");
      expect(of.source(0).reason).to.contain("genesis");
    });

    it("behind a source that reconnects, and the first one again: down to its word, and back (A15)", async () => {
      const of = await start(["ws", "http", "ws"]);
      await of.untilInSync();
      const seen = of.seen();
      await of.liar.goDown();
      await of.liar.setUpstream(other.node.url);
      await of.liar.comeBack();
      await of.until("foreign", () => of.source(0).state === "foreign");
      await here.mine();
      await of.untilInSync();
      await of.liar.goDown();
      await of.liar.setUpstream(here.node.url);
      await of.liar.comeBack();
      await of.until("up", () => of.source(0).state === "up");
      await of.expectSound(seen);
    });

    it("behind every source, from one answer to the next: nothing is taken back, Unknown, nothing signed (A15)", async () => {
      const of = await start(["http", "ws", "http"]);
      await of.untilInSync();
      const tip = of.keeper.books.tip?.hash;
      const seen = of.seen();
      for (const proxy of of.proxies) await proxy.setUpstream(other.node.url);
      await other.mine();
      await of.until("unknown", () => said(of) === "Unknown(no-source)");
      expect(seen.all("rolled-back")).to.deep.equal([]);
      expect(of.keeper.books.tip?.hash).to.equal(tip);
      const after = of.seen();
      for (const proxy of of.proxies) await proxy.setUpstream(here.node.url);
      await of.untilInSync();
      expect(after.all("rolled-back")).to.deep.equal([]);
      seen.expectCalm();
    });

    it("of one id and one history, both live: the pinned block decides who has a say (A16)", async () => {
      await here.part(6);
      await fork.twin.part(9);
      const number = (await here.head()).number - 3;
      const hash: Hash = await hashAt(here, number);
      const of = await start(["ws", "ws", "http"], { pinnedBlock: `${number}:${hash}` }, fork.twin);
      await of.untilInSync();
      const seen = of.seen();
      for (let block = 0; block < 3; block += 1) {
        await fork.twin.mine(2);
        await here.mine();
        await of.untilInSync();
      }
      expect(of.source(0).state).to.equal("foreign");
      await of.expectSound(seen);
    });
  });
});
