import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { id, Wallet } from "ethers";

import { attesterKey, type KeeperKeys, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { attest, falsify } from "../attestations.ts";
import { convict } from "../convict.ts";
import { resume } from "../guard.ts";
import { approveKeeper, bondKeeper } from "../keepers.ts";

/** The keepers of a stage by their number; those without a name never do anything but attest. */
export const [PAUSER, FRESH, LIAR, CONVICTED] = [0, 4, 5, 6];
/** Those that the deployment begins with, as many as there must be. */
export const FOUNDERS = 4;
const ALL = 7;

/** Terms of the keepers' registry and of the wind-down, seconds. */
export const [JOIN_SECONDS, UNBONDING_SECONDS] = [3_600, 3_600];
/** Halted for so long, the wind-down may begin: before the stage's option expires. */
export const WIND_DOWN_SECONDS = 10 * 86_400;
/** For so long claims are registered; longer than governance waits for the proof of a price. */
export const CLAIM_SECONDS = 10 * 86_400;

/** Keepers on their way in and out; attest keys. */
export const CANDIDATE = { approved: keyOf("approved"), bonded: keyOf("bonded"), left: keyOf("left") } as const;

/** An address with a known name. */
export function keyOf(name: string): string {
  return new Wallet(id(name)).address;
}

/** The keys of all keepers that a stage ever has, the founders among them. */
export async function keeperKeys({ ethers, keepers }: Lockstep): Promise<KeeperKeys[]> {
  const signers = await ethers.getSigners();
  const later = Array.from({ length: ALL - FOUNDERS }, (_, index): KeeperKeys => {
    return { attester: attesterKey(FOUNDERS + index), pauser: signers[FOUNDERS + index + 1]! };
  });
  return [...keepers, ...later];
}

/** The stage as far as the keepers' past needs it. */
export interface KeeperStage extends Lockstep {
  readonly bondOwner: HardhatEthersSigner;
  readonly challenger: HardhatEthersSigner;
}

/** Those who join later are approved, and but for one bonded: they wait for the join delay. */
export async function admitKeepers(stage: KeeperStage): Promise<void> {
  const { keepers, bondOwner } = stage;
  for (const { attester, pauser } of keepers.slice(FOUNDERS)) {
    await approveKeeper(stage, attester.address, pauser.address, bondOwner.address);
    await bondKeeper(stage, attester.address);
  }
  for (const [name, attester] of Object.entries(CANDIDATE)) {
    await approveKeeper(stage, attester, keyOf(`${name} pauser`), bondOwner.address);
    if (attester !== CANDIDATE.approved) await bondKeeper(stage, attester);
  }
}

/** After the join delay: all are active but three. One is convicted, which leaves a vacant seat and a past halt, and one left. */
export async function liveThrough(stage: KeeperStage): Promise<void> {
  const { keeperRegistry, keepers, bondOwner, challenger } = stage;
  for (const { attester } of keepers.slice(FOUNDERS)) await keeperRegistry.activate(attester.address);
  await keeperRegistry.activate(CANDIDATE.left);
  await keeperRegistry.connect(bondOwner).requestExit(CANDIDATE.left);
  const signers = [keepers[CONVICTED]!.attester];
  await convict(stage, falsify(await attest(stage), 0), { signers, challenger });
  await resume(stage);
  await stage.connection.networkHelpers.time.increase(UNBONDING_SECONDS);
}

/** Lets `count` keepers go, the first one not among them. */
export async function dismiss(stage: KeeperStage, count: number, how: "requestExit" | "remove"): Promise<void> {
  const { keeperRegistry, keepers, admin } = stage;
  for (const { attester } of keepers.slice(PAUSER + 1, PAUSER + 1 + count)) {
    await keeperRegistry.connect(admin)[how](attester.address);
  }
}

/** Governance removes so many keepers that the others are no quorum: whatever the grade was, the protocol halts. */
export async function loseQuorum(stage: KeeperStage): Promise<void> {
  await dismiss(stage, FOUNDERS, "remove");
}
