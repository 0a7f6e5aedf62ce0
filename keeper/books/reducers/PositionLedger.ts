import type { Hex } from "../../lib/hex.ts";
import { decodeEvent, storage, type EntryPostedEvent, type PositionLedgerEvent } from "../generated/PositionLedger.ts";
import type { Reducer, ReducerContext } from "../Reducer.ts";

/** Every storage variable of the contract; compared with solc's layout by `npm run generate -- --check`. */
export const MAPPED_VARIABLES = [
  "_hot",
  "_accounts",
  "_sizes",
  "_openIds",
  "_collateral",
  "_vault",
  "_settlement",
  "_guard",
] as const;

/** `EntryKind` of the contract. */
export const ENTRY_KIND = { credit: 0n, debit: 1n, trade: 2n } as const;

/** Ids in a page of `_openIds`; its highest bit marks it as used. */
const IDS_PER_PAGE = 15n;
const PAGE_USED = 1n << 255n;
const ID_BITS = 16n;
const ID_MASK = 0xffffn;

/** Instruments in which `account` has a position, in the contract's order. */
export function openInstruments(account: Hex, read: (slot: Hex) => bigint): bigint[] {
  const { openCount } = storage.accounts.decode(read(storage.accounts.slot(account)));
  return Array.from({ length: Number(openCount) }, (_, index) => openIdAt(account, BigInt(index), read));
}

function openIdAt(account: Hex, index: bigint, read: (slot: Hex) => bigint): bigint {
  return (read(storage.openIds.slot(account, index / IDS_PER_PAGE)) >> ((index % IDS_PER_PAGE) * ID_BITS)) & ID_MASK;
}

function setOpenId(account: Hex, index: bigint, id: bigint, context: ReducerContext): void {
  const slot = storage.openIds.slot(account, index / IDS_PER_PAGE);
  const shift = (index % IDS_PER_PAGE) * ID_BITS;
  context.write(slot, PAGE_USED | (context.read(slot) & ~(ID_MASK << shift)) | (id << shift));
}

function openPosition(account: Hex, count: bigint, instrument: bigint, context: ReducerContext): bigint {
  setOpenId(account, count, instrument, context);
  return count + 1n;
}

/** The last id takes the place of the closed one. An id that is not there closes nothing. */
function closePosition(account: Hex, count: bigint, instrument: bigint, context: ReducerContext): bigint {
  const ids = openInstruments(account, (slot) => context.read(slot));
  const index = ids.indexOf(instrument);
  const lastId = ids.at(-1);
  if (index < 0 || lastId === undefined) return count;
  if (BigInt(index) !== count - 1n) setOpenId(account, BigInt(index), lastId, context);
  setOpenId(account, count - 1n, 0n, context);
  return count - 1n;
}

function applyEntry(event: EntryPostedEvent, context: ReducerContext): void {
  const accountSlot = storage.accounts.slot(event.account);
  const account = storage.accounts.decode(context.read(accountSlot));
  const hot = storage.hot.decode(context.read(storage.hot.slot));
  let openCount = account.openCount;
  let sizeAfter = 0n;
  if (event.kind === ENTRY_KIND.trade) {
    const slot = storage.sizes.slot(event.account, event.key);
    const before = storage.sizes.decode(context.read(slot)).size;
    sizeAfter = before + event.sizeDelta;
    context.write(slot, storage.sizes.encode({ size: sizeAfter, isUsed: true }));
    if (before === 0n) openCount = openPosition(event.account, openCount, event.key, context);
    else if (sizeAfter === 0n) openCount = closePosition(event.account, openCount, event.key, context);
  } else if (event.sizeDelta !== 0n) {
    const slot = storage.collateral.slot(event.account, `0x${event.key.toString(16).padStart(40, "0")}`);
    sizeAfter = storage.collateral.decode(context.read(slot)).balance + event.sizeDelta;
    context.write(slot, storage.collateral.encode({ balance: sizeAfter, isUsed: true }));
  }
  const quote = account.quote + event.quoteDelta;
  context.expect("sizeAfter", event.sizeAfter, sizeAfter);
  context.expect("quoteAfter", event.quoteAfter, quote);
  context.expect("sequence", event.sequence, hot.sequence + 1n);
  context.write(accountSlot, storage.accounts.encode({ quote, openCount, isUsed: true }));
  context.write(storage.hot.slot, storage.hot.encode({ ...hot, sequence: hot.sequence + 1n }));
}

/** Keeps quotes, sizes, collateral and open instruments by account, and the hot word that every trade reads. */
export const positionLedger: Reducer<PositionLedgerEvent> = {
  book: "PositionLedger",
  decode: decodeEvent,
  apply(event, context) {
    switch (event.name) {
      case "EntryPosted":
        applyEntry(event, context);
        return;
      case "HotWordPushed": {
        const { sequence } = storage.hot.decode(context.read(storage.hot.slot));
        const { flags, checkpointTime, graceUntil } = event;
        context.write(storage.hot.slot, storage.hot.encode({ sequence, flags, checkpointTime, graceUntil }));
        return;
      }
      case "ModulesBound":
        context.write(storage.vault.slot, storage.vault.encode(event.vault));
        context.write(storage.settlement.slot, storage.settlement.encode(event.settlement));
        context.write(storage.guard.slot, storage.guard.encode(event.guard));
        return;
    }
  },
};
