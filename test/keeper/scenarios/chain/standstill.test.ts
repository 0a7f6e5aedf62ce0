import { expect } from "chai";

import type { ChainProfile } from "../../../../keeper/domain/chainProfile.ts";
import { ROUND_BLOCKS } from "../../../../keeper/domain/rounds.ts";
import type { InProcessKeeper } from "../../../../testing/InProcessKeeper.ts";
import { ForgingRpc } from "../../../../testing/lies.ts";
import type { Rpc } from "../../../../testing/Rpc.ts";
import { FINAL, FINAL_DEPTH, Fork, hashAt, type ForkNode } from "../../../helpers/keeper/scenarioFork.ts";
import type { StagedSource } from "../../../../testing/StagedSource.ts";
import { Seen } from "../../../../testing/Seen.ts";

const STALL_SECONDS = 12;
const HALT_SECONDS = 20;
const FUTURE_SECONDS = 15;

describe("Scenario: the chain, its finality or its clock stands still", function () {
  this.timeout(60_000);
  let fork: Fork;
  let here: ForkNode;
  let lines: Record<"a" | "b" | "c", StagedSource>;

  before(async () => {
    fork = await Fork.open(111, 1);
    here = fork.here;
  });

  after(() => fork.close());

  beforeEach(() => {
    lines = fork.lines("a", "b", "c");
  });

  const follow = (
    chain: Partial<ChainProfile>,
    rpcs: Readonly<Record<string, Rpc>> = lines,
  ): Promise<InProcessKeeper> => fork.keeper(rpcs, { options: { chain: { ...FINAL, ...chain } } });

  /** So many seconds pass, with a block each. */
  async function goOn(driver: InProcessKeeper, seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      await here.mine();
      await driver.follow();
      await driver.tick(1_000);
    }
  }

  /** So many seconds pass without a block. */
  async function stand(driver: InProcessKeeper, seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) await driver.tick(1_000);
  }

  describe("finality", () => {
    let pinned: number;
    const pin: StagedSource["lie"] = (method, params, ask) => {
      const isFinal = method === "eth_getBlockByNumber" && params[0] === "finalized";
      return ask(method, isFinal ? [`0x${pinned.toString(16)}`, false] : params);
    };

    beforeEach(async () => {
      await here.mine();
      pinned = (await here.head()).number - FINAL_DEPTH;
    });

    it("that stalls is said after its time: InSync goes on, nothing is signed, nothing paused (A11)", async () => {
      const driver = await follow({ finalityStallSeconds: STALL_SECONDS });
      for (const line of Object.values(lines)) line.lie = pin;
      await goOn(driver, STALL_SECONDS - 2);
      expect(driver.keeper.conditions).to.deep.equal([]);
      const seen = new Seen(driver.effects);
      await goOn(driver, STALL_SECONDS);
      expect(seen.begun).to.deep.equal(["finality-stall"]);
      expect(seen.alerts("finality-stall")).to.deep.equal(["warning"]);
      expect(seen.said).to.deep.equal(["InSync"]);
      const signedIn = seen.effects.findIndex(({ type }) => type === "condition");
      new Seen(driver.effects, driver.effects.indexOf(seen.effects[signedIn]!)).expectUnsigned();
      for (const line of Object.values(lines)) line.lie = null;
      const after = new Seen(driver.effects);
      await goOn(driver, 10);
      expect(after.ended).to.deep.equal(["finality-stall"]);
      expect(after.attested.length).to.be.greaterThan(0);
      seen.expectCalm();
    });

    it("that stalls, and with it what was above is replaced: signed by who counts blocks, and none of them, and by nobody else (A11, D14)", async () => {
      const driver = await follow({ finalityStallSeconds: STALL_SECONDS });
      const counting = await follow({ finality: "depth", confirmations: 0 });
      for (const line of Object.values(lines)) line.lie = pin;
      await goOn(driver, STALL_SECONDS + 2);
      const seen = new Seen(driver.effects);
      for (let block = 0; block < ROUND_BLOCKS; block += 1) {
        await goOn(driver, 1);
        await counting.follow();
        await counting.tick(1_000);
      }
      const signed = counting.attestations.at(-1)!;
      const { number } = await here.head();
      await here.reorg(number - Number(signed.blockNumber) + 1);
      await driver.follow();
      // Its signature is of a block that is on no chain any more.
      expect(await hashAt(here, Number(signed.blockNumber))).to.not.equal(signed.blockHash);
      expect(seen.attested).to.deep.equal([]);
      seen.expectCalm();
      for (const line of Object.values(lines)) line.lie = null;
      await goOn(driver, FINAL_DEPTH + 2);
      expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
      for (const { blockNumber, blockHash } of seen.attestations) {
        expect(blockHash).to.equal(await hashAt(here, Number(blockNumber)));
      }
    });

    it("that one of three does not see move is none (A11)", async () => {
      const driver = await follow({ finalityStallSeconds: STALL_SECONDS });
      lines.a.lie = pin;
      const seen = new Seen(driver.effects);
      await goOn(driver, STALL_SECONDS + 2);
      expect(seen.begun).to.deep.equal([]);
      expect(seen.attested.length).to.be.greaterThan(0);
    });

    it("that only one of three sees move stalls: one voice makes no block final (A11)", async () => {
      const driver = await follow({ finalityStallSeconds: STALL_SECONDS });
      lines.a.lie = lines.b.lie = pin;
      await goOn(driver, STALL_SECONDS + 2);
      expect(driver.keeper.conditions.map(({ kind }) => kind)).to.deep.equal(["finality-stall"]);
      expect(driver.keeper.finalBlock?.number).to.equal(pinned);
    });

    it("that stalled before the keeper began is said as well (A11)", async () => {
      for (const line of Object.values(lines)) line.lie = pin;
      const driver = await follow({ finalityStallSeconds: STALL_SECONDS });
      await goOn(driver, STALL_SECONDS + 2);
      expect(driver.keeper.conditions.map(({ kind }) => kind)).to.deep.equal(["finality-stall"]);
      expect(driver.verdict.kind).to.equal("InSync");
    });

    it("that is answered with nothing from now on stalls: no answer moves no block (A11)", async () => {
      const driver = await follow({ finalityStallSeconds: STALL_SECONDS });
      const none: StagedSource["lie"] = (method, params, ask) =>
        method === "eth_getBlockByNumber" && params[0] === "finalized" ? null : ask(method, params);
      for (const line of Object.values(lines)) line.lie = none;
      await goOn(driver, STALL_SECONDS + 2);
      const seen = new Seen(driver.effects);
      await goOn(driver, 9);
      expect(driver.keeper.conditions.map(({ kind }) => kind)).to.deep.equal(["finality-stall"]);
      seen.expectUnsigned();
    });

    it("that stands still with all blocks is a halt, and no stall (A11, A12)", async () => {
      const driver = await follow({ finalityStallSeconds: STALL_SECONDS, haltSeconds: HALT_SECONDS });
      for (const line of Object.values(lines)) line.lie = pin;
      await stand(driver, HALT_SECONDS + 1);
      expect(driver.keeper.conditions.map(({ kind }) => kind)).to.include("halted-chain");
      expect(driver.verdict).to.include({ kind: "Unknown", reason: "halted-chain" });
    });
  });

  describe("blocks", () => {
    it("that stop coming are a halt: Unknown, until they come again in a burst (A12)", async () => {
      const driver = await follow({ haltSeconds: HALT_SECONDS });
      const seen = new Seen(driver.effects);
      const blind = await follow({ haltSeconds: Infinity });
      const unseen = new Seen(blind.effects);
      await stand(driver, HALT_SECONDS - 2);
      expect(seen.said).to.deep.equal([]);
      await stand(driver, 3);
      expect(seen.said).to.deep.equal(["Unknown(halted-chain)"]);
      expect(seen.begun).to.deep.equal(["halted-chain"]);
      await stand(driver, HALT_SECONDS);
      expect(seen.begun).to.deep.equal(["halted-chain"]);
      seen.expectUnsigned();
      // Who does not look at the time stands by its InSync for nine hours and a half, and says nothing.
      await blind.tick(9.5 * 3_600_000);
      expect([blind.verdict.kind, unseen.said, unseen.begun, unseen.all("alert")]).to.deep.equal([
        "InSync",
        [],
        [],
        [],
      ]);
      await here.mine(40);
      await driver.follow();
      expect(seen.begun).to.deep.equal(["halted-chain", "burst"]);
      expect(seen.ended).to.deep.equal(["halted-chain", "burst"]);
      expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
      expect(driver.keeper.books.tip?.hash).to.equal((await here.head()).hash);
      seen.expectCalm();
    });

    it("that k sources do not have, although one alone goes on, are a halt for those who agree (A12)", async () => {
      const driver = await follow({ haltSeconds: HALT_SECONDS });
      lines.a.rpc = fork.twin.rpc;
      await fork.twin.mine((await here.head()).number - (await fork.twin.head()).number + 1);
      const seen = new Seen(driver.effects);
      for (let second = 0; second < HALT_SECONDS + 2; second += 1) {
        if (second % 5 === 0) await fork.twin.part(1);
        await driver.follow();
        await driver.tick(1_000);
      }
      expect(seen.said.at(-1)).to.equal("Unknown(halted-chain)");
      expect(seen.begun).to.include("halted-chain");
      const after = new Seen(driver.effects);
      await stand(driver, 9);
      after.expectUnsigned();
      seen.expectCalm();
    });

    it("of which one source shows a header and never the rest do not hide a halt (A12)", async () => {
      const driver = await follow({ haltSeconds: HALT_SECONDS });
      const { number, hash } = await here.head();
      const forging = new ForgingRpc(here.rpc);
      lines.a.rpc = forging;
      await driver.hear("a", await forging.forgeChild(hash, number + 1));
      await stand(driver, HALT_SECONDS + 2);
      expect(driver.keeper.conditions.map(({ kind }) => kind)).to.include("halted-chain");
      expect(new Seen(driver.effects, 0).said.at(-1)).to.equal("Unknown(halted-chain)");
    });

    it("that are announced and never shown do not hide a halt (A12)", async () => {
      const driver = await follow({ haltSeconds: HALT_SECONDS });
      const { number } = await here.head();
      for (let second = 0; second < HALT_SECONDS + 2; second += 1) {
        const hash = `0x${second.toString(16).padStart(64, "5")}` as const;
        if (second % 5 === 0) await driver.hear("a", { number: number + 1 + second, hash });
        await driver.tick(1_000);
      }
      expect(driver.keeper.conditions.map(({ kind }) => kind)).to.include("halted-chain");
      expect(new Seen(driver.effects, 0).said.at(-1)).to.equal("Unknown(halted-chain)");
    });

    it("that are old when the keeper starts are a halt at once (A12)", async () => {
      const driver = await follow({ haltSeconds: HALT_SECONDS });
      const { timestamp = 0 } = driver.keeper.books.tip ?? {};
      const seen = new Seen(driver.effects);
      driver.nowMs += 1_000;
      await driver.deliver({ type: "tick", nowMs: driver.nowMs, wallSeconds: timestamp + HALT_SECONDS + 1 });
      expect(seen.said).to.deep.equal(["Unknown(halted-chain)"]);
      seen.expectUnsigned();
    });
  });

  describe("a block's time", () => {
    it("far in the future is a skew: InSync, and nothing signed while the clock does not agree (D9)", async () => {
      const driver = await follow({ futureSeconds: FUTURE_SECONDS });
      const { timestamp = 0 } = driver.keeper.books.tip ?? {};
      const tickAt = async (wallSeconds: number): Promise<void> => {
        driver.nowMs += 1_000;
        await driver.deliver({ type: "tick", nowMs: driver.nowMs, wallSeconds });
      };
      await tickAt(timestamp);
      await here.send("evm_setNextBlockTimestamp", timestamp + FUTURE_SECONDS);
      await here.mine();
      await driver.follow();
      expect(driver.keeper.conditions).to.deep.equal([]);
      const seen = new Seen(driver.effects);
      const blind = await follow({ futureSeconds: Infinity });
      const unseen = new Seen(blind.effects);
      await here.send("evm_setNextBlockTimestamp", timestamp + 900);
      for (let block = 0; block < 10; block += 1) {
        await here.mine();
        await driver.follow();
        await blind.follow();
        await blind.tick(1_000);
      }
      expect(seen.begun).to.deep.equal(["clock-skew"]);
      expect(seen.said).to.deep.equal(["InSync"]);
      seen.expectUnsigned();
      // Who has one clock, and that is the block's, vouches for a quarter of an hour that has not been.
      expect(unseen.attested.some((number) => number > (driver.keeper.books.tip?.number ?? 0) - 10)).to.equal(true);
      await tickAt(timestamp + 900);
      expect(seen.ended).to.deep.equal(["clock-skew"]);
      await goOn(driver, 9);
      expect(seen.attested.length).to.be.greaterThan(0);
      seen.expectCalm();
    });
  });
});
