import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";

import type { KeeperRegistry, MockToken } from "../../types/ethers-contracts/index.ts";

/** What letting keepers in takes: the registry, the token of the bonds, and who governs and pays. */
export interface KeeperDesk {
  readonly keeperRegistry: KeeperRegistry;
  readonly bondToken: Pick<MockToken, "connect" | "mint" | "approve">;
  readonly admin: HardhatEthersSigner;
}

/** An address, or something that has one. */
export type Addressed = string | { readonly address: string };

/** The address of `who`. */
export function addressOf(who: Addressed): string {
  return typeof who === "string" ? who : who.address;
}

/** Governance approves a keeper; its owner is the admin unless told otherwise. */
export async function approveKeeper(desk: KeeperDesk, attester: Addressed, pauser: Addressed, owner?: Addressed) {
  return await desk.keeperRegistry
    .connect(desk.admin)
    .approve(addressOf(attester), addressOf(pauser), addressOf(owner ?? desk.admin));
}

/** The admin pays the bond of an approved keeper, with fresh tokens. */
export async function bondKeeper({ keeperRegistry, bondToken, admin }: KeeperDesk, attester: Addressed) {
  const amount = await keeperRegistry.BOND();
  await bondToken.connect(admin).mint(admin.address, amount);
  await bondToken.connect(admin).approve(keeperRegistry.target, amount);
  return await keeperRegistry.connect(admin).bond(addressOf(attester));
}

/** Approves, bonds and activates a keeper. Needs no waiting while the registry has too few seats, or without a join delay. */
export async function addKeeper(desk: KeeperDesk, attester: Addressed, pauser: Addressed, owner?: Addressed) {
  await approveKeeper(desk, attester, pauser, owner);
  await bondKeeper(desk, attester);
  return await desk.keeperRegistry.connect(desk.admin).activate(addressOf(attester));
}
