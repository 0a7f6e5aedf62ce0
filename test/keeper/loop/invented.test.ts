import { expect } from "chai";
import { id } from "ethers";

import { REDUCERS } from "../../../keeper/books/reducers.ts";
import { storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import type { Reducer } from "../../../keeper/books/Reducer.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import type { Effect } from "../../../keeper/loop/ports.ts";
import type { Replacements } from "../../../keeper/loop/Replacements.ts";
import { hardPause, readHead } from "../../helpers/guard.ts";
import { depositAllowed } from "../../helpers/keeper/deposits.ts";
import { acceptWords } from "../../helpers/keeper/repairs.ts";
import type { KeeperChoice } from "../../../testing/createKeeper.ts";
import type { Head } from "../../../testing/Rpc.ts";
import type { World } from "../../helpers/keeper/World.ts";
import { useInventedStage, type InventedStage } from "./inventedStage.ts";

/** Time in which a block on top of the head finds its votes. */
const VOTES_PATIENCE_MS = 50;
/** Time that k operators may take to be heard. */
const UNHEARD_MS = 1_000;
const DEGRADED = 3n;
const TAMPERED = ledger.accounts.slot(`0x${"07".repeat(32)}`);

/** The keeper has a bug: it forgets what is deposited. */
const FORGETS_DEPOSITS: Replacements = {
  reducers: {
    ...REDUCERS,
    CollateralVault: {
      ...REDUCERS.CollateralVault,
      apply(event, context) {
        if (event.name !== "Deposited") REDUCERS.CollateralVault.apply(event, context);
      },
    } as Reducer<{ readonly name: string }>,
  },
};

describe("Blocks that one of three invents", function () {
  this.timeout(60_000);
  const staged = useInventedStage();
  let stage: InventedStage;
  let world: World;

  before(() => {
    stage = staged.current;
    world = stage.world;
  });

  const all = <Type extends Effect["type"]>(type: Type) => stage.driver.all(type);
  const kinds = (): string[] => [...new Set(stage.driver.reports.map(({ verdict }) => verdict.kind))];
  const sideAlerts = (): string[] =>
    all("alert").flatMap(({ event, detail }) => (event === "side-branch-diverged" ? [detail] : []));
  const pauses = (purpose: string): number => all("broadcast").filter((sent) => sent.purpose === purpose).length;

  /** The liar announces a block on top of the head, and nobody else does in time. */
  async function lie(head: Head): Promise<void> {
    await stage.driver.hear("liar", head);
    await stage.driver.tick(VOTES_PATIENCE_MS);
  }

  const deposit = (): Promise<unknown> => depositAllowed(world.system, world.system.users[0]!, 5n);
  const tamper = async (): Promise<void> => {
    await world.tamper("PositionLedger", TAMPERED, 5n);
    await world.mine();
  };

  /** The books are at the honest head, and nothing was said or done against it or the keeper. */
  async function expectUntouched(): Promise<void> {
    await stage.settle();
    const { keeper } = stage.driver;
    expect(keeper.books.tip?.hash).to.equal((await stage.head()).hash);
    expect(keeper.judge).to.deep.include({ hasOwnFault: false, latched: [] });
    expect([all("latch"), all("incident"), all("rolled-back")]).to.deep.equal([[], [], []]);
    expect(kinds()).to.deep.equal(["InSync"]);
    expect(await world.flags()).to.equal(0n);
  }

  /** What all three serve next diverges, and is paused for. */
  async function expectPausesStill(): Promise<void> {
    await tamper();
    const divergent = await stage.head();
    await stage.hear("a", "b", "liar");
    expect(stage.driver.verdict).to.include({ kind: "Diverged" });
    expect(stage.driver.incident?.blockHash).to.equal(divergent.hash);
    await stage.settle("a", "b", "liar");
    expect(stage.driver.incident?.state).to.equal("contained");
    // Where one keeper is the quorum, it halts as well.
    expect((await world.flags()) & DEGRADED).to.equal(DEGRADED);
  }

  describe("whose state lacks the contracts", () => {
    it("diverge beside the books, are no fault of the keeper's, and keep it from no pause later", async () => {
      await stage.start();
      const head = await stage.head();
      await lie(stage.liar.invent(head, await stage.emptyState()));
      expect(sideAlerts()).to.have.length(1);
      await expectUntouched();
      await expectPausesStill();
    });

    it("are a divergence when k operators serve them: contracts that are gone are paused for", async () => {
      await stage.start({ rpcs: { a: world.rpc, b: stage.liar, liar: stage.liar } });
      const invented = stage.liar.invent(await stage.head(), await stage.emptyState());
      await stage.driver.hear("liar", invented);
      await stage.driver.hear("b", invented);
      expect(stage.driver.verdict).to.include({ kind: "Diverged" });
      expect(stage.driver.incident).to.include({
        state: "acting",
        cause: "unexplained-write",
        blockHash: invented.hash,
      });
      expect([pauses("soft-pause"), all("latch"), stage.driver.keeper.judge.hasOwnFault]).to.deep.equal([1, [], false]);
    });
  });

  describe("that show a bug of the keeper's own", () => {
    /** The event that the keeper gets wrong, and more blocks, which are its consequence. */
    const showing = (): Promise<Head> =>
      stage.branch(
        deposit,
        () => world.mine(),
        () => world.mine(),
      );

    it("are judged beside the books only: nothing is latched, nor paused for, and the chain is followed", async () => {
      await stage.start({ replacements: FORGETS_DEPOSITS });
      await lie(await showing());
      await world.mine();
      await stage.settle();
      await expectUntouched();
      // What follows the fault on the branch is no divergence of it.
      expect([sideAlerts(), pauses("side-pause")]).to.deep.equal([[], 0]);
      await expectPausesStill();
    });

    it("do not hide a bug of another block", async () => {
      await stage.start({ replacements: FORGETS_DEPOSITS });
      await lie(await showing());
      await deposit();
      await stage.hear("a", "b");
      expect(stage.driver.verdict.kind).to.equal("OwnFault");
      expect(all("latch")).to.have.length(1);
    });

    it("latch the keeper when k operators serve them, for good", async () => {
      await stage.start({ replacements: FORGETS_DEPOSITS, rpcs: { a: world.rpc, b: stage.liar, liar: stage.liar } });
      const end = await showing();
      for (const source of ["liar", "b"]) await stage.driver.hear(source, end);
      expect(stage.driver.verdict.kind).to.equal("OwnFault");
      expect([
        all("latch").length,
        all("incident"),
        all("broadcast").filter(({ purpose }) => /pause/.test(purpose)),
      ]).to.deep.equal([1, [], []]);
      await stage.driver.tick();
      expect(all("latch")).to.have.length(1);
    });

    it("are said to show it while k operators are not heard, latch nothing, and are forgotten with them", async () => {
      await stage.start({ replacements: FORGETS_DEPOSITS });
      const end = await showing();
      await stage.cutOff("a", "b");
      await stage.driver.tick(UNHEARD_MS);
      await stage.driver.hear("liar", end);
      await stage.driver.tick(UNHEARD_MS);
      expect(stage.driver.verdict.kind).to.equal("OwnFault");
      expect([all("latch"), stage.driver.keeper.judge.hasOwnFault]).to.deep.equal([[], true]);
      await world.mine(4);
      await stage.settle();
      expect(stage.driver.verdict.kind).to.equal("InSync");
      expect([all("latch"), stage.driver.keeper.judge.hasOwnFault]).to.deep.equal([[], false]);
      await expectPausesStill();
    });
  });

  describe("in whose state the keeper's key has a nonce that no number holds", () => {
    for (const nonce of [2n ** 53n, 2n ** 64n - 2n]) {
      const divergent = () =>
        stage.stateAfter(async () => {
          await world.send("hardhat_setNonce", world.pauser(0).address, `0x${nonce.toString(16)}`);
          await world.tamper("PositionLedger", TAMPERED, 5n);
        });
      const signed = (): (number | bigint)[] => all("sign-transaction").map(({ request }) => request.nonce);

      it(`are judged, and nothing is signed for them, with ${nonce}`, async () => {
        await stage.start();
        await lie(stage.liar.invent(await stage.head(), await divergent()));
        expect(sideAlerts()).to.have.length(1);
        expect([pauses("side-pause"), signed().filter((used) => used > 1_000)]).to.deep.equal([0, []]);
        await world.mine();
        await stage.settle();
        await expectUntouched();
        await expectPausesStill();
      });

      it(`are paused for with the nonce before when k operators serve them, with ${nonce}`, async () => {
        await stage.start({
          rpcs: { a: world.rpc, b: stage.liar, liar: stage.liar },
          keys: { pause: world.pauser(0) },
        });
        const invented = stage.liar.invent(await stage.head(), await divergent());
        const known = Number(await world.send("eth_getTransactionCount", world.pauser(0).address, "latest"));
        for (const source of ["liar", "b"]) await stage.driver.hear(source, invented);
        expect(stage.driver.verdict.kind).to.equal("Diverged");
        expect(signed()).to.deep.equal([known]);
      });
    }
  });

  describe("that repair or accept what diverged", () => {
    let divergent: Head;
    let repaired: Head;

    async function start(choice: Partial<KeeperChoice> = {}): Promise<void> {
      await stage.start({ keys: { pause: world.pauser(0) }, ...choice });
      await tamper();
      divergent = await stage.head();
      repaired = await stage.branch(
        async () => hardPause(world.system, id("invented"), await readHead(world.system)),
        () => acceptWords(world, [{ book: "PositionLedger", slot: TAMPERED as Hash }]),
      );
    }

    /** The pause for the divergent block is on its way, and takes effect; nothing else becomes of the incident. */
    async function expectContained(): Promise<void> {
      expect(stage.driver.verdict.kind).to.equal("Diverged");
      expect(stage.driver.incident).to.include({ state: "acting", blockHash: divergent.hash });
      await stage.settle();
      // Where one keeper is the quorum, it halts as well.
      expect((await world.flags()) & DEGRADED).to.equal(DEGRADED);
      await stage.settle("a", "b", "liar");
      expect(all("incident").map(({ report }) => report.state)).to.deep.equal(["opened", "acting", "contained"]);
    }

    it("are believed when k operators serve them", async () => {
      await start({ rpcs: { a: world.rpc, b: stage.liar, liar: stage.liar } });
      for (const source of ["liar", "b"]) await stage.driver.hear(source, repaired);
      expect(stage.driver.verdict.kind).to.equal("InSync");
    });

    it("keep nobody from the pause when they are heard first", async () => {
      await start();
      await stage.driver.hear("liar", repaired);
      const { hash, number } = divergent;
      for (const source of ["a", "b"]) await stage.driver.hear(source, { hash, number });
      await expectContained();
    });

    it("have what diverged stand again when they were followed alone for a while, and then left", async () => {
      await start();
      const { hash, number } = divergent;
      for (const source of ["a", "b"]) await stage.driver.hear(source, { hash, number });
      await stage.cutOff("a", "b");
      await stage.driver.tick(UNHEARD_MS);
      await stage.driver.hear("liar", repaired);
      await stage.driver.tick(UNHEARD_MS);
      expect(stage.driver.keeper.books.tip?.hash).to.equal(repaired.hash);
      expect(stage.driver.verdict.kind).to.not.equal("InSync");
      await stage.settle("a", "b", "liar");
      expect(stage.driver.verdict.kind).to.equal("Diverged");
      expect(stage.driver.incident).to.include({ state: "contained", blockHash: divergent.hash });
      // Where one keeper is the quorum, it halts as well.
      expect((await world.flags()) & DEGRADED).to.equal(DEGRADED);
    });

    it("close no incident when they are heard afterwards", async () => {
      await start();
      const { hash, number } = divergent;
      for (const source of ["a", "b"]) await stage.driver.hear(source, { hash, number });
      await lie(repaired);
      await expectContained();
    });
  });

  it("and heads that nobody has cost the others no request, nor anything of their scores", async () => {
    await stage.start();
    const before = all("request").length;
    const scores = () =>
      stage.driver.keeper.sources().map(({ id: source, state, score }) => ({ source, state, score }));
    const scored = scores().filter(({ source }) => source !== "liar");
    const { number } = await stage.head();
    for (let count = 1; count <= 1_000; count += 1) {
      const hash: Hash = `0x${count.toString(16).padStart(64, "0")}`;
      await stage.driver.hear("liar", { number: number + 1, hash });
    }
    const asked = all("request").slice(before);
    expect(asked.filter(({ source }) => source !== "liar")).to.deep.equal([]);
    expect(asked).to.have.length.at.least(1);
    expect(scores().filter(({ source }) => source !== "liar")).to.deep.equal(scored);
    await world.mine();
    await stage.settle();
    await expectUntouched();
  });
});
