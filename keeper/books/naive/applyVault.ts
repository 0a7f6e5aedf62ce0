import type { Address, Hash } from "../../lib/hex.ts";
import { min } from "./arithmetic.ts";
import { ownerOf, type NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { expectEvent } from "./expectations.ts";
import { has, WIND_DOWN } from "./flags.ts";
import { hot } from "./ledgerStorage.ts";
import type { Movement } from "./NaiveTransaction.ts";
import { openFlow } from "./openFlow.ts";
import { allowanceOf, capacityOf, relax, requireLimits, spend } from "./outflow.ts";
import { claimsUntil, payRegistration, registerClaim } from "./windDownClaims.ts";
import { assetAt, bucketAt, claimAt, claimPaidAt, flowAt, limitsAt } from "./vaultStorage.ts";

const UINT96_MAX = (1n << 96n) - 1n;

interface Subject {
  readonly account: Hash;
  readonly asset: Address;
  readonly amount: bigint;
}

function subjectOf(event: NaiveEvent): Subject {
  return { account: event.hex("account"), asset: event.hex("asset"), amount: event.number("amount") };
}

/** A new asset's limit is full: its level comes with the limits, which follow. */
function listAsset(state: Derivation, event: NaiveEvent): void {
  const asset = event.hex("asset");
  const { isListed, levelAt } = assetAt(asset);
  state.require(!state.isSet(isListed), "lists an asset that is listed");
  state.set(isListed, true);
  state.set(levelAt, state.timestamp);
  state.compare("levelAt", event.number("levelAt"), state.timestamp);
  expectEvent(state, "CollateralVault", "LimitsSet", (next) => next.hex("asset") === asset);
}

/** What has refilled so far counts by the old limits. The allowances refill by the new ones since their last use. */
function setLimits(state: Derivation, event: NaiveEvent): void {
  const asset = event.hex("asset");
  const isNew = state.transaction.isExpected;
  const { isListed, level, levelAt } = assetAt(asset);
  state.require(state.isSet(isListed), "limits an asset that is not listed");
  if (!isNew) relax(state, asset);
  const limits = limitsAt(asset);
  for (const name of ["cap", "outflowPpm", "allowancePpm", "period"] as const) {
    state.set(limits[name], event.number(name));
  }
  const [capacity, allowance] = [capacityOf(state, asset), allowanceOf(state, asset)];
  const period = state.get(limits.period);
  requireLimits(state, asset);
  if (isNew) state.set(level, capacity);
  state.set(bucketAt(asset).capacity, allowance);
  state.set(bucketAt(asset).window, period);
  state.compare("level", event.number("level"), state.get(level));
  state.compare("levelAt", event.number("levelAt"), state.get(levelAt));
}

function deposit(state: Derivation, event: NaiveEvent): void {
  const { account, asset, amount } = subjectOf(event);
  const { isListed, held, level } = assetAt(asset);
  state.require(BigInt(ownerOf(account)) !== 0n, "deposits to an account without an owner");
  state.require(state.isSet(isListed), "deposits an asset that is not listed");
  state.require(amount !== 0n, "deposits nothing");
  const isOwn = event.hex("payer") === ownerOf(account);
  const isSettlement = asset === state.input.immutables.settlementAsset;
  state.require(isOwn || isSettlement, "deposits collateral of another account than one's own");

  relax(state, asset);
  state.add(held, amount);
  state.set(level, min(UINT96_MAX, state.get(level) + amount));
  const cap = state.get(limitsAt(asset).cap);
  state.require(state.get(held) <= cap, `holds ${state.get(held)} of ${asset}, capped at ${cap}`);
  // The first deposit of an asset opens its flow, and the one of the settlement asset with it.
  const { settlementAsset } = state.input.immutables;
  if (!state.isSet(flowAt(account, asset).openedAt)) openFlow(state, account, settlementAsset);
  openFlow(state, account, asset);
  state.add(flowAt(account, asset).deposited, amount);
  state.compare("held", event.number("held"), state.get(held));
  state.compare("level", event.number("level"), state.get(level));
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
  const { held, level } = assetAt(asset);
  const { withdrawn } = flowAt(account, asset);
  requireReceiver(state, event.hex("to"));
  state.require(amount !== 0n, "withdraws nothing");
  state.require(!has(state.get(hot.flags), WIND_DOWN), "withdraws in a wind-down");

  relax(state, asset);
  const allowanceUsed = spend(state, account, asset, amount);
  state.add(held, -amount);
  state.add(withdrawn, amount);
  openFlow(state, account, asset);
  state.compare("withdrawn", event.number("withdrawn"), state.get(withdrawn));
  state.compare("allowanceUsed", event.number("allowanceUsed"), allowanceUsed);
  state.compare("held", event.number("held"), state.get(held));
  state.compare("level", event.number("level"), state.get(level));
  const movement: Movement = { logIndex: state.logIndex, account, asset, amount: -amount };
  state.transaction.vaultMovements.push(movement);
  state.transaction.lastWithdrawal = movement;
}

/** The vault owes a refused transfer as before. */
function keepClaim(state: Derivation, event: NaiveEvent): void {
  const { account, asset, amount } = subjectOf(event);
  const { owed } = claimAt(account, asset);
  const { held } = assetAt(asset);
  const cause = state.transaction.lastWithdrawal;
  const isCaused = cause?.account === account && cause.asset === asset && cause.amount === -amount;
  state.require(isCaused, "keeps a claim without a withdrawal of the same amount");
  state.transaction.lastWithdrawal = undefined;

  state.add(held, amount);
  state.add(owed, amount);
  state.compare("owed", event.number("owed"), state.get(owed));
  state.compare("held", event.number("held"), state.get(held));
}

function payClaim(state: Derivation, event: NaiveEvent): void {
  const { account, asset, amount } = subjectOf(event);
  const { owed, paid } = claimAt(account, asset);
  const { claimed, isUsed } = claimPaidAt(account, asset);
  const { held } = assetAt(asset);
  requireReceiver(state, event.hex("to"));
  state.require(amount !== 0n, "claims nothing");
  const until = claimsUntil(state);
  const isOpen = until === undefined || state.timestamp <= until;
  state.require(isOpen, "pays a kept claim once registered claims are paid");

  state.add(paid, amount);
  state.add(claimed, amount);
  state.set(isUsed, true);
  state.add(held, -amount);
  const isOwed = state.get(paid) <= state.get(owed);
  state.require(isOwed, `pays ${state.get(paid)} in claims of ${state.get(owed)} owed`);
  state.compare("paid", event.number("paid"), state.get(paid));
  state.compare("claimed", event.number("claimed"), state.get(claimed));
  state.compare("held", event.number("held"), state.get(held));
}

/** Applies an event of CollateralVault. */
export function applyVault(state: Derivation, event: NaiveEvent): void {
  if (event.name === "AssetListed") listAsset(state, event);
  if (event.name === "LimitsSet") setLimits(state, event);
  if (event.name === "Deposited") deposit(state, event);
  if (event.name === "Withdrawn") withdraw(state, event);
  if (event.name === "ClaimKept") keepClaim(state, event);
  if (event.name === "Claimed") payClaim(state, event);
  if (event.name === "ClaimRegistered") registerClaim(state, event);
  if (event.name === "RegistrationPaid") payRegistration(state, event);
}
