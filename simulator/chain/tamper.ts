import { firstAccountOf } from "../../keeper/books/naive/decode.ts";
import { accountAt, hot } from "../../keeper/books/naive/ledgerStorage.ts";
import { assetAt, flowAt } from "../../keeper/books/naive/vaultStorage.ts";
import { relax } from "../../keeper/books/naive/outflow.ts";
import { word32, writePlace } from "../../keeper/books/naive/words.ts";
import type { BookName } from "../../keeper/domain/bookSet.ts";
import type { Address, Hash } from "../../keeper/lib/hex.ts";
import { encodeEvent, type RawLog } from "../contracts/encodeEvent.ts";
import type { Execution } from "../contracts/Execution.ts";
import type { TamperKind } from "./Block.ts";

/** How a block is to be tampered with. */
export interface TamperOrder {
  readonly kind: TamperKind;
  /** Chooses among what can be tampered with. */
  readonly choice: number;
}

/** What was tampered with. */
export interface Tampered {
  readonly book: BookName;
  /** The code of the book is another one. */
  readonly codeHash?: Hash;
}

const VICTIM: Address = `0x${"0e".repeat(19)}01`;
const ACCOUNT = firstAccountOf(VICTIM);
const UNIT = 1_000_000n;

/** Changes the state of a block past the contracts' rules, and says where. */
export function tamperWith(execution: Execution, { kind, choice }: TamperOrder, hash: Hash): Tampered {
  switch (kind) {
    case "write":
      return writeWord(execution, choice);
    case "new-word":
      return newWord(execution, choice);
    case "result":
      return miscompute(execution, hash);
    case "missing-effect":
      return loseEffect(execution, hash);
    case "illegal":
      return overdraw(execution, hash);
    case "unreadable":
      return emitUnknown(execution, choice, hash);
    case "code":
      return { book: choice % 2 === 0 ? "CollateralVault" : "SyncGuard", codeHash: word32(BigInt(choice) + 1n) };
  }
}

/** Another value in a word that is there: a balance, a total, a flag. */
function writeWord(execution: Execution, choice: number): Tampered {
  const { settlementAsset: asset } = execution.contracts.immutables;
  const places = [accountAt(ACCOUNT).quote, hot.fees, assetAt(asset).held];
  const place = places[choice % places.length] ?? hot.fees;
  const word = execution.read(place.book, place.slot);
  const before = execution.view().get(place);
  execution.write(place.book, place.slot, writePlace(word, place, before + 1n + BigInt(choice)));
  return { book: place.book };
}

/** A word where none was: in a book that few events concern. */
function newWord(execution: Execution, choice: number): Tampered {
  const books: readonly BookName[] = ["OrderSettlement", "InsuranceFund", "PriceOracle", "KeeperRegistry"];
  const book = books[choice % books.length] ?? "PriceOracle";
  execution.write(book, word32(0xdead_0000n + BigInt(choice)), 1n + BigInt(choice));
  return { book };
}

/** A deposit, with results that its input does not have; the words follow the claims. */
function depositLogs(execution: Execution, excess: bigint): RawLog[] {
  const { addresses, immutables } = execution.contracts;
  const { settlementAsset: asset, settlementScale } = immutables;
  const state = execution.view();
  relax(state, asset);
  const amount = 7n * UNIT;
  const { held, level } = assetAt(asset);
  const quoteDelta = amount * settlementScale;
  const values = { account: ACCOUNT, asset, payer: VICTIM, amount, held: state.get(held) + amount };
  return [
    encodeEvent(addresses.CollateralVault, "Deposited", { ...values, level: state.get(level) + amount }),
    encodeEvent(addresses.PositionLedger, "EntryPosted", {
      ...{ sequence: state.get(hot.sequence) + 1n, account: ACCOUNT, kind: 0n, key: asset, sizeDelta: 0n, quoteDelta },
      ...{ fee: 0n, funding: 0n, sizeAfter: 0n },
      quoteAfter: state.get(accountAt(ACCOUNT).quote) + quoteDelta + excess,
    }),
  ];
}

function miscompute(execution: Execution, hash: Hash): Tampered {
  const excess = 10n ** 18n;
  execution.take({ hash, succeeded: true, logs: depositLogs(execution, excess) });
  const { quote } = accountAt(ACCOUNT);
  const word = execution.read(quote.book, quote.slot);
  execution.write(quote.book, quote.slot, writePlace(word, quote, execution.view().get(quote) + excess));
  return { book: "PositionLedger" };
}

/** A deposit that is told of, and of which the ledger has nothing. */
function loseEffect(execution: Execution, hash: Hash): Tampered {
  const { quote } = accountAt(ACCOUNT);
  const before = execution.read(quote.book, quote.slot);
  execution.take({ hash, succeeded: true, logs: depositLogs(execution, 0n) });
  execution.write(quote.book, quote.slot, before);
  return { book: "PositionLedger" };
}

/** A withdrawal of more than the account has, with correct events and words: logic that was exploited. */
function overdraw(execution: Execution, hash: Hash): Tampered {
  const { addresses, immutables } = execution.contracts;
  const { settlementAsset: asset, settlementScale } = immutables;
  const state = execution.view();
  relax(state, asset);
  const { held, level } = assetAt(asset);
  const owned = state.get(accountAt(ACCOUNT).quote) / settlementScale;
  const amount = (owned < 0n ? 0n : owned) + 1_000n * UNIT;
  const flow = flowAt(ACCOUNT, asset);
  const quoteDelta = -amount * settlementScale;
  const logs = [
    encodeEvent(addresses.CollateralVault, "Withdrawn", {
      ...{ account: ACCOUNT, asset, to: VICTIM, amount, withdrawn: state.get(flow.withdrawn) + amount },
      ...{ allowanceUsed: 0n, held: state.get(held) - amount, level: state.get(level) - amount },
    }),
    encodeEvent(addresses.PositionLedger, "EntryPosted", {
      ...{ sequence: state.get(hot.sequence) + 1n, account: ACCOUNT, kind: 1n, key: asset, sizeDelta: 0n, quoteDelta },
      ...{ fee: 0n, funding: 0n, sizeAfter: 0n, quoteAfter: state.get(accountAt(ACCOUNT).quote) + quoteDelta },
    }),
  ];
  execution.take({ hash, succeeded: true, logs });
  return { book: "PositionLedger" };
}

/** An event that the ABI does not have. */
function emitUnknown(execution: Execution, choice: number, hash: Hash): Tampered {
  const log = {
    address: execution.contracts.addresses.PositionLedger,
    topics: [word32(0xabcdn + BigInt(choice))],
    data: "0x",
  } as const;
  execution.take({ hash, succeeded: true, logs: [log] });
  return { book: "PositionLedger" };
}
