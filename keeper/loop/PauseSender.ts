import { encodeSoftPause } from "../actions/plan/calls.ts";
import { feesFor } from "../actions/plan/fees.ts";
import { PAUSE_GAS_LIMIT } from "../actions/plan/gasLimits.ts";
import { namedBlock, type NamedBlock } from "../actions/plan/namedBlock.ts";
import { revertReason, type RevertReason } from "../actions/plan/revertReason.ts";
import type { TransactionRequest } from "../actions/plan/TransactionRequest.ts";
import type { Hash } from "../lib/hex.ts";
import type { Accounts } from "./Accounts.ts";
import type { Bids } from "./Bids.ts";
import type { FetchedBlock } from "./FetchedBlock.ts";
import type { Incident, Intended, SentPause } from "./Incident.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import type { Outbox } from "./Outbox.ts";
import { classOf } from "./PauseEffect.ts";
import type { Input, RpcAnswer, RpcCall } from "./ports.ts";

/** Heights after which it is said that a pause is not included; it is tried on. */
const PATIENCE_HEIGHTS = 5;
/** Nonces that may be used up without an effect before the next ones wait, and for how many heights they do. */
const MAX_FRUITLESS = 3;
const BACKOFF_HEIGHTS = 16;
/** Steps on the fee ladder that are skipped when another transaction holds the nonce. */
const OUTBID_STEPS = 3;
const RESEND_MS = 500;
const MAX_RESEND_MS = 4_000;
const SIGNER_RETRY_MS = 250;

/** What a sender is made with. */
export interface PauseSenderParts {
  readonly outbox: Outbox;
  readonly accounts: Accounts;
  readonly bids: Bids;
  /** Asks the best source; null while there is none. */
  readonly ask: (calls: readonly RpcCall[]) => number | null;
}

/**
 * Brings the pause of an incident onto the chain: the intent durable, then signed, then to every source, with a higher fee block by block.
 *
 * The pause key's next nonce is always the one that the chain proves, so that one transaction of it is in flight at most and whatever
 * else waits there is replaced. Every attempt names the divergent block, so an attempt for an orphaned block, or in a liar's world,
 * pauses nothing; and a second one, whoever sends it, has no effect on chain.
 */
export class PauseSender {
  readonly #options: KeeperOptions;
  readonly #parts: PauseSenderParts;

  constructor(options: KeeperOptions, parts: PauseSenderParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /**
   * Sends, once for each newest block.
   *
   * @param newest its proven nonce is taken, and what gas costs there
   * @param tip where the chain is asked why it refuses
   */
  attempt(incident: Incident, newest: FetchedBlock, tip: Hash, nowMs: number): void {
    const { pauser } = this.#options;
    const { hash, header } = newest;
    if (pauser === null || header === null || incident.awaited !== null || hash === incident.attemptedAt) return;
    const nonce = newest.nonces?.get(pauser) ?? this.#parts.accounts.countOf(pauser);
    if (nonce === null || nowMs < incident.waitUntilMs) return;
    if (incident.sent !== null && nonce > incident.sent.request.nonce) this.#usedUp(incident, tip);
    if (incident.refusal !== null && header.number < incident.refusal.untilHeight) return;
    incident.refusal = null;
    incident.attemptedAt = hash;
    if (header.number > incident.highest) incident.heights += 1;
    incident.highest = Math.max(incident.highest, header.number);
    if (incident.heights > PATIENCE_HEIGHTS) {
      const detail = `not included ${incident.heights - 1} blocks after it was first sent; it is tried on`;
      this.say(incident, "pause-not-included", detail);
    }
    const bid = this.#parts.bids.next(nonce, header.baseFeePerGas ?? 0n, incident.attempts);
    const named = namedBlock(incident.finding, { blockNumber: header.number, blockHash: hash });
    const fees = feesFor(bid.baseFeePerGas, bid.attempt, this.#cap(newest));
    const request = this.#request(incident, named, nonce, fees);
    const { maxFeePerGas } = fees;
    const { unsigned } = incident;
    incident.unsigned = null;
    if (unsigned !== null && isSame(unsigned.request, request)) this.#sign(incident, unsigned);
    else {
      const id = this.#parts.outbox.newId();
      incident.awaited = { id, step: "journal", request, attempt: bid.attempt };
      const body = {
        ...{ key: "pause", purpose: "soft-pause", incidentId: incident.id, causeClass: classOf(incident.finding) },
        ...{ ...named, nonce, ...bid, ...fees },
      };
      this.#parts.outbox.emit({ type: "journal", id, kind: "intent", body });
    }
    if (maxFeePerGas < (header.baseFeePerGas ?? 0n)) {
      const detail = `${pauser} can pay ${maxFeePerGas} wei per gas, the base fee is ${header.baseFeePerGas ?? 0n}`;
      this.say(incident, "pause-unfunded", detail);
    }
  }

  /** The intent is durable: sign it. False when the id is somebody else's. */
  journalled(incident: Incident, { id }: Extract<Input, { type: "journalled" }>): boolean {
    const { awaited } = incident;
    if (awaited?.id !== id || awaited.step !== "journal") return false;
    this.#sign(incident, awaited);
    return true;
  }

  /** Signed: send. False when the id is somebody else's. */
  signed(incident: Incident, { id, raw, hash, nowMs }: Extract<Input, { type: "signed" }>): boolean {
    const { awaited } = incident;
    if (awaited?.id !== id || awaited.step !== "sign") return false;
    const { request } = awaited;
    incident.awaited = null;
    incident.attempts += 1;
    incident.transaction = hash;
    incident.untakenSinceMs ??= nowMs;
    incident.sent = { raw, hash, request, answers: new Map(), resend: { atMs: nowMs + RESEND_MS, waitMs: RESEND_MS } };
    this.#parts.outbox.emit({ type: "broadcast", purpose: "soft-pause", raw, hash });
    return true;
  }

  /** The signer could not: once more in a moment. False when the id is somebody else's. */
  signFailed(incident: Incident, { id, message, nowMs }: Extract<Input, { type: "sign-failed" }>): boolean {
    const { awaited } = incident;
    if (awaited?.id !== id) return false;
    this.#parts.bids.takeBack(awaited.request.nonce, awaited.attempt);
    incident.unsigned = awaited;
    incident.awaited = null;
    incident.attemptedAt = null;
    incident.waitUntilMs = nowMs + SIGNER_RETRY_MS;
    this.say(incident, "signer-unavailable", `the pause cannot be signed: ${message}; it is tried on`);
    return true;
  }

  /** A source took the pause, or refused it. */
  sent(incident: Incident, { hash, source, refusal }: Extract<Input, { type: "sent" }>): void {
    const { sent } = incident;
    if (sent?.hash !== hash) return;
    const wasOutbid = [...sent.answers.values()].some((answer) => answer?.kind === "outbid");
    sent.answers.set(source, refusal);
    if (refusal === null) incident.untakenSinceMs = null;
    if (refusal?.kind === "unfunded") this.say(incident, "pause-unfunded", `${source}: ${refusal.detail}`);
    if (refusal?.kind !== "outbid" || wasOutbid || incident.awaited !== null) return;
    if (sent.request.maxFeePerGas >= this.#options.maxFeePerGas) {
      const detail = `another transaction holds nonce ${sent.request.nonce} of the pause key and pays more than the cap on the fee`;
      this.say(incident, "pause-outbid", detail);
      return;
    }
    incident.attempts += OUTBID_STEPS;
    incident.attemptedAt = null;
  }

  /** What nobody has taken is sent once more, less and less often. */
  tick(incident: Incident, nowMs: number): void {
    const { sent, untakenSinceMs } = incident;
    if (sent === null || incident.awaited !== null || untakenSinceMs === null) return;
    if (nowMs >= untakenSinceMs + RESEND_MS) this.#tellUntaken(incident, sent);
    if (nowMs < sent.resend.atMs) return;
    const waitMs = Math.min(MAX_RESEND_MS, sent.resend.waitMs * 2);
    sent.resend = { atMs: nowMs + waitMs, waitMs };
    this.#parts.outbox.emit({ type: "broadcast", purpose: "soft-pause", raw: sent.raw, hash: sent.hash });
  }

  /** Nobody has taken this pause, nor any before it since one was taken. */
  #tellUntaken(incident: Incident, { answers: given }: SentPause): void {
    const answers = [...given];
    const said = answers.map(([source, refusal]) => `${source}: ${refusal?.kind ?? ""} (${refusal?.detail ?? ""})`);
    const detail = said.length === 0 ? "no source answers" : said.join("; ");
    this.say(incident, "pause-not-taken", `no source has taken the pause: ${detail}; it is sent on`);
  }

  /** Why the contracts refuse. False when the id is somebody else's. */
  answer(incident: Incident, id: number, [answer]: readonly RpcAnswer[]): boolean {
    if (incident.inquiry !== id) return false;
    incident.inquiry = null;
    if (answer === undefined || (!answer.ok && answer.data === undefined)) return true;
    if (answer.ok) {
      const detail = "a nonce of the pause key was used up by a transaction that is not this keeper's pause";
      this.say(incident, "pause-nonce-used", detail);
      return true;
    }
    this.#refused(incident, revertReason(answer.data ?? "0x"));
    return true;
  }

  /** Raises an alert for an incident, once. */
  say({ id, said }: Pick<Incident, "id" | "said">, event: string, detail: string): void {
    if (said.has(event)) return;
    said.add(event);
    this.#parts.outbox.emit({ type: "alert", level: "critical", event, detail: `incident ${id}: ${detail}` });
  }

  #sign(incident: Incident, { request, attempt }: Intended): void {
    const id = this.#parts.outbox.newId();
    incident.awaited = { id, step: "sign", request, attempt };
    this.#parts.outbox.emit({ type: "sign-transaction", id, key: "pause", request });
  }

  #refused(incident: Incident, reason: RevertReason): void {
    if (reason.kind === "not-of-this-chain" || reason.kind === "done") return;
    incident.refusal = { reason, untilHeight: incident.highest + BACKOFF_HEIGHTS };
    const what = reason.kind === "role-lost" ? "the key is no keeper's pause key any more" : "the contracts refuse it";
    this.say(incident, reason.kind === "role-lost" ? "pause-role-lost" : "pause-refused", `${what} (${reason.name})`);
  }

  /** A transaction was included, and had no effect: the chain is asked why, and before many more are paid for there is a wait. */
  #usedUp(incident: Incident, tip: Hash): void {
    const { pauser } = this.#options;
    const { sent } = incident;
    if (sent === null || pauser === null) return;
    incident.sent = null;
    incident.fruitless += 1;
    if (incident.fruitless >= MAX_FRUITLESS && incident.refusal === null) {
      const reason = { kind: "other", name: `${incident.fruitless} pauses without an effect` } as const;
      incident.refusal = { reason, untilHeight: incident.highest + BACKOFF_HEIGHTS };
    }
    const { to, data, gasLimit } = sent.request;
    const call = { from: pauser, to, data, gas: `0x${gasLimit.toString(16)}` };
    incident.inquiry = this.#parts.ask([{ method: "eth_call", params: [call, { blockHash: tip }] }]);
  }

  /** Most that is offered for a unit of gas: what was set, or what the key can pay. */
  #cap({ balances }: FetchedBlock): bigint {
    const { pauser, maxFeePerGas } = this.#options;
    const balance = pauser === null ? undefined : balances?.get(pauser);
    if (balance === undefined) return maxFeePerGas;
    const affordable = balance / PAUSE_GAS_LIMIT;
    return affordable < maxFeePerGas ? affordable : maxFeePerGas;
  }

  #request(
    { id, finding, evidenceHash }: Incident,
    named: NamedBlock,
    nonce: number,
    fees: Pick<TransactionRequest, "maxFeePerGas" | "maxPriorityFeePerGas">,
  ): TransactionRequest {
    const { chainId, addresses } = this.#options;
    const data = encodeSoftPause({ incidentId: id, causeClass: classOf(finding), ...named, evidenceHash });
    return { chainId, to: addresses.SyncGuard, data, nonce, gasLimit: PAUSE_GAS_LIMIT, ...fees };
  }
}

function isSame(one: TransactionRequest, other: TransactionRequest): boolean {
  return (
    one.data === other.data &&
    one.nonce === other.nonce &&
    one.maxFeePerGas === other.maxFeePerGas &&
    one.maxPriorityFeePerGas === other.maxPriorityFeePerGas
  );
}
