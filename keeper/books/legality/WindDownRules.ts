import {
  storage as vault,
  type ClaimedEvent,
  type ClaimRegisteredEvent,
  type CollateralVaultEvent,
  type RegistrationPaidEvent,
} from "../generated/CollateralVault.ts";
import type { WindDownPriceFixedEvent } from "../generated/InstrumentRegistry.ts";
import { storage as oracle } from "../generated/PriceOracle.ts";
import { isWoundDown, readHalt, readIncident } from "../reducers/guardState.ts";
import { ownerOf } from "./amounts.ts";
import { fundAccount } from "./fund.ts";
import { KIND, readInstrument, readOption, readSettlement } from "./instruments.ts";
import type { LegalityContext, Rule, SeenEvent } from "./LegalityContext.ts";

/** Where no round can be proven, governance names a price after this time, seconds. */
const GOVERNANCE_DELAY = 604_800n;

type Illegal = (detail: string) => void;

/**
 * The wind-down: prices are fixed once, at the time of the incident; claims are registered in time and paid after it, to the
 * owner, out of no more than is held; nothing is withdrawn any more.
 *
 * The rounds that a price averages and what a token says that the vault has are in no log, as are the proofs of claims.
 */
export class WindDownRules implements Rule {
  readonly #context: LegalityContext;

  constructor(context: LegalityContext) {
    this.#context = context;
  }

  see({ book, event, logIndex, before }: SeenEvent): void {
    const illegal = (detail: string): void => {
      this.#context.illegal(book, logIndex, detail);
    };
    const earlier = this.#context.asOf(before);
    if (book === "CollateralVault") this.#judgeVault(event as CollateralVaultEvent, earlier, illegal);
    else if (event.name === "WindDownPriceFixed") checkPrice(event as WindDownPriceFixedEvent, earlier, illegal);
  }

  end(): void {
    // Every event is judged by itself.
  }

  #judgeVault(event: CollateralVaultEvent, earlier: LegalityContext, illegal: Illegal): void {
    if (event.name === "ClaimRegistered") checkRegistration(event, earlier, illegal);
    else if (event.name === "RegistrationPaid") checkPayment(event, earlier, illegal);
    else if (event.name === "Claimed") checkClaim(event, earlier, illegal);
    else if (event.name === "Withdrawn" && isWoundDown(earlier)) {
      illegal(`${event.account}: a withdrawal in the wind-down`);
    }
  }
}

/** Until when claims are registered; null when there is no wind-down. */
function claimsUntil(context: LegalityContext): bigint | null {
  const { windDownAt } = readHalt(context);
  return windDownAt === 0n ? null : windDownAt + context.immutables.claimPeriod;
}

function checkRegistration(
  { account, amount }: ClaimRegisteredEvent,
  context: LegalityContext,
  illegal: Illegal,
): void {
  const until = claimsUntil(context);
  if (until === null || context.timestamp > until) illegal(`${account}: a claim is registered out of time`);
  if (account === fundAccount(context)) illegal("a claim of the insurance fund is registered");
  if (amount === 0n) illegal(`${account}: a claim of nothing is registered`);
}

/** What kept claims are owed is paid no longer than claims are registered. */
function checkClaim({ account }: ClaimedEvent, context: LegalityContext, illegal: Illegal): void {
  const until = claimsUntil(context);
  if (until !== null && context.timestamp > until) illegal(`${account}: a claim is paid after the registration`);
}

function checkPayment(event: RegistrationPaidEvent, context: LegalityContext, illegal: Illegal): void {
  const { account, asset, to, custody } = event;
  const read = (slot: `0x${string}`): bigint => context.readOf("CollateralVault", slot);
  const until = claimsUntil(context);
  if (until === null || context.timestamp <= until) illegal(`${account}: a registered claim is paid out of time`);
  const { amount, isPaid } = vault.registrations.decode(read(vault.registrations.slot(account, asset)));
  if (amount === 0n || isPaid) illegal(`${account}: a claim is paid that is not registered, or again`);
  if (to !== ownerOf(account)) illegal(`${account}: a registered claim is paid to ${to}, not to the owner`);
  const { held } = vault.assets.decode(read(vault.assets.slot(asset)));
  const { isFixed } = vault.windDowns.decode(read(vault.windDowns.slot(asset)));
  if (!isFixed && (custody === 0n || custody > held))
    illegal(`${custody} of ${asset} is shared, where ${held} is held`);
}

function checkPrice(event: WindDownPriceFixedEvent, context: LegalityContext, illegal: Illegal): void {
  const { instrument, spot, time } = event;
  const { windDownAt } = readHalt(context);
  const { kind, feed } = readInstrument(instrument, context);
  const { expiry } = readOption(instrument, context);
  if (windDownAt === 0n) illegal(`instrument ${instrument}: a price of a wind-down that did not begin`);
  if (time !== readIncident(context).startedAt) illegal(`instrument ${instrument}: a price as of another time`);
  if (kind === KIND.none) illegal(`instrument ${instrument}: a price of what is not listed`);
  if (readSettlement(instrument, context).settledAt !== 0n) illegal(`instrument ${instrument}: a second final price`);
  const isOption = kind === KIND.call || kind === KIND.put;
  if (isOption && (time >= expiry || context.timestamp >= expiry)) illegal(`option ${instrument}: has expired`);
  const { word1 } = oracle.feeds;
  const { minPrice, maxPrice } = word1.decode(context.readOf("PriceOracle", word1.slot(feed)));
  const isNamed = context.timestamp >= windDownAt + GOVERNANCE_DELAY;
  const isWithin = spot !== 0n && (isNamed || (spot > minPrice && spot < maxPrice));
  if (!isWithin) illegal(`instrument ${instrument}: fixed at a spot of ${spot}, outside the feed's bounds`);
}
