import type { Immutables } from "../../keeper/domain/bookSet.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import type { LockstepDeployment } from "../../scripts/local/deployLockstep.ts";

/** One block as a node answered for it. */
export interface RecordedBlock {
  /** `eth_getBlockByNumber` without transactions: JSON text. */
  readonly header: string;
  /** `eth_getBlockReceipts`: JSON text. */
  readonly receipts: string;
}

/** A chain with real protocol traffic, recorded from an Anvil. */
export interface Recording {
  readonly deployment: LockstepDeployment;
  readonly immutables: Immutables;
  /** From block 0 on. */
  readonly blocks: readonly RecordedBlock[];
  /** The first of the blocks that hold trades and prices only: what is measured on top of larger books. */
  readonly tradesFrom: number;
  /** Storage roots that the node itself has, in the order of the book set, at some blocks up to the last. */
  readonly chainRoots: readonly { readonly number: number; readonly roots: readonly Hash[] }[];
  /** Accounts that the traffic is spread over. */
  readonly accounts: number;
  /** Logs of the book contracts, and of price feeds. */
  readonly events: number;
}

/** How much traffic. */
export interface TrafficSize {
  readonly accounts: number;
  /** Blocks of trades, deposits, withdrawals and prices. */
  readonly mixedBlocks: number;
  /** Trades in such a block; half as many deposits and withdrawals come with them. */
  readonly mixedTrades: number;
  /** Blocks of trades and prices only, to be measured on top of larger books. */
  readonly tradeBlocks: number;
  /** Trades in such a block: they make some 100 changed slots. */
  readonly trades: number;
}
