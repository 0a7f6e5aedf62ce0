import type { Address } from "../../lib/hex.ts";
import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { expectEvent } from "./expectations.ts";
import type { SetChange } from "./NaiveTransaction.ts";
import { hashKeeperSet } from "./signedHashes.ts";
import { cursor, keepers, keeperSet, memberAt } from "./syncStorage.ts";
import { word32 } from "./words.ts";

/** `type(uint16).max`: more signatures than there can be members. */
const NO_QUORUM = 65_535n;

/** Signatures that `size` seats ask for: ⌊2 size / 3⌋ + 1, and more than anybody has below the least number of seats. */
export function quorumOf(state: Derivation, size: bigint): bigint {
  return size >= state.input.immutables.minKeepers ? (2n * size) / 3n + 1n : NO_QUORUM;
}

/** Whether the members that there are can decide anything. */
export function isFunctional(state: Derivation): boolean {
  return state.get(keepers.active) >= quorumOf(state, state.get(keepers.size));
}

/** The attest keys of all active keepers, ascending. */
function membersOf(state: Derivation): Address[] {
  const members: Address[] = [];
  for (let index = 0n; index < state.get(keepers.active); index += 1n) members.push(state.getAddress(memberAt(index)));
  return members;
}

function pendingChange(state: Derivation): Omit<SetChange, "logIndex"> {
  return state.transaction.setChange ?? { entered: [], gone: [] };
}

/** The set changes: its event must follow, and the members move when it does. */
export function startNewSet(state: Derivation, change: { readonly entered?: Address; readonly gone?: Address }): void {
  const { logIndex } = state;
  const { entered, gone } = pendingChange(state);
  state.transaction.setChange = {
    logIndex,
    entered: [...entered, ...(change.entered === undefined ? [] : [change.entered])],
    gone: [...gone, ...(change.gone === undefined ? [] : [change.gone])],
  };
}

/** Addresses of one length sort as the numbers that they are. What is stored behind the members stays as it is. */
function moveMembers(state: Derivation): Address[] {
  const { entered, gone } = pendingChange(state);
  const before = membersOf(state);
  for (const attester of gone) state.require(before.includes(attester), `${attester} is no member`);
  const members = [...before.filter((member) => !gone.includes(member)), ...entered].sort();
  members.forEach((member, index) => {
    state.set(memberAt(BigInt(index)), member);
  });
  state.set(keepers.active, BigInt(members.length));
  return members;
}

/** `KeeperSetChanged`: the next set, of the members and seats that there are now. */
export function changeSet(state: Derivation, event: NaiveEvent): void {
  state.require(state.transaction.setChange !== undefined, "starts a keeper set without a change");
  const members = moveMembers(state);
  state.transaction.setChange = undefined;
  const id = state.get(keepers.setId) + 1n;
  const size = state.get(keepers.size);
  const quorum = quorumOf(state, size);
  const commitment = hashKeeperSet({ id, quorum, members });
  state.set(keepers.setId, id);
  state.set(keepers.commitment, commitment);
  state.compare("setId", event.number("setId"), id);
  state.compare("size", event.number("size"), size);
  state.compare("quorum", event.number("quorum"), quorum);
  state.compare("members", event.list("members").join(), members.join());
  state.compare("commitment", event.hex("commitment"), commitment);
  expectEvent(state, "CheckpointRegistry", "KeeperSetAdopted");
}

/** `KeeperSetAdopted`: the checkpoint registry learns of the set that the keeper registry has. */
export function adoptSet(state: Derivation, event: NaiveEvent): void {
  state.require(state.transaction.isExpected, "adopts a keeper set that has not changed");
  const id = state.get(keepers.setId);
  const commitment = state.get(keepers.commitment);
  state.set(cursor.setId, id);
  state.set(keeperSet, commitment);
  state.compare("setId", event.number("setId"), id);
  state.compare("commitment", event.hex("commitment"), word32(commitment));
}
