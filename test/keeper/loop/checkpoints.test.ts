import { expect } from "chai";
import { Transaction } from "ethers";

import { storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import { ROUND_BLOCKS } from "../../../keeper/domain/rounds.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import { hashRoots } from "../../helpers/attestations.ts";
import type { InProcessKeeper } from "../../../testing/InProcessKeeper.ts";
import type { KeeperChoice } from "../../../testing/createKeeper.ts";
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

  function attester(choice: Partial<KeeperChoice> = {}): InProcessKeeper {
    const policy = { checkpointIntervalSeconds: INTERVAL, ...choice.policy };
    return world.keeper({ keys: world.keysOf(0), ...choice, policy });
  }

  async function pass(seconds: number): Promise<void> {
    await world.send("evm_increaseTime", seconds);
    await world.mine();
  }

  /** A start, and so many blocks on top that a round begins above the head of then. */
  async function begin(driver: InProcessKeeper): Promise<void> {
    await driver.follow();
    await driver.tick(100);
    for (let mined = 0; mined < ROUND_BLOCKS && driver.attestations.length === 0; mined += 1) {
      await world.mine();
      await driver.follow();
      await driver.tick(100);
    }
    await driver.follow();
  }

  it("posts the roots of a block that is InSync, once an interval", async () => {
    const driver = attester();
    await begin(driver);
    const first = await world.system.registry.newest();
    const { blockHash } = driver.all("checkpoint")[0]!;
    const booksRoot = hashRoots(await world.roots(blockHash));
    const attestation = driver.attestations[0]!;
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
    await begin(driver);
    const types = driver.effects.map(({ type }) => type);
    expect(types.indexOf("journal")).to.be.greaterThan(-1);
    expect(types.indexOf("journal")).to.be.lessThan(types.indexOf("sign-typed-data"));
    const [journal] = driver.all("journal");
    const [signed] = driver.attestations;
    const { blockHash, booksRoot } = signed!;
    const body = { chainId: 31_337, blockHash, blockNumber: Number(signed!.blockNumber), booksRoot };
    expect(journal).to.deep.include({ kind: "signature", body });
  });

  it("never signs two roots for one hash (G13)", async () => {
    const lost = attester({ broadcast: () => Promise.resolve() });
    await begin(lost);
    const { blockHash } = lost.attestations[0]!;
    // Another keeper of the same key, as it was before that block: its journal knows of other roots, the chain of that block.
    const number = Number(lost.attestations[0]!.blockNumber);
    const signedRoots = new Map([[blockHash, `0x${"ee".repeat(32)}` as Hash]]);
    const driver = attester({ options: { signedRoots } });
    const before = (await world.send("eth_getBlockByNumber", `0x${(number - 1).toString(16)}`, false)) as {
      hash: Hash;
    };
    await driver.hear("hardhat", { number: number - 1, hash: before.hash });
    await driver.follow();
    await driver.tick(100);
    expect(driver.verdict.kind).to.equal("InSync");
    expect(driver.attestations).to.deep.equal([]);
    expect(driver.all("alert").map(({ event }) => event)).to.include("second-root-refused");
    // Without that memory it signs the second one, for which its bond is forfeit.
    const forgetful = attester({ broadcast: () => Promise.resolve() });
    await forgetful.hear("hardhat", { number: number - 1, hash: before.hash });
    await forgetful.follow();
    await forgetful.tick(100);
    expect(forgetful.attestations.map((attestation) => attestation.blockHash)).to.include(blockHash);
    expect(forgetful.attestations[0]!.booksRoot).to.not.equal(signedRoots.get(blockHash));
    await world.mine(ROUND_BLOCKS);
    await driver.follow();
    expect(driver.attestations.map((attestation) => attestation.blockHash)).to.not.include(blockHash);
    expect(driver.all("checkpoint")).to.have.length(1);
  });

  it("signs nothing again up to the head at its start, whatever its journal says (G13)", async () => {
    const lost = attester({ broadcast: () => Promise.resolve() });
    await begin(lost);
    const [signed] = lost.attestations;
    const restored = attester({ broadcast: () => Promise.resolve() });
    await begin(restored);
    expect(restored.attestations).to.have.length(1);
    expect(restored.attestations[0]!.blockNumber > signed!.blockNumber).to.equal(true);
  });

  it("signs nothing again up to what its journal, or a peer, says it signed (G13)", async () => {
    const lost = attester({ broadcast: () => Promise.resolve() });
    await begin(lost);
    const newest = Number(lost.attestations[0]!.blockNumber) + ROUND_BLOCKS;
    const remembering = attester({ broadcast: () => Promise.resolve(), options: { newestSigned: newest } });
    await begin(remembering);
    expect(remembering.attestations).to.deep.equal([]);
    await begin(remembering);
    expect(Number(remembering.attestations[0]!.blockNumber)).to.be.greaterThan(newest);

    const told = attester({ broadcast: () => Promise.resolve() });
    await told.follow();
    await told.tick(100);
    const { statements } = remembering.all("statements").at(-1)!;
    await told.deliver({ type: "statements", peer: "other", statements, nowMs: told.nowMs });
    const above = Math.max(...remembering.attestations.map(({ blockNumber }) => Number(blockNumber)));
    await begin(told);
    expect(Number(told.attestations[0]!.blockNumber)).to.be.greaterThan(above);
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
    const before = driver.attestations.length;
    await world.tamper("PositionLedger", TAMPERED, 1n);
    await world.mine();
    await driver.follow();
    await world.tamper("PositionLedger", TAMPERED, 0n);
    await pass(INTERVAL * 20);
    await world.mine(10);
    await driver.follow();
    await driver.tick(100);
    expect(driver.verdict).to.include({ kind: "Diverged", isLatched: true });
    expect(driver.attestations).to.have.length(before);
  });

  it("posts the next one with the same nonce and a higher fee when one was lost", async () => {
    const driver = attester({ broadcast: () => Promise.resolve() });
    await driver.follow();
    await driver.tick(100);
    for (let block = 0; block < 20; block += 1) {
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
    await begin(driver);
    expect(driver.all("checkpoint")).to.have.length(1);
    await replace();
    await driver.follow();
    await driver.tick(100);
    await world.mine(ROUND_BLOCKS);
    await driver.follow();
    await driver.tick(100);
    await driver.follow();
    expect(driver.all("checkpoint").length).to.be.greaterThan(1);
    expect((await world.system.registry.newest()).blockNumber).to.be.greaterThan(0n);
    expect(driver.verdict.kind).to.equal("InSync");
  });
});
