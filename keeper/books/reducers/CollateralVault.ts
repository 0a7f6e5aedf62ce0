import {
  decodeEvent,
  storage,
  type AssetListedEvent,
  type ClaimedEvent,
  type ClaimKeptEvent,
  type ClaimRegisteredEvent,
  type CollateralVaultEvent,
  type DepositedEvent,
  type LimitsSetEvent,
  type RegistrationPaidEvent,
  type WithdrawnEvent,
} from "../generated/CollateralVault.ts";
import type { Address, Hash } from "../../lib/hex.ts";
import { storage as ledger } from "../generated/PositionLedger.ts";
import { FLAG } from "../legality/flags.ts";
import type { Reducer, ReducerContext } from "../Reducer.ts";
import { applyAuthority } from "./applyAuthority.ts";
import { applyRepair } from "./applyRepair.ts";
import { changeWord } from "./changeWord.ts";
import { bucketUsed, capacityOf, relax } from "./outflowLimit.ts";

/** Every storage variable of the contract; compared with solc's layout by `npm run generate -- --check`. */
export const MAPPED_VARIABLES = [
  "_authority",
  "_consumingSchedule",
  "_assets",
  "_flows",
  "_claims",
  "_limits",
  "_allowances",
  "_registrations",
  "_windDowns",
  "_claimsPaid",
] as const;

const PPM = 1_000_000n;
const MAX_LEVEL = (1n << 96n) - 1n;
/** What a withdrawal weighs in the shared limit while the insurance fund is short. */
const SHORT_WEIGHT = 4n;

/** An asset's word, with its shared limit as of now. */
function relaxedAsset(asset: `0x${string}`, context: ReducerContext) {
  const slot = storage.assets.slot(asset);
  const word = storage.assets.decode(context.read(slot));
  const limits = storage.limits.decode(context.read(storage.limits.slot(asset)));
  return { slot, word: { ...word, ...relax(word, limits, context.timestamp) }, limits };
}

function applyListing(event: AssetListedEvent, context: ReducerContext): void {
  const { assets } = storage;
  context.expect("levelAt", event.levelAt, context.timestamp);
  changeWord(assets, assets.slot(event.asset), { held: 0n, levelAt: context.timestamp, isListed: true }, context);
}

/** The first limits begin full; others first let the old ones work until now. */
function applyLimits(event: LimitsSetEvent, context: ReducerContext): void {
  const { asset, cap, outflowPpm, allowancePpm, period } = event;
  const { slot, word, limits } = relaxedAsset(asset, context);
  const capacity = capacityOf({ cap, outflowPpm });
  const level = limits.period === 0n ? min(capacity, MAX_LEVEL) : word.level;
  context.expect("level", event.level, level);
  context.expect("levelAt", event.levelAt, context.timestamp);
  changeWord(storage.assets, slot, { ...word, level, levelAt: context.timestamp }, context);
  changeWord(storage.limits, storage.limits.slot(asset), { cap, outflowPpm, allowancePpm, period }, context);
  const { word0 } = storage.allowances;
  changeWord(word0, word0.slot(asset), { capacity: (cap * allowancePpm) / PPM, window: period }, context);
}

/** The flow of an account and asset. The first deposit or withdrawal opens it; it keeps the block of that. */
function openedFlow(account: Hash, asset: Address, context: ReducerContext) {
  const slot = storage.flows.slot(account, asset);
  const flow = storage.flows.decode(context.read(slot));
  const isNew = flow.openedAt === 0n;
  return { slot, isNew, flow: isNew ? { ...flow, openedAt: context.blockNumber } : flow };
}

/** The first deposit of an asset opens the flow of the settlement asset as well. */
function applyDeposit(event: DepositedEvent, context: ReducerContext): void {
  const { slot, word } = relaxedAsset(event.asset, context);
  const held = word.held + event.amount;
  const level = min(word.level + event.amount, MAX_LEVEL);
  context.expect("held", event.held, held);
  context.expect("level", event.level, level);
  changeWord(storage.assets, slot, { ...word, held, level }, context);
  const own = openedFlow(event.account, event.asset, context);
  if (own.isNew) {
    const settlement = openedFlow(event.account, context.immutables.settlementAsset, context);
    changeWord(storage.flows, settlement.slot, settlement.flow, context);
  }
  const deposited = own.flow.deposited + event.amount;
  changeWord(storage.flows, own.slot, { ...own.flow, deposited }, context);
}

/** The shared limit pays what it can pay whole; else the account's own allowance does, whose limit the rules judge. */
function applyWithdrawal(event: WithdrawnEvent, context: ReducerContext): void {
  const { asset, amount } = event;
  const { slot, word } = relaxedAsset(asset, context);
  const { flags } = ledger.hot.decode(context.readOf("PositionLedger", ledger.hot.slot));
  const cost = amount * ((flags & FLAG.fundShort) === 0n ? 1n : SHORT_WEIGHT);
  const isShared = cost <= word.level;
  const level = isShared ? word.level - cost : word.level;
  const allowanceUsed = isShared ? 0n : useAllowance(event, context);
  const held = word.held - amount;
  context.expect("held", event.held, held);
  context.expect("level", event.level, level);
  context.expect("allowanceUsed", event.allowanceUsed, allowanceUsed);
  changeWord(storage.assets, slot, { ...word, held, level }, context);
  context.expect("withdrawn", event.withdrawn, countOut(event, context));
}

/** The resulting counter of what was withdrawn. */
function countOut(
  { account, asset, amount }: Pick<WithdrawnEvent, "account" | "asset" | "amount">,
  context: ReducerContext,
): bigint {
  const { slot, flow } = openedFlow(account, asset, context);
  const withdrawn = flow.withdrawn + amount;
  changeWord(storage.flows, slot, { ...flow, withdrawn }, context);
  return withdrawn;
}

function useAllowance({ account, asset, amount }: WithdrawnEvent, context: ReducerContext): bigint {
  const { word0, items } = storage.allowances;
  const bucket = word0.decode(context.read(word0.slot(asset)));
  const slot = items.slot(asset, account);
  const used = bucketUsed(bucket, items.decode(context.read(slot)), context.timestamp) + amount;
  changeWord(items, slot, { lastUsed: used, lastTimepoint: context.timestamp }, context);
  return used;
}

/** A refused transfer: the vault holds the amount still. */
function applyClaimKept(event: ClaimKeptEvent, context: ReducerContext): void {
  const slot = storage.assets.slot(event.asset);
  const asset = storage.assets.decode(context.read(slot));
  const held = asset.held + event.amount;
  context.expect("held", event.held, held);
  const claimSlot = storage.claims.slot(event.account, event.asset);
  const claim = storage.claims.decode(context.read(claimSlot));
  const owed = claim.owed + event.amount;
  context.expect("owed", event.owed, owed);
  changeWord(storage.claims, claimSlot, { owed }, context);
  changeWord(storage.assets, slot, { held }, context);
}

function applyClaim(event: ClaimedEvent, context: ReducerContext): void {
  const slot = storage.assets.slot(event.asset);
  const asset = storage.assets.decode(context.read(slot));
  const held = asset.held - event.amount;
  context.expect("held", event.held, held);
  const claimSlot = storage.claims.slot(event.account, event.asset);
  const claim = storage.claims.decode(context.read(claimSlot));
  const paid = claim.paid + event.amount;
  context.expect("paid", event.paid, paid);
  const paidSlot = storage.claimsPaid.slot(event.account, event.asset);
  const claimed = storage.claimsPaid.decode(context.read(paidSlot)).claimed + event.amount;
  context.expect("claimed", event.claimed, claimed);
  changeWord(storage.claims, claimSlot, { paid }, context);
  changeWord(storage.claimsPaid, paidSlot, { claimed, isUsed: true }, context);
  changeWord(storage.assets, slot, { held }, context);
}

/** A claim of the wind-down: what left the account's balance, counted as withdrawn. */
function applyRegistration(event: ClaimRegisteredEvent, context: ReducerContext): void {
  const { account, asset, amount, registered } = event;
  const { registrations, windDowns } = storage;
  countOut(event, context);
  const slot = registrations.slot(account, asset);
  const own = registrations.decode(context.read(slot));
  changeWord(registrations, slot, { amount: own.amount + amount, isUsed: true }, context);
  const all = windDowns.decode(context.read(windDowns.slot(asset)));
  context.expect("registered", registered, all.registered + amount);
  const after = { registered: all.registered + amount, isUsed: true };
  changeWord(windDowns, windDowns.slot(asset), after, context);
}

/**
 * Pro rata, rounded down, of what the first payment found there; what is not paid is owed no longer. What it found is a
 * balance of the token, which no log carries: what the event says is taken, and judged by the rules.
 */
function applyRegistrationPayment(event: RegistrationPaidEvent, context: ReducerContext): void {
  const { account, asset } = event;
  const { assets, registrations, windDowns } = storage;
  const all = windDowns.decode(context.read(windDowns.slot(asset)));
  const custody = all.isFixed ? all.custody : event.custody;
  context.expect("custody", event.custody, custody);
  if (!all.isFixed) changeWord(windDowns, windDowns.slot(asset), { ...all, custody, isFixed: true }, context);
  const slot = registrations.slot(account, asset);
  const { amount } = registrations.decode(context.read(slot));
  const paid = custody < all.registered ? (amount * custody) / all.registered : amount;
  context.expect("paid", event.paid, paid);
  changeWord(registrations, slot, { amount, paid, isPaid: true, isUsed: true }, context);
  const word = assets.decode(context.read(assets.slot(asset)));
  const held = word.held > amount ? word.held - amount : 0n;
  context.expect("held", event.held, held);
  changeWord(assets, assets.slot(asset), { held }, context);
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** Keeps what the vault owes of each asset, its outflow limits, what flowed out by account, and the kept claims. */
export const collateralVault: Reducer<CollateralVaultEvent> = {
  book: "CollateralVault",
  decode: decodeEvent,
  apply(event, context) {
    switch (event.name) {
      case "AuthorityUpdated":
        applyAuthority(event, storage.word0, context);
        return;
      case "AssetListed":
        applyListing(event, context);
        return;
      case "LimitsSet":
        applyLimits(event, context);
        return;
      case "Deposited":
        applyDeposit(event, context);
        return;
      case "Withdrawn":
        applyWithdrawal(event, context);
        return;
      case "ClaimKept":
        applyClaimKept(event, context);
        return;
      case "Claimed":
        applyClaim(event, context);
        return;
      case "ClaimRegistered":
        applyRegistration(event, context);
        return;
      case "RegistrationPaid":
        applyRegistrationPayment(event, context);
        return;
      case "WordRepaired":
        applyRepair(event, context);
        return;
    }
  },
};
