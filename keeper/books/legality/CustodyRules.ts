import type { Hex } from "../../lib/hex.ts";
import {
  storage as vault,
  type ClaimedEvent,
  type ClaimKeptEvent,
  type ClaimRegisteredEvent,
  type CollateralVaultEvent,
  type DepositedEvent,
  type WithdrawnEvent,
} from "../generated/CollateralVault.ts";
import type { EntryPostedEvent } from "../generated/PositionLedger.ts";
import { ENTRY_KIND } from "../reducers/ledger/entryKinds.ts";
import { assetOf, ownerOf } from "./amounts.ts";
import { whyUnsecured } from "./checkTrader.ts";
import type { DebtRules } from "./DebtRules.ts";
import { isHalted } from "./flags.ts";
import type { LegalityContext, Pending, Rule, SeenEvent } from "./LegalityContext.ts";
import { readAccount, valueAccount } from "./portfolio.ts";

type Transfer = DepositedEvent | WithdrawnEvent | ClaimRegisteredEvent;

const NONE: ReadonlySet<bigint> = new Set();

/**
 * Custody: every credit and debit has its deposit, withdrawal or registered claim, with the same account, asset and amount; deposits keep
 * the cap, and those of collateral come from the owner; withdrawals keep the outflow limit, the initial requirement and,
 * in the settlement asset, cash; claims are paid from what is owed.
 */
export class CustodyRules implements Rule {
  readonly #context: LegalityContext;
  readonly #debts: DebtRules;
  readonly #entries: Pending<EntryPostedEvent>[] = [];
  readonly #transfers: Pending<Transfer>[] = [];
  /** The withdrawal right before: only of it a claim can be kept. */
  #withdrawn: WithdrawnEvent | null = null;

  constructor(context: LegalityContext, debts: DebtRules) {
    this.#context = context;
    this.#debts = debts;
  }

  see({ book, event, logIndex, before }: SeenEvent): void {
    if (event.name === "EntryPosted") this.#seeEntry({ event: event as EntryPostedEvent, logIndex, before });
    else if (book === "CollateralVault") this.#seeVault(event as CollateralVaultEvent, logIndex, before);
  }

  end(): void {
    const waiting = [...this.#transfers];
    for (const { event: entry, logIndex } of this.#entries) {
      const index = waiting.findIndex(({ event }) => this.#isExplained(entry, event));
      if (index >= 0) waiting.splice(index, 1);
      else
        this.#context.illegal("PositionLedger", logIndex, `${entry.account}: an entry that no token transfer explains`);
    }
    for (const { event, logIndex } of waiting) {
      this.#illegal(logIndex, `${event.account}: ${event.name} that the ledger never booked`);
    }
  }

  #seeEntry(entry: Pending<EntryPostedEvent>): void {
    const { kind } = entry.event;
    if (kind === ENTRY_KIND.debit) this.#checkDebit(entry);
    if (kind === ENTRY_KIND.credit || kind === ENTRY_KIND.debit) this.#entries.push(entry);
  }

  #checkDebit({ event, logIndex }: Pending<EntryPostedEvent>): void {
    const { account, key } = event;
    const illegal = (detail: string): void => {
      this.#context.illegal("PositionLedger", logIndex, `${account}: withdrawal, ${detail}`);
    };
    if (isHalted(this.#context) && readAccount(account, this.#context).openCount !== 0n) {
      illegal("not flat while halted");
    }
    const isSettlement = assetOf(key) === this.#context.immutables.settlementAsset;
    const whyRefused = (context: LegalityContext, unusable: ReadonlySet<bigint>): string | null =>
      whyUnsecured(account, true, context, { unusable }) ??
      (isSettlement ? whyIndebted(account, context, unusable) : null);
    const wrong = whyRefused(this.#context, NONE);
    if (wrong !== null) illegal(wrong);
    this.#debts.await(account, { pricing: "strict", logIndex, isCapped: true, whyRefused });
  }

  #seeVault(event: CollateralVaultEvent, logIndex: number, before: Pending<unknown>["before"]): void {
    const withdrawn = this.#withdrawn;
    this.#withdrawn = null;
    switch (event.name) {
      case "Deposited":
        this.#transfers.push({ event, logIndex, before });
        this.#checkPayer(event, logIndex);
        this.#checkCap(event, logIndex);
        return;
      case "Withdrawn":
        this.#transfers.push({ event, logIndex, before });
        this.#withdrawn = event;
        this.#checkOutflow(event, logIndex);
        return;
      case "ClaimRegistered":
        this.#transfers.push({ event, logIndex, before });
        return;
      case "ClaimKept":
        this.#checkKept(event, withdrawn, logIndex);
        return;
      case "Claimed":
        this.#checkClaim(event, logIndex);
        return;
      default:
    }
  }

  /** What is not the settlement asset comes from the owner only: what others put there could be in the owner's way. */
  #checkPayer({ account, asset, payer }: DepositedEvent, logIndex: number): void {
    if (asset === this.#context.immutables.settlementAsset || payer === ownerOf(account)) return;
    this.#illegal(logIndex, `${account}: ${payer} deposits ${asset}, and is not the owner`);
  }

  #checkCap({ asset }: DepositedEvent, logIndex: number): void {
    const { held } = vault.assets.decode(this.#read(vault.assets.slot(asset)));
    const { cap } = vault.limits.decode(this.#read(vault.limits.slot(asset)));
    if (held > cap) this.#illegal(logIndex, `a deposit brings ${asset} to ${held}, above its cap of ${cap}`);
  }

  /** What the shared limit did not pay is within the account's own allowance. */
  #checkOutflow({ account, asset }: WithdrawnEvent, logIndex: number): void {
    const { word0, items } = vault.allowances;
    const { capacity } = word0.decode(this.#read(word0.slot(asset)));
    const { lastUsed, lastTimepoint } = items.decode(this.#read(items.slot(asset, account)));
    if (lastTimepoint !== this.#context.timestamp || lastUsed <= capacity) return;
    this.#illegal(logIndex, `${account}: a withdrawal beyond the outflow limit`);
  }

  #checkKept({ account, asset, amount }: ClaimKeptEvent, withdrawn: WithdrawnEvent | null, logIndex: number): void {
    const isItsOwn = withdrawn?.account === account && withdrawn.asset === asset && withdrawn.amount === amount;
    if (!isItsOwn) this.#illegal(logIndex, `${account}: a claim is kept of no withdrawal`);
  }

  #checkClaim({ account, asset }: ClaimedEvent, logIndex: number): void {
    const { owed, paid } = vault.claims.decode(this.#read(vault.claims.slot(account, asset)));
    if (paid > owed) this.#illegal(logIndex, `${account}: paid ${paid} of ${asset}, of which ${owed} is owed`);
  }

  #isExplained(entry: EntryPostedEvent, event: Transfer): boolean {
    const { immutables } = this.#context;
    const isCredit = entry.kind === ENTRY_KIND.credit;
    const isSettlement = event.asset === immutables.settlementAsset;
    const amount = isCredit ? event.amount : -event.amount;
    return (
      (event.name === "Deposited") === isCredit &&
      event.account === entry.account &&
      BigInt(event.asset) === entry.key &&
      entry.quoteDelta === (isSettlement ? amount * immutables.settlementScale : 0n) &&
      entry.sizeDelta === (isSettlement ? 0n : amount)
    );
  }

  #read(slot: `0x${string}`): bigint {
    return this.#context.readOf("CollateralVault", slot);
  }

  #illegal(logIndex: number, detail: string): void {
    this.#context.illegal("CollateralVault", logIndex, detail);
  }
}

/** What other collateral backs is never withdrawn in the settlement asset. */
function whyIndebted(account: Hex, context: LegalityContext, unusable: ReadonlySet<bigint>): string | null {
  const valued = valueAccount(account, "strict", context, { unusable });
  return valued.kind === "valued" && valued.value.cash < 0n ? `with a debt of ${-valued.value.cash}` : null;
}
