import { expect } from "chai";
import { keccak256 } from "ethers";

import { booksRoot } from "../../../keeper/domain/booksRoot.ts";
import type { SignedStatement } from "../../../keeper/domain/Statement.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import { QuorumWorld } from "./QuorumWorld.ts";

describe("quorum rounds", function () {
  this.timeout(120_000);
  let quorum: QuorumWorld;

  afterEach(() => quorum.close());

  const say = (line: string): void => {
    console.log(`      ${line}`);
  };

  /** Blocks until the next `count` checkpoints are posted. */
  async function untilPosts(count: number, limit: number): Promise<number> {
    const before = await quorum.posts();
    return quorum.until(`${count} checkpoints`, limit, async () => (await quorum.posts()) >= before + count);
  }

  /** The same statements with other roots, signed with the member's own key. */
  function lieOf(index: number): (all: readonly SignedStatement[]) => SignedStatement[] {
    const { driver } = quorum.members[index]!;
    return () =>
      driver.attestations.slice(-2).map((attestation) => {
        const report = driver.reports.find(({ hash }) => hash === attestation.blockHash);
        const roots = report?.verdict.kind === "InSync" ? [...report.verdict.roots] : [];
        roots[0] = keccak256(roots[0] ?? "0x") as Hash;
        const lie = { ...attestation, booksRoot: booksRoot(roots) };
        return quorum.signAs(index, { kind: "attestation", attestation: lie, roots });
      });
  }

  it("4 keepers: one checkpoint an interval, and nobody posts twice", async () => {
    quorum = await QuorumWorld.open(4);
    const blocks = await untilPosts(5, 80);
    say(`5 checkpoints in ${blocks} blocks of 12 s, interval 60 s`);
    const posts = quorum.members.map(({ driver }) => driver.all("checkpoint").length);
    say(`posted by each: ${posts.join(", ")}`);
    expect(posts.reduce((sum, count) => sum + count, 0)).to.equal(5);
    expect(quorum.members.flatMap(({ driver }) => driver.refusals)).to.deep.equal([]);
    const newest = await quorum.world.system.registry.newest();
    for (const { driver } of quorum.members) {
      expect(driver.attestations.at(-1)!.blockNumber >= newest.blockNumber).to.equal(true);
    }
  });

  for (const dead of [0, 1, 2, 3]) {
    it(`4 keepers, keeper ${dead} dead: checkpoints continue, 3 of 4`, async () => {
      quorum = await QuorumWorld.open(4);
      quorum.members[dead]!.isDead = true;
      const blocks = await untilPosts(4, 80);
      say(`4 checkpoints in ${blocks} blocks`);
    });
  }

  it("4 keepers, one dead and one cut off: they stop, the stale grade follows without a transaction, and they return (G10)", async () => {
    quorum = await QuorumWorld.open(4);
    await untilPosts(1, 30);
    quorum.members[0]!.isDead = true;
    for (const { index } of quorum.members) {
      quorum.members[3]!.cutFrom.add(index);
      quorum.members[index]!.cutFrom.add(3);
    }
    const before = await quorum.posts();
    const nonces = () =>
      Promise.all(
        quorum.members.map(({ keys }) => quorum.world.system.ethers.provider.getTransactionCount(keys.post.address)),
      );
    await quorum.blocks(2);
    const sent = await nonces();
    await quorum.blocks(30, 60);
    expect(await quorum.posts()).to.equal(before);
    expect(await nonces()).to.deep.equal(sent);
    expect((await quorum.world.system.registry.summary()).isStale).to.equal(true);
    for (const member of quorum.members) member.cutFrom.clear();
    const blocks = await untilPosts(1, 30);
    say(`stale ended ${blocks} blocks after the third returned`);
    expect((await quorum.world.system.registry.summary()).isStale).to.equal(false);
  });

  it("a partition heals through a keeper that both sides hear", async () => {
    quorum = await QuorumWorld.open(4);
    // 0 and 1 do not hear 2 and 3, nor they them; 3 hears and is heard by all but 2.
    const cut = (one: number, other: number): void => {
      quorum.members[one]!.cutFrom.add(other);
      quorum.members[other]!.cutFrom.add(one);
    };
    cut(0, 2);
    cut(1, 2);
    cut(0, 1);
    const blocks = await untilPosts(3, 80);
    say(`3 checkpoints in ${blocks} blocks, all word of three keepers through the fourth`);
  });

  it("7 keepers, one lying and one dead: checkpoints continue, 5 of 7", async () => {
    quorum = await QuorumWorld.open(7);
    quorum.members[2]!.isDead = true;
    for (const { index } of quorum.members) quorum.members[5]!.cutFrom.add(index);
    quorum.members[5]!.tell = lieOf(5);
    const blocks = await untilPosts(3, 80);
    say(`3 checkpoints in ${blocks} blocks`);
    quorum.members[0]!.isDead = true;
    const before = await quorum.posts();
    await quorum.blocks(30);
    expect(await quorum.posts()).to.be.at.most(before + 1);
    const stopped = await quorum.posts();
    await quorum.blocks(20);
    expect(await quorum.posts()).to.equal(stopped);
    quorum.restart(0);
    await quorum.turn();
    say(`with a third one gone: none; again ${await untilPosts(1, 40)} blocks after it returned`);
  });
});
