import { expect } from "chai";
import { Transaction } from "ethers";

import { storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import { hashRoots } from "../../helpers/attestations.ts";
import type { CoreDriver } from "../../helpers/keeper/CoreDriver.ts";
import type { KeeperChoice } from "../../helpers/keeper/createDriver.ts";
import { World } from "../../helpers/keeper/World.ts";

const TAMPERED = ledger.accounts.slot(`0x${"07".repeat(32)}`);
const INTERVAL = 60;

describe("Checkpoints", function () {
  this.timeout(60_000);
  let world: World;

  beforeEach(async () => {
    world = await World.open();
  });

  afterEach(() => world.close());

  function attester(choice: Partial<KeeperChoice> = {}): CoreDriver {
    const policy = { checkpointIntervalSeconds: INTERVAL, ...choice.policy };
    return world.keeper({ keys: world.keysOf(0), ...choice, policy });
  }

  async function pass(seconds: number): Promise<void> {
    await world.send("evm_increaseTime", seconds);
    await world.mine();
  }

  it("posts the roots of a block that is InSync, once an interval", async () => {
    const driver = attester();
    await driver.follow();
    await driver.tick(100);
    await driver.follow();
    const first = await world.system.registry.newest();
    const { blockHash } = driver.all("checkpoint")[0]!;
    const booksRoot = hashRoots(await world.roots(blockHash));
    const { attestation } = driver.all("sign-attestation")[0]!;
    expect(attestation).to.deep.include({ blockNumber: first.blockNumber, blockHash, booksRoot });
    expect(first.digest).to.equal(await world.system.registry.hashAttestation(attestation));
    await world.mine(3);
    await driver.follow();
    expect(driver.all("checkpoint")).to.have.length(1);
    await pass(INTERVAL + 1);
    await driver.follow();
    expect(driver.all("checkpoint")).to.have.length(2);
    expect(driver.refusals).to.deep.equal([]);
    expect((await world.system.registry.newest()).blockNumber).to.be.greaterThan(first.blockNumber);
  });

  it("writes a signature down before it signs (P4)", async () => {
    const driver = attester();
    await driver.follow();
    await driver.tick(100);
    const types = driver.effects.map(({ type }) => type);
    expect(types.indexOf("journal")).to.be.greaterThan(-1);
    expect(types.indexOf("journal")).to.be.lessThan(types.indexOf("sign-attestation"));
    const [journal] = driver.all("journal");
    const [signed] = driver.all("sign-attestation");
    const { blockHash, booksRoot } = signed!.attestation;
    expect(journal).to.deep.include({ kind: "signature", body: { chainId: 31_337, blockHash, booksRoot } });
  });

  it("never signs two roots for one hash (G13)", async () => {
    const head = (await world.system.ethers.provider.getBlock("latest"))!.hash as Hash;
    const driver = attester({ options: { signedRoots: new Map([[head, `0x${"ee".repeat(32)}` as Hash]]) } });
    await driver.follow();
    await driver.tick(100);
    expect(driver.verdict.kind).to.equal("InSync");
    expect(driver.all("sign-attestation")).to.deep.equal([]);
    expect(driver.all("alert").map(({ event }) => event)).to.include("second-root-refused");
    await world.mine();
    await driver.follow();
    expect(driver.all("sign-attestation").map(({ attestation }) => attestation.blockHash)).to.not.include(head);
    expect(driver.all("checkpoint")).to.have.length(1);
  });

  it("signs the same root for a hash again after a restart", async () => {
    const lost = attester({ broadcast: () => Promise.resolve() });
    await lost.follow();
    await lost.tick(100);
    const { attestation } = lost.all("sign-attestation")[0]!;
    const signedRoots = new Map([[attestation.blockHash, attestation.booksRoot]]);
    const restarted = attester({ options: { signedRoots } });
    await restarted.follow();
    await restarted.tick(100);
    expect(restarted.all("sign-attestation")[0]?.attestation).to.deep.equal(attestation);
  });

  it("signs nothing unwitnessed on a chain that is not local, whatever is allowed", async () => {
    const policy = { isLocalChain: false, allowSingleSource: true };
    const driver = attester({ policy });
    await driver.follow();
    await driver.tick(100);
    await world.mine();
    await driver.follow();
    expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: false });
    expect(driver.hasSigned).to.equal(false);
  });

  it("signs nothing while it is Diverged, latched included (G4)", async () => {
    const driver = attester({ broadcast: () => Promise.resolve() });
    await driver.follow();
    await driver.tick(100);
    const before = driver.all("sign-attestation").length;
    await world.tamper("PositionLedger", TAMPERED, 1n);
    await world.mine();
    await driver.follow();
    await world.tamper("PositionLedger", TAMPERED, 0n);
    await pass(INTERVAL * 20);
    await world.mine(10);
    await driver.follow();
    await driver.tick(100);
    expect(driver.verdict).to.include({ kind: "Diverged", isLatched: true });
    expect(driver.all("sign-attestation")).to.have.length(before);
  });

  it("posts the next one with the same nonce and a higher fee when one was lost", async () => {
    const driver = attester({ broadcast: () => Promise.resolve() });
    await driver.follow();
    await driver.tick(100);
    for (let block = 0; block < 10; block += 1) {
      await world.mine();
      await driver.follow();
      await driver.tick(100);
    }
    const sent = driver.all("broadcast").map(({ raw }) => Transaction.from(raw));
    expect(sent.length).to.be.greaterThan(1);
    expect(new Set(sent.map(({ nonce }) => nonce)).size).to.equal(1);
    expect(sent[1]!.maxFeePerGas! * 10n >= sent[0]!.maxFeePerGas! * 11n).to.equal(true);
  });

  it("posts again after a reorg that took a checkpoint back (F4)", async () => {
    const driver = attester();
    const replace = await world.fork();
    await driver.follow();
    await driver.tick(100);
    await driver.follow();
    expect(driver.all("checkpoint")).to.have.length(1);
    await replace();
    await driver.follow();
    await driver.tick(100);
    await world.mine();
    await driver.follow();
    expect(driver.all("checkpoint").length).to.be.greaterThan(1);
    expect((await world.system.registry.newest()).blockNumber).to.be.greaterThan(0n);
    expect(driver.verdict.kind).to.equal("InSync");
  });
});
