import { id, toBeHex } from "ethers";

import { firstAccountOf } from "../../../../keeper/books/naive/decode.ts";
import { accountAt } from "../../../../keeper/books/naive/ledgerStorage.ts";
import { laneAt, windowAt } from "../../../../keeper/books/naive/tradingStorage.ts";
import { flowAt } from "../../../../keeper/books/naive/vaultStorage.ts";
import { readPlace, word32, writePlace, type Place } from "../../../../keeper/books/naive/words.ts";
import type { Address, Hash } from "../../../../keeper/lib/hex.ts";
import type { Lockstep } from "../../../fixtures/deployLockstep.ts";
import { hardPause, readHead, resume } from "../../../helpers/guard.ts";
import { UNIT } from "../../../helpers/orders.ts";

/** A word of a contract, by the number of its variable and by its keys, with what is added to a variable in it. */
export interface RepairOf {
  readonly variable: number;
  readonly keys: readonly (bigint | string)[];
  readonly place: Place;
  /** Of the word in a struct of several. */
  readonly offset?: number;
  readonly add: bigint;
}

/** The address of a book contract. */
export function bookAddress(system: Lockstep, book: Place["book"]): string {
  const { vault, ledger, settlement, auction } = system;
  const contracts = {
    ...{ CollateralVault: vault, PositionLedger: ledger, OrderSettlement: settlement },
    ...{ LiquidationAuction: auction },
  };
  return contracts[book as keyof typeof contracts].target as string;
}

/** The word as it is on the chain, and as it shall be. */
async function read(system: Lockstep, { place, add }: Pick<RepairOf, "place" | "add">) {
  const expected = BigInt(await system.ethers.provider.getStorage(bookAddress(system, place.book), place.slot));
  return { expected, value: writePlace(expected, place, readPlace(expected, place) + add) };
}

/** Calls of the authority that repair words. */
export async function encodeRepairs(system: Lockstep, items: readonly RepairOf[]): Promise<string[]> {
  const { authority, guard } = system;
  const calls: string[] = [];
  for (const { variable, keys, place, offset = 0, add } of items) {
    const { expected, value } = await read(system, { place, add });
    const item = {
      variable,
      keys: keys.map((key) => (typeof key === "bigint" ? word32(key) : toBeHex(key, 32))),
      offset,
      expected: word32(expected),
      value: word32(value),
    };
    const data = guard.interface.encodeFunctionData("repair", [bookAddress(system, place.book), item]);
    calls.push(authority.interface.encodeFunctionData("execute", [guard.target, data]));
  }
  return calls;
}

/** Repairs words, all in one transaction. */
export async function repair(system: Lockstep, items: readonly RepairOf[]): Promise<void> {
  await system.authority.multicall(await encodeRepairs(system, items));
}

/** Declares words right as the chain has them, with something added to a variable in each. */
export async function accept(system: Lockstep, items: readonly Pick<RepairOf, "place" | "add">[]): Promise<void> {
  const { number, hash } = await readHead(system);
  const corrections = [];
  for (const { place, add } of items) {
    const { value } = await read(system, { place, add });
    corrections.push({ book: bookAddress(system, place.book), slot: place.slot, value: word32(value) });
  }
  await system.guard.acceptBooks(number, hash, corrections);
}

/** What moves `quote` to an account. */
export function quoteTo(account: Hash, quote: bigint): RepairOf {
  return { variable: 1, keys: [account], place: accountAt(account).quote, add: quote };
}

/** While halted, words of every contract that can be repaired; quote from one account to another, and what changes nothing. */
export async function tourRepairs(system: Lockstep): Promise<void> {
  const [from, to] = system.users.map(({ address }) => firstAccountOf(address.toLowerCase() as Address)) as [
    Hash,
    Hash,
  ];
  const usd = (system.usd.target as string).toLowerCase() as Address;
  await hardPause(system, id("eighth"), await readHead(system));
  await repair(system, [
    { variable: 2, keys: [from, 1n << 40n], place: laneAt(from, 1n << 40n).filled, add: 1n },
    { variable: 4, keys: [1n], place: windowAt(1n).start, add: 1n },
    { variable: 2, keys: [from, usd], place: flowAt(from, usd).withdrawn, add: 1n },
  ]);
  await accept(
    system,
    [from, to].map((account) => ({ place: accountAt(account).quote, add: 0n })),
  );
  await repair(system, [quoteTo(from, -5n * UNIT), quoteTo(to, 5n * UNIT)]);
  await resume(system);
}
