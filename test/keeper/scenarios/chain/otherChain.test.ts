import { expect } from "chai";

import { PROFILES, type ChainProfile } from "../../../../keeper/domain/chainProfile.ts";
import type { Hash } from "../../../../keeper/lib/hex.ts";
import { startNode } from "../../../../scripts/local/startNode.ts";
import type { InProcessKeeper } from "../../../../testing/InProcessKeeper.ts";
import type { Rpc } from "../../../../testing/Rpc.ts";
import { Fork, ForkNode, hashAt } from "../../../helpers/keeper/scenarioFork.ts";
import type { StagedSource } from "../../../../testing/StagedSource.ts";
import { Seen } from "../../../../testing/Seen.ts";

/** A source is asked again after this at the latest. */
const RECHECK_MS = 12_000;

/** Units of the settlement token in a deposit that only the other chain has. */
const ELSEWHERE = 500_000_000n;

describe("Scenario: another chain behind a URL", function () {
  this.timeout(60_000);
  let fork: Fork;
  let here: ForkNode;
  /** A chain with the same id that began at another block 0, and is longer. */
  let other: ForkNode;
  let genesisHash: Hash;
  let lines: Record<"a" | "b" | "c", StagedSource>;

  before(async () => {
    fork = await Fork.open(115, 1);
    here = fork.here;
    genesisHash = await hashAt(here, 0);
    const { signal } = new AbortController();
    other = new ForkNode(await startNode({ chain: "anvil", port: 0, host: "127.0.0.1", signal }));
    await other.mine((await here.head()).number + 40);
    expect(await hashAt(other, 0)).to.not.equal(genesisHash);
  });

  after(async () => {
    await other.node.stop();
    await fork.close();
  });

  beforeEach(() => {
    lines = fork.lines("a", "b", "c");
  });

  const follow = (
    chain: Partial<ChainProfile> = {},
    rpcs: Readonly<Record<string, Rpc>> = lines,
  ): Promise<InProcessKeeper> => {
    return fork.keeper(rpcs, { options: { chain: { ...PROFILES.local, genesisHash, ...chain } } });
  };

  async function reconnect(driver: InProcessKeeper, ...sources: string[]): Promise<void> {
    for (const source of sources) {
      await driver.deliver({ type: "source-down", source, reason: "cut off", nowMs: driver.nowMs });
      await driver.deliver({ type: "source-up", source, nowMs: driver.nowMs });
    }
  }

  async function wait(driver: InProcessKeeper, ms: number, stepMs = 1_000): Promise<void> {
    for (let waitedMs = 0; waitedMs < ms; waitedMs += stepMs) {
      await driver.follow();
      await driver.tick(stepMs);
    }
  }

  function stateOf(driver: InProcessKeeper, source: string): string | undefined {
    return driver.keeper.sources().find(({ id }) => id === source)?.state;
  }

  describe("with another chain id", () => {
    afterEach(() => fork.twin.send("anvil_setChainId", 31_337));

    it("from one block to the next: found without a reconnect, and heard again when it is over (A15)", async () => {
      lines.a.rpc = fork.twin.rpc;
      const driver = await follow();
      const seen = new Seen(driver.effects);
      await fork.twin.send("anvil_setChainId", 31_338);
      await wait(driver, RECHECK_MS + 6_000);
      expect(seen.all("quarantine")).to.deep.equal([
        { type: "quarantine", source: "a", reason: "it serves chain 31338, not 31337" },
      ]);
      expect(stateOf(driver, "a")).to.equal("foreign");
      expect(driver.keeper.conditions.map(({ kind }) => kind)).to.include("source-degraded");
      expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
      await fork.twin.send("anvil_setChainId", 31_337);
      await wait(driver, RECHECK_MS + 1_000);
      expect(stateOf(driver, "a")).to.equal("up");
      seen.expectCalm();
    });

    it("at a reconnect, and no other source: Unknown at once, nothing signed (A15)", async () => {
      const alone = { a: lines.a };
      lines.a.rpc = fork.twin.rpc;
      const driver = await follow({}, alone);
      await fork.twin.send("anvil_setChainId", 31_338);
      const seen = new Seen(driver.effects);
      await reconnect(driver, "a");
      await fork.twin.mine(9);
      await wait(driver, 5_000);
      expect(seen.quarantined).to.deep.equal(["a"]);
      expect(seen.said).to.deep.equal(["Unknown(no-source)"]);
      seen.expectUnsigned();
    });

    it("at the start: it has no say and is asked nothing else (A15)", async () => {
      const desk = await fork.desk(lines.a);
      await fork.depositOn(fork.twin, ELSEWHERE);
      lines.a.rpc = fork.twin.rpc;
      await fork.twin.send("anvil_setChainId", 31_338);
      await desk.serve();
      const driver = await follow();
      expect(stateOf(driver, "a")).to.equal("foreign");
      const asked = driver.all("request").filter(({ source }) => source === "a");
      expect(asked.flatMap(({ calls }) => calls.map(({ method }) => method))).to.deep.equal([
        "eth_chainId",
        "eth_getBlockByNumber",
      ]);
      expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
      // Who does not ask which chain it is has paid for what came in on another one.
      expect(await desk.lossBy(here.rpc)).to.equal(ELSEWHERE);
    });
  });

  describe("with the same id", () => {
    it("and another block 0 at a reconnect: foreign, whoever serves it (A15)", async () => {
      const driver = await follow();
      const tip = driver.keeper.books.tip?.hash;
      const seen = new Seen(driver.effects);
      for (const line of Object.values(lines)) line.rpc = other.rpc;
      await reconnect(driver, "a", "b", "c");
      await wait(driver, 3_000);
      expect(seen.quarantined).to.deep.equal(["a", "b", "c"]);
      expect(seen.said.at(-1)).to.equal("Unknown(no-source)");
      expect(seen.said).to.not.include("InSync");
      expect(driver.keeper.books.tip?.hash).to.equal(tip);
      seen.expectUnsigned();
      for (const line of Object.values(lines)) line.rpc = here.rpc;
      await reconnect(driver, "a", "b", "c");
      await wait(driver, 1_000);
      expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
      seen.expectCalm();
    });

    for (const names of [["a"], ["a", "b"], ["a", "b", "c"]] as const) {
      it(`from one answer to the next, behind ${names.length} of three: not a block is taken back for it (A15)`, async () => {
        const driver = await follow();
        const tip = driver.keeper.books.tip?.hash;
        const seen = new Seen(driver.effects);
        for (const name of names) lines[name].rpc = other.rpc;
        await wait(driver, 5_000);
        await other.mine();
        await wait(driver, 5_000);
        expect(seen.all("rolled-back")).to.deep.equal([]);
        expect(driver.keeper.books.tip?.hash).to.equal(tip);
        if (names.length === 1) expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
        else expect(new Seen(driver.effects, 0).said.at(-1)).to.match(/^Unknown/);
        expect(names.every((name) => seen.quarantined.includes(name))).to.equal(true);
        seen.expectCalm();
      });
    }

    it("from one answer to the next, behind all: no consensus fault, for it is another chain (A15, A5)", async () => {
      const driver = await follow({ finality: "finalized" });
      expect(driver.keeper.finalBlock?.number).to.be.greaterThan(0);
      const seen = new Seen(driver.effects);
      for (const line of Object.values(lines)) line.rpc = other.rpc;
      await wait(driver, 20_000);
      expect(seen.all("latch")).to.deep.equal([]);
      expect(Object.keys(lines).map((name) => stateOf(driver, name))).to.deep.equal(["foreign", "foreign", "foreign"]);
      for (const line of Object.values(lines)) line.rpc = here.rpc;
      await wait(driver, RECHECK_MS + 2_000);
      expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
      seen.expectCalm();
    });

    it("from one answer to the next, and no other source: Unknown, nothing taken back, nothing signed (A15)", async () => {
      const driver = await follow({}, { a: lines.a });
      const seen = new Seen(driver.effects);
      lines.a.rpc = other.rpc;
      await wait(driver, 10_000);
      expect(seen.all("rolled-back")).to.deep.equal([]);
      expect(seen.said).to.not.include("InSync");
      expect(seen.said.at(-1)).to.match(/^Unknown/);
      seen.expectUnsigned();
    });

    it("and its chain shorter than the books: refused as well (A15)", async () => {
      const short = new ForkNode(
        await startNode({ chain: "anvil", port: 0, host: "127.0.0.1", signal: new AbortController().signal }),
      );
      try {
        await short.mine(30);
        const driver = await follow();
        const seen = new Seen(driver.effects);
        for (const line of Object.values(lines)) line.rpc = short.rpc;
        await wait(driver, 10_000);
        expect(seen.all("rolled-back")).to.deep.equal([]);
        expect(seen.said.at(-1)).to.match(/^Unknown/);
        expect(seen.said).to.not.include("InSync");
        seen.expectUnsigned();
      } finally {
        await short.node.stop();
      }
    });
  });

  describe("of one history and one id, both live", () => {
    let pin: { readonly number: number; readonly hash: Hash };

    before(async () => {
      await here.part(100);
      await fork.twin.part(100);
      const number = (await here.head()).number - 60;
      pin = { number, hash: await hashAt(here, number) };
    });

    it("the pinned block decides: the others have no say, at the start and later (A16)", async () => {
      lines.a.rpc = fork.twin.rpc;
      const driver = await follow({ pin });
      const seen = new Seen(driver.effects, 0);
      expect(stateOf(driver, "a")).to.equal("foreign");
      lines.b.rpc = fork.twin.rpc;
      await wait(driver, 3_000);
      await here.mine(9);
      await fork.twin.mine(9);
      await wait(driver, 3_000);
      expect(seen.all("rolled-back")).to.deep.equal([]);
      expect(driver.keeper.books.tip?.hash).to.equal((await here.head()).hash);
      expect(new Seen(driver.effects, 0).said.at(-1)).to.equal("Unknown(no-quorum)");
      seen.expectCalm();
    });

    it("the pinned block decides also against a majority: Unknown, nothing signed (A16)", async () => {
      lines.a.rpc = lines.b.rpc = fork.twin.rpc;
      const driver = await follow({ pin });
      await wait(driver, 2_000);
      const seen = new Seen(driver.effects, 0);
      expect([stateOf(driver, "a"), stateOf(driver, "b")]).to.deep.equal(["foreign", "foreign"]);
      expect(seen.said.at(-1)).to.equal("Unknown(no-quorum)");
      seen.expectUnsigned();
    });

    it("no pinned block: what k operators serve is followed, and the split is said (A16)", async () => {
      lines.a.rpc = fork.twin.rpc;
      const driver = await follow();
      const desk = await fork.desk(lines.a);
      await fork.depositOn(fork.twin, ELSEWHERE);
      await desk.serve();
      // Who chose no chain has paid here for what came in there.
      expect(await desk.lossBy(here.rpc)).to.equal(ELSEWHERE);
      await wait(driver, 5_000);
      expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
      expect(driver.keeper.conditions.map(({ kind }) => kind)).to.include("split");
      expect(driver.keeper.books.tip?.hash).to.equal((await here.head()).hash);
    });

    it("no pinned block, and two of four on each: Unknown, nothing signed, the operator has to choose (A16)", async () => {
      const four = fork.lines("a", "b", "c", "d");
      four.a.rpc = four.b.rpc = fork.twin.rpc;
      const driver = await follow({}, four);
      const seen = new Seen(driver.effects, 0);
      for (let block = 0; block < 9; block += 1) {
        await here.mine();
        await fork.twin.mine();
        await wait(driver, 1_000);
      }
      expect(seen.said.filter((word) => word === "InSync")).to.deep.equal([]);
      expect(seen.said.at(-1)).to.equal("Unknown(split)");
      seen.expectUnsigned();
    });
  });
});
