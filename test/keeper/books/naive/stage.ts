import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { network } from "hardhat";

import { deployLockstep, depositUsd, type DeployOptions, type Lockstep } from "../../../fixtures/deployLockstep.ts";
import { postCheckpoint } from "../../../helpers/attestations.ts";
import { OrderBook } from "../../../helpers/orders.ts";
import { NaiveFollower, readContext } from "./NaiveFollower.ts";

const USD = 1_000_000n;

/** A deployment on a network of its own, with what a test of the derivation needs around it. */
export interface Scene {
  readonly system: Lockstep;
  readonly follower: NaiveFollower;
  readonly orders: OrderBook;
  readonly users: readonly [HardhatEthersSigner, HardhatEthersSigner, HardhatEthersSigner];
}

/** A deployment whose first users have deposited `usd` each. */
export async function stage(options: DeployOptions, usd = 1_000n): Promise<Scene> {
  const system = await deployLockstep(await network.create(), options);
  const users = [system.users[0]!, system.users[1]!, system.users[2]!] as const;
  for (const user of users) await depositUsd(system, user, usd * USD);
  const follower = new NaiveFollower(system, await readContext(system));
  return { system, follower, orders: new OrderBook(system), users };
}

/** Lets time pass, and posts a checkpoint, so that nothing is stale afterwards. */
export async function passTime(system: Lockstep, seconds: number): Promise<void> {
  await system.ethers.provider.send("evm_increaseTime", [seconds]);
  await postCheckpoint(system);
}

/** Lets the grace pass that the end of a stale time has started. */
export async function passGrace(system: Lockstep): Promise<void> {
  await passTime(system, 1);
  await passTime(system, Number(await system.guard.GRACE()));
}
