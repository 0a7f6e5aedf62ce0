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

function setOpenId(account: Hex, index: bigint, id: bigint, context: ReducerContext): void {
  const slot = storage.openIds.slot(account, index / IDS_PER_PAGE);
  const shift = (index % IDS_PER_PAGE) * ID_BITS;
  context.write(slot, PAGE_USED | (context.read(slot) & ~(ID_MASK << shift)) | (id << shift));
}

/** Appends an instrument to the `count` open ones; returns their new number. */
export function openPosition(account: Hex, count: bigint, instrument: bigint, context: ReducerContext): bigint {
  setOpenId(account, count, instrument, context);
  return count + 1n;
}

/** The last id takes the place of the closed one. An id that is not there closes nothing. Returns the new number. */
export function closePosition(account: Hex, count: bigint, instrument: bigint, context: ReducerContext): bigint {
  const ids = openInstruments(account, (slot) => context.read(slot));
  const index = ids.indexOf(instrument);
  const lastId = ids.at(-1);
  if (index < 0 || lastId === undefined) return count;
  if (BigInt(index) !== count - 1n) setOpenId(account, BigInt(index), lastId, context);
  setOpenId(account, count - 1n, 0n, context);
  return count - 1n;
}
