import { expect } from "chai";
import { id, type ContractTransactionResponse } from "ethers";
import { network } from "hardhat";

import { deployLockstep, type Lockstep } from "../../fixtures/deployLockstep.ts";
import {
  attest,
  falsify,
  postAttested,
  postCheckpoint,
  readKeeperSet,
  signAttestation,
} from "../../helpers/attestations.ts";
import { certifyPause, GRADES, readHead, signPause } from "../../helpers/guard.ts";
import { readAccountProof, readHeaderRlp } from "../../helpers/proofs.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const INCIDENT = id("incident");
/** Limits that are tried between too little for anything and enough. */
const STEPS = 40;

async function fixture(): Promise<Lockstep> {
  const system = await deployLockstep(connection, { keeperCount: 4 });
  await postCheckpoint(system);
  await networkHelpers.mine();
  return system;
}

/**
 * Whoever carries a pause or a conviction chooses its gas, and EIP-150 leaves a caller 1/64 of it when a call runs out: enough to
 * finish a transaction half done, if anything were caught.
 */
describe("SyncGuard > all or nothing", () => {
  let system: Lockstep;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
  });

  /** All that a pause or a conviction changes. */
  async function stateOf() {
    const { guard, ledger, registry, keeperRegistry, keepers } = system;
    const words = [await guard.incident(), await guard.halt(), await guard.cause(), await ledger.hotWord()];
    const keys = [];
    for (const { attester, pauser } of keepers) {
      keys.push(await keeperRegistry.keeperOf(attester.address), await keeperRegistry.keyOf(pauser.address));
    }
    return [...words, await registry.newestNumber(), await keeperRegistry.setId(), ...keys];
  }

  /** Sends with every limit of the sweep: the state is as before or, time and block apart, as after enough gas. */
  async function sweep(send: (gasLimit: number) => Promise<ContractTransactionResponse>): Promise<void> {
    const before = await stateOf();
    let snapshot = await networkHelpers.takeSnapshot();
    const { timestamp } = await readHead(system);
    const run = async (gasLimit: number) => {
      await networkHelpers.time.setNextBlockTimestamp(timestamp + 10);
      const receipt = await send(gasLimit).then(
        async (sent) => await sent.wait(),
        () => null,
      );
      const state = await stateOf();
      await snapshot.restore();
      snapshot = await networkHelpers.takeSnapshot();
      return { receipt, state };
    };
    const full = await run(2_000_000);
    expect(full.state).not.to.deep.equal(before);
    const least = 40_000;
    const most = Number(full.receipt!.gasUsed) * 1.15;
    let [failed, worked] = [0, 0];
    for (let step = 0; step <= STEPS; step += 1) {
      const gasLimit = Math.floor(least + ((most - least) * step) / STEPS);
      const { receipt, state } = await run(gasLimit);
      expect(state, `limit ${gasLimit}`).to.deep.equal(receipt === null ? before : full.state);
      if (receipt === null) failed += 1;
      else worked += 1;
    }
    expect([failed > 10, worked > 0]).to.deep.equal([true, true]);
  }

  it("halts by certificate or does nothing", async () => {
    const certificate = await certifyPause(system, INCIDENT, await readHead(system));
    const [set, signatures] = [await readKeeperSet(system), await signPause(system, certificate)];
    await sweep(async (gasLimit) => await system.guard.hardPause(certificate, set, signatures, { gasLimit }));
    expect((await system.ledger.hotWord()).flags).to.equal(GRADES.synced);
  });

  it("INV-26: slashes, voids and halts, or does nothing", async () => {
    const lie = falsify(await attest(system), 0);
    await postAttested(system, lie);
    const { blockNumber } = lie.attestation;
    const signers = system.keepers.slice(0, 2).map(({ attester }) => attester);
    const signatures = await signAttestation(system, lie.attestation, signers);
    const header = await readHeaderRlp(system.ethers, blockNumber);
    const proof = await readAccountProof(system.ethers, system.books[0]!, blockNumber);
    const shown = [lie.attestation, lie.roots, signatures, 0, header, proof] as const;
    await sweep(async (gasLimit) => await system.registry.convict(...shown, { gasLimit }));
  });

  it("pauses and uses the budget, or does nothing", async () => {
    const head = await readHead(system);
    const guard = system.guard.connect(system.keepers[0]!.pauser);
    const shown = [INCIDENT, 0, head.number, head.hash, id("evidence")] as const;
    await sweep(async (gasLimit) => await guard.softPause(...shown, { gasLimit }));
  });

  it("posts and ends a soft pause, or does nothing", async () => {
    const head = await readHead(system);
    const guard = system.guard.connect(system.keepers[0]!.pauser);
    await guard.softPause(INCIDENT, 0, head.number, head.hash, id("evidence"));
    await networkHelpers.time.increaseTo(Number((await system.guard.incident()).softUntil));
    const { attestation, roots } = await attest(system);
    const [set, signatures] = [await readKeeperSet(system), await signAttestation(system, attestation)];
    await sweep(async (gasLimit) => await system.registry.post(attestation, roots, set, signatures, { gasLimit }));
  });
});
