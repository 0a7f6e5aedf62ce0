import type { HardhatEthers, HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { getAddress, id, keccak256, solidityPacked } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import type {
  AccessManager,
  FalseToken,
  FeeToken,
  GreedyToken,
  HookToken,
  KeeperRegistry,
  MockToken,
  SyncProbe,
} from "../../../types/ethers-contracts/index.ts";
// Types `getContractAt` by the contract's name.
import type {} from "../../../types/ethers-contracts/hardhat.d.ts";
import { approveKeeper, bondKeeper } from "../../helpers/keepers.ts";

export const DAY = 86_400;
export const UNIT = 10n ** 18n;
/** Gas enough for everything, so that nothing is estimated. */
export const GAS = { gasLimit: 10_000_000n };

/** `KeeperStatus` of the contract. */
export const STATUS = { None: 0, Approved: 1, Bonded: 2, Active: 3, Unbonding: 4, Withdrawn: 5, Slashed: 6 } as const;
/** `CauseClass` of the contract. */
export const CLASS = { Books: 0, View: 1 } as const;
/** More than there are keepers: the quorum of a set with too few seats. */
export const NO_QUORUM = 65_535n;

/** Terms of the fixture, unless a test gives others. */
export const TERMS = {
  bond: 1_000n * UNIT,
  minKeepers: 4,
  joinDelay: 3 * DAY,
  unbonding: 14 * DAY,
  challengerPpm: 300_000,
} as const;
export type Terms = { readonly [Name in keyof typeof TERMS]: Name extends "bond" ? bigint : number };

/** The tokens that bonds may be in; the hostile ones are good until told otherwise. */
export interface BondTokens {
  readonly MockToken: MockToken;
  readonly FalseToken: FalseToken;
  readonly FeeToken: FeeToken;
  readonly GreedyToken: GreedyToken;
  readonly HookToken: HookToken;
}

/** A keeper registry with nothing around it; `probe` is both its checkpoint registry and its guard. */
export interface Keepers<Name extends keyof BondTokens = "MockToken"> {
  readonly ethers: HardhatEthers;
  readonly admin: HardhatEthersSigner;
  readonly users: readonly HardhatEthersSigner[];
  readonly authority: AccessManager;
  readonly keeperRegistry: KeeperRegistry;
  readonly bondToken: BondTokens[Name];
  readonly probe: SyncProbe;
}

/** Deploys it; account 0 deploys and governs. */
export async function deployKeepers<Name extends keyof BondTokens = "MockToken">(
  { ethers }: NetworkConnection,
  terms: Partial<Terms> = {},
  token?: Name,
): Promise<Keepers<Name>> {
  const [admin, ...users] = await ethers.getSigners();
  const authority = await ethers.deployContract("AccessManager", [admin!.address]);
  const plain = ["Bond", "BOND", 18];
  const bondToken = await ethers.deployContract(token ?? "MockToken", token === undefined ? plain : []);
  const all = { ...TERMS, ...terms };
  const keeperRegistry = await ethers.deployContract("KeeperRegistry", [authority.target, bondToken.target, all]);
  const probe = await ethers.deployContract("SyncProbe", [keeperRegistry.target]);
  await keeperRegistry.bind(probe.target, probe.target);
  return { ethers, admin: admin!, users, authority, keeperRegistry, bondToken: bondToken as never, probe };
}

/** Attest key `index`: an address that nobody has to know the key of, because nothing is signed here. */
export function attesterAt(index: number): string {
  return getAddress(id(`attester ${index}`).slice(0, 42));
}

/** Pause key `index`; only the probe says who pauses. */
export function pauserAt(index: number): string {
  return getAddress(id(`pauser ${index}`).slice(0, 42));
}

/** Lets keepers `from` to `to - 1` in, after the join delay where there are more of them than founders. */
export async function addKeepers(
  system: Keepers<keyof BondTokens>,
  to: number,
  from = 0,
  owner: string = system.admin.address,
): Promise<void> {
  const { keeperRegistry, ethers } = system;
  const desk = { ...system, bondToken: system.bondToken as MockToken };
  for (let index = from; index < to; index += 1) {
    await approveKeeper(desk, attesterAt(index), pauserAt(index), owner);
    await bondKeeper(desk, attesterAt(index));
  }
  const delay = Number(await keeperRegistry.JOIN_DELAY());
  if (delay > 0 && BigInt(to) > (await keeperRegistry.MIN_KEEPERS())) {
    await ethers.provider.send("evm_increaseTime", [delay]);
  }
  for (let index = from; index < to; index += 1) await keeperRegistry.activate(attesterAt(index));
}

/** In the order in which the registry keeps them. */
export function sorted(addresses: readonly string[]): string[] {
  return [...addresses].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
}

/** From the definition: the id, the quorum and the members, 32 bytes each. */
export function commitmentOf(setId: bigint, quorum: bigint, members: readonly string[]): string {
  return keccak256(solidityPacked(["uint256", "uint256", "address[]"], [setId, quorum, members]));
}

/** ⌊2 size / 3⌋ + 1, counted: the least number of which three times are more than two times `size`. */
export function quorumOf(size: number): number {
  let signatures = 0;
  while (3 * signatures <= 2 * size) signatures += 1;
  return signatures;
}
