import type { Hex } from "../../lib/hex.ts";
import { selectorOf } from "./abi.ts";

/**
 * What a refusal by the contracts means for whoever tries again.
 *
 * - `role-lost`: the key may not do this at all, until somebody gives it the role again.
 * - `spent`: the key has used up what it may do for now.
 * - `not-of-this-chain`: the block that was named is not one of the chain's newest ones.
 * - `done`: what was wanted is there already.
 * - `other`: something else, named by its error.
 */
export type RevertKind = "role-lost" | "spent" | "not-of-this-chain" | "done" | "other";

/** Why the contracts refuse a call. */
export interface RevertReason {
  readonly kind: RevertKind;
  /** Name of the custom error, or its selector where it is unknown. */
  readonly name: string;
}

const KNOWN: readonly (readonly [string, RevertKind])[] = [
  ["KeeperRegistryNotPauser(address)", "role-lost"],
  ["KeeperRegistryNotGuard(address)", "other"],
  ["KeeperRegistryNotRearmed(address,uint256)", "spent"],
  ["GuardWrongBlock(uint64,bytes32,bytes32)", "not-of-this-chain"],
  ["GuardOldBlock(uint64,uint256)", "not-of-this-chain"],
  ["GuardFutureBlock(uint64,uint256)", "not-of-this-chain"],
  ["GuardZeroIncident()", "other"],
  ["GuardZeroHash()", "other"],
  ["GuardWindDown(uint40)", "done"],
  ["GuardNotPaused()", "done"],
  ["GuardWrongNonce(uint32,uint32)", "other"],
  ["GuardWrongKeeperSet(uint32,uint32)", "other"],
  ["GuardWrongIncident(bytes32,bytes32)", "other"],
  ["GuardCheckpointTooOld(uint64,uint64)", "other"],
  ["GuardWrongCheckpoint(bytes32,bytes32)", "other"],
  ["GuardCoolDown(uint256)", "other"],
  ["GuardCustodyShort(uint256,uint256)", "other"],
  ["RegistryNotNewer(uint64,uint64)", "done"],
  ["RegistryOldBlock(uint64,uint256)", "not-of-this-chain"],
  ["RegistryWrongBlock(uint64,bytes32,bytes32)", "not-of-this-chain"],
  ["RegistryWrongKeeperSet(uint32,uint32)", "other"],
  ["RegistryWrongBookSet(uint32,uint32)", "other"],
  ["RegistryNothingToConvict(uint64)", "done"],
  ["QuorumWrongSet(bytes32,bytes32)", "other"],
  ["QuorumTooFew(uint256,uint256)", "other"],
  ["QuorumNotMember(address)", "other"],
];

const BY_SELECTOR: ReadonlyMap<string, RevertReason> = new Map(
  KNOWN.map(([signature, kind]) => [selectorOf(signature), { kind, name: signature.slice(0, signature.indexOf("(")) }]),
);

/** The reason behind revert data; the errors are those of `contracts/interfaces`. */
export function revertReason(data: Hex): RevertReason {
  const selector = data.slice(0, 10);
  return BY_SELECTOR.get(selector) ?? { kind: "other", name: selector === "0x" ? "no reason" : selector };
}

/** The revert data in the `data` of a JSON-RPC error: a string with most nodes, inside an object with Hardhat. Null where there is none. */
export function revertDataOf(data: unknown): Hex | null {
  const inner = typeof data === "object" && data !== null ? (data as { data?: unknown }).data : data;
  return typeof inner === "string" && /^0x(?:[0-9a-f]{2})*$/i.test(inner) ? (inner.toLowerCase() as Hex) : null;
}
