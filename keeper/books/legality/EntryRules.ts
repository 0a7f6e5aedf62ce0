import { storage as registry } from "../generated/InstrumentRegistry.ts";
import type { EntryPostedEvent } from "../generated/PositionLedger.ts";
import { ENTRY_KIND, touchesAsset, touchesPosition } from "../reducers/ledger/entryKinds.ts";
import { assetOf } from "./amounts.ts";
import { KIND, readInstrument } from "./instruments.ts";
import type { LegalityContext, Rule, SeenEvent } from "./LegalityContext.ts";
import { readAccount } from "./portfolio.ts";

/** Open positions of one account at most. */
const MAX_OPEN = 30n;
const KINDS: ReadonlySet<bigint> = new Set(Object.values(ENTRY_KIND));

/** Every entry is of a kind that the ledger has, in an asset or instrument that is listed; only trades cost a fee. */
export class EntryRules implements Rule {
  readonly #context: LegalityContext;

  constructor(context: LegalityContext) {
    this.#context = context;
  }

  see({ event, logIndex }: SeenEvent): void {
    if (event.name !== "EntryPosted") return;
    const { account, kind, key, fee } = event as EntryPostedEvent;
    const illegal = (detail: string): void => {
      this.#context.illegal("PositionLedger", logIndex, `${account}: ${detail}`);
    };
    if (!KINDS.has(kind)) return illegal(`an entry of the unknown kind ${kind}`);
    if (fee !== 0n && kind !== ENTRY_KIND.trade) illegal(`a fee of ${fee} that no trade costs`);
    if (touchesAsset(kind) && !this.#isAsset(key)) illegal(`an entry in ${assetOf(key)}, which is no collateral`);
    if (!touchesPosition(kind)) return;
    if (readInstrument(key, this.#context).kind === KIND.none) illegal(`an entry in instrument ${key}, unlisted`);
    if (readAccount(account, this.#context).openCount > MAX_OPEN) illegal(`more than ${MAX_OPEN} positions`);
  }

  end(): void {
    // Every entry is judged by itself.
  }

  #isAsset(key: bigint): boolean {
    const asset = assetOf(key);
    if (asset === this.#context.immutables.settlementAsset) return true;
    const { collateralIds } = registry;
    return collateralIds.decode(this.#context.readOf("InstrumentRegistry", collateralIds.slot(asset))) !== 0n;
  }
}
