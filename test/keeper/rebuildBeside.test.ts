import { expect } from "chai";

import { slotOf } from "../../keeper/books/layout/slots.ts";
import type { Logger } from "../../keeper/telemetry/log.ts";
import type { RebuildRecord } from "../../keeper/telemetry/RebuildRecord.ts";
import type { Effect } from "../../keeper/loop/ports.ts";
import { startLocalKeeper, type LocalKeeper } from "../../scripts/local/LocalKeeper.ts";
import { LocalWorld } from "../helpers/keeper/LocalWorld.ts";
import { Waiters } from "../helpers/keeper/Waiters.ts";

const MANY = 130;

interface StatusJson {
  readonly state: string;
  readonly rebuild: RebuildRecord | null;
  readonly incidents: readonly {
    readonly id: string;
    readonly isLocated: boolean;
    readonly isComplete: boolean;
    readonly isTruncated: boolean;
    readonly rebuild: RebuildRecord | null;
  }[];
}

/** The real service with what it does and says. */
class RunningKeeper {
  readonly effects: Effect[] = [];
  readonly events: string[] = [];
  #keeper: LocalKeeper | null = null;
  readonly #waiters = new Waiters();

  static async start({ node, market }: LocalWorld): Promise<RunningKeeper> {
    const running = new RunningKeeper();
    const note = (event: string): void => {
      running.events.push(event);
      running.#waiters.wake();
    };
    const log: Logger = { debug: note, info: note, warn: note, error: note, child: () => log };
    running.#keeper = await startLocalKeeper({
      ...{
        sources: [node.wsUrl, node.url],
        deployment: market.chain.deployment,
        log,
        checkpointIntervalSeconds: 3_600,
      },
      onEffect: (effect) => {
        running.effects.push(effect);
        note(effect.type);
      },
    });
    return running;
  }

  get service() {
    return this.#keeper!.service;
  }

  get status(): StatusJson {
    const { status } = this.service;
    return { ...status.toJson(), incidents: [...status.incidents.values()] } as unknown as StatusJson;
  }

  /** Resolves when something that is said or done makes the condition true; the test's own time limit ends it otherwise. */
  until(condition: () => boolean): Promise<void> {
    return this.#waiters.until(condition);
  }

  untilSaid(event: string): Promise<void> {
    return this.until(() => this.events.includes(event));
  }

  async untilState(state: string): Promise<void> {
    await this.until(() => this.service.status.state === state);
  }

  stop(): Promise<void> {
    return this.#keeper!.stop();
  }
}

describe("a keeper that too many slots differ for", function () {
  // A search waits up to a minute for an answer.
  this.timeout(180_000);
  let world: LocalWorld;
  let snapshot: unknown;
  let keeper: RunningKeeper;

  before(async () => {
    // Anvil proves words of its newest block falsely while it mines the pause, and both sources are this node.
    world = await LocalWorld.open("hardhat", 53);
    await world.trade(8);
  });

  beforeEach(async () => {
    snapshot = await world.send("evm_snapshot");
    keeper = await RunningKeeper.start(world);
    await keeper.untilState("IN_SYNC");
  });

  afterEach(async () => {
    await keeper.stop();
    await world.send("evm_revert", snapshot);
  });

  after(() => world.close());

  async function tamper(count: number): Promise<void> {
    for (let at = 0; at < count; at += 1) {
      const word = `0x${(at + 1).toString(16).padStart(64, "0")}`;
      const slot = slotOf(BigInt(0xbad00 + at));
      await world.send("hardhat_setStorageAt", world.addresses.PositionLedger, slot, word);
    }
    await world.mine();
  }

  it("pauses, rebuilds beside, and tells in status that the divergence is confirmed", async () => {
    await tamper(MANY);
    await keeper.untilSaid("rebuild-outcome");
    const { rebuild, incidents } = keeper.status;
    expect(incidents).to.have.length(1);
    const [incident] = incidents as [StatusJson["incidents"][0]];
    expect(incident).to.include({ isLocated: true, isComplete: false, isTruncated: true });
    expect(incident.rebuild).to.deep.equal(rebuild);
    expect(rebuild).to.include({ incidentId: incident.id, block: rebuild!.target.number });
    expect(rebuild!.outcome).to.include({ kind: "confirmed" });
    expect(keeper.service.status.metrics()).to.contain('lockstep_rebuilds_total{outcome="confirmed"} 1');
    // The pause is the core's, and stays; the rebuild took no source's vote.
    await world.mine();
    await keeper.untilState("PAUSED");
    const startedAt = keeper.events.indexOf("rebuild-started");
    expect(keeper.events.slice(startedAt)).to.not.include("source-quarantined");
    expect(keeper.events.indexOf("broadcast")).to.be.lessThan(startedAt);
  });

  it("tells in status that its own books are at fault when its memory was damaged", async () => {
    const trie = keeper.service.keeper.books.trie("PositionLedger");
    trie.setMany(Array.from({ length: MANY }, (_, at) => [slotOf(BigInt(0xfa000 + at)), 1n] as const));
    await world.mine();
    await keeper.untilSaid("rebuild-outcome");
    const { rebuild, incidents, state } = keeper.status;
    expect([state, incidents]).to.deep.equal(["OWN_FAULT", []]);
    expect(rebuild!.outcome).to.include({ kind: "own-books" });
    // It is said and not mended: the books are a human's to replace.
    expect(trie.get(slotOf(0xfa000n))).to.equal(1n);
    const isPause = (effect: Effect): boolean => effect.type === "broadcast" && effect.purpose !== "checkpoint";
    expect(keeper.effects.filter(isPause)).to.deep.equal([]);
  });

  it("rebuilds nothing for few slots", async () => {
    await tamper(3);
    await keeper.until(() => keeper.effects.some((effect) => effect.type === "located" && effect.isFinal));
    await keeper.stop();
    expect(keeper.events).to.not.include("rebuild-started");
    expect(keeper.status.rebuild).to.equal(null);
    expect(keeper.status.incidents[0]).to.include({
      isLocated: true,
      isComplete: true,
      isTruncated: false,
      rebuild: null,
    });
  });

  it("ends a rebuild with itself", async () => {
    await tamper(MANY);
    await keeper.untilSaid("rebuild-started");
    await keeper.stop();
    expect(keeper.events.filter((event) => event === "rebuild-outcome")).to.have.length(1);
    expect(keeper.status.rebuild!.outcome).to.include({ kind: "not-done", code: "RebuildCancelled" });
  });
});
