import { expect } from "chai";
import { id, Transaction } from "ethers";

import { storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import { storage as guard } from "../../../keeper/books/generated/SyncGuard.ts";
import { CAUSES, pause, readHead } from "../../helpers/guard.ts";
import type { InProcessKeeper } from "../../../testing/InProcessKeeper.ts";
import { World } from "../../helpers/keeper/World.ts";

const TAMPERED = ledger.accounts.slot(`0x${"07".repeat(32)}`);

/** What was signed and sent, each once however often it was sent. */
function attemptsOf(driver: InProcessKeeper): Transaction[] {
  const raws = new Set(driver.all("broadcast").map(({ raw }) => raw));
  return [...raws].map((raw) => Transaction.from(raw));
}

/** Soft pauses of every incident on the chain. */
async function effectsOf({ system }: World): Promise<string[]> {
  const logs = await system.guard.queryFilter(system.guard.filters.SoftPaused());
  return logs.map(({ args }) => args.incidentId);
}

describe("Pauses", function () {
  this.timeout(60_000);
  let world: World;

  beforeEach(async () => {
    world = await World.open({ keeperCount: 2 });
  });

  afterEach(() => world.close());

  async function diverge(): Promise<void> {
    await world.tamper("PositionLedger", TAMPERED, 1n);
    await world.mine();
  }

  const lost = (): Promise<void> => Promise.resolve();

  it("writes the intent down before it signs, and signs before it sends (D1)", async () => {
    const driver = world.keeper();
    await driver.follow();
    await diverge();
    await driver.follow();
    const acts = driver.effects.flatMap((effect) => {
      if (effect.type === "journal") return effect.kind === "intent" ? ["intent"] : [];
      return effect.type === "sign-transaction" || effect.type === "broadcast" ? [effect.type] : [];
    });
    expect(acts).to.deep.equal(["intent", "sign-transaction", "broadcast"]);
    const intent = driver.all("journal").find(({ kind }) => kind === "intent");
    const [sent] = attemptsOf(driver);
    expect(intent?.body).to.include({
      ...{ key: "pause", purpose: "soft-pause", incidentId: driver.incident?.id, nonce: sent?.nonce, attempt: 0 },
      ...{ maxFeePerGas: sent?.maxFeePerGas, maxPriorityFeePerGas: sent?.maxPriorityFeePerGas },
    });
  });

  it("replaces what is not included with a dearer transaction of the same nonce and words (E1)", async () => {
    const driver = world.keeper({ broadcast: lost });
    await driver.follow();
    await diverge();
    for (let block = 0; block < 5; block += 1) {
      await driver.follow();
      await world.mine();
    }
    const attempts = attemptsOf(driver);
    expect(attempts).to.have.length(5);
    expect(new Set(attempts.map(({ nonce }) => nonce))).to.deep.equal(new Set([0]));
    attempts.slice(1).forEach((next, index) => {
      const before = attempts[index]!;
      expect(next.maxFeePerGas! * 10n >= before.maxFeePerGas! * 11n).to.equal(true);
      expect(next.maxPriorityFeePerGas! * 10n >= before.maxPriorityFeePerGas! * 11n).to.equal(true);
      const [was, now] = [before, next].map(({ data }) =>
        world.system.guard.interface.decodeFunctionData("softPause", data),
      );
      // The same words: the guard takes a second one of them for nothing.
      expect([...now!]).to.deep.equal([...was!]);
      expect([now![1], now![2]]).to.deep.equal([BigInt(CAUSES.books), BigInt(driver.incident!.blockNumber)]);
    });
  });

  it("sends one attempt per block, however often it hears of it", async () => {
    const driver = world.keeper({ broadcast: lost });
    await driver.follow();
    await diverge();
    for (let time = 0; time < 5; time += 1) {
      await driver.follow();
      await driver.tick(100);
    }
    expect(attemptsOf(driver)).to.have.length(1);
  });

  it("takes a new nonce when its own was used up without an effect (E2)", async () => {
    const sent: string[] = [];
    const driver = world.keeper({ broadcast: ({ raw }) => Promise.resolve(void sent.push(raw)) });
    await driver.follow();
    await diverge();
    await driver.follow();
    // Somebody else's transaction of the key, for example one that reverted.
    const [, pauser] = await world.system.ethers.getSigners();
    await pauser!.sendTransaction({ to: pauser!.address });
    await driver.follow();
    await driver.tick(100);
    await world.mine();
    await driver.follow();
    const nonces = attemptsOf(driver).map(({ nonce }) => nonce);
    expect(nonces[0]).to.equal(0);
    expect(nonces.at(-1)).to.equal(1);
    await world.send("eth_sendRawTransaction", sent.at(-1));
    await driver.follow();
    expect(driver.incident?.state).to.equal("contained");
  });

  it("says so when it is not included, and tries on for as long as the incident stands", async () => {
    const driver = world.keeper({ broadcast: lost });
    await driver.follow();
    await diverge();
    for (let block = 0; block < 45; block += 1) {
      await driver.follow();
      await world.mine();
    }
    expect(driver.incident?.state).to.equal("acting");
    expect(driver.all("alert").filter(({ event }) => event === "pause-not-included")).to.have.length(1);
    // From the cap on every attempt is the same transaction.
    expect(driver.all("sign-transaction")).to.have.length(45);
    expect(attemptsOf(driver).at(-1)?.maxFeePerGas).to.equal(1_000n * 10n ** 9n);
    expect(driver.verdict.kind).to.equal("Diverged");
  });

  it("P4: has at most one effect when two keepers act at once (D12)", async () => {
    await world.send("evm_setAutomine", false);
    const one = world.keeper();
    const two = world.keeper({ keys: { pause: world.pauser(1) } });
    await one.follow();
    await two.follow();
    await diverge();
    for (const driver of [one, two]) await driver.follow();
    await world.mine();
    for (const driver of [one, two]) await driver.follow();
    expect(one.incident?.id).to.equal(two.incident?.id);
    expect([one.incident?.state, two.incident?.state]).to.deep.equal(["contained", "contained"]);
    expect(await effectsOf(world)).to.deep.equal([one.incident?.id]);
    expect(await world.flags()).to.equal(3n);
    await world.mine(3);
    for (const driver of [one, two]) await driver.follow();
    expect(attemptsOf(one).length + attemptsOf(two).length).to.equal(2);
  });

  it("has one effect when two keepers' pauses of one incident are included blocks apart (P4)", async () => {
    await world.send("evm_setAutomine", false);
    const sent: string[][] = [[], []];
    const [one, two] = [0, 1].map((index) =>
      world.keeper({
        keys: { pause: world.pauser(index) },
        broadcast: ({ raw }) => Promise.resolve(void sent[index]!.push(raw)),
      }),
    );
    for (const driver of [one!, two!]) await driver.follow();
    await diverge();
    for (const driver of [one!, two!]) await driver.follow();
    await world.mine();
    for (const driver of [one!, two!]) await driver.follow();
    // The first keeper's first one is included, and then the second one's newest.
    for (const raw of [sent[0]![0], sent[1]!.at(-1)]) {
      await world.send("eth_sendRawTransaction", raw);
      await world.mine();
    }
    expect(await effectsOf(world)).to.deep.equal([one!.incident?.id]);
    expect(await world.system.ethers.provider.getTransactionCount(world.pauser(1).address)).to.equal(1);
  });

  it("takes another keeper's pause of the incident for its own (P4)", async () => {
    const driver = world.keeper({ broadcast: lost });
    await driver.follow();
    await diverge();
    await driver.follow();
    await pause(world.system, 1, driver.incident!.id, await readHead(world.system));
    await driver.follow();
    expect(driver.incident?.state).to.equal("contained");
    await world.mine(2);
    await driver.follow();
    expect(attemptsOf(driver)).to.have.length(1);
  });

  it("takes a pause that judged the divergent block for its own, whatever incident it names", async () => {
    const driver = world.keeper({ broadcast: lost });
    await driver.follow();
    await diverge();
    await driver.follow();
    await pause(world.system, 1, id("another"), await readHead(world.system));
    expect(await world.system.guard.isJudged(driver.incident!.blockNumber)).to.equal(true);
    await driver.follow();
    expect(driver.incident?.state).to.equal("contained");
  });

  it("pauses again when a reorg takes its pause away and leaves the divergent block (A4)", async () => {
    const driver = world.keeper();
    await driver.follow();
    await diverge();
    const replace = await world.fork();
    for (let look = 0; look < 2; look += 1) await driver.follow();
    expect(driver.incident?.state).to.equal("contained");
    await replace();
    expect(await world.flags()).to.equal(0n);
    for (let look = 0; look < 2; look += 1) await driver.follow();
    const states = driver.all("incident").map(({ report }) => report.state);
    expect(states.filter((state, index) => state !== states[index - 1])).to.deep.equal([
      "opened",
      "acting",
      "contained",
      "acting",
      "contained",
    ]);
    expect(await world.flags()).to.not.equal(0n);
  });

  it("does not take a pause of a block before the divergent one for its own", async () => {
    const driver = world.keeper({ broadcast: lost });
    await driver.follow();
    const before = await readHead(world.system);
    await diverge();
    await driver.follow();
    await pause(world.system, 1, id("another"), before);
    await driver.follow();
    expect(driver.incident?.state).to.equal("acting");
    const { softBlock, nonce } = guard.incident.decode(driver.keeper.books.read("SyncGuard", guard.incident.slot));
    expect([softBlock, nonce]).to.deep.equal([BigInt(before.number), 1n]);
    expect(attemptsOf(driver)).to.have.length(2);
  });

  it("sends nothing more while the guard would refuse it, and the pause of this key stands", async () => {
    const driver = world.keeper();
    await driver.follow();
    // The key's own pause of the class for another cause, before anything diverged.
    await pause(world.system, 0, id("earlier"), await readHead(world.system));
    await driver.follow();
    await diverge();
    await driver.follow();
    expect(driver.verdict.kind).to.equal("Diverged");
    expect(driver.incident?.state).to.equal("contained");
    expect(attemptsOf(driver)).to.deep.equal([]);
  });

  it("sends a pause for proved books although its key has used up that for views (G14)", async () => {
    const driver = world.keeper();
    await driver.follow();
    await pause(world.system, 0, id("view"), await readHead(world.system), CAUSES.view);
    await driver.follow();
    await diverge();
    await driver.follow();
    expect(driver.incident?.state).to.equal("contained");
    expect(attemptsOf(driver)).to.have.length(1);
    expect(driver.refusals).to.deep.equal([]);
    expect(await effectsOf(world)).to.deep.equal([id("view"), driver.incident!.id]);
  });

  it("alerts and sends nothing in mode alert, nor without a key", async () => {
    const cautious = world.keeper({ policy: { mode: "alert" } });
    const keyless = world.keeper({ keys: {} });
    for (const driver of [cautious, keyless]) await driver.follow();
    await diverge();
    for (const driver of [cautious, keyless]) {
      await driver.follow();
      expect(driver.verdict.kind).to.equal("Diverged");
      expect(driver.hasSigned).to.equal(false);
      expect(driver.all("alert").map(({ event }) => event)).to.include("diverged");
    }
  });
});
