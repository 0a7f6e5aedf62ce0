import { expect } from "chai";
import { id, keccak256 } from "ethers";

import { REDUCERS } from "../../../keeper/books/reducers.ts";
import { booksRoot } from "../../../keeper/domain/booksRoot.ts";
import { TAKE_OVER_BLOCKS } from "../../../keeper/domain/rounds.ts";
import type { Verifiers } from "../../../keeper/domain/statementDigest.ts";
import type { SignedStatement, Statement } from "../../../keeper/domain/Statement.ts";
import { turnOf } from "../../../keeper/domain/turnOf.ts";
import { keccakWords } from "../../../keeper/lib/keccakWords.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import { depositUsd } from "../../fixtures/deployLockstep.ts";
import { attest } from "../../helpers/attestations.ts";
import { GRADES } from "../../helpers/guard.ts";
import type { InProcessKeeper } from "../../../testing/InProcessKeeper.ts";
import { QuorumWorld } from "./QuorumWorld.ts";

const ZERO: Hash = `0x${"00".repeat(32)}`;
/** `KeeperStatus.Slashed`. */
const SLASHED = 6n;

describe("quorum with liars in it", function () {
  this.timeout(180_000);
  let quorum: QuorumWorld;

  afterEach(() => quorum.close());

  const say = (line: string): void => {
    console.log(`      ${line}`);
  };

  function alerts(driver: InProcessKeeper, event: string): number {
    return driver.all("alert").filter((alert) => alert.event === event).length;
  }

  /** A true statement of the head, changed. */
  async function statementOf(change: (roots: Hash[]) => void, number?: bigint): Promise<Statement> {
    const { attestation, roots } = await attest(quorum.world.system);
    const changed = [...roots] as Hash[];
    change(changed);
    return {
      kind: "attestation",
      attestation: {
        setId: attestation.setId,
        bookSetVersion: attestation.bookSetVersion,
        blockNumber: number ?? BigInt(attestation.blockNumber),
        blockHash: attestation.blockHash as Hash,
        booksRoot: booksRoot(changed),
      },
      roots: changed,
    };
  }

  async function tellAll(from: number, statement: Statement, verifiers?: Verifiers): Promise<SignedStatement> {
    const signed = quorum.signAs(from, statement, verifiers);
    const member = quorum.members[from]!;
    member.isDead = true;
    for (const { driver } of quorum.alive) {
      await driver.deliver({ type: "statements", peer: "liar", statements: [signed], nowMs: driver.nowMs });
    }
    return signed;
  }

  async function statusOf(index: number): Promise<bigint> {
    const { status } = await quorum.world.system.keeperRegistry.keeperOf(quorum.members[index]!.keys.attest.address);
    return status;
  }

  async function convictions(): Promise<number> {
    const { registry } = quorum.world.system;
    return (await registry.queryFilter(registry.filters.AttestationConvicted())).length;
  }

  for (const place of [0, 4, 9]) {
    it(`convicts and slashes who signs another root of book ${place}, once, and goes on with 3 of 4 (D13)`, async () => {
      quorum = await QuorumWorld.open(4);
      await quorum.until("a checkpoint", 20, async () => (await quorum.posts()) > 0);
      await quorum.turn();
      await tellAll(2, await statementOf((roots) => (roots[place] = keccak256(roots[place]!) as Hash)));
      const blocks = await quorum.until("slashed", 10, async () => (await statusOf(2)) === SLASHED);
      say(`slashed ${blocks} blocks after the lie`);
      await quorum.blocks(8);
      expect(await convictions()).to.equal(1);
      const sent = quorum.members.flatMap(({ driver }) =>
        driver.all("broadcast").filter(({ purpose }) => purpose === "convict"),
      );
      say(`${sent.length} transactions for it; the protocol halts by it, checkpoints go on`);
      expect(sent.length).to.equal(1);
      expect(await quorum.world.flags()).to.equal(GRADES.halted);
      const before = await quorum.posts();
      say(
        `next checkpoint after ${await quorum.until("a checkpoint", 30, async () => (await quorum.posts()) > before)} blocks`,
      );
      for (const { driver } of quorum.alive) {
        expect(alerts(driver, "keepers-disagree")).to.equal(1);
        expect(alerts(driver, "false-attestation")).to.equal(1);
        const records = driver.all("journal").filter(({ kind }) => kind === "disagreement");
        expect(records).to.have.length(1);
        const { theirs } = records[0]!.body as { theirs: { signer: string; signature: string } };
        expect(theirs.signer).to.equal(quorum.members[2]!.keys.attest.address.toLowerCase());
        expect(theirs.signature).to.match(/^0x[0-9a-f]{130}$/);
      }
    });
  }

  it("convicts who signs a false number for a hash (F3)", async () => {
    quorum = await QuorumWorld.open(4);
    await quorum.until("a checkpoint", 20, async () => (await quorum.posts()) > 0);
    await quorum.turn();
    const head = await quorum.world.system.ethers.provider.getBlockNumber();
    await tellAll(1, await statementOf(() => undefined, BigInt(head - 1)));
    say(
      `slashed ${await quorum.until("slashed", 10, async () => (await statusOf(1)) === SLASHED)} blocks after the lie`,
    );
    expect(await convictions()).to.equal(1);
  });

  it("convicts nobody for the truth", async () => {
    quorum = await QuorumWorld.open(4);
    await quorum.until("a checkpoint", 20, async () => (await quorum.posts()) > 0);
    await quorum.turn();
    await tellAll(3, await statementOf(() => undefined));
    await quorum.blocks(6);
    expect(await convictions()).to.equal(0);
  });

  it("another takes over when the keeper that is drawn to convict is dead, within 2 blocks for each", async () => {
    const waits: number[] = [];
    for (const left of [0, 1, 2]) {
      quorum = await QuorumWorld.open(4);
      await quorum.until("a checkpoint", 20, async () => (await quorum.posts()) > 0);
      await quorum.turn();
      const lie = await statementOf((roots) => (roots[1] = keccak256(roots[1]!) as Hash));
      if (lie.kind !== "attestation") throw new Error("no attestation");
      const [mine = "0x", liar = "0x"] = [left, 3].map((index) => {
        return quorum.members[index]!.keys.attest.address.toLowerCase() as Hash;
      });
      const others = (await quorum.world.system.keeperRegistry.members()).map((member) => member.toLowerCase() as Hash);
      const drawn = keccakWords([liar, lie.attestation.blockHash, lie.attestation.booksRoot]);
      const turn = turnOf(
        drawn,
        others.filter((member) => member !== liar),
        mine,
      );
      for (const member of quorum.members) member.isDead = member.index !== left;
      await tellAll(3, lie);
      const wait = await quorum.until("slashed", 12, async () => (await statusOf(3)) === SLASHED);
      expect(wait).to.equal(turn * TAKE_OVER_BLOCKS);
      waits.push(wait);
      if (left < 2) await quorum.close();
    }
    say(`slashed after ${waits.join(", ")} blocks by each of the three alone`);
  });

  it("a certificate for another chain, guard, set or nonce counts for nothing (E9)", async () => {
    quorum = await QuorumWorld.open(4);
    await quorum.until("a checkpoint", 20, async () => (await quorum.posts()) > 0);
    await quorum.turn();
    const { number, hash } = (await quorum.world.system.ethers.provider.getBlock("latest"))!;
    const setId = await quorum.world.system.keeperRegistry.setId();
    const certificate = {
      incidentId: id("lie") as Hash,
      setId,
      pauseNonce: 0n,
      blockNumber: BigInt(number),
      blockHash: hash as Hash,
    };
    const { verifiers } = quorum;
    for (const other of [
      quorum.signAs(1, { kind: "pause", certificate: { ...certificate, setId: setId + 1n } }),
      quorum.signAs(1, {
        kind: "resume",
        certificate: { ...certificate, pauseNonce: 7n, checkpointNumber: 1n, checkpointDigest: ZERO } as never,
      }),
    ]) {
      const { driver } = quorum.members[0]!;
      const before = driver.effects.length;
      await driver.deliver({ type: "statements", peer: "liar", statements: [other], nowMs: driver.nowMs });
      expect(driver.effects.slice(before)).to.deep.equal([]);
    }
    expect(quorum.signAs(1, { kind: "pause", certificate }, { ...verifiers, chainId: 1n }).digest).to.not.equal(
      quorum.signAs(1, { kind: "pause", certificate }).digest,
    );
    // Three keepers' certificates for a block that is in sync for the fourth: it carries nothing, and tells.
    for (const from of [1, 2, 3]) await tellAll(from, { kind: "pause", certificate });
    await quorum.blocks(12);
    const [honest] = quorum.members;
    expect(honest!.driver.all("broadcast").filter(({ purpose }) => purpose === "hard-pause")).to.deep.equal([]);
    expect(await quorum.world.flags()).to.equal(GRADES.synced);
    expect(alerts(honest!.driver, "keepers-disagree")).to.equal(3);
  });

  it("one says DIVERGED, three say IN_SYNC: both sides tell, nothing halts, checkpoints go on (D12)", async () => {
    quorum = await QuorumWorld.open(4);
    // Reducer and second opinion of one keeper are both wrong: what no code of its own can tell.
    const sound = REDUCERS.CollateralVault;
    let isBroken = false;
    const apply: typeof sound.apply = (event, context) => {
      if (!isBroken) sound.apply(event, context);
    };
    const broken = { ...REDUCERS, CollateralVault: { ...sound, apply } };
    const secondOpinion = () => ({ agreesWithChain: false, detail: "as wrong as the first" });
    quorum.restart(0, { replacements: { reducers: broken, secondOpinion } });
    await quorum.catchUp();
    isBroken = true;
    await depositUsd(quorum.world.system, quorum.world.system.users[0]!, 1_000_000n);
    await quorum.turn();
    expect(quorum.members[0]!.driver.verdict.kind).to.equal("Diverged");
    const before = await quorum.posts();
    await quorum.until("a checkpoint", 30, async () => (await quorum.posts()) > before);
    await quorum.blocks(4);
    expect(await quorum.world.flags()).to.not.equal(GRADES.halted);
    for (const { driver, index } of quorum.members) {
      expect(alerts(driver, "keepers-disagree"), `keeper ${index}`).to.be.greaterThan(0);
      const signed = driver.all("sign-typed-data").filter(({ statement }) => statement.kind === "pause");
      expect(signed.length > 0, `keeper ${index} signs a pause`).to.equal(index === 0);
    }
  });

  it("floods of one liar's statements push out nobody else's", async () => {
    quorum = await QuorumWorld.open(4);
    await quorum.turn();
    const { driver } = quorum.members[0]!;
    const base = await statementOf(() => undefined);
    if (base.kind !== "attestation") throw new Error("no attestation");
    const flood = Array.from({ length: 64 }, (_, index) => {
      const attestation = { ...base.attestation, blockHash: id(`invented ${index}`) as Hash };
      return quorum.signAs(3, { ...base, attestation });
    });
    quorum.members[3]!.isDead = true;
    await driver.deliver({ type: "statements", peer: "liar", statements: flood, nowMs: driver.nowMs });
    const kept = driver.all("statements").at(-1)!.statements;
    expect(kept.filter(({ signer }) => signer === flood[0]!.signer)).to.have.length(8);
    const before = await quorum.posts();
    await quorum.until("a checkpoint", 20, async () => (await quorum.posts()) > before);
  });
});
