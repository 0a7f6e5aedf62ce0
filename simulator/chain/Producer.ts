import { BOOK_NAMES } from "../../keeper/domain/bookSet.ts";
import { keccak256Hex } from "../../keeper/lib/keccak.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import type { Draw } from "../../scripts/histories/Draw.ts";
import { callContract } from "../contracts/keeperCalls.ts";
import { Execution, type Contracts } from "../contracts/Execution.ts";
import { sealBlock, type ChainEffect, type SimBlock, type Taint } from "./Block.ts";
import type { Pool, PooledTransaction } from "./Pool.ts";
import { tamperWith, type TamperOrder } from "./tamper.ts";
import { drawOperation } from "./traffic.ts";

/** What a block is made of beside what waits in the pool. */
export interface BlockOrder {
  readonly parent: SimBlock;
  readonly timestamp: number;
  readonly baseFeePerGas: bigint;
  readonly tamper: TamperOrder | null;
  readonly isReal: boolean;
  /** Operations of users, at most. */
  readonly traffic: number;
  /** Keepers' transactions are let wait: there is no room, or somebody does not want them. */
  readonly isFull: boolean;
}

const NOBODY_SENT = "user";

/** Makes blocks: executes traffic and keepers' transactions, tampers where it is told to, and seals. */
export class Producer {
  readonly #contracts: Contracts;
  readonly #pool: Pool;
  readonly #draw: Draw;
  #made = 0;

  constructor(contracts: Contracts, pool: Pool, draw: Draw) {
    this.#contracts = contracts;
    this.#pool = pool;
    this.#draw = draw;
  }

  make(order: BlockOrder): SimBlock {
    const { parent, timestamp, baseFeePerGas, isReal } = order;
    this.#made += 1;
    const salt = `${this.#made} ${this.#draw.below(2 ** 32)}`;
    const execution = new Execution(this.#contracts, parent, parent.number + 1, timestamp);
    for (let count = this.#draw.below(order.traffic + 1); count > 0; count -= 1) {
      const logs = drawOperation(execution, this.#draw);
      if (logs.length > 0) execution.take({ hash: this.#hashOf(salt, count), succeeded: true, logs });
    }
    if (!order.isFull)
      for (const waiting of this.#pool.executable(execution, baseFeePerGas)) this.#run(execution, waiting);
    if (parent.taint === null && execution.problems.length > 0) {
      const [problem] = execution.problems;
      throw new Error(`the simulated contracts did what they refuse: ${problem?.book ?? ""}: ${problem?.detail ?? ""}`);
    }
    let tamper: Omit<Taint, "number" | "hash"> | null = null;
    let codeHashes = parent.state.codeHashes;
    if (order.tamper !== null) {
      const done = tamperWith(execution, order.tamper, this.#hashOf(salt, 99));
      tamper = { kind: order.tamper.kind, book: done.book };
      if (done.codeHash !== undefined) codeHashes = { ...codeHashes, [done.book]: done.codeHash };
    }
    const isOtherCode = BOOK_NAMES.some((name) => codeHashes[name] !== parent.state.codeHashes[name]);
    const state = execution.seal(isOtherCode ? codeHashes : undefined);
    const transactions = execution.done;
    const { number } = execution;
    return sealBlock({ parent, number, timestamp, baseFeePerGas, state, transactions, tamper, isReal, salt });
  }

  #run(execution: Execution, { request, hash, from, keeper }: PooledTransaction): void {
    const result = callContract(execution, from, request.data);
    const account = execution.account(from);
    if (account === undefined) return;
    const cost = request.gasLimit * request.maxFeePerGas;
    execution.keys.set(from, {
      nonce: account.nonce + 1,
      balance: account.balance > cost ? account.balance - cost : 0n,
    });
    const effect: ChainEffect | null = result.ok && result.effect !== null ? { ...result.effect, keeper } : null;
    const logs = result.ok ? result.logs : [];
    execution.take({ hash, succeeded: result.ok, logs, ...(effect === null ? {} : { effect }) });
  }

  #hashOf(salt: string, index: number): Hash {
    return keccak256Hex(new TextEncoder().encode(`${NOBODY_SENT} ${salt} ${index}`));
  }
}
