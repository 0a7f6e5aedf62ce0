import { feesFor } from "../../actions/plan/fees.ts";
import type { TransactionRequest } from "../../actions/plan/TransactionRequest.ts";
import type { Address, Hash, Hex } from "../../lib/hex.ts";
import type { Accounts } from "../Accounts.ts";
import { Bids } from "../Bids.ts";
import type { KeeperOptions } from "../KeeperOptions.ts";
import type { Outbox } from "../Outbox.ts";
import type { Input } from "../ports.ts";
import type { Remembered } from "../Remembered.ts";

/** A transaction that this keeper is to carry. */
export interface Errand {
  /** What it is about: the same for each attempt. */
  readonly id: Hash;
  readonly purpose: "checkpoint" | "hard-pause" | "convict" | "resume";
  readonly to: Address;
  readonly data: Hex;
  readonly gasLimit: bigint;
  /** Of the checkpoint, for those who are told of it. */
  readonly block?: { readonly number: number; readonly hash: Hash };
}

interface Flight {
  readonly errand: Errand;
  readonly nonce: number;
  /** Block at which it was sent; none once another transaction is known to hold the nonce. */
  sentAt: number | null;
  readonly request: TransactionRequest;
  /** How often the nonce was bid for before. */
  readonly attempt: number;
  /** The step that is awaited: the intent in the journal, or the signature. */
  awaited: { readonly id: number; readonly step: "journal" | "sign" } | null;
  hash: Hash | null;
}

/** Blocks after which a transaction that is not included is replaced with a higher fee. */
const PATIENCE_BLOCKS = 3;
/** Transactions for one errand that were included without its effect: then something else is wrong, and gas is not the cure. */
const MAX_FRUITLESS = 3;
/** Blocks after which such an errand is tried once more: somebody may have mended what was wrong. */
const AGAIN_BLOCKS = 32;
const MAX_KNOWN = 64;

/**
 * Carries what a quorum signed, with the posting key: one transaction at a time. One that is not included is replaced under its
 * nonce with a higher fee, and so is one for something that is no longer wanted as soon as something else is.
 */
export class Carrier {
  readonly #options: KeeperOptions;
  readonly #outbox: Outbox;
  readonly #accounts: Accounts;
  readonly #bids = new Bids();
  /** Of each errand: how often in vain, and the block at which that was last seen. */
  readonly #fruitless = new Map<Hash, { readonly times: number; readonly atNumber: number }>();
  #flight: Flight | null = null;

  constructor(options: KeeperOptions, outbox: Outbox, accounts: Accounts) {
    this.#options = options;
    this.#outbox = outbox;
    this.#accounts = accounts;
    this.remember(options.remembered);
  }

  /** What was offered under the posting key's nonces before this run, or by another replica. */
  remember(past: Remembered | undefined): void {
    for (const { key, nonce, ...bid } of past?.bids ?? []) if (key === "post") this.#bids.remember(nonce, bid);
  }

  /** Whether an errand was carried in vain so often that it waits: others have the key in the meantime. */
  isResting(id: Hash, tipNumber: number): boolean {
    const vain = this.#fruitless.get(id);
    return vain !== undefined && vain.times >= MAX_FRUITLESS && tipNumber < vain.atNumber + AGAIN_BLOCKS;
  }

  /** Sends the errand, or sends it again, or waits. */
  pursue(errand: Errand | null, tipNumber: number, baseFeePerGas: bigint): void {
    const { poster } = this.#options;
    const count = poster === null ? null : this.#accounts.countOf(poster);
    if (poster === null || count === null) return;
    this.#settle(count, tipNumber);
    const flight = this.#flight;
    if (errand === null || flight?.awaited != null) return;
    // After a reorg the tip is lower than it was: the transaction is back in nobody's hands, and is sent again.
    const age = tipNumber - (flight?.sentAt ?? -Infinity);
    if (flight?.errand.id === errand.id && age >= 0 && age < PATIENCE_BLOCKS) return;
    if (this.isResting(errand.id, tipNumber)) return;
    const nonce = count;
    const bid = this.#bids.next(nonce, baseFeePerGas);
    const fees = feesFor(bid.baseFeePerGas, bid.attempt, this.#options.maxFeePerGas);
    const id = this.#outbox.newId();
    const { to, data, gasLimit, purpose, id: about } = errand;
    const request = { chainId: this.#options.chainId, to, data, nonce, gasLimit, ...fees };
    this.#flight = {
      ...{ errand, nonce, sentAt: tipNumber, request, attempt: bid.attempt },
      ...{ awaited: { id, step: "journal" }, hash: null },
    };
    const body = { key: "post", purpose, about, nonce, ...bid, ...fees };
    this.#outbox.emit({ type: "journal", id, kind: "intent", body });
  }

  /** The intent is durable: sign it. False when the id is somebody else's. */
  journalled({ id }: Extract<Input, { type: "journalled" }>): boolean {
    const flight = this.#flight;
    if (flight?.awaited?.id !== id || flight.awaited.step !== "journal") return false;
    const next = this.#outbox.newId();
    flight.awaited = { id: next, step: "sign" };
    this.#outbox.emit({ type: "sign-transaction", id: next, key: "post", request: flight.request });
    return true;
  }

  /** Signed: send. False when the id is somebody else's. */
  signed({ id, raw, hash }: Extract<Input, { type: "signed" }>): boolean {
    const flight = this.#flight;
    if (flight?.awaited?.id !== id || flight.awaited.step !== "sign") return false;
    flight.awaited = null;
    flight.hash = hash;
    const { purpose, block } = flight.errand;
    this.#outbox.emit({ type: "broadcast", purpose, raw, hash });
    if (block !== undefined) {
      const { number: blockNumber, hash: blockHash } = block;
      this.#outbox.emit({ type: "checkpoint", blockNumber, blockHash, transaction: hash });
    }
    return true;
  }

  /** The signer could not sign: asked again as if the transaction had got lost. False when the id is somebody else's. */
  failed({ id }: Extract<Input, { type: "sign-failed" }>): boolean {
    const flight = this.#flight;
    if (flight?.awaited?.id !== id) return false;
    this.#bids.takeBack(flight.nonce, flight.attempt);
    flight.awaited = null;
    return true;
  }

  /** Another transaction holds the nonce and pays more: the next offer is higher. */
  sent({ hash, refusal }: Extract<Input, { type: "sent" }>): void {
    if (this.#flight?.hash === hash && refusal?.kind === "outbid") this.#flight.sentAt = null;
  }

  /** The books show what the errand is for: what it took before says nothing about the next time. */
  done(id: Hash): void {
    this.#fruitless.delete(id);
    if (this.#flight?.errand.id === id && this.#flight.awaited === null) this.#flight = null;
  }

  /** The chain's count is past the nonce: the transaction was included. Whether it had an effect, who sent the errand knows. */
  #settle(count: number, tipNumber: number): void {
    const flight = this.#flight;
    if (flight === null || flight.awaited !== null || count <= flight.nonce) return;
    this.#flight = null;
    const { id, purpose } = flight.errand;
    const times = (this.#fruitless.get(id)?.times ?? 0) + 1;
    this.#fruitless.set(id, { times, atNumber: tipNumber });
    const [oldest] = this.#fruitless.keys();
    if (this.#fruitless.size > MAX_KNOWN && oldest !== undefined) this.#fruitless.delete(oldest);
    if (times !== MAX_FRUITLESS) return;
    const detail = `${times} transactions for ${id} were included up to block ${tipNumber} without effect`;
    this.#outbox.emit({ type: "alert", level: "critical", event: `${purpose}-failed`, detail });
  }
}
