import { PPM } from "./arithmetic.ts";
import { applyPauseUsed } from "./applyPauseUsed.ts";
import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { HALT, has } from "./flags.ts";
import { changeSet, isFunctional, quorumOf, startNewSet } from "./keeperSet.ts";
import { hot } from "./ledgerStorage.ts";
import { burnable, keeperAt, keepers, keyAt, rewardAt, stakeAt } from "./syncStorage.ts";

/** `enum KeeperStatus { None, Approved, Bonded, Active, Unbonding, Withdrawn, Slashed }` */
const STATUS = { approved: 1n, bonded: 2n, active: 3n, unbonding: 4n, withdrawn: 5n, slashed: 6n } as const;
const MAX_KEEPERS = 32n;

type Status = keyof typeof STATUS;

function isIn(state: Derivation, event: NaiveEvent, ...statuses: readonly Status[]): boolean {
  const status = state.get(keeperAt(event.hex("attester")).status);
  return statuses.some((name) => STATUS[name] === status);
}

/** The keeper has another status from now on. Only the pause key of an active one pauses. */
function setStatus(state: Derivation, event: NaiveEvent, status: Status): void {
  const keeper = keeperAt(event.hex("attester"));
  state.set(keeper.status, STATUS[status]);
  state.set(keeper.since, state.timestamp);
  if (state.isSet(keeper.pauser)) state.set(keyAt(state.getAddress(keeper.pauser)).isPausing, status === "active");
}

function bind(state: Derivation, event: NaiveEvent): void {
  state.require(!state.isSet(keepers.registry), "binds the registry again");
  for (const name of ["registry", "guard"] as const) {
    state.require(BigInt(event.hex(name)) !== 0n, `binds the zero address as ${name}`);
    state.set(keepers[name], event.hex(name));
  }
}

function approve(state: Derivation, event: NaiveEvent): void {
  const [attester, pauser, owner] = [event.hex("attester"), event.hex("pauser"), event.hex("owner")];
  const isComplete = [attester, pauser, owner].every((address) => BigInt(address) !== 0n);
  state.require(isComplete, "approves a keeper with a zero address");
  state.require(attester !== pauser, "approves a keeper with one key for both");
  for (const key of [attester, pauser]) {
    state.require(!state.isSet(keyAt(key).attester), `approves key ${key}, which is known`);
    state.set(keyAt(key).attester, attester);
  }
  state.set(keeperAt(attester).pauser, pauser);
  state.set(stakeAt(attester).owner, owner);
  setStatus(state, event, "approved");
}

function bond(state: Derivation, event: NaiveEvent): void {
  const { bond: required, joinDelay, minKeepers } = state.input.immutables;
  const waits = state.get(keepers.size) >= minKeepers;
  state.require(isIn(state, event, "approved"), "bonds a keeper that is not approved");
  state.set(stakeAt(event.hex("attester")).amount, required);
  setStatus(state, event, "bonded");
  state.compare("amount", event.number("amount"), required);
  state.compare("activeFrom", event.number("activeFrom"), state.timestamp + (waits ? joinDelay : 0n));
}

/** A vacant seat is taken before there is another one. */
function activate(state: Derivation, event: NaiveEvent): void {
  const { joinDelay, minKeepers } = state.input.immutables;
  const [size, active] = [state.get(keepers.size), state.get(keepers.active)];
  const joinsAt = state.get(keeperAt(event.hex("attester")).since) + joinDelay;
  state.require(isIn(state, event, "bonded"), "activates a keeper that is not bonded");
  state.require(state.timestamp >= joinsAt || size < minKeepers, "activates a keeper within the join delay");
  state.require(active < MAX_KEEPERS, `activates keeper number ${active + 1n}`);
  if (size === active) state.set(keepers.size, size + 1n);
  startNewSet(state, { entered: event.hex("attester") });
  setStatus(state, event, "active");
}

/**
 * The owner leaves, or governance removes: the event is the same. Too few are left only where governance removes, and then
 * a halt follows unless there was no quorum before, or while the protocol is halted.
 */
function unbond(state: Derivation, event: NaiveEvent): void {
  const { unbonding } = state.input.immutables;
  state.require(isIn(state, event, "bonded", "active"), "unbonds a keeper that is neither bonded nor active");
  if (isIn(state, event, "active")) {
    const wasFunctional = isFunctional(state);
    const [left, size] = [state.get(keepers.active) - 1n, state.get(keepers.size) - 1n];
    state.set(keepers.size, size);
    startNewSet(state, { gone: event.hex("attester") });
    if (wasFunctional && left < quorumOf(state, size)) {
      const isHalted = has(state.get(hot.flags), HALT);
      state.transaction.quorumLoss = { logIndex: state.logIndex, isCertain: !isHalted };
    }
  }
  setStatus(state, event, "unbonding");
  state.compare("releaseAt", event.number("releaseAt"), state.timestamp + unbonding);
}

/** The owner stays named, so that the word is not cleared. One that never bonded leaves in the same way, with nothing. */
function withdrawBond(state: Derivation, event: NaiveEvent): void {
  const { owner, amount } = stakeAt(event.hex("attester"));
  const releaseAt = state.get(keeperAt(event.hex("attester")).since) + state.input.immutables.unbonding;
  const isReleased = isIn(state, event, "unbonding") && state.timestamp >= releaseAt;
  state.require(isReleased || isIn(state, event, "approved"), "pays out a bond before it is released");
  state.compare("owner", event.hex("owner"), state.getAddress(owner));
  state.compare("amount", event.number("amount"), state.get(amount));
  state.set(amount, 0n);
  setStatus(state, event, "withdrawn");
}

/** A part of the bond is the challenger's, the rest is burned. The seat stays, so that the quorum does not shrink. */
function slash(state: Derivation, event: NaiveEvent): void {
  const [attester, challenger] = [event.hex("attester"), event.hex("challenger")];
  const { amount } = stakeAt(attester);
  const reward = (state.get(amount) * state.input.immutables.challengerPpm) / PPM;
  const burned = state.get(amount) - reward;
  const isConvictable = isIn(state, event, "bonded", "active", "unbonding");
  state.require(isConvictable, "slashes a keeper that has nothing at stake");
  if (isIn(state, event, "active")) startNewSet(state, { gone: attester });
  state.set(amount, 0n);
  state.add(rewardAt(challenger).earned, reward);
  state.add(burnable.earned, burned);
  setStatus(state, event, "slashed");
  state.compare("reward", event.number("reward"), reward);
  state.compare("burned", event.number("burned"), burned);
  state.transaction.slashed.push({ logIndex: state.logIndex, challenger });
}

function closeSeat(state: Derivation, event: NaiveEvent): void {
  const [size, active] = [state.get(keepers.size), state.get(keepers.active)];
  state.require(size > active, "closes a seat that is taken");
  state.require(size - 1n >= state.input.immutables.minKeepers, `closes the seat of keeper ${size}`);
  state.set(keepers.size, size - 1n);
  state.compare("size", event.number("size"), size - 1n);
  startNewSet(state, {});
}

/** All that is due, to whom it is due or to nobody. */
function pay(state: Derivation, event: NaiveEvent, due: ReturnType<typeof rewardAt>): void {
  const amount = state.get(due.earned) - state.get(due.paid);
  state.require(amount !== 0n, "pays what is not due");
  state.set(due.paid, state.get(due.earned));
  state.compare("amount", event.number("amount"), amount);
}

/** Applies an event of KeeperRegistry. Not checked: who calls, of which only the roles and the owners know. */
export function applyKeepers(state: Derivation, event: NaiveEvent): void {
  if (event.name === "KeeperRegistryBound") bind(state, event);
  if (event.name === "KeeperApproved") approve(state, event);
  if (event.name === "KeeperBonded") bond(state, event);
  if (event.name === "KeeperActivated") activate(state, event);
  if (event.name === "KeeperUnbonding") unbond(state, event);
  if (event.name === "BondWithdrawn") withdrawBond(state, event);
  if (event.name === "KeeperSlashed") slash(state, event);
  if (event.name === "SeatClosed") closeSeat(state, event);
  if (event.name === "KeeperSetChanged") changeSet(state, event);
  if (event.name === "PauseUsed") applyPauseUsed(state, event);
  if (event.name === "RewardClaimed") pay(state, event, rewardAt(event.hex("challenger")));
  if (event.name === "BondsBurned") pay(state, event, burnable);
}
