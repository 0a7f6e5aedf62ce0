import { expect } from "chai";

import { storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import { storage as guardStorage } from "../../../keeper/books/generated/SyncGuard.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import { GRADES } from "../../helpers/guard.ts";
import { acceptWords } from "../../helpers/keeper/repairs.ts";
import { depositUsd, TIMES } from "../../fixtures/deployLockstep.ts";
import { impersonate } from "../../helpers/assets.ts";
import { QuorumWorld } from "./QuorumWorld.ts";

const KEY: Hash = `0x${"07".repeat(32)}`;
const TAMPERED = ledger.accounts.slot(KEY);

describe("quorum: from a divergence to running again", function () {
  this.timeout(180_000);
  let quorum: QuorumWorld;

  afterEach(() => quorum.close());

  const say = (line: string): void => {
    console.log(`      ${line}`);
  };

  async function open(count: number): Promise<void> {
    quorum = await QuorumWorld.open(count);
    await quorum.until("a checkpoint", 20, async () => (await quorum.posts()) > 0);
  }

  async function diverge(slot = TAMPERED): Promise<void> {
    // The node spoils the proofs of the head together with its state: it is to be judged before.
    await quorum.turn();
    await quorum.turn();
    await quorum.world.tamper("PositionLedger", slot, 1n);
    await quorum.world.mine();
    await quorum.turn();
  }

  /** Governance declares what the chain holds to be right. */
  async function repair(): Promise<void> {
    await acceptWords(quorum.world, [{ book: "PositionLedger", slot: TAMPERED }]);
    await quorum.turn();
  }

  async function isHalted(): Promise<boolean> {
    return (await quorum.world.flags()) === GRADES.halted;
  }

  async function events(name: "HardPaused" | "Resumed"): Promise<number> {
    const { guard } = quorum.world.system;
    return (await guard.queryFilter(name === "HardPaused" ? guard.filters.HardPaused() : guard.filters.Resumed()))
      .length;
  }

  /** What each member says to the order, in order of the members. */
  async function orderAll(afterConsensusFault = false): Promise<{ ok: boolean; detail: string }[]> {
    await quorum.turn();
    const answers = [];
    for (const { driver, index } of quorum.alive) answers.push(await order(index, driver.nowMs, afterConsensusFault));
    await quorum.exchange();
    return answers;
  }

  async function order(
    index: number,
    nowMs: number,
    afterConsensusFault = false,
  ): Promise<{ ok: boolean; detail: string }> {
    const { driver } = quorum.members[index]!;
    const id = `${index}-${driver.all("order-done").length}`;
    const kind = { kind: "sign-resume", ...(afterConsensusFault ? { afterConsensusFault } : {}) } as const;
    await driver.deliver({ type: "order", id, order: kind, nowMs });
    const { ok, detail } = driver.all("order-done").find((done) => done.id === id)!;
    return { ok, detail };
  }

  it("4 keepers, one dead: soft, hard, repaired, ordered, resumed, each once (P4, G4, G5, D13)", async () => {
    await open(4);
    quorum.members[3]!.isDead = true;
    const { guard, registry } = quorum.world.system;
    await diverge();
    const halted = await quorum.until("halted", 6, isHalted);
    const [paused] = await guard.queryFilter(guard.filters.HardPaused());
    const { blockNumber } = quorum.members[0]!.driver.incident!;
    say(`diverged in block ${blockNumber}, halted in block ${paused!.blockNumber}: ${halted} blocks more were mined`);
    expect(paused!.args.cause).to.equal(quorum.members[0]!.driver.incident!.id);
    for (const { detail } of await orderAll()) expect(detail).to.match(/^still diverged: PositionLedger/);

    const posts = await quorum.posts();
    await quorum.blocks(12);
    expect(await events("HardPaused")).to.equal(1);
    expect(await quorum.posts(), "nobody signs what diverged").to.equal(posts);

    await repair();
    for (const { ok, detail } of await orderAll()) {
      expect(ok).to.equal(false);
      expect(detail).to.match(/^no valid checkpoint of a block after \d+/);
    }
    const { repairBlock } = await guard.halt();
    await quorum.until("a checkpoint after the repair", 20, async () => {
      return (await registry.newest()).blockNumber > repairBlock;
    });
    await quorum.blocks(10);
    expect(await events("Resumed"), "nobody resumes without an order").to.equal(0);
    expect((await order(0, 1)).ok).to.equal(true);
    expect((await order(1, 1)).ok).to.equal(true);
    await quorum.exchange();
    await quorum.blocks(2, TIMES.coolDownSeconds);
    expect(await events("Resumed"), "nor with fewer orders than a quorum").to.equal(0);
    // Hours later, with more checkpoints on chain, the third signs the same.
    expect((await order(2, 1)).ok).to.equal(true);
    await quorum.exchange();
    const waited = await quorum.until("resumed", 8, async () => !(await isHalted()));
    say(`resumed ${waited} blocks after the third order`);
    expect(await quorum.world.flags()).to.equal(GRADES.synced);
    await quorum.blocks(6);
    expect([await events("HardPaused"), await events("Resumed")]).to.deep.equal([1, 1]);
    expect(quorum.alive.flatMap(({ driver }) => driver.refusals)).to.deep.equal([]);
    for (const { detail } of await orderAll()) expect(detail).to.equal("nothing is paused");
    const now = await quorum.posts();
    say(
      `and a checkpoint ${await quorum.until("a checkpoint", 20, async () => (await quorum.posts()) > now)} blocks on`,
    );
  });

  it("waits for the cool-down with every order given", async () => {
    await open(4);
    await diverge();
    await quorum.until("halted", 6, isHalted);
    await repair();
    const { repairBlock, pausedAt } = await quorum.world.system.guard.halt();
    await quorum.until("a checkpoint", 20, async () => {
      return (await quorum.world.system.registry.newest()).blockNumber > repairBlock;
    });
    const sent = async () => {
      const { provider } = quorum.world.system.ethers;
      const counts = quorum.members.map(({ keys }) => provider.getTransactionCount(keys.post.address));
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    };
    for (const { ok } of await orderAll()) expect(ok).to.equal(true);
    const resumes = () =>
      quorum.members.flatMap(({ driver }) => driver.all("broadcast").filter(({ purpose }) => purpose === "resume"));
    await quorum.blocks(10);
    expect(resumes()).to.deep.equal([]);
    expect(await sent()).to.be.greaterThan(0);
    await quorum.world.send("evm_increaseTime", TIMES.coolDownSeconds);
    await quorum.until("resumed", 8, async () => !(await isHalted()));
    const [resumed] = await quorum.world.system.guard.queryFilter(quorum.world.system.guard.filters.Resumed());
    expect(resumed!.args.resumedAt >= pausedAt + BigInt(TIMES.coolDownSeconds)).to.equal(true);
    expect(resumes()).to.have.length(1);
  });

  it("waits with every order given while the settlement asset's custody is short, and says so (F13)", async () => {
    await open(4);
    const { system } = quorum.world;
    await depositUsd(system, system.users[0]!, 1_000n);
    await diverge();
    await quorum.until("halted", 6, isHalted);
    await repair();
    const { repairBlock } = await system.guard.halt();
    const vault = await impersonate(system, system.vault.target as string);
    await system.usd.connect(vault).transfer(system.admin.address, 1n);
    await quorum.until("a checkpoint", 20, async () => {
      return (await system.registry.newest()).blockNumber > repairBlock;
    });
    const look = async (): Promise<void> => {
      await quorum.turn();
      for (const { driver } of quorum.alive) await driver.tick(5_000);
      await quorum.blocks(1);
    };
    await look();
    for (const { ok } of await orderAll()) expect(ok).to.equal(true);
    await quorum.world.send("evm_increaseTime", TIMES.coolDownSeconds);
    await quorum.blocks(6);
    const resumes = () =>
      quorum.members.flatMap(({ driver }) => driver.all("broadcast").filter(({ purpose }) => purpose === "resume"));
    expect(resumes()).to.deep.equal([]);
    const waits = quorum.members.flatMap(({ driver }) =>
      driver.all("alert").filter(({ event }) => event === "resume-waits"),
    );
    expect(waits.length).to.be.greaterThan(0);
    for (const { detail } of waits) expect(detail).to.contain("holds 999 of").and.contain("owes 1000: 1 are missing");
    await system.usd.connect(system.admin).transfer(system.vault.target, 1n);
    await look();
    await quorum.until("resumed", 8, async () => !(await isHalted()));
    expect(resumes()).to.have.length(1);
  });

  it("a new pause voids what was signed to resume (G22, E9)", async () => {
    await open(4);
    await diverge();
    await quorum.until("halted", 6, isHalted);
    await repair();
    const { repairBlock } = await quorum.world.system.guard.halt();
    await quorum.until("a checkpoint", 20, async () => {
      return (await quorum.world.system.registry.newest()).blockNumber > repairBlock;
    });
    for (const { ok } of await orderAll()) expect(ok).to.equal(true);
    await diverge(ledger.accounts.slot(`0x${"09".repeat(32)}`));
    await quorum.blocks(3, TIMES.coolDownSeconds);
    expect(await events("Resumed")).to.equal(0);
    expect(await isHalted()).to.equal(true);
    for (const { driver } of quorum.members) {
      const kinds = driver
        .all("statements")
        .at(-1)!
        .statements.map(({ statement }) => statement.kind);
      expect(kinds).to.not.include("resume");
    }
  });

  it("one keeper alone halts nothing: quorum of 3 with two diverged", async () => {
    await open(4);
    quorum.members[2]!.isDead = quorum.members[3]!.isDead = true;
    await diverge();
    await quorum.blocks(12);
    expect(await isHalted()).to.equal(false);
    expect(await quorum.world.flags()).to.equal(GRADES.degraded);
    quorum.members[2]!.isDead = false;
    say(`halted ${await quorum.until("halted", 12, isHalted)} blocks after the third returned`);
  });

  it("a divergence older than any block that the guard takes is still halted for", async () => {
    await open(4);
    quorum.members[2]!.isDead = quorum.members[3]!.isDead = true;
    await diverge();
    await quorum.world.mine(300);
    await quorum.turn();
    expect(await isHalted()).to.equal(false);
    quorum.members[2]!.isDead = false;
    say(
      `halted ${await quorum.until("halted", 12, isHalted)} blocks after the third returned, 300 after the divergence`,
    );
  });

  it("halts with the nonce of the guard's proven words where those are what was tampered with", async () => {
    await open(4);
    const { slot, decode, encode } = guardStorage.halt;
    const held = decode(await quorum.world.wordAt("SyncGuard", slot));
    expect(held.clearedNonce).to.equal(0n);
    // One pause is cleared by the books, and none by the chain; what the books say would be refused from then on.
    const nonce = guardStorage.incident;
    const incident = nonce.decode(await quorum.world.wordAt("SyncGuard", nonce.slot));
    await quorum.turn();
    await quorum.turn();
    await quorum.world.tamper("SyncGuard", nonce.slot, nonce.encode({ ...incident, nonce: 5n }));
    await quorum.world.tamper("SyncGuard", slot, encode({ ...held, clearedNonce: 5n }));
    await quorum.world.mine();
    await quorum.turn();
    say(`halted ${await quorum.until("halted", 6, isHalted)} blocks later`);
    const nonces = quorum.members.flatMap(({ driver }) =>
      driver.all("sign-typed-data").flatMap(({ statement }) => {
        return statement.kind === "pause" ? [statement.certificate.pauseNonce] : [];
      }),
    );
    expect(new Set(nonces)).to.deep.equal(new Set([5n]));
  });

  it("a reorg that takes the divergence away takes the halt away with it (G8)", async () => {
    await open(4);
    const replace = await quorum.world.fork();
    await diverge();
    await quorum.until("halted", 6, isHalted);
    await replace();
    await quorum.turn();
    await quorum.blocks(20);
    expect(await isHalted()).to.equal(false);
    expect(await quorum.world.flags()).to.equal(GRADES.synced);
    for (const { driver } of quorum.members) expect(driver.verdict.kind).to.equal("InSync");
  });
});
