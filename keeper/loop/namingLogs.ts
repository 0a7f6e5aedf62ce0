import type { BookLog, Books } from "../books/Books.ts";
import type { Address, Hash, Hex } from "../lib/hex.ts";

const ANY: Hash = `0x${"00".repeat(32)}`;

/**
 * Logs that name what restored books know, where events of blocks below their first would have named it: accounts, assets and
 * instruments. Keepers, lanes and free words are named again when an event does.
 */
export function namingLogs(books: Books): BookLog[] {
  const { CollateralVault: vault, PositionLedger: ledger, InstrumentRegistry: instruments } = books.addresses;
  const { accounts, others } = books.keys;
  return [
    ...accounts.map((account) => logOf(ledger, [ANY, ANY, account])),
    ...others.map((key) =>
      typeof key === "bigint"
        ? logOf(instruments, [ANY, `0x${key.toString(16).padStart(64, "0")}`])
        : logOf(vault, [ANY, `0x${key.slice(2).padStart(64, "0")}`]),
    ),
  ];
}

function logOf(address: Address, topics: readonly Hash[]): BookLog {
  const data: Hex = "0x";
  return { address, topics, data, transactionHash: ANY, transactionIndex: 0, logIndex: 0, logPositionInTransaction: 0 };
}
