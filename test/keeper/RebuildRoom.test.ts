import { expect } from "chai";

import { POLICY_DEFAULTS } from "../../keeper/domain/policy.ts";
import { slotOf } from "../../keeper/books/layout/slots.ts";
import type { Reducer } from "../../keeper/books/Reducer.ts";
import { REDUCERS } from "../../keeper/books/reducers.ts";
import type { Effect } from "../../keeper/loop/ports.ts";
import type { Replacements } from "../../keeper/loop/Replacements.ts";
import { RebuildRoom } from "../../keeper/RebuildRoom.ts";
import type { Logger } from "../../keeper/telemetry/log.ts";
import type { RebuildOutcome, RebuildRecord } from "../../keeper/telemetry/RebuildRecord.ts";
import type { InProcessKeeper } from "../../testing/InProcessKeeper.ts";
import { RebuildRig } from "./rebuild/RebuildRig.ts";
import { Waiters } from "../helpers/keeper/Waiters.ts";

type Located = Extract<Effect, { readonly type: "located" }>;

const MANY = 130;

/** A room, everything that it says, and its end. */
class RoomRig {
  readonly records: RebuildRecord[] = [];
  readonly events: string[] = [];
  readonly room: RebuildRoom;
  readonly #waiters = new Waiters();

  constructor(rig: RebuildRig, patienceMs = 4_000) {
    const note = (event: string): void => void this.events.push(event);
    const log: Logger = { debug: note, info: note, warn: note, error: note, child: () => log };
    this.room = new RebuildRoom({
      options: {
        ...rig.options({}, []),
        policy: {
          mode: "watch",
          isLocalChain: true,
          allowSingleSource: false,
          checkpointIntervalSeconds: 300,
          ...POLICY_DEFAULTS,
        },
      },
      sources: Object.entries(rig.proxies).map(([id, { url }]) => ({ id, url, operator: id, client: "anvil" })),
      ...{ log, patienceMs, now: () => performance.now() },
      onRecord: (record) => {
        this.records.push(record);
        this.#waiters.wake();
      },
    });
  }

  get outcomes(): RebuildOutcome[] {
    return this.records.flatMap(({ outcome }) => (outcome === null ? [] : [outcome]));
  }

  /** Resolves when a record makes the condition true; the test's own time limit is what ends it otherwise. */
  until(condition: () => boolean): Promise<void> {
    return this.#waiters.until(condition);
  }

  /** What comes of what was located. */
  async outcomeOf(located: Located): Promise<RebuildOutcome> {
    this.room.see(located);
    await this.until(() => this.outcomes.length > 0);
    await this.room.close();
    return this.outcomes[0]!;
  }
}

describe("RebuildRoom", function () {
  this.timeout(120_000);
  let rig: RebuildRig;
  let snapshot: unknown;

  before(async () => {
    rig = await RebuildRig.open("anvil", 47);
    await rig.world.trade(8);
  });

  beforeEach(async () => {
    snapshot = await rig.world.send("evm_snapshot");
  });

  afterEach(async () => {
    rig.clear();
    await rig.world.send("evm_revert", snapshot);
  });

  after(() => rig.close());

  /** A keeper that only watches, in sync at the head. */
  async function watch(replacements: Replacements = {}): Promise<InProcessKeeper> {
    const driver = rig.world.keeper({ keys: {}, replacements });
    await driver.follow();
    await driver.tick(1_000);
    expect(driver.verdict.kind).to.equal("InSync");
    return driver;
  }

  async function tamper(count: number): Promise<void> {
    for (let at = 0; at < count; at += 1) {
      const word = `0x${(at + 1).toString(16).padStart(64, "0")}`;
      const slot = slotOf(BigInt(0xbad00 + at));
      await rig.world.send("hardhat_setStorageAt", rig.world.addresses.PositionLedger, slot, word);
    }
    await rig.world.mine();
  }

  async function locate(driver: InProcessKeeper): Promise<Located> {
    await driver.follow();
    for (let tick = 0; tick < 200; tick += 1) {
      await driver.tick(1_000);
      const last = driver.all("located").at(-1);
      if (last?.isFinal === true) return last;
    }
    throw new Error("the search does not end");
  }

  /** Reducers of which one writes many words too many from some time on. */
  function broken(when: { isBroken: boolean }): NonNullable<Replacements["reducers"]> {
    const sound: Reducer<{ readonly name: string }> = REDUCERS.PositionLedger;
    const apply: typeof sound.apply = (event, context) => {
      sound.apply(event, context);
      if (!when.isBroken) return;
      for (let at = 0; at < MANY; at += 1) context.write(slotOf(BigInt(0xfa000 + at)), 1n);
    };
    return { ...REDUCERS, PositionLedger: { ...sound, apply } };
  }

  it("confirms words that the chain has and no event implies: the rebuilt books have the live ones' roots", async () => {
    const driver = await watch();
    await tamper(MANY);
    const located = await locate(driver);
    expect([driver.verdict.kind, located.isTruncated]).to.deep.equal(["Diverged", true]);
    const roots = driver.keeper.books.roots();
    // What comes later is of no interest: it goes up to the block that was searched.
    await rig.world.mine(3);
    const room = new RoomRig(rig);
    const outcome = await room.outcomeOf(located);
    expect(outcome).to.include({ kind: "confirmed", findingCount: 0 });
    if (outcome.kind === "not-done") throw new Error(outcome.detail);
    const [{ contract, books, chain, rebuilt }] = outcome.roots as [(typeof outcome.roots)[0]];
    expect([contract, rebuilt]).to.deep.equal(["PositionLedger", books]);
    expect(rebuilt).to.not.equal(chain);
    const [first, last] = [room.records[0]!, room.records.at(-1)!];
    expect(first).to.include({ incidentId: located.incidentId, block: null, outcome: null });
    expect(first.target).to.deep.equal({ number: located.blocks[0]!.number, hash: located.blocks[0]!.hash });
    expect(last.block).to.equal(first.target.number);
    expect(room.events).to.deep.equal(["rebuild-started", "rebuild-outcome"]);
    // The live books are as they were.
    expect(driver.keeper.books.roots()).to.deep.equal(roots);
  });

  it("says own books when a reducer of the live ones is broken: the rebuilt ones have the chain's roots", async () => {
    const when = { isBroken: false };
    const driver = await watch({ reducers: broken(when) });
    when.isBroken = true;
    await rig.world.trade(4);
    const located = await locate(driver);
    expect([driver.verdict.kind, located.isTruncated]).to.deep.equal(["OwnFault", true]);
    expect(await new RoomRig(rig).outcomeOf(located)).to.include({ kind: "own-books" });
  });

  it("says own books also where the second opinion shares the fault, and a pause went out for nothing", async () => {
    const when = { isBroken: false };
    const secondOpinion = () => ({ agreesWithChain: false, detail: "as broken" });
    const driver = await watch({ reducers: broken(when), secondOpinion });
    when.isBroken = true;
    await rig.world.trade(4);
    const located = await locate(driver);
    expect(driver.verdict.kind).to.equal("Diverged");
    expect(await new RoomRig(rig).outcomeOf(located)).to.include({ kind: "own-books" });
  });

  it("says neither when the live books are broken and the chain is tampered with", async () => {
    const when = { isBroken: false };
    const driver = await watch({ reducers: broken(when) });
    when.isBroken = true;
    await rig.world.trade(4);
    await tamper(1);
    const located = await locate(driver);
    expect(located.blocks[0]!.number).to.equal(driver.keeper.books.tip!.number);
    expect(await new RoomRig(rig).outcomeOf(located)).to.include({ kind: "neither" });
  });

  it("does nothing for few slots, and nothing before the search has ended", async () => {
    const driver = await watch();
    await tamper(3);
    const located = await locate(driver);
    expect([located.slots.length, located.isTruncated]).to.deep.equal([3, false]);
    const room = new RoomRig(rig);
    room.room.see(located);
    room.room.see({ ...located, isTruncated: true, isFinal: false });
    await room.room.close();
    expect([room.records, room.events]).to.deep.equal([[], []]);
  });

  it("rebuilds once an incident, and one at a time", async () => {
    const driver = await watch();
    await tamper(MANY);
    const located = await locate(driver);
    const room = new RoomRig(rig);
    room.room.see(located);
    room.room.see(located);
    room.room.see({ ...located, incidentId: `0x${"0d".repeat(32)}` });
    // Of those that wait the newest comes next.
    room.room.see({ ...located, incidentId: `0x${"0e".repeat(32)}` });
    await room.until(() => room.outcomes.length === 3);
    room.room.see(located);
    await room.room.close();
    const kinds = room.outcomes.map((outcome) => (outcome.kind === "not-done" ? outcome.code : outcome.kind));
    expect(kinds).to.deep.equal(["RebuildBusy", "confirmed", "confirmed"]);
    expect(room.records.at(-1)!.incidentId).to.equal(`0x${"0e".repeat(32)}`);
    expect(room.events.filter((event) => event === "rebuild-started")).to.have.length(2);
  });

  it("gives up what is orphaned, and goes on with what waits", async () => {
    const driver = await watch();
    await tamper(MANY);
    const located = await locate(driver);
    for (const name of ["one", "two", "three"] as const) rig.lie(name, "eth_getBlockReceipts: delay 150");
    const room = new RoomRig(rig);
    const orphaned = (id: Located["incidentId"]): Effect =>
      ({ type: "incident", report: { id, state: "orphaned" } }) as unknown as Effect;
    const other = { ...located, incidentId: `0x${"0d".repeat(32)}` } as const;
    room.room.see(located);
    room.room.see(other);
    room.room.see(orphaned(located.incidentId));
    await room.until(() => room.outcomes.length === 2);
    await room.room.close();
    const kinds = room.outcomes.map((outcome) => (outcome.kind === "not-done" ? outcome.code : outcome.kind));
    expect(kinds).to.deep.equal(["RebuildCancelled", "confirmed"]);
    expect(room.records.at(-1)!.incidentId).to.equal(other.incidentId);
  });

  it("goes round a source that lies, which loses nothing but the rebuild's own trust", async () => {
    const driver = await watch();
    await tamper(MANY);
    const located = await locate(driver);
    rig.lie("one", "eth_getBlockReceipts: remove /0/logs/0");
    expect(await new RoomRig(rig).outcomeOf(located)).to.include({ kind: "confirmed" });
    expect(driver.all("quarantine")).to.deep.equal([]);
  });

  it("says that there is no outcome when the block is not of the chain any more", async () => {
    const driver = await watch();
    await tamper(MANY);
    const located = await locate(driver);
    await rig.world.send("evm_revert", snapshot);
    await rig.world.mine(2);
    const outcome = await new RoomRig(rig).outcomeOf(located);
    expect(outcome).to.include({ kind: "not-done", code: "RebuildTargetGone" });
    snapshot = await rig.world.send("evm_snapshot");
  });

  it("says that there is no outcome when nobody serves what is needed, and who did what", async () => {
    const driver = await watch();
    await tamper(MANY);
    const located = await locate(driver);
    for (const name of ["one", "two", "three"] as const) rig.lie(name, "eth_getBlockReceipts: null");
    const outcome = await new RoomRig(rig, 500).outcomeOf(located);
    expect(outcome).to.include({ kind: "not-done", code: "RebuildStalled" });
    expect(outcome.detail)
      .to.match(/one/)
      .and.match(/does not have the receipts of block \d+/);
  });

  it("ends in the middle when it is closed, with where it stood", async () => {
    const driver = await watch();
    await tamper(MANY);
    const located = await locate(driver);
    for (const name of ["one", "two", "three"] as const) rig.lie(name, "eth_getBlockReceipts: delay 150");
    const room = new RoomRig(rig);
    room.room.see(located);
    await room.until(() => (room.records.at(-1)?.block ?? 0) > 0);
    await room.room.close();
    expect(room.outcomes).to.have.length(1);
    expect(room.outcomes[0]).to.include({ kind: "not-done", code: "RebuildCancelled" });
    expect(room.records.at(-1)!.block).to.be.lessThan(located.blocks[0]!.number);
    // Nothing is asked any more, and what comes later starts nothing.
    const counts = Object.values(rig.proxies).flatMap(({ calls }) => [...calls.values()]);
    await rig.world.mine(3);
    expect(Object.values(rig.proxies).flatMap(({ calls }) => [...calls.values()])).to.deep.equal(counts);
    room.room.see({ ...located, incidentId: `0x${"0d".repeat(32)}` });
    expect(room.outcomes).to.have.length(1);
  });
});
