import { storage as vault, TOPICS as VAULT } from "../../keeper/books/generated/CollateralVault.ts";
import { storage as ledger, TOPICS as LEDGER } from "../../keeper/books/generated/PositionLedger.ts";
import { Books } from "../../keeper/books/Books.ts";
import { REDUCERS } from "../../keeper/books/reducers.ts";
import { relax } from "../../keeper/books/reducers/outflowLimit.ts";
import { BOOK_NAMES } from "../../keeper/domain/bookSet.ts";
import type { VerifiedLog } from "../../keeper/domain/VerifiedLog.ts";
import { assert } from "../../keeper/lib/assert.ts";
import { bigintToHex32, type Address, type Hash, type Hex } from "../../keeper/lib/hex.ts";
import { logsOf, OwnChain, receiptsRootOf, type Content, type Head, type Receipt } from "./OwnChain.ts";
import type { RecordedBlock, Recording } from "./Recording.ts";

/** Deposits in a transaction and transactions in a block, while the books are filled. */
const DEPOSITS = 50;
const TRANSACTIONS = 20;
/** Token units of each of those deposits, and 1e-18 quote in one. */
const AMOUNT = 1_000_000n;
/** Says of every log that it may be there: nobody verifies a bloom, only that it lets nothing be missed. */
const FULL_BLOOM: Hex = `0x${"ff".repeat(256)}`;
/** An owner's address is 20 bytes; accounts of these owners have the number 0. */
const OWNER_BASE = 0x10n << 152n;
const UNDO_DEPTH = 4;

/**
 * A chain of its own with larger books: first the real blocks of a recording, then as many deposits of new accounts as the
 * books are to have slots, then the recording's blocks of trades, whose entries count on from there.
 *
 * The storage roots are those of books of its own, beside the keeper's. That the reducers' words have these roots, and that
 * they are the real chain's, is tested elsewhere; here they have to be the same twice.
 */
export class GrowingBooks {
  readonly chain: OwnChain;
  readonly #recording: Recording;
  readonly #books: Books;
  /** Deposits that no node has seen. */
  #invented = 0n;
  #timestamp = 0;
  /** Words that the newest block wrote, and its events. */
  readonly #written = new Set<string>();
  #events = 0;

  constructor(recording: Recording, keys: readonly Address[]) {
    const { deployment, immutables } = recording;
    this.#recording = recording;
    const reducers = noteWrites(this.#written);
    this.#books = new Books({ addresses: deployment.contracts, immutables, undoDepth: UNDO_DEPTH, reducers });
    this.chain = new OwnChain(deployment.contracts, keys);
  }

  /** Words of all books. */
  get slots(): number {
    return BOOK_NAMES.reduce((sum, name) => sum + this.#books.trie(name).size, 0);
  }

  get books(): Books {
    return this.#books;
  }

  /** The real blocks up to those of trades, as the chain's next ones. */
  *realBlocks(): Generator<Head> {
    for (const recorded of this.#recording.blocks.slice(0, this.#recording.tradesFrom))
      yield this.#grow(readBlock(recorded));
  }

  /** Deposits of new accounts, until the books have so many slots. */
  *deposits(slots: number): Generator<Head> {
    const open = Math.ceil((slots - this.slots) / 2);
    for (let left = open; left > 0; left -= DEPOSITS * TRANSACTIONS) {
      const receipts = this.#depositReceipts(Math.min(left, DEPOSITS * TRANSACTIONS));
      const receiptsRoot = receiptsRootOf(receipts);
      const fields = { gasUsed: "0x3b9aca00" };
      yield this.#grow({ fields, receipts, receiptsRoot, logsBloom: FULL_BLOOM, timestamp: this.#timestamp });
    }
  }

  /** Blocks in which nothing happens. */
  *emptyBlocks(count: number): Generator<Head> {
    const roots = this.#books.roots();
    for (let made = 0; made < count; made += 1) {
      this.#apply([]);
      yield this.chain.growEmpty(this.#timestamp, roots);
    }
  }

  /** The recording's blocks of trades; with each the number of slots that it changes. */
  *trades(): Generator<Head & { readonly changed: number; readonly events: number }> {
    for (const recorded of this.#recording.blocks.slice(this.#recording.tradesFrom)) {
      const content = readBlock(recorded);
      const receipts = content.receipts.map((receipt) => this.#countOn(receipt));
      const head = this.#grow({ ...content, receipts, receiptsRoot: receiptsRootOf(receipts) });
      yield { ...head, changed: this.#written.size, events: this.#events };
    }
  }

  #grow(content: Content): Head {
    this.#timestamp = content.timestamp;
    this.#apply(logsOf(content.receipts));
    return this.chain.grow(content, this.#books.roots());
  }

  /** The block's hash depends on the roots, and so on the books; these have names of their own for their blocks. */
  #apply(logs: readonly VerifiedLog[]): void {
    const number = this.chain.nextNumber;
    const parentHash = this.#books.tip?.hash ?? nameOf(number - 1);
    const concerning = logs.filter((log) => this.#books.concerns(log));
    this.#written.clear();
    this.#events = concerning.length;
    const block = { number, hash: nameOf(number), parentHash, timestamp: this.#timestamp, logs: concerning };
    const [finding] = this.#books.apply(block);
    assert(finding === undefined, `nothing is wrong with block ${number}: ${finding?.detail ?? ""}`);
  }

  /** The receipt with its entries counted on from those that were invented. */
  #countOn(receipt: Receipt): Receipt {
    const { PositionLedger } = this.#recording.deployment.contracts;
    const logs = receipt.logs.map((log) => {
      const [topic, sequence, account] = log.topics;
      if (log.address !== PositionLedger || topic !== LEDGER.EntryPosted) return log;
      const moved = bigintToHex32(BigInt(sequence ?? "0x") + this.#invented);
      return { ...log, topics: [topic, moved, account ?? "0x"] };
    });
    return { ...receipt, logs };
  }

  #depositReceipts(count: number): Receipt[] {
    const { contracts } = this.#recording.deployment;
    const asset = this.#recording.immutables.settlementAsset;
    const quote = word(AMOUNT * this.#recording.immutables.settlementScale);
    const read = (slot: Hash): bigint => this.#books.read("CollateralVault", slot);
    const before = vault.assets.decode(read(vault.assets.slot(asset)));
    const limits = vault.limits.decode(read(vault.limits.slot(asset)));
    let { level } = relax(before, limits, BigInt(this.#timestamp));
    let { held } = before;
    let { sequence } = ledger.hot.decode(this.#books.read("PositionLedger", ledger.hot.slot));
    const assetWord = word(BigInt(asset));
    const receipts: Receipt[] = [];
    for (let done = 0; done < count;) {
      const logs: Receipt["logs"][number][] = [];
      for (let index = 0; index < DEPOSITS && done < count; index += 1, done += 1) {
        const owner = OWNER_BASE + this.#invented;
        const account: Hash = `0x${owner.toString(16).padStart(40, "0")}${"0".repeat(24)}`;
        [held, level, sequence] = [held + AMOUNT, level + AMOUNT, sequence + 1n];
        logs.push({
          address: contracts.CollateralVault,
          topics: [VAULT.Deposited, account, `0x${assetWord}`],
          data: `0x${word(owner)}${word(AMOUNT)}${word(held)}${word(level)}`,
        });
        logs.push({
          address: contracts.PositionLedger,
          topics: [LEDGER.EntryPosted, `0x${word(sequence)}`, account],
          data: `0x${word(0n)}${assetWord}${word(0n)}${quote}${word(0n)}${word(0n)}${word(0n)}${quote}`,
        });
        this.#invented += 1n;
      }
      const common = { type: "0x2", status: "0x1", logsBloom: FULL_BLOOM } as const;
      const gas: Hex = `0x${(1_000_000 * (receipts.length + 1)).toString(16)}`;
      receipts.push({ ...common, transactionHash: `0x${word(this.#invented)}`, cumulativeGasUsed: gas, logs });
    }
    return receipts;
  }
}

function word(value: bigint): string {
  return value.toString(16).padStart(64, "0");
}

function nameOf(number: number): Hash {
  return `0x${word(BigInt(number + 1))}`;
}

/** The reducers, noting which words they write. */
function noteWrites(written: Set<string>): typeof REDUCERS {
  const noting = BOOK_NAMES.map((name) => {
    const reducer = REDUCERS[name];
    const apply: typeof reducer.apply = (event, context) => {
      const write = (slot: Hash, value: bigint): void => {
        written.add(`${name} ${slot}`);
        context.write(slot, value);
      };
      reducer.apply(event, { ...context, write });
    };
    return [name, { ...reducer, apply }];
  });
  return Object.fromEntries(noting) as typeof REDUCERS;
}

function readBlock({ header, receipts }: RecordedBlock): Content {
  const fields = JSON.parse(header) as Readonly<Record<string, string>> & Pick<Content, "receiptsRoot" | "logsBloom">;
  const { receiptsRoot, logsBloom, timestamp } = fields;
  return { fields, receipts: JSON.parse(receipts) as Receipt[], receiptsRoot, logsBloom, timestamp: Number(timestamp) };
}
