import { expect } from "chai";
import { id } from "ethers";
import { network } from "hardhat";

import { deployLockstep, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { attest, postSigned, signAttestation } from "../../helpers/attestations.ts";
import { certifyPause, GRADES, readHead, sendHardPause, signPause } from "../../helpers/guard.ts";

const connection = await network.create();
const { networkHelpers } = connection;
/** Local as well: the keeper registry asks other chains for more keepers. */
const OTHER_CHAIN = 1_337;
/** Signers whom nobody knows stand in no order, either. */
const STRANGERS = ["QuorumNotMember", "QuorumNotSorted"];

async function fixture(): Promise<Lockstep> {
  return await deployLockstep(connection, { keeperCount: 4 });
}

/** The same keys sign for the same addresses on every chain; what they sign says for which one, and for which block. */
describe("E9: what keepers signed, on another chain and on another branch", () => {
  let system: Lockstep;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    await networkHelpers.mine(3);
  });

  const flags = async ({ ledger }: Lockstep) => (await ledger.hotWord()).flags;

  /** The name of the error of a call that is refused. */
  const refusalOf = async (sent: Promise<unknown>) =>
    await sent.then(
      () => "accepted",
      (error: unknown) => /custom error '(\w+)\(/.exec(String(error))?.[1],
    );

  /** A pause and a checkpoint of the head, signed by all. */
  async function signBoth(of: Lockstep) {
    const certificate = await certifyPause(of, id("incident"), await readHead(of));
    const attested = await attest(of);
    const signed = { pause: await signPause(of, certificate), checkpoint: "" };
    signed.checkpoint = await signAttestation(of, attested.attestation);
    return { certificate, attested, signed };
  }

  it("is refused where chain id or history differ, at the same addresses, and counts where it was signed for", async () => {
    const there = await network.create({ network: "default", override: { chainId: OTHER_CHAIN } });
    const other = await deployLockstep(there, { keeperCount: 4 });
    await there.networkHelpers.mine(3);
    expect([other.guard.target, other.registry.target]).to.deep.equal([system.guard.target, system.registry.target]);
    const here = await signBoth(system);
    // Of a block of the other chain, so that only the domain is wrong: who signed is taken for strangers.
    const foreign = await signBoth(other);
    const { certificate, attested } = foreign;
    const domainOfHere = [await signPause(system, certificate), await signAttestation(system, attested.attestation)];
    expect(await refusalOf(sendHardPause(other, certificate, domainOfHere[0]!))).to.be.oneOf(STRANGERS);
    expect(await refusalOf(postSigned(other, attested, domainOfHere[1]!))).to.be.oneOf(STRANGERS);
    // As it was signed, of a block that the other chain does not have.
    await expect(sendHardPause(other, here.certificate, here.signed.pause)).to.be.revertedWithCustomError(
      other.guard,
      "GuardWrongBlock",
    );
    await expect(postSigned(other, here.attested, here.signed.checkpoint)).to.be.revertedWithCustomError(
      other.registry,
      "RegistryWrongBlock",
    );
    expect(await flags(other)).to.equal(GRADES.synced);
    // The keys are members there: with the right domain the same certificate halts.
    await postSigned(other, foreign.attested, foreign.signed.checkpoint);
    await sendHardPause(other, foreign.certificate, foreign.signed.pause);
    expect(await flags(other)).to.equal(GRADES.halted);
    expect(await flags(system)).to.equal(GRADES.synced);
    await postSigned(system, here.attested, here.signed.checkpoint);
    await sendHardPause(system, here.certificate, here.signed.pause);
    expect(await flags(system)).to.equal(GRADES.halted);
    await there.close();
  });

  it("is refused on a branch of one chain id that does not have the block", async () => {
    const fork = await networkHelpers.takeSnapshot();
    await networkHelpers.mine();
    const { certificate, attested, signed } = await signBoth(system);
    await sendHardPause(system, certificate, signed.pause);
    expect(await flags(system)).to.equal(GRADES.halted);
    await fork.restore();
    await networkHelpers.time.increase(77);
    expect((await readHead(system)).number).to.equal(certificate.blockNumber);
    await expect(sendHardPause(system, certificate, signed.pause)).to.be.revertedWithCustomError(
      system.guard,
      "GuardWrongBlock",
    );
    await expect(postSigned(system, attested, signed.checkpoint)).to.be.revertedWithCustomError(
      system.registry,
      "RegistryWrongBlock",
    );
    expect(await flags(system)).to.equal(GRADES.synced);
  });
});
