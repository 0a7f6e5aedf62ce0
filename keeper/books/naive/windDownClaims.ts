import { min } from "./arithmetic.ts";
import { fundAccount } from "./checkShortfall.ts";
import { ownerOf, type NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { openFlow } from "./openFlow.ts";
import { halt } from "./syncStorage.ts";
import { assetAt, flowAt, registrationAt, windDownAt } from "./vaultStorage.ts";

/** Until when claims are registered: `SyncGuard.claimsUntil`; undefined when there is no wind-down. */
export function claimsUntil(state: Derivation): bigint | undefined {
  if (!state.isSet(halt.windDownAt)) return undefined;
  return state.get(halt.windDownAt) + state.input.immutables.claimPeriod;
}

/**
 * What leaves an account to be paid later counts as withdrawn at once. Not checked: the cap of the two-witness rule, whose
 * proofs are in calldata.
 */
export function registerClaim(state: Derivation, event: NaiveEvent): void {
  const [account, asset, amount] = [event.hex("account"), event.hex("asset"), event.number("amount")];
  const { withdrawn } = flowAt(account, asset);
  const own = registrationAt(account, asset);
  const all = windDownAt(asset);
  const until = claimsUntil(state);
  state.require(until !== undefined && state.timestamp <= until, "registers a claim out of time");
  state.require(account !== fundAccount(state), "registers a claim of the insurance fund");
  state.require(amount !== 0n, "registers a claim of nothing");

  state.add(withdrawn, amount);
  openFlow(state, account, asset);
  state.add(own.amount, amount);
  state.set(own.isUsed, true);
  state.add(all.registered, amount);
  state.set(all.isUsed, true);
  state.compare("registered", event.number("registered"), state.get(all.registered));
  state.transaction.vaultMovements.push({ logIndex: state.logIndex, account, asset, amount: -amount });
}

/** What all share: fixed by the first payment, at what the token says that there is, and never more than what is held. */
function fixCustody(state: Derivation, event: NaiveEvent): bigint {
  const { custody, isFixed } = windDownAt(event.hex("asset"));
  if (!state.isSet(isFixed)) {
    const [claimed, held] = [event.number("custody"), state.get(assetAt(event.hex("asset")).held)];
    state.require(claimed !== 0n && claimed <= held, `shares ${claimed}, where ${held} is held`);
    state.set(custody, claimed);
    state.set(isFixed, true);
  }
  state.compare("custody", event.number("custody"), state.get(custody));
  return state.get(custody);
}

/** Pro rata where custody does not suffice, rounded down; the rest is owed no longer. */
export function payRegistration(state: Derivation, event: NaiveEvent): void {
  const [account, asset] = [event.hex("account"), event.hex("asset")];
  const { amount, paid, isPaid, isUsed } = registrationAt(account, asset);
  const { held } = assetAt(asset);
  const until = claimsUntil(state);
  const registered = state.get(windDownAt(asset).registered);
  const claim = state.get(amount);
  state.require(until !== undefined && state.timestamp > until, "pays a registered claim out of time");
  state.require(claim !== 0n && !state.isSet(isPaid), "pays a claim that is not registered, or again");
  state.require(event.hex("to") === ownerOf(account), "pays a registered claim to another than the owner");

  const custody = fixCustody(state, event);
  const share = custody < registered ? (claim * custody) / registered : claim;
  state.set(paid, share);
  state.set(isPaid, true);
  state.set(isUsed, true);
  state.add(held, -min(claim, state.get(held)));
  state.compare("paid", event.number("paid"), share);
  state.compare("held", event.number("held"), state.get(held));
}
