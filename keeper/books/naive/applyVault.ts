import type { Address, Hash } from "../../lib/hex.ts";
import { assetAt, claimAt, flowAt } from "./clearingStorage.ts";
import { ownerOf, type NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import type { Movement } from "./NaiveTransaction.ts";

interface Subject {
  readonly account: Hash;
  readonly asset: Address;
  readonly amount: bigint;
}

function subjectOf(event: NaiveEvent): Subject {
  return { account: event.hex("account"), asset: event.hex("asset"), amount: event.number("amount") };
}

function listAsset(state: Derivation, event: NaiveEvent): void {
  const { isListed } = assetAt(event.hex("asset"));
  state.require(!state.isSet(isListed), "lists an asset that is listed");
  state.set(isListed, 1n);
}

function deposit(state: Derivation, event: NaiveEvent): void {
  const { account, asset, amount } = subjectOf(event);
  const { isListed, held } = assetAt(asset);
  state.require(BigInt(ownerOf(account)) !== 0n, "deposits to an account without an owner");
  state.require(state.isSet(isListed), "deposits an asset that is not listed");
  state.require(amount !== 0n, "deposits nothing");

  const heldAfter = state.get(held) + amount;
  state.set(held, heldAfter);
  // The first deposit of an asset opens its flow, and the one of the settlement asset with it.
  if (!state.isSet(flowAt(account, asset).isOpen)) {
    state.set(flowAt(account, asset).isOpen, 1n);
    state.set(flowAt(account, state.input.immutables.settlementAsset).isOpen, 1n);
  }
  state.compare("held", event.number("held"), heldAfter);
  state.transaction.vaultMovements.push({ logIndex: state.logIndex, account, asset, amount });
}

function requireReceiver(state: Derivation, to: Address): void {
  const isPossible = BigInt(to) !== 0n && to !== state.input.addresses.CollateralVault;
  state.require(isPossible, "pays to the zero address or to the vault itself");
}

/*
 * Not checked for withdrawals and claims while they are restricted: the cap of the two-witness rule. The proofs that it
 * needs are in calldata, not in events.
 */
function withdraw(state: Derivation, event: NaiveEvent): void {
  const { account, asset, amount } = subjectOf(event);
  const { held } = assetAt(asset);
  const { withdrawn } = flowAt(account, asset);
  requireReceiver(state, event.hex("to"));

  const withdrawnAfter = state.get(withdrawn) + amount;
  const heldAfter = state.get(held) - amount;
  state.set(withdrawn, withdrawnAfter);
  state.set(held, heldAfter);
  state.compare("withdrawn", event.number("withdrawn"), withdrawnAfter);
  state.compare("held", event.number("held"), heldAfter);
  const movement: Movement = { logIndex: state.logIndex, account, asset, amount: -amount };
  state.transaction.vaultMovements.push(movement);
  state.transaction.lastWithdrawal = movement;
}

function keepClaim(state: Derivation, event: NaiveEvent): void {
  const { account, asset, amount } = subjectOf(event);
  const { owed } = claimAt(account, asset);
  const { claimable } = assetAt(asset);
  const cause = state.transaction.lastWithdrawal;
  const isCaused = cause?.account === account && cause.asset === asset && cause.amount === -amount;
  state.require(isCaused, "keeps a claim without a withdrawal of the same amount");
  state.transaction.lastWithdrawal = undefined;

  const owedAfter = state.get(owed) + amount;
  const claimableAfter = state.get(claimable) + amount;
  state.set(owed, owedAfter);
  state.set(claimable, claimableAfter);
  state.compare("owed", event.number("owed"), owedAfter);
  state.compare("claimable", event.number("claimable"), claimableAfter);
}

function payClaim(state: Derivation, event: NaiveEvent): void {
  const { account, asset, amount } = subjectOf(event);
  const { owed, paid } = claimAt(account, asset);
  const { claimed } = flowAt(account, asset);
  const { claimable } = assetAt(asset);
  requireReceiver(state, event.hex("to"));
  state.require(amount !== 0n, "claims nothing");

  const paidAfter = state.get(paid) + amount;
  const claimedAfter = state.get(claimed) + amount;
  const claimableAfter = state.get(claimable) - amount;
  state.require(paidAfter <= state.get(owed), `pays ${paidAfter} in claims of ${state.get(owed)} owed`);
  state.set(paid, paidAfter);
  state.set(claimed, claimedAfter);
  state.set(claimable, claimableAfter);
  state.compare("paid", event.number("paid"), paidAfter);
  state.compare("claimed", event.number("claimed"), claimedAfter);
  state.compare("claimable", event.number("claimable"), claimableAfter);
}

/** Applies an event of CollateralVault. */
export function applyVault(state: Derivation, event: NaiveEvent): void {
  if (event.name === "AssetListed") listAsset(state, event);
  if (event.name === "Deposited") deposit(state, event);
  if (event.name === "Withdrawn") withdraw(state, event);
  if (event.name === "ClaimKept") keepClaim(state, event);
  if (event.name === "Claimed") payClaim(state, event);
}
