import { id, Wallet } from "ethers";

import { attesterKey, type KeeperKeys, type Lockstep } from "../../../fixtures/deployLockstep.ts";
import { accountOf } from "../../../helpers/accounts.ts";
import { attest, falsify, postAttested, postCheckpoint, readKeeperSet } from "../../../helpers/attestations.ts";
import { convict } from "../../../helpers/convict.ts";
import { hardPause, pause, readHead, resume } from "../../../helpers/guard.ts";
import { addKeeper, approveKeeper, bondKeeper } from "../../../helpers/keepers.ts";
import { readWitness } from "../../../helpers/witness.ts";
import { passTime } from "./stage.ts";

const USD = 1_000_000n;
const DAY = 86_400;

/** Keepers come and go while nothing is wrong: approved and refused, bonded and withdrawn, seated and unbonded. */
async function tourMembership(system: Lockstep, leaver: Wallet): Promise<void> {
  const { keeperRegistry, users } = system;
  const [refused, idle, joiner] = [id("refused"), id("idle"), id("joiner")].map((key) => new Wallet(key)) as [
    Wallet,
    Wallet,
    Wallet,
  ];
  await approveKeeper(system, refused, users[5]!);
  await keeperRegistry.remove(refused.address);
  await approveKeeper(system, idle, users[6]!);
  await bondKeeper(system, idle);
  await keeperRegistry.requestExit(idle.address);
  await addKeeper(system, joiner, users[7]!);
  await addKeeper(system, leaver, users[8]!);
  await keeperRegistry.requestExit(joiner.address);
  await passTime(system, DAY);
  await keeperRegistry.withdrawBond(joiner.address);
  await keeperRegistry.remove(leaver.address);
}

/** A key of a keeper that joins; the pauser is a user's. */
function fresh(system: Lockstep, index: number): KeeperKeys {
  return { attester: attesterKey(index), pauser: system.users[index - 4]! };
}

/**
 * A false checkpoint, which was the witness, and one that nobody posted, signed by who has left; a withdrawal while halted; a
 * keeper removed, which leaves fewer than a quorum; two that take a seat, and a seat that is closed.
 *
 * @returns the system with the keepers that are active in the end
 */
export async function tourKeepers(system: Lockstep): Promise<Lockstep> {
  const { keeperRegistry, keepers, vault, usd, users, admin } = system;
  const leaver = new Wallet(id("leaver"));
  await tourMembership(system, leaver);
  const witness = await postCheckpoint(system);
  const wrong = falsify(await attest(system), 3);
  await postAttested(system, wrong);
  await pause(system, 2, id("sixth"), await readHead(system));
  await convict(system, wrong, { index: 3, signers: [keepers[3]!.attester], challenger: users[9]! });
  const number = Number(await system.guard.witnessNumber());
  if (number !== witness.attestation.blockNumber) throw new Error(`the witness is ${number}`);
  const account = accountOf(users[2]!);
  const shown = await readWitness(system, witness, account, usd);
  await vault.connect(users[2]).withdrawWitnessed(account, usd.target, 5n * USD, users[2]!.address, shown);
  await keeperRegistry.connect(users[9]).claimReward(users[9]!.address);
  await keeperRegistry.burn();
  await resume(system);

  await keeperRegistry.remove(keepers[2]!.attester.address);
  const grown = { ...system, keepers: [...keepers.slice(0, 2), fresh(system, 4), fresh(system, 5), fresh(system, 6)] };
  for (const { attester, pauser } of grown.keepers.slice(2)) await addKeeper(system, attester, pauser);
  await hardPause(grown, id("seventh"), await readHead(system));
  await resume(grown);
  const unposted = falsify(await attest(grown), 0);
  await convict(grown, unposted, { signers: [leaver, grown.keepers[4]!.attester] });
  await convict(grown, unposted, { signers: [grown.keepers[3]!.attester] });
  await keeperRegistry.closeSeat();
  await resume(grown);
  await keeperRegistry.claimReward(admin.address);
  await keeperRegistry.burn();
  const { members } = await readKeeperSet(grown);
  return { ...grown, keepers: grown.keepers.filter(({ attester }) => members.includes(attester.address)) };
}
