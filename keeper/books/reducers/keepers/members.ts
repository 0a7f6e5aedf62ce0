import type { Address, Hash } from "../../../lib/hex.ts";
import { quorumOf, type KeeperSet } from "../../../domain/keeperSet.ts";
import { storage, type KeepersWord, type StateWord } from "../../generated/KeeperRegistry.ts";
import type { ReducerContext } from "../../Reducer.ts";
import { changeWord } from "../changeWord.ts";

/** `KeeperStatus` of the contract. */
export const KEEPER_STATUS = {
  none: 0n,
  approved: 1n,
  bonded: 2n,
  active: 3n,
  unbonding: 4n,
  withdrawn: 5n,
  slashed: 6n,
} as const;

/** Reads a word of the keeper registry. */
export type Read = (slot: Hash) => bigint;

/** Seats, members and set id. */
export function readState(read: Read): StateWord {
  return storage.state.decode(read(storage.state.slot));
}

/** The current keeper set, whose hash the contracts keep. */
export function readKeeperSet(read: Read, minKeepers: bigint): KeeperSet {
  const { setId, size, active } = readState(read);
  const members = Array.from({ length: Number(active) }, (_, index) => memberAt(BigInt(index), read));
  return { id: setId, quorum: quorumOf(size, minKeepers), members };
}

function memberAt(index: bigint, read: Read): Address {
  return storage.members.decode(read(storage.members.slot(index)));
}

/** A keeper's word. */
export function readKeeper(attester: Address, read: Read): KeepersWord {
  return storage.keepers.decode(read(storage.keepers.slot(attester)));
}

function writeMember(index: bigint, member: Address, context: ReducerContext): void {
  changeWord(storage.members, storage.members.slot(index), member, context);
}

/** Ascending; the ones above it move up. */
export function addMember(member: Address, context: ReducerContext): void {
  const read: Read = (slot) => context.read(slot);
  let index = readState(read).active;
  for (; index > 0n && memberAt(index - 1n, read) > member; index -= 1n) {
    writeMember(index, memberAt(index - 1n, read), context);
  }
  writeMember(index, member, context);
}

/** Those that are active still move down together; what stands beyond them stays. Returns how many they are. */
export function compactMembers(context: ReducerContext): bigint {
  const read: Read = (slot) => context.read(slot);
  const { active } = readState(read);
  let place = 0n;
  for (let index = 0n; index < active; index += 1n) {
    const member = memberAt(index, read);
    if (readKeeper(member, read).status !== KEEPER_STATUS.active) continue;
    if (place !== index) writeMember(place, member, context);
    place += 1n;
  }
  return place;
}
