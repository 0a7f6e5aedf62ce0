import { expect } from "chai";
import { id, toBeHex, ZeroHash } from "ethers";

import { DAY, openScene, type Scene } from "./scene.ts";
import type { MadeLog } from "./Stage.ts";
import { PUSHED, SyncLogs } from "./syncLogs.ts";

describe("Legality of pauses and their ends", () => {
  let scene: Scene;
  let made: SyncLogs;

  before(async () => {
    scene = await openScene();
    made = await SyncLogs.of(scene);
  });

  after(async () => {
    await scene.connection.close();
  });

  const judge = (logs: readonly MadeLog[], before: readonly (readonly MadeLog[])[] = [], seconds = 12): string[] =>
    scene.stage.illegal(logs, seconds, before);

  it("finds nothing in pauses as the guard makes them", () => {
    expect(judge(made.pause())).to.deep.equal([]);
    expect(judge(made.pause(made.head, 1))).to.deep.equal([]);
    expect(judge(made.halt())).to.deep.equal([]);
    expect(judge(made.halt(), [made.pause()])).to.deep.equal([]);
    // Both in one transaction.
    expect(judge([...made.pause(), ...made.halt()])).to.deep.equal([]);
  });

  it("names a pause that pushes nothing, other flags or another time, and a push that nothing explains", () => {
    const nothing = /pushes nothing$/;
    expect(judge([made.used(), made.soft(made.head)])[0]).to.match(nothing);
    expect(judge([made.hard(id("halt"))])[0]).to.match(nothing);
    expect(judge([made.used(), made.pushed(1n), made.soft(made.head)])).to.deep.equal(["flags 1 are pushed, 3 follow"]);
    expect(judge([made.pushed(PUSHED.hard, 5n), made.hard(id("halt"))])[0]).to.match(/^checkpointTime 5 are pushed/);
    expect(judge([made.pushed(PUSHED.soft)])).to.deep.equal(["flags or times changed without a reason"]);
    expect(judge([made.pushed(PUSHED.none, 7n, 9n)])).to.have.length(1);
  });

  it("names a pause that no keeper used up, and a use without its pause", () => {
    const without = [made.pushed(PUSHED.soft), made.soft(made.head)];
    expect(judge(without)).to.deep.equal(["a soft pause that no keeper used up"]);
    expect(judge([made.used()])[0]).to.match(/uses up a pause that does not come$/);
    const stranger = scene.erin.address;
    const other = [made.used(0, stranger), made.pushed(PUSHED.soft), made.soft(made.head, 0, stranger)];
    expect(judge(other)[0]).to.match(/pauses, and is no active keeper$/);
    const mixed = [made.used(1), made.pushed(PUSHED.soft), made.soft(made.head, 0)];
    expect(judge(mixed)).to.deep.equal(["a soft pause that no keeper used up"]);
  });

  it("names a second pause of one key for one cause, and a view's after the books'; not the books' after a view's (G14)", () => {
    const spent = /has used up its pause$/;
    const [first, second] = [made.head - 1, made.head];
    expect(judge(made.pause(second), [made.pause(first)])[0]).to.match(spent);
    expect(judge(made.pause(second, 1), [made.pause(first, 1)])[0]).to.match(spent);
    expect(judge(made.pause(second, 1), [made.pause(first)])[0]).to.match(spent);
    expect(judge(made.pause(second), [made.pause(first, 1)])).to.deep.equal([]);
  });

  it("names a pause for a block that was judged, or that the chain does not know", () => {
    const [first, second] = [made.head - 1, made.head];
    expect(judge(made.pause(first), [made.pause(second, 1)])[0]).to.match(/judged before$/);
    expect(judge(made.pause(made.head + 1))[0]).to.match(/not one of the last 256$/);
  });

  it("names a halt for nothing, twice for one cause, or with a witness that has no checkpoint", () => {
    expect(judge(made.halt(ZeroHash))).to.deep.equal(["a hard pause for nothing"]);
    expect(judge(made.halt(), [made.halt()])).to.deep.equal(["a hard pause for the cause that stands"]);
    expect(judge(made.halt(id("another")), [made.halt()])).to.deep.equal([]);
    expect(judge([made.pushed(PUSHED.hard), made.hard(id("halt"), 5n)])[0]).to.match(
      /is witness, and has no checkpoint$/,
    );
  });

  it("names a conviction, or a lost quorum, that does not halt", () => {
    const { registry, keeperRegistry, admin } = scene;
    const { attester } = made;
    const digest = id("digest");
    const convicted: MadeLog[] = [
      [keeperRegistry, "KeeperSlashed", [attester, admin.address, 0n, 0n]],
      [keeperRegistry, "KeeperSetChanged", [2n, 1n, 1n, [], ZeroHash]],
      [registry, "KeeperSetAdopted", [2n, ZeroHash]],
      [registry, "AttestationConvicted", [1n, id("block"), digest, admin.address, false, 0n]],
    ];
    const silent = ["a conviction, or a lost quorum, that does not halt"];
    expect(judge(convicted)).to.deep.equal(silent);
    const push = made.pushed(PUSHED.hard, 0n);
    expect(judge([...convicted, push, made.hard(digest)])).to.deep.equal([]);
    const removed: MadeLog[] = [
      [keeperRegistry, "KeeperUnbonding", [attester, 0n]],
      [keeperRegistry, "KeeperSetChanged", [2n, 0n, 65_535n, [], ZeroHash]],
      [registry, "KeeperSetAdopted", [2n, ZeroHash]],
    ];
    expect(judge(removed)).to.deep.equal(silent);
    expect(judge([...removed, ...made.halt(toBeHex(2, 32))])).to.deep.equal([]);
    // Once halted, owners may leave.
    expect(judge(removed, [made.halt()])).to.deep.equal([]);
  });

  it("names a soft pause that is lifted before its time, without one, or while halted", () => {
    const lift = (flags: bigint): MadeLog[] => {
      const grace = BigInt(scene.stage.now + 12 + 900);
      return [made.pushed(flags, undefined, grace), [scene.guard, "SoftLifted", [1n, 0n]]];
    };
    const early = ["a soft pause is lifted that must stand"];
    expect(judge(lift(PUSHED.none))).to.deep.equal(early);
    expect(judge(lift(PUSHED.none), [made.pause()])).to.deep.equal(early);
    expect(judge(lift(PUSHED.none), [made.halt()])).to.deep.equal(early);
    expect(judge([[scene.guard, "SoftLifted", [1n, 0n]]], [made.pause()])[0]).to.match(/pushes nothing$/);
  });

  it("names what is resumed without a pause, from another halt, too early, or on no later checkpoint", () => {
    const now = scene.stage.now + 12;
    const resume = (number: number, cause?: string): MadeLog[] => [
      made.pushed(PUSHED.none, undefined, BigInt(now + 900)),
      made.resumed(number, cause),
    ];
    expect(judge(resume(made.head))).to.include("resumed where nothing was paused");
    expect(judge(resume(made.head, id("another")), [made.halt()])).to.include(
      "resumed from another halt than the one that stands",
    );
    const found = judge(resume(made.head), [made.halt()]);
    expect(found[0]).to.match(/^resumed before the cool-down ends/);
    expect(found[1]).to.match(/^resumed on a checkpoint of .*, not one after/);
    expect(found[2]).to.match(/which has no checkpoint$/);
    expect(judge(resume(made.head), [made.pause()])[0]).to.match(/^resumed on a checkpoint of/);
    expect(judge(resume(made.head), [made.windDown()], 40 * DAY)).to.include("resumed in the wind-down");
  });

  it("names a wind-down before its time or again, and a push or a pause that would end it", () => {
    expect(judge(made.windDown())[0]).to.match(/^a wind-down before /);
    expect(judge(made.windDown(), [], 40 * DAY)).to.deep.equal([]);
    expect(judge(made.windDown(), [made.windDown()], 40 * DAY)).to.deep.equal(["a wind-down begins again"]);
    expect(judge([made.pushed(PUSHED.hard)], [made.windDown()], 40 * DAY)).to.have.length(1);
    expect(judge(made.pause(), [made.windDown()], 40 * DAY)).to.include("a soft pause in the wind-down");
    const halted = judge([made.pushed(PUSHED.windDown), made.hard(id("halt"))], [made.windDown()], 40 * DAY);
    expect(halted).to.deep.equal(["a hard pause in the wind-down"]);
  });

  it("names an outage that is credited without a sequencer, or beyond what counts", () => {
    const now = BigInt(scene.stage.now);
    const credit = (from: bigint, to: bigint): string[] =>
      judge([[scene.guard, "OutageCredited", [from, to, 0n]], made.pushed(PUSHED.none)]);
    expect(credit(now, now + 5n)[0]).to.equal("an outage of no sequencer is credited");
    expect(credit(1n, now)[1]).to.match(/which does not count$/);
    expect(credit(now, now + 500n)[1]).to.match(/which does not count$/);
    expect(judge([[scene.guard, "OutageCredited", [now, now + 5n, 0n]]])).to.include(
      "an outage or socialised loss that pushes nothing",
    );
  });
});
