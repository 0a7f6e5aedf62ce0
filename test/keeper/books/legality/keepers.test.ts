import { expect } from "chai";
import { id, ZeroAddress, ZeroHash } from "ethers";

import { UNIT } from "../../../helpers/orders.ts";
import { openScene, type Scene } from "./scene.ts";
import type { MadeLog } from "./Stage.ts";
import { SyncLogs } from "./syncLogs.ts";

describe("Legality of keepers and checkpoints", () => {
  let scene: Scene;
  let made: SyncLogs;
  let later: number;

  before(async () => {
    scene = await openScene();
    made = await SyncLogs.of(scene);
    later = scene.stage.now + 12;
  });

  after(async () => {
    await scene.connection.close();
  });

  const judge = (logs: readonly MadeLog[], before: readonly (readonly MadeLog[])[] = []): string[] =>
    scene.stage.illegal(logs, 12, before);
  const keeper = (event: string, ...args: readonly unknown[]): MadeLog => [scene.keeperRegistry, event, args];
  const changed = (): MadeLog[] => [
    keeper("KeeperSetChanged", 2n, 0n, 0n, [], ZeroHash),
    [scene.registry, "KeeperSetAdopted", [2n, ZeroHash]],
  ];
  const approved = (): MadeLog => keeper("KeeperApproved", scene.erin.address, scene.dave.address, scene.admin.address);
  const bonded = (): MadeLog => keeper("KeeperBonded", scene.erin.address, scene.admin.address, 0n, 0n);
  const activated = (): MadeLog[] => [keeper("KeeperActivated", scene.erin.address), ...changed()];
  const wrong = /has the status \d, which does not allow this$/;

  it("finds nothing in a keeper that joins and leaves", () => {
    expect(judge([approved(), bonded(), ...activated()])).to.deep.equal([]);
    expect(judge([approved(), keeper("BondWithdrawn", scene.erin.address, ZeroAddress, 0n)])).to.deep.equal([]);
    const left = keeper("KeeperUnbonding", scene.erin.address, 0n);
    expect(judge([left, ...changed()], [[approved(), bonded(), ...activated()]])).to.deep.equal([]);
  });

  it("names a key that is used twice, or is none", () => {
    const { erin, dave, admin } = scene;
    const twice = /is used twice$/;
    expect(judge([approved()], [[approved()]])[0]).to.match(twice);
    expect(judge([keeper("KeeperApproved", erin.address, erin.address, admin.address)])[0]).to.match(twice);
    expect(judge([keeper("KeeperApproved", erin.address, made.attester, admin.address)])[0]).to.match(twice);
    expect(judge([keeper("KeeperApproved", erin.address, dave.address, ZeroAddress)])).to.deep.equal([
      "a keeper without a key or an owner",
    ]);
  });

  it("names every step that the status does not allow", () => {
    expect(judge([bonded()])[0]).to.match(wrong);
    expect(judge(activated())[0]).to.match(wrong);
    expect(judge([keeper("KeeperUnbonding", scene.erin.address, 0n)])[0]).to.match(wrong);
    expect(judge([keeper("BondWithdrawn", made.attester, ZeroAddress, 0n)])[0]).to.match(wrong);
    const convicted = keeper("KeeperSlashed", scene.erin.address, scene.admin.address, 0n, 0n);
    expect(judge([convicted])[0]).to.match(wrong);
  });

  it("names a bond that is back before its time", () => {
    const left = [keeper("KeeperUnbonding", made.attester, 0n), ...changed()];
    expect(judge([keeper("BondWithdrawn", made.attester, ZeroAddress, 0n)], [left])[0]).to.match(
      /has its bond back before its time$/,
    );
  });

  it("names a change without a new set, a set without a change, and one that the registry is not told or invents", () => {
    expect(judge([approved(), bonded(), keeper("KeeperActivated", scene.erin.address)])).to.include(
      "the keepers change without a new set",
    );
    expect(judge(changed())[0]).to.equal("a new keeper set without a change");
    const [set, adopted] = changed() as [MadeLog, MadeLog];
    expect(judge([approved(), bonded(), keeper("KeeperActivated", scene.erin.address), set])).to.include(
      "a new keeper set that the checkpoint registry is not told",
    );
    expect(judge([adopted])).to.deep.equal(["a keeper set is taken over that did not come about"]);
  });

  it("names keepers that are slashed without a conviction, and a conviction of nobody or for another", () => {
    const { registry, admin, erin } = scene;
    const slashed = keeper("KeeperSlashed", made.attester, admin.address, 0n, 0n);
    expect(judge([slashed, ...changed()])).to.include("keepers are slashed without a conviction");
    const convicted = (challenger: string): MadeLog => [
      registry,
      "AttestationConvicted",
      [1n, id("block"), id("digest"), challenger, false, 0n],
    ];
    expect(judge([convicted(admin.address)])).to.include("a conviction that slashes nobody and voids nothing");
    expect(judge([slashed, ...changed(), convicted(erin.address)])).to.include("a conviction for another challenger");
  });

  it("names a seat that is closed and taken, and payments of nothing", () => {
    expect(judge([keeper("SeatClosed", 0n), ...changed()])[0]).to.equal("a seat is closed that is taken");
    expect(judge([keeper("BondsBurned", 0n)])).to.deep.equal(["a payment of nothing"]);
  });

  it("finds nothing in a checkpoint, and names one that is not newer or of an unknown block", () => {
    expect(judge(made.post(made.head, later))).to.deep.equal([]);
    expect(judge(made.post(made.head - 1, later), [made.post(made.head, later)])[0]).to.match(/not after/);
    expect(judge(made.post(made.head + 1, later))[0]).to.match(/not one of the last 256$/);
  });

  it("names a checkpoint of another keeper set, of other books, or of nothing", () => {
    expect(judge(made.post(made.head, later, { setId: 7n }))[0]).to.match(/by the keeper set 7, it is 1$/);
    const others = /^a checkpoint of \d+ roots of book set \d, not 1$/;
    expect(judge(made.post(made.head, later, { roots: 9 }))[0]).to.match(others);
    expect(judge(made.post(made.head, later, { version: 2n }))[0]).to.match(others);
    expect(judge(made.post(made.head, later, { root: ZeroHash }))).to.deep.equal(["a checkpoint of nothing"]);
  });

  it("names a checkpoint that ends nothing it should end, or something that it should not", () => {
    expect(judge([made.posted(made.head)])[0]).to.match(/pushes nothing$/);
    expect(judge([made.pushed(0n, BigInt(later), 5n), made.posted(made.head)])[0]).to.match(/^graceUntil 5 are pushed/);
    const cleared = judge([made.pushed(0n, BigInt(later)), made.posted(made.head)], [made.pause(made.head - 1)]);
    expect(cleared).to.deep.equal(["flags 0 are pushed, 3 follow"]);
  });

  it("names a checkpoint that is proven and was not posted", () => {
    const proven: MadeLog = [scene.registry, "CheckpointProven", [made.head, id("block")]];
    expect(judge([proven])[0]).to.match(/is proven that was not posted$/);
    expect(judge([proven], [made.post(made.head, later)])).to.deep.equal([]);
    expect(judge([proven], [[...made.post(made.head, later), proven]])[0]).to.match(/is proven that was not posted$/);
  });

  it("names a reward that is not due, or that the fund does not pay", () => {
    const { registry, admin, accounts, stage } = scene;
    const paid = (amount: bigint): MadeLog => [
      registry,
      "RewardPaid",
      [made.head, admin.address, accounts.carol, amount],
    ];
    const release = (amount: bigint): MadeLog[] => [
      stage.entry("Release", accounts.fund, 0, { quote: -amount }),
      stage.entry("Release", accounts.carol, 0, { quote: amount }),
    ];
    const post = made.post(made.head, later);
    expect(judge([...release(UNIT), paid(UNIT)]).join()).to.match(/a reward that is not due/);
    expect(judge([paid(UNIT)], [post])).to.deep.equal([`block ${made.head}: a reward that the fund did not pay`]);
    expect(judge([...release(2n * UNIT), paid(UNIT)], [post]).join()).to.match(/a reward that the fund did not pay/);
  });

  it("takes a reward below the fund's target, and names another release that leaves as little", () => {
    const { registry, vault, usd, fund, admin, accounts, stage } = scene;
    const credited: MadeLog[] = [
      [vault, "Deposited", [accounts.fund, usd.target, admin.address, 10n ** 6n, 0n, 0n]],
      stage.entry("Credit", accounts.fund, usd.target as string, { quote: UNIT }),
      [fund, "TargetSet", [UNIT]],
    ];
    const before = [credited, made.post(made.head, later)];
    const release: MadeLog[] = [
      stage.entry("Release", accounts.fund, 0, { quote: -UNIT / 2n }),
      stage.entry("Release", accounts.carol, 0, { quote: UNIT / 2n }),
    ];
    expect(judge(release, before)[0]).to.match(/below its target/);
    const paid: MadeLog = [registry, "RewardPaid", [made.head, admin.address, accounts.carol, UNIT / 2n]];
    expect(judge([...release, paid], before)).to.deep.equal([]);
  });
});
