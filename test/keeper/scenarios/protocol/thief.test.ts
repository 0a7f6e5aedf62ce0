import { expect } from "chai";
import { id, type Wallet } from "ethers";

import { storage as ledger } from "../../../../keeper/books/generated/PositionLedger.ts";
import { ROUND_BLOCKS } from "../../../../keeper/domain/rounds.ts";
import type { Hash } from "../../../../keeper/lib/hex.ts";
import type { KeeperChoice } from "../../../../testing/createKeeper.ts";
import type { InProcessKeeper } from "../../../../testing/InProcessKeeper.ts";
import { atMost } from "../../../../testing/lies.ts";
import { StagedSource } from "../../../../testing/StagedSource.ts";
import { postCheckpoint } from "../../../helpers/attestations.ts";
import { CAUSES, hardPause, pause, readHead, sendResume } from "../../../helpers/guard.ts";
import { accountOf } from "../../../helpers/accounts.ts";
import { LOOT, Thief } from "../../../helpers/keeper/Thief.ts";
import { World } from "../../../helpers/keeper/World.ts";
import { BaselineWatch } from "../../../helpers/naive/BaselineWatch.ts";

const GWEI = 10n ** 9n;
/** Blocks that the thief waits until he leaves: more than any pause below needs. */
const PATIENCE = 5;

type Broadcast = NonNullable<KeeperChoice["broadcast"]>;

/** Each trouble twice: what a thief takes when the keeper has nothing against it, and what he takes when it has. */
describe("Scenario: a thief, and a pause that has trouble to come", function () {
  this.timeout(60_000);
  let world: World;
  let pauser: Wallet;
  let thief: Thief;
  let restore: () => Promise<unknown>;

  before(async () => {
    world = await World.open({ keeperCount: 4 });
    pauser = world.pauser(0);
    thief = await Thief.among(world);
  });

  after(() => world.close());

  beforeEach(async () => {
    restore = await world.fork();
    await world.mine();
  });

  afterEach(async () => {
    await restore();
    await world.send("evm_setAutomine", true);
  });

  const sending: Broadcast = async ({ raw }) => {
    await world.send("eth_sendRawTransaction", raw).catch(() => undefined);
  };

  /** Sends the first transaction of all, and takes that for having paused. */
  function once(): Broadcast {
    let isSent = false;
    return async (effect) => {
      if (isSent) return;
      isSent = true;
      await sending(effect);
    };
  }

  async function watching(choice: Partial<KeeperChoice> = {}): Promise<InProcessKeeper> {
    const driver = world.keeper(choice);
    await driver.follow();
    expect(driver.verdict.kind).to.equal("InSync");
    return driver;
  }

  /** The theft, and blocks until the thief leaves; what he gets away with. */
  async function attempt(
    drivers: readonly InProcessKeeper[],
    beforeBlock: () => Promise<unknown> = () => Promise.resolve(),
    beforePause: () => Promise<unknown> = () => Promise.resolve(),
    who = thief,
  ): Promise<bigint> {
    await world.send("evm_setAutomine", false);
    await who.forge();
    await world.mine();
    await beforePause();
    for (let block = 0; block < PATIENCE; block += 1) {
      for (const driver of drivers) await driver.follow();
      await beforeBlock();
      await world.mine();
    }
    for (const driver of drivers) await driver.follow();
    return who.steal();
  }

  /** The same with another keeper, from where it began. */
  async function again(): Promise<void> {
    await restore();
    await world.send("evm_setAutomine", true);
    restore = await world.fork();
    await world.mine();
  }

  /** The books are known to be wrong, and the pause holds. */
  async function expectContained(driver: InProcessKeeper): Promise<void> {
    await driver.follow();
    expect(driver.verdict.kind).to.equal("Diverged");
    expect(driver.incident).to.include({ state: "contained", cause: "unexplained-write", contract: "PositionLedger" });
    expect(await world.flags()).to.equal(3n);
  }

  it("E1: takes all when the first fee is the last, and nothing when it goes up with the spike", async () => {
    const options = { maxFeePerGas: 50_000n * GWEI };
    const { baseFeePerGas } = (await world.system.ethers.provider.getBlock("latest"))!;
    const spike = `0x${(baseFeePerGas! * 1_000n + 20_000n * GWEI).toString(16)}`;
    const rise = () => world.send("hardhat_setNextBlockBaseFeePerGas", spike);
    const stock = await watching({ options, broadcast: once() });
    expect(await attempt([stock], rise)).to.equal(LOOT);
    expect([stock.verdict.kind, stock.incident?.state]).to.deep.equal(["Diverged", "acting"]);
    await again();
    const driver = await watching({ options });
    expect(await attempt([driver], rise)).to.equal(0n);
    await expectContained(driver);
  });

  it("E2: takes all when the nonce is taken and nothing is replaced, and nothing when it is", async () => {
    const occupy = async (): Promise<void> => {
      const rival = pauser.connect(world.system.ethers.provider);
      const fees = { maxFeePerGas: 400n * GWEI, maxPriorityFeePerGas: 60n * GWEI };
      await rival.sendTransaction({ to: pauser.address, nonce: 0, gasLimit: 21_000n, type: 2, ...fees });
    };
    for (const [broadcast, taken] of [
      [once(), LOOT],
      [undefined, 0n],
    ] as const) {
      const driver = await watching(broadcast === undefined ? {} : { broadcast });
      expect(await attempt([driver], undefined, occupy)).to.equal(taken);
      if (taken === 0n) await expectContained(driver);
      await again();
    }
  });

  it("D11, E3: takes all when the one way to the chain is a hole, and nothing when it is sent until it is there", async () => {
    for (const [isStubborn, taken] of [
      [false, LOOT],
      [true, 0n],
    ] as const) {
      let swallowed = 0;
      const driver = await watching({
        broadcast: async (effect) => {
          swallowed += 1;
          if (isStubborn && swallowed > 2) await sending(effect);
        },
      });
      expect(await attempt([driver])).to.equal(taken);
      if (isStubborn) await expectContained(driver);
      else expect(driver.incident?.state).to.equal("acting");
      await again();
    }
  });

  for (const [name, alert, cripple] of [
    [
      "E4, F8: takes all when the only key has lost its role, and nothing when there is another",
      "pause-role-lost",
      () => world.system.keeperRegistry.remove(world.system.keepers[0]!.attester.address),
    ],
    [
      "E7: takes all when the only key has no money, and nothing when there is another",
      "pause-unfunded",
      () => world.send("hardhat_setBalance", pauser.address, "0x1"),
    ],
  ] as const) {
    it(name, async () => {
      for (const [indices, taken] of [
        [[0], LOOT],
        [[0, 1], 0n],
      ] as const) {
        const drivers = [];
        for (const index of indices) drivers.push(await watching({ keys: { pause: world.pauser(index) } }));
        await cripple();
        await world.mine();
        for (const driver of drivers) await driver.follow();
        expect(await attempt(drivers)).to.equal(taken);
        if (taken > 0n) expect(drivers[0]!.all("alert").map(({ event }) => event)).to.include(alert);
        if (taken === 0n) for (const driver of drivers) await expectContained(driver);
        await again();
      }
    });
  }

  it("D1: takes all when the watch comes back and believes what it finds, and nothing when books are rebuilt", async () => {
    const first = await BaselineWatch.start(world);
    await thief.forge();
    await world.mine();
    expect(await first.isContent()).to.equal(false);
    // It was killed between that and its pause.
    const second = await BaselineWatch.start(world);
    await world.mine(PATIENCE);
    expect(await second.isContent()).to.equal(true);
    expect(await thief.steal()).to.equal(LOOT);
    await again();
    await thief.forge();
    await world.mine();
    const driver = world.keeper();
    await driver.follow();
    await driver.tick();
    await driver.follow();
    expect(await thief.steal()).to.equal(0n);
    await expectContained(driver);
  });

  it("G6: takes all when one operator accepts it for himself, and then another one finds that it never was right", async () => {
    const watch = await BaselineWatch.start(world);
    await thief.forge();
    await world.mine();
    await watch.accept();
    expect(await watch.isContent()).to.equal(true);
    expect(await thief.steal()).to.equal(LOOT);
    await watch.accept();
    const newcomer = world.keeper();
    await newcomer.follow();
    await newcomer.tick();
    await newcomer.follow();
    await world.mine();
    expect([await watch.isContent(), newcomer.verdict.kind]).to.deep.equal([false, "Diverged"]);
    expect(await world.flags()).to.equal(3n);
  });

  it("D12: takes all when both keepers have to agree and one is kept in the past, and nothing when one is enough", async () => {
    for (const [isUnanimous, taken] of [
      [true, LOOT],
      [false, 0n],
    ] as const) {
      const line = new StagedSource(world.rpc);
      const cut = await watching({ rpcs: { line }, keys: { pause: world.pauser(1) } });
      line.lie = atMost((await readHead(world.system)).number);
      const broadcast: Broadcast = async (effect) => {
        if (!isUnanimous || cut.verdict.kind === "Diverged") await sending(effect);
      };
      const driver = await watching({ broadcast });
      expect(await attempt([driver, cut])).to.equal(taken);
      expect([driver.verdict.kind, cut.verdict.kind]).to.deep.equal(["Diverged", "InSync"]);
      if (!isUnanimous) await expectContained(driver);
      await again();
    }
  });

  it("D10: takes all when the only keeper stands still for a while, and nothing when another one is awake", async () => {
    const stalled = await watching();
    expect(await attempt([])).to.equal(LOOT);
    await stalled.follow();
    expect(stalled.verdict.kind).to.equal("Diverged");
    await again();
    const [asleep, awake] = [await watching(), await watching({ keys: { pause: world.pauser(1) } })];
    expect(await attempt([awake])).to.equal(0n);
    for (const driver of [asleep, awake]) await expectContained(driver);
  });

  it("G17: takes all by a key that nobody has seen when those who are known are compared, and nothing when roots are", async () => {
    const known = world.system.users.map((user) => ledger.accounts.slot(accountOf(user).toLowerCase() as Hash));
    const read = async () => {
      const words = [];
      for (const slot of known) words.push(await world.wordAt("PositionLedger", slot));
      return words;
    };
    const before = await read();
    expect(await attempt([], undefined, undefined, thief.unseen())).to.equal(LOOT);
    expect(await read()).to.deep.equal(before);
    await again();
    const driver = await watching();
    expect(await attempt([driver], undefined, undefined, thief.unseen())).to.equal(0n);
    await expectContained(driver);
  });

  it("G4, G5: takes all when signers attest what the chain shows, and nothing when each has books of his own", async () => {
    const driver = await watching({ keys: world.keysOf(0), policy: { checkpointIntervalSeconds: 0 } });
    await thief.forge();
    await world.mine();
    await driver.follow();
    const { system } = world;
    const incident = driver.incident!.id as string;
    await hardPause(system, incident, await readHead(system));
    await world.passTime(Number(await system.guard.COOL_DOWN()));
    for (let block = 0; block < ROUND_BLOCKS; block += 1) {
      await world.mine();
      await driver.follow();
      await driver.tick(1_000);
    }
    expect(driver.verdict.kind).to.equal("Diverged");
    const divergent = driver.incident!.blockNumber;
    expect(driver.attestations.filter(({ blockNumber }) => Number(blockNumber) >= divergent)).to.deep.equal([]);
    // Without a checkpoint after it the halt stays.
    await expect(sendResume(system)).to.be.revertedWithCustomError(system.guard, "GuardCheckpointTooOld");
    // Everybody's keys, and the chain's own roots.
    await postCheckpoint(system);
    await sendResume(system);
    expect(await world.flags()).to.equal(0n);
    expect(await thief.steal()).to.equal(LOOT);
  });

  it("G14: takes all when cheap incidents and this one spend one budget, and nothing when each class has its own", async () => {
    for (const [cause, taken] of [
      [CAUSES.books, LOOT],
      [CAUSES.view, 0n],
    ] as const) {
      await pause(world.system, 0, id("a cheap incident"), await readHead(world.system), cause);
      await world.passTime(Number(await world.system.guard.SOFT_TIME()));
      await postCheckpoint(world.system);
      expect(await world.flags()).to.equal(0n);
      const driver = await watching();
      expect(await attempt([driver])).to.equal(taken);
      expect(driver.verdict.kind).to.equal("Diverged");
      await again();
    }
  });
});
