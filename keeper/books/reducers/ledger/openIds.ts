import type { Hash, Hex } from "../../../lib/hex.ts";
import { storage } from "../../generated/PositionLedger.ts";
import type { ReducerContext } from "../../Reducer.ts";

/** Ids in a page of `_openIds`; its highest bit marks it as used. */
const IDS_PER_PAGE = 15n;
const PAGE_USED = 1n << 255n;
const ID_BITS = 16n;
const ID_MASK = 0xffffn;

/** Instruments in which `account` has a position, in the contract's order. */
export function openInstruments(account: Hex, read: (slot: Hash) => bigint): bigint[] {
  const { openCount } = storage.accounts.decode(read(storage.accounts.slot(account)));
  return Array.from({ length: Number(openCount) }, (_, index) => openIdAt(account, BigInt(index), read));
}

function openIdAt(account: Hex, index: bigint, read: (slot: Hash) => bigint): bigint {
  return (read(storage.openIds.slot(account, index / IDS_PER_PAGE)) >> ((index % IDS_PER_PAGE) * ID_BITS)) & ID_MASK;
}

/** Appends an instrument to the `count` open ones, in a lane that is empty; returns their new number. */
export function openPosition(account: Hex, count: bigint, instrument: bigint, context: ReducerContext): bigint {
  const slot = storage.openIds.slot(account, count / IDS_PER_PAGE);
  const shift = (count % IDS_PER_PAGE) * ID_BITS;
  context.write(slot, context.read(slot) | PAGE_USED | (instrument << shift));
  return count + 1n;
}

/**
 * The last id takes the place of the closed one, which is looked for from the last page down. An id that is not there closes
 * nothing. Returns the new number.
 */
export function closePosition(account: Hex, count: bigint, instrument: bigint, context: ReducerContext): bigint {
  const last = count - 1n;
  if (last < 0n) return count;
  const slotOfPage = (page: bigint): Hash => storage.openIds.slot(account, page);
  const lastPage = last / IDS_PER_PAGE;
  const shift = (last % IDS_PER_PAGE) * ID_BITS;
  const ids = context.read(slotOfPage(lastPage));
  const lastId = (ids >> shift) & ID_MASK;
  const rest = ids ^ (lastId << shift);
  if (lastId === instrument) {
    context.write(slotOfPage(lastPage), rest);
    return last;
  }
  for (let page = lastPage; page >= 0n; page -= 1n) {
    const word = page === lastPage ? rest : context.read(slotOfPage(page));
    const lane = laneOf(word, instrument);
    if (lane === undefined) continue;
    if (page !== lastPage) context.write(slotOfPage(lastPage), rest);
    context.write(slotOfPage(page), word ^ ((instrument ^ lastId) << lane));
    return last;
  }
  return count;
}

/** Shift of the first lane of a page that holds an id. */
function laneOf(word: bigint, id: bigint): bigint | undefined {
  for (let shift = 0n; shift < IDS_PER_PAGE * ID_BITS; shift += ID_BITS) {
    if (((word >> shift) & ID_MASK) === id) return shift;
  }
  return undefined;
}
