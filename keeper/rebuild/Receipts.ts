import { askMany } from "../chain/read/askMany.ts";
import type { Standings } from "../chain/read/Standings.ts";
import { MAX_BATCH_CALLS, type RequestOptions, type Source } from "../chain/sources/Source.ts";
import type { Header } from "../chain/verify/header.ts";
import { verifyReceipts } from "../chain/verify/receipts.ts";
import { verifyTransactionList } from "../chain/verify/transactionList.ts";
import type { VerifiedLog } from "../domain/VerifiedLog.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import type { Hash } from "../lib/hex.ts";
import type { Turns } from "./Turns.ts";

/** A node may be in trouble when it refuses a call once: it is asked for it again after so long. */
const MEMORY_MS = 600_000;
/** A longer list of transactions is not asked through one by one. */
const MAX_LIST = 20_000;

/** Reads the logs of whole blocks from one source at a time, verified against the receipts root. */
export class Receipts {
  readonly #standings: Standings;
  readonly #turns: Turns;
  readonly #now: () => number;
  /** Until when a source without `eth_getBlockReceipts` is asked for receipts one by one. */
  readonly #oneByOne = new Map<string, number>();

  constructor(standings: Standings, turns: Turns, now: () => number) {
    this.#standings = standings;
    this.#turns = turns;
    this.#now = now;
  }

  /**
   * All logs of a block, in order, as one source serves its receipts.
   *
   * @throws KeeperError of the source, `BlockMissing`, or a VerificationError
   */
  async read(source: Source, header: Header, options: RequestOptions): Promise<VerifiedLog[]> {
    if (this.#now() >= (this.#oneByOne.get(source.id) ?? 0)) {
      try {
        const receipts = await source.request("eth_getBlockReceipts", [{ blockHash: header.hash }], options);
        if (receipts === null) throw missing(source, header);
        await this.#turns.next();
        return verifyReceipts(receipts, header.receiptsRoot);
      } catch (error: unknown) {
        if (!KeeperError.is(error, "SourceRpcError")) throw error;
        this.#oneByOne.set(source.id, this.#now() + MEMORY_MS);
      }
    }
    const receipts = await this.#readEach(source, header, options);
    await this.#turns.next();
    return verifyReceipts(receipts, header.receiptsRoot);
  }

  /** By the source's own list of the block's transactions: whether it is the block's is proved by the receipts. */
  async #readEach(source: Source, header: Header, options: RequestOptions): Promise<unknown[]> {
    const block = await source.request("eth_getBlockByHash", [header.hash, false], options);
    if (typeof block !== "object" || block === null) throw missing(source, header);
    const { transactions } = block as { readonly transactions?: unknown };
    const list = verifyTransactionList(transactions, header);
    if (list.length > MAX_LIST) {
      const message = `${list.length} transactions are too many to ask for their receipts one by one`;
      throw new KeeperError("BlockMissing", message, { source: source.id, blockHash: header.hash });
    }
    const receipts: unknown[] = [];
    for (let at = 0; at < list.length; at += MAX_BATCH_CALLS) {
      receipts.push(...(await this.#readSome(source, header, list.slice(at, at + MAX_BATCH_CALLS), options)));
    }
    return receipts;
  }

  async #readSome(
    source: Source,
    header: Header,
    transactions: readonly Hash[],
    options: RequestOptions,
  ): Promise<unknown[]> {
    const calls = transactions.map((transaction) => ({ method: "eth_getTransactionReceipt", params: [transaction] }));
    const items = await askMany(source, calls, this.#standings, options);
    return items.map((item) => {
      if (!item.ok) throw item.error;
      const receipt = item.result as { readonly blockHash?: unknown } | null;
      // Of another block: the transaction has moved, which is no lie.
      if (receipt === null || typeof receipt !== "object" || receipt.blockHash !== header.hash) {
        throw missing(source, header);
      }
      return receipt;
    });
  }
}

function missing(source: Source, { number, hash }: Header): KeeperError {
  const message = `source ${source.id} does not have the receipts of block ${number}`;
  return new KeeperError("BlockMissing", message, { source: source.id, number, blockHash: hash });
}
