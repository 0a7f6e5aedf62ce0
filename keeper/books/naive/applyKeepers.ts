import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { attesterAt, keeperAt, keepers } from "./syncStorage.ts";

/** Every change of the members starts a new set. */
function change(state: Derivation, event: NaiveEvent, countDelta: bigint): void {
  const setId = state.get(keepers.setId) + 1n;
  const count = state.get(keepers.count) + countDelta;
  state.set(keepers.setId, setId);
  state.set(keepers.count, count);
  state.compare("setId", event.number("setId"), setId);
  state.compare("count", event.number("count"), count);
}

function bind(state: Derivation, event: NaiveEvent): void {
  const registry = event.hex("registry");
  state.require(!state.isSet(keepers.registry), "binds the registry again");
  state.require(BigInt(registry) !== 0n, "binds the zero address");
  state.set(keepers.registry, registry);
}

function add(state: Derivation, event: NaiveEvent): void {
  const attester = event.hex("attester");
  const pauser = event.hex("pauser");
  const keeper = keeperAt(attester);
  state.require(BigInt(attester) !== 0n && BigInt(pauser) !== 0n, "adds a keeper with a zero key");
  state.require(!state.isSet(attesterAt(attester)), "adds an attester that is known");
  state.require(!state.isSet(attesterAt(pauser)), "adds a pauser that is known");
  state.set(keeper.pauser, pauser);
  state.set(keeper.isActive, 1n);
  state.set(keeper.isJailed, 0n);
  state.set(attesterAt(attester), attester);
  state.set(attesterAt(pauser), attester);
  change(state, event, 1n);
}

function remove(state: Derivation, event: NaiveEvent): void {
  const keeper = keeperAt(event.hex("attester"));
  state.require(state.isSet(keeper.isActive), "removes a keeper that is not active");
  state.set(keeper.isActive, 0n);
  change(state, event, -1n);
}

function jail(state: Derivation, event: NaiveEvent): void {
  const keeper = keeperAt(event.hex("attester"));
  state.require(state.isSet(keeper.pauser), "jails an unknown keeper");
  state.require(!state.isSet(keeper.isJailed), "jails a keeper again");
  const wasActive = state.isSet(keeper.isActive);
  state.set(keeper.isActive, 0n);
  state.set(keeper.isJailed, 1n);
  change(state, event, wasActive ? -1n : 0n);
  state.transaction.jailed.push({ logIndex: state.logIndex, challenger: event.hex("challenger") });
}

/** Applies an event of KeeperRegistry. */
export function applyKeepers(state: Derivation, event: NaiveEvent): void {
  if (event.name === "KeeperRegistryBound") bind(state, event);
  if (event.name === "KeeperAdded") add(state, event);
  if (event.name === "KeeperRemoved") remove(state, event);
  if (event.name === "KeeperJailed") jail(state, event);
}
