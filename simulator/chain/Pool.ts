import type { TransactionRequest } from "../../keeper/actions/plan/TransactionRequest.ts";
import type { SendRefusal } from "../../keeper/actions/plan/sendRefusal.ts";
import type { Address, Hash, Hex } from "../../keeper/lib/hex.ts";
import type { Execution } from "../contracts/Execution.ts";

/** A transaction that somebody signed. */
export interface SignedByKeeper {
  readonly request: TransactionRequest;
  readonly from: Address;
  readonly hash: Hash;
  readonly keeper: number;
}

/** A transaction that a producer knows of. */
export type PooledTransaction = SignedByKeeper;

const MIN_BUMP_PERCENT = 110n;

/** Transactions of keepers that the network knows of, for whichever branch wants them. */
export class Pool {
  /** Best offer by sender and nonce. */
  readonly #offers = new Map<Address, Map<number, PooledTransaction>>();
  readonly #signed = new Map<Hex, SignedByKeeper>();

  /** A keeper signed something: nodes can read it from now on. */
  learn(raw: Hex, transaction: SignedByKeeper): void {
    this.#signed.set(raw, transaction);
  }

  signedAs(raw: Hex): SignedByKeeper | undefined {
    return this.#signed.get(raw);
  }

  /**
   * A node takes a transaction in, or says why not.
   *
   * @param nonce the sender's, by that node
   */
  offer(raw: Hex, nonce: number): SendRefusal | null {
    const transaction = this.#signed.get(raw);
    if (transaction === undefined) return { kind: "invalid", detail: "rlp: it is no transaction" };
    const { request, from, hash } = transaction;
    if (request.nonce < nonce) return { kind: "nonce-used", detail: "nonce too low" };
    let offers = this.#offers.get(from);
    if (offers === undefined) this.#offers.set(from, (offers = new Map<number, PooledTransaction>()));
    const before = offers.get(request.nonce);
    if (before?.hash === hash) return null;
    if (before !== undefined && !isHigher(request, before.request)) {
      return { kind: "outbid", detail: "replacement transaction underpriced" };
    }
    offers.set(request.nonce, transaction);
    return null;
  }

  /** The offer that stands under a nonce. */
  offerOf(from: Address, nonce: number): PooledTransaction | undefined {
    return this.#offers.get(from)?.get(nonce);
  }

  /** What can be included next, at most one of a sender; those that pay most first. */
  executable(execution: Execution, baseFeePerGas: bigint): PooledTransaction[] {
    const found: PooledTransaction[] = [];
    for (const [from, offers] of this.#offers) {
      const nonce = execution.account(from)?.nonce;
      const transaction = nonce === undefined ? undefined : offers.get(nonce);
      if (transaction !== undefined && transaction.request.maxFeePerGas >= baseFeePerGas) found.push(transaction);
    }
    return found.sort((one, other) => compareTips(one.request, other.request));
  }
}

function isHigher(one: TransactionRequest, other: TransactionRequest): boolean {
  const isBump = (now: bigint, before: bigint): boolean => now * 100n >= before * MIN_BUMP_PERCENT;
  return isBump(one.maxFeePerGas, other.maxFeePerGas) && isBump(one.maxPriorityFeePerGas, other.maxPriorityFeePerGas);
}

function compareTips(one: TransactionRequest, other: TransactionRequest): number {
  const difference = other.maxPriorityFeePerGas - one.maxPriorityFeePerGas;
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}
