import { BOOK_NAMES, type BookAddresses } from "./domain/bookSet.ts";
import { KeeperError } from "./errors/KeeperError.ts";
import type { Address } from "./lib/hex.ts";
import type { Keeper } from "./loop/Keeper.ts";
import type { ProvenFacts } from "./probes/ProvenFacts.ts";

/** What the keeper's books and its newest block prove; null while they are behind, and before the first proven block. */
export function provenFactsOf(keeper: Keeper, addresses: BookAddresses): ProvenFacts | null {
  const { newest } = keeper;
  if (newest?.isLevel !== true) return null;
  const { header, nonces, balances } = newest;
  const own = <Value>(values: ReadonlyMap<Address, Value>, address: Address): Promise<Value> => {
    const value = values.get(address);
    if (value !== undefined) return Promise.resolve(value);
    return Promise.reject(new KeeperError("NoProof", `nothing is proved of account ${address}`, { address }));
  };
  return {
    head: () => Promise.resolve({ header }),
    storage: (address, slot) => {
      const book = BOOK_NAMES.find((name) => addresses[name] === address);
      if (book !== undefined) return Promise.resolve(keeper.books.read(book, slot));
      return Promise.reject(new KeeperError("NoProof", `no book has the address ${address}`, { address }));
    },
    nonce: async (address) => BigInt(await own(nonces, address)),
    balance: (address) => own(balances, address),
  };
}
