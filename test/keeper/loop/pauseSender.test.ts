import { expect } from "chai";
import { Transaction, type Wallet } from "ethers";

import { PAUSE_GAS_LIMIT } from "../../../keeper/actions/plan/gasLimits.ts";
import { storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import type { Header } from "../../../keeper/chain/verify/header.ts";
import type { Finding } from "../../../keeper/domain/Finding.ts";
import { POLICY_DEFAULTS } from "../../../keeper/domain/policy.ts";
import { Accounts } from "../../../keeper/loop/Accounts.ts";
import { Bids } from "../../../keeper/loop/Bids.ts";
import { newBlock } from "../../../keeper/loop/FetchedBlock.ts";
import { newIncident } from "../../../keeper/loop/Incident.ts";
import type { KeeperOptions } from "../../../keeper/loop/KeeperOptions.ts";
import { PauseSender } from "../../../keeper/loop/PauseSender.ts";
import { readRemembered } from "../../../keeper/loop/Remembered.ts";
import type { InProcessKeeper } from "../../../testing/InProcessKeeper.ts";
import type { KeeperChoice } from "../../../testing/createKeeper.ts";
import { AskedOutbox } from "../../helpers/keeper/AskedOutbox.ts";
import { hashOf } from "../../helpers/keeper/blockTree.ts";
import { ADDRESSES } from "../../helpers/keeper/inventedBlocks.ts";
import { World } from "../../helpers/keeper/World.ts";

const TAMPERED = ledger.accounts.slot(`0x${"07".repeat(32)}`);
const GWEI = 10n ** 9n;
const ETHER = 10n ** 18n;

/** What was signed, oldest first. */
function attemptsOf(driver: InProcessKeeper): Transaction[] {
  const raws = new Set(driver.all("broadcast").map(({ raw }) => raw));
  return [...raws].map((raw) => Transaction.from(raw));
}

const eventsOf = (driver: InProcessKeeper): string[] => driver.all("alert").map(({ event }) => event);

describe("PauseSender", function () {
  this.timeout(60_000);
  let world: World;
  let pauser: Wallet;

  beforeEach(async () => {
    world = await World.open({ keeperCount: 5 });
    pauser = world.pauser(0);
  });

  afterEach(() => world.close());

  async function diverge(): Promise<void> {
    await world.tamper("PositionLedger", TAMPERED, 1n);
    await world.mine();
  }

  /** A keeper that has seen the chain, on which something diverges then; its transactions wait until a block is mined. */
  async function divergent(choice: Partial<KeeperChoice> = {}): Promise<InProcessKeeper> {
    const driver = world.keeper(choice);
    await driver.follow();
    await world.send("evm_setAutomine", false);
    await diverge();
    return driver;
  }

  /** The same, where the pause key has so much, wei. */
  async function divergentWith(balance: bigint): Promise<InProcessKeeper> {
    const driver = world.keeper();
    await driver.follow();
    await world.send("evm_setAutomine", false);
    await world.send("hardhat_setBalance", pauser.address, `0x${balance.toString(16)}`);
    await world.mine();
    await driver.follow();
    await diverge();
    await driver.follow();
    return driver;
  }

  /** A keeper that begins now. The node's proof of the block before the tampered one is void, which it is forgiven after a while. */
  async function newcomer(choice: Partial<KeeperChoice> = {}): Promise<InProcessKeeper> {
    const driver = world.keeper(choice);
    await driver.follow();
    await driver.tick();
    await driver.follow();
    return driver;
  }

  async function softPauses(): Promise<number> {
    const { guard } = world.system;
    return (await guard.queryFilter(guard.filters.SoftPaused())).length;
  }

  /** A sender alone, at a block whose base fee is 20 gwei, with an incident of the block before. */
  function bareSender() {
    const [outbox, accounts, address] = [new AskedOutbox(), new Accounts(), `0x${"fa".repeat(20)}` as const];
    const policy = { ...POLICY_DEFAULTS, mode: "act", isLocalChain: true, allowSingleSource: false };
    const own = { chainId: 31_337, addresses: ADDRESSES, pauser: address, maxFeePerGas: 1_000n * GWEI, sources: [] };
    const options = { ...own, policy } as unknown as KeeperOptions;
    const sender = new PauseSender(options, { outbox, accounts, bids: new Bids(), ask: () => null });
    const newest = newBlock(hashOf("newest"), true, 0);
    newest.header = { hash: newest.hash, number: 50, baseFeePerGas: 20n * GWEI } as Header;
    newest.nonces = new Map([[address, 7]]);
    const finding: Finding = {
      ...{ cause: "unexplained-write", contract: "PositionLedger", detail: "roots differ", logIndex: null },
      ...{ blockNumber: 49, blockHash: hashOf("divergent") },
    };
    const incident = newIncident(hashOf("incident"), finding, hashOf("evidence"));
    const types = (): string[] => outbox.others.map(({ type }) => type);
    return { sender, incident, newest, types, outbox };
  }

  it("E2: asks a signer that is away again for the same, at the same price, and writes it down once", () => {
    const { sender, incident, newest, types, outbox } = bareSender();
    const id = (): number => incident.awaited!.id;
    const code = "SignerUnavailable";
    sender.attempt(incident, newest, newest.hash, 0);
    sender.journalled(incident, { type: "journalled", id: id(), nowMs: 0 });
    for (let nowMs = 1_000; nowMs <= 60_000; nowMs += 1_000) {
      sender.signFailed(incident, { type: "sign-failed", id: id(), code, message: "away", nowMs });
      sender.attempt(incident, newest, newest.hash, nowMs + 500);
    }
    expect(types().filter((type) => type === "journal")).to.have.length(1);
    const fees = outbox.others.flatMap((effect) =>
      effect.type === "sign-transaction" ? [effect.request.maxFeePerGas] : [],
    );
    expect(fees).to.have.length(61);
    expect(new Set(fees).size).to.equal(1);
    // A block later it names that block: an intent of its own, which is still the first to be seen.
    sender.signFailed(incident, { type: "sign-failed", id: id(), code, message: "away", nowMs: 61_000 });
    const later = newBlock(hashOf("later"), true, 0);
    later.header = { ...newest.header!, hash: later.hash, number: 51, baseFeePerGas: 40n * GWEI };
    later.nonces = newest.nonces;
    sender.attempt(incident, later, later.hash, 62_000);
    expect(types().filter((type) => type === "journal")).to.have.length(2);
    expect(incident.awaited!.attempt).to.equal(0);
    expect(incident.awaited!.request.maxFeePerGas > fees[0]!).to.equal(true);
    // What was sent is outbid by the next.
    sender.journalled(incident, { type: "journalled", id: id(), nowMs: 62_001 });
    sender.signed(incident, { type: "signed", id: id(), raw: "0x", hash: hashOf("x"), nowMs: 62_002 });
    const last = newBlock(hashOf("last"), true, 0);
    last.header = { ...later.header, hash: last.hash, number: 52 };
    last.nonces = newest.nonces;
    sender.attempt(incident, last, last.hash, 63_000);
    expect(incident.awaited!.attempt).to.equal(1);
  });

  it("D1: asks for no signature before the intent is durable, and sends nothing before it is signed", () => {
    const { sender, incident, newest, types } = bareSender();
    sender.attempt(incident, newest, newest.hash, 0);
    expect(types()).to.deep.equal(["journal"]);
    const id = (): number => incident.awaited!.id;
    expect(sender.signed(incident, { type: "signed", id: id(), raw: "0x", hash: hashOf("x"), nowMs: 0 })).to.equal(
      false,
    );
    expect(sender.journalled(incident, { type: "journalled", id: id(), nowMs: 0 })).to.equal(true);
    expect(types()).to.deep.equal(["journal", "sign-transaction"]);
    expect(sender.journalled(incident, { type: "journalled", id: id(), nowMs: 0 })).to.equal(false);
    expect(sender.signed(incident, { type: "signed", id: id(), raw: "0x", hash: hashOf("x"), nowMs: 0 })).to.equal(
      true,
    );
    expect(types()).to.deep.equal(["journal", "sign-transaction", "broadcast"]);
  });

  it("E1: is included within three blocks when the base fee rises a thousandfold during the incident", async () => {
    const driver = await divergent({ options: { maxFeePerGas: 50_000n * GWEI } });
    await driver.follow();
    expect(attemptsOf(driver)).to.have.length(1);
    const { baseFeePerGas } = (await world.system.ethers.provider.getBlock("latest"))!;
    const spike = baseFeePerGas! * 1_000n + 20_000n * GWEI;
    let blocks = 0;
    for (; driver.incident?.state !== "contained" && blocks < 10; blocks += 1) {
      await world.send("hardhat_setNextBlockBaseFeePerGas", `0x${spike.toString(16)}`);
      await world.mine();
      await driver.follow();
    }
    expect(blocks).to.be.within(2, 3);
    expect(await softPauses()).to.equal(1);
    const fees = attemptsOf(driver).map(({ maxFeePerGas }) => maxFeePerGas!);
    expect(fees.every((fee) => fee <= 50_000n * GWEI)).to.equal(true);
    expect(fees.at(-1)! > spike).to.equal(true);
  });

  it("E2: replaces what another program left at the key's next nonce, however dear it was", async () => {
    const driver = await divergent();
    const rival = pauser.connect(world.system.ethers.provider);
    const fees = { maxFeePerGas: 400n * GWEI, maxPriorityFeePerGas: 60n * GWEI };
    // At the next nonce, and one far above it which never can be included.
    await rival.sendTransaction({ to: pauser.address, nonce: 0, gasLimit: 21_000n, type: 2, ...fees });
    await rival.sendTransaction({ to: pauser.address, nonce: 5, gasLimit: 21_000n, type: 2, ...fees });
    await driver.follow();
    const attempts = attemptsOf(driver);
    expect(attempts.length).to.be.greaterThan(1);
    expect(new Set(attempts.map(({ nonce }) => nonce))).to.deep.equal(new Set([0]));
    expect(driver.refusals.length).to.equal(attempts.length - 1);
    await world.mine();
    await driver.follow();
    expect(driver.incident?.state).to.equal("contained");
    expect(await world.system.ethers.provider.getTransactionCount(pauser.address)).to.equal(1);
  });

  it("E2: says so when the other transaction pays more than the cap, and goes on when it is gone", async () => {
    const driver = await divergent({ options: { maxFeePerGas: 100n * GWEI } });
    const rival = pauser.connect(world.system.ethers.provider);
    const fees = { maxFeePerGas: 400n * GWEI, maxPriorityFeePerGas: 60n * GWEI };
    await rival.sendTransaction({ to: pauser.address, nonce: 0, gasLimit: 21_000n, type: 2, ...fees });
    await driver.follow();
    expect(eventsOf(driver)).to.include("pause-outbid");
    expect(attemptsOf(driver).at(-1)?.maxFeePerGas).to.equal(100n * GWEI);
    await world.mine();
    await driver.follow();
    await world.mine();
    await driver.follow();
    expect(driver.incident?.state).to.equal("contained");
    expect(attemptsOf(driver).at(-1)?.nonce).to.equal(1);
  });

  it("E3: sends what no source took again, less and less often, and says so once", async () => {
    const driver = await divergent({ broadcast: () => Promise.resolve() });
    await driver.follow();
    const sentAt: number[] = [];
    const startMs = driver.nowMs;
    for (let count = driver.all("broadcast").length; driver.nowMs < startMs + 20_000;) {
      await driver.tick(50);
      const now = driver.all("broadcast").length;
      if (now > count) sentAt.push(driver.nowMs - startMs);
      count = now;
    }
    expect(sentAt.slice(0, 4)).to.deep.equal([500, 1_500, 3_500, 7_500]);
    expect(sentAt.length).to.be.within(6, 8);
    expect(attemptsOf(driver)).to.have.length(1);
    expect(eventsOf(driver).filter((event) => event === "pause-not-taken")).to.have.length(1);
  });

  it("E4: tells a lost role by the contracts' own words, and does not pay for the same refusal block by block", async () => {
    const driver = await divergent();
    await world.send("evm_setAutomine", true);
    await world.system.keeperRegistry.remove(world.system.keepers[0]!.attester.address);
    for (let block = 0; block < 12; block += 1) {
      await driver.follow();
      await world.mine();
    }
    expect(eventsOf(driver).filter((event) => event === "pause-role-lost")).to.have.length(1);
    expect(driver.incident?.state).to.equal("failed");
    expect(await world.system.ethers.provider.getTransactionCount(pauser.address)).to.be.within(1, 3);
    expect(await softPauses()).to.equal(0);
    // Another keeper's pause contains it all the same.
    await newcomer({ keys: { pause: world.pauser(1) } });
    await world.mine();
    await driver.follow();
    expect(driver.incident?.state).to.equal("contained");
  });

  it("E4: takes a pause that came first for its own, and knows no refusal", async () => {
    const driver = await divergent();
    const other = await newcomer({ keys: { pause: world.pauser(1) } });
    await driver.follow();
    await world.mine();
    for (const keeper of [driver, other]) {
      await keeper.follow();
      expect(keeper.incident?.state).to.equal("contained");
      expect(eventsOf(keeper).filter((event) => event.startsWith("pause-"))).to.deep.equal([]);
    }
    expect(await softPauses()).to.equal(1);
  });

  it("E7: pays with what the key has left, and says that it is short", async () => {
    const balance = PAUSE_GAS_LIMIT * 8n * GWEI;
    const driver = await divergentWith(balance);
    const affordable = attemptsOf(driver).at(-1)!;
    expect(affordable.maxFeePerGas! * affordable.gasLimit <= balance).to.equal(true);
    await world.mine();
    await driver.follow();
    expect(driver.incident?.state).to.equal("contained");
    expect(driver.refusals).to.deep.equal([]);
  });

  it("E7: says so when the key cannot pay the base fee, and pauses as soon as somebody funds it", async () => {
    const driver = await divergentWith(1n);
    expect(eventsOf(driver)).to.include("pause-unfunded");
    expect(driver.incident?.state).to.not.equal("contained");
    await world.send("hardhat_setBalance", pauser.address, `0x${ETHER.toString(16)}`);
    await world.mine();
    await driver.follow();
    await world.mine();
    await driver.follow();
    expect(driver.incident?.state).to.equal("contained");
    expect(eventsOf(driver).filter((event) => event === "pause-unfunded")).to.have.length(1);
  });

  it("D1, D2: goes on from its intents after a restart: the same nonce and a dearer replacement, or nothing at all", async () => {
    const before = await divergent();
    await before.follow();
    const [first] = attemptsOf(before);
    const records = before.all("journal").map(({ kind, body }) => ({ kind, body }));
    const restart = (): Promise<InProcessKeeper> => newcomer({ options: { remembered: readRemembered(records) } });
    const waiting = await restart();
    const [second] = attemptsOf(waiting);
    expect(second!.nonce).to.equal(first!.nonce);
    expect(second!.maxFeePerGas! * 10n >= first!.maxFeePerGas! * 11n).to.equal(true);
    expect(waiting.refusals).to.deep.equal([]);
    expect(waiting.incident?.id).to.equal(before.incident?.id);
    await world.mine();
    const late = await restart();
    expect(late.incident?.state).to.equal("contained");
    expect(attemptsOf(late)).to.deep.equal([]);
    expect(await softPauses()).to.equal(1);
  });

  it("D2, G12: who sends again by the next free nonce, and looks nothing up, pays twice for one pause", async () => {
    const before = await divergent();
    await before.follow();
    const [first] = attemptsOf(before);
    // Killed, or stopped and woken: the first is in the pool.
    const { to, data, gasLimit } = first!;
    const fees = { maxFeePerGas: 400n * GWEI, maxPriorityFeePerGas: 2n * GWEI };
    const again = { to, data, gasLimit, nonce: first!.nonce + 1, type: 2, ...fees };
    const { hash } = await pauser.connect(world.system.ethers.provider).sendTransaction(again);
    await world.mine();
    const receipt = await world.system.ethers.provider.getTransactionReceipt(hash);
    expect(receipt!.gasUsed).to.be.greaterThan(0n);
    expect(await world.system.ethers.provider.getTransactionCount(pauser.address)).to.equal(2);
    // That it is no second pause is the guard's doing, which knows the incident.
    expect(await softPauses()).to.equal(1);
    await before.follow();
    expect(before.incident?.state).to.equal("contained");
  });

  it("D1: without its intents a restarted keeper is outbid by itself, and gets through all the same", async () => {
    const before = await divergent();
    await before.follow();
    const forgetful = await newcomer();
    expect(forgetful.refusals.length).to.be.greaterThan(0);
    await world.mine();
    await forgetful.follow();
    expect(forgetful.incident?.state).to.equal("contained");
    expect(await softPauses()).to.equal(1);
  });

  it("takes up an incident where it stood before the restart", async () => {
    const before = world.keeper();
    await before.follow();
    await diverge();
    await before.follow();
    await world.mine();
    await before.follow();
    expect(before.incident?.state).to.equal("contained");
    const records = before.all("journal").map(({ kind, body }) => ({ kind, body }));
    const after = await newcomer({ options: { remembered: readRemembered(records) } });
    expect(new Set(after.all("incident").map(({ report }) => report.state))).to.deep.equal(new Set(["contained"]));
    expect(after.all("journal").filter(({ kind }) => kind === "incident")).to.deep.equal([]);
  });
});
