import { keeperSetHash } from "../../domain/keeperSet.ts";
import type { Address } from "../../lib/hex.ts";
import { storage as registry, type AttestationConvictedEvent } from "../generated/CheckpointRegistry.ts";
import {
  storage as keepers,
  type BondWithdrawnEvent,
  type KeeperActivatedEvent,
  type KeeperApprovedEvent,
  type KeeperRegistryEvent,
  type KeeperSlashedEvent,
  type PauseUsedEvent,
} from "../generated/KeeperRegistry.ts";
import { armedAt, readBudget } from "../reducers/keepers/pauseBudget.ts";
import { KEEPER_STATUS, readKeeper, readKeeperSet, readState } from "../reducers/keepers/members.ts";
import type { LegalityContext, Rule, SeenEvent } from "./LegalityContext.ts";

const MAX_KEEPERS = 32n;

type Illegal = (detail: string) => void;

/**
 * Keepers come and go as they may: approved once, bonded, active after the join delay, unbonding for the whole time in which
 * they can be convicted, slashed only by a conviction; every change of the members is a new set, which the checkpoint
 * registry takes over; a pause is used by an active keeper's key, within its budget.
 *
 * Whether a keeper that left was removed by governance no log shows, so that how few may be left is not judged here.
 */
export class KeeperRules implements Rule {
  readonly #context: LegalityContext;
  /** A change of members or seats that no new set has followed yet. */
  #changed: number | null = null;
  /** A new set that the checkpoint registry has not taken over yet. */
  #isUntold = false;
  #slashed: { readonly logIndex: number; readonly challenger: Address } | null = null;
  #touchedAt: number | null = null;

  constructor(context: LegalityContext) {
    this.#context = context;
  }

  see({ book, event, logIndex, before }: SeenEvent): void {
    if (book === "CheckpointRegistry") this.#seeRegistry(event, logIndex);
    if (book !== "KeeperRegistry") return;
    this.#touchedAt = logIndex;
    const illegal = (detail: string): void => {
      this.#illegal(logIndex, detail);
    };
    this.#judge(event as KeeperRegistryEvent, logIndex, this.#context.asOf(before), illegal);
  }

  end(): void {
    if (this.#touchedAt === null) return;
    if (this.#changed !== null) this.#illegal(this.#changed, "the keepers change without a new set");
    if (this.#isUntold) this.#illegal(this.#touchedAt, "a new keeper set that the checkpoint registry is not told");
    if (this.#slashed !== null) this.#illegal(this.#slashed.logIndex, "keepers are slashed without a conviction");
    this.#checkSet(this.#touchedAt);
  }

  #judge(event: KeeperRegistryEvent, logIndex: number, earlier: LegalityContext, illegal: Illegal): void {
    switch (event.name) {
      case "KeeperApproved":
        checkApproval(event, earlier, illegal);
        return;
      case "KeeperBonded":
        expectStatus(event.attester, [KEEPER_STATUS.approved], earlier, illegal);
        return;
      case "KeeperActivated":
        checkActivation(event, earlier, illegal);
        this.#changed = logIndex;
        return;
      case "KeeperUnbonding":
        expectStatus(event.attester, [KEEPER_STATUS.bonded, KEEPER_STATUS.active], earlier, illegal);
        if (statusOf(event.attester, earlier) === KEEPER_STATUS.active) this.#changed = logIndex;
        return;
      case "BondWithdrawn":
        checkWithdrawal(event, earlier, illegal);
        return;
      case "KeeperSlashed":
        this.#seeSlash(event, logIndex, earlier, illegal);
        return;
      case "SeatClosed": {
        const { size, active } = stateOf(earlier);
        if (size <= active) illegal("a seat is closed that is taken");
        if (event.size < this.#context.immutables.minKeepers) illegal("a seat is closed, and too few are left");
        this.#changed = logIndex;
        return;
      }
      case "KeeperSetChanged":
        if (this.#changed === null) illegal("a new keeper set without a change");
        this.#changed = null;
        this.#isUntold = true;
        return;
      case "PauseUsed":
        checkUse(event, earlier, illegal);
        return;
      case "RewardClaimed":
      case "BondsBurned":
        if (event.amount === 0n) illegal("a payment of nothing");
        return;
      default:
    }
  }

  #seeSlash(event: KeeperSlashedEvent, logIndex: number, earlier: LegalityContext, illegal: Illegal): void {
    const { attester, challenger } = event;
    const { bonded, active, unbonding } = KEEPER_STATUS;
    expectStatus(attester, [bonded, active, unbonding], earlier, illegal);
    if (statusOf(attester, earlier) === active) this.#changed = logIndex;
    if (this.#slashed !== null && this.#slashed.challenger !== challenger) illegal("two challengers of one conviction");
    this.#slashed = { logIndex, challenger };
  }

  #seeRegistry(event: { readonly name: string }, logIndex: number): void {
    if (event.name === "KeeperSetAdopted") {
      if (!this.#isUntold) {
        this.#context.illegal("CheckpointRegistry", logIndex, "a keeper set is taken over that did not come about");
      }
      this.#isUntold = false;
    }
    if (event.name !== "AttestationConvicted") return;
    const { challenger, isVoided } = event as AttestationConvictedEvent;
    const slashed = this.#slashed;
    this.#slashed = null;
    const isHis = slashed === null || slashed.challenger === challenger;
    if ((slashed !== null || isVoided) && isHis) return;
    const detail = isHis ? "a conviction that slashes nobody and voids nothing" : "a conviction for another challenger";
    this.#context.illegal("CheckpointRegistry", logIndex, detail);
  }

  /** What the contracts keep of the set is the hash of the active keepers. */
  #checkSet(logIndex: number): void {
    const read = (slot: `0x${string}`): bigint => this.#context.readOf("KeeperRegistry", slot);
    const set = readKeeperSet(read, this.#context.immutables.minKeepers);
    if (set.id === 0n) return;
    const stranger = set.members.find((member) => readKeeper(member, read).status !== KEEPER_STATUS.active);
    if (stranger !== undefined) this.#illegal(logIndex, `${stranger} is a member, and not an active keeper`);
    const adopted = registry.keeperSet.decode(this.#context.readOf("CheckpointRegistry", registry.keeperSet.slot));
    if (adopted !== keeperSetHash(set)) this.#illegal(logIndex, "the checkpoint registry has another keeper set");
  }

  #illegal(logIndex: number, detail: string): void {
    this.#context.illegal("KeeperRegistry", logIndex, detail);
  }
}

function stateOf(context: LegalityContext) {
  return readState((slot) => context.readOf("KeeperRegistry", slot));
}

function statusOf(attester: Address, context: LegalityContext): bigint {
  return readKeeper(attester, (slot) => context.readOf("KeeperRegistry", slot)).status;
}

function expectStatus(attester: Address, allowed: readonly bigint[], earlier: LegalityContext, illegal: Illegal): void {
  const status = statusOf(attester, earlier);
  if (!allowed.includes(status)) illegal(`${attester} has the status ${status}, which does not allow this`);
}

function checkApproval(
  { attester, pauser, owner }: KeeperApprovedEvent,
  earlier: LegalityContext,
  illegal: Illegal,
): void {
  if ([attester, pauser, owner].some((address) => BigInt(address) === 0n))
    illegal("a keeper without a key or an owner");
  const isKnown = (key: Address): boolean =>
    BigInt(keepers.keys.decode(earlier.readOf("KeeperRegistry", keepers.keys.slot(key))).attester) !== 0n;
  if (attester === pauser || isKnown(attester) || isKnown(pauser)) illegal(`a key of ${attester} is used twice`);
}

function checkActivation({ attester }: KeeperActivatedEvent, earlier: LegalityContext, illegal: Illegal): void {
  expectStatus(attester, [KEEPER_STATUS.bonded], earlier, illegal);
  const { since } = readKeeper(attester, (slot) => earlier.readOf("KeeperRegistry", slot));
  const { size, active } = stateOf(earlier);
  const { minKeepers, joinDelay } = earlier.immutables;
  if (active >= MAX_KEEPERS) illegal(`more than ${MAX_KEEPERS} keepers`);
  if (size >= minKeepers && earlier.timestamp < since + joinDelay) illegal(`${attester} is active before its time`);
}

/** After the whole time in which it could be convicted; one that never bonded leaves with nothing. */
function checkWithdrawal({ attester }: BondWithdrawnEvent, earlier: LegalityContext, illegal: Illegal): void {
  expectStatus(attester, [KEEPER_STATUS.unbonding, KEEPER_STATUS.approved], earlier, illegal);
  const { status, since } = readKeeper(attester, (slot) => earlier.readOf("KeeperRegistry", slot));
  if (status !== KEEPER_STATUS.unbonding) return;
  if (earlier.timestamp < since + earlier.immutables.unbonding)
    illegal(`${attester} has its bond back before its time`);
}

/** One key never pauses longer than the soft time without a cool-down. */
function checkUse({ attester, class: cause }: PauseUsedEvent, earlier: LegalityContext, illegal: Illegal): void {
  const budget = readBudget(attester, earlier);
  if (!budget.key.isPausing) illegal(`${attester} pauses, and is no active keeper`);
  if (earlier.timestamp < armedAt(cause, budget)) illegal(`${attester} has used up its pause`);
}
