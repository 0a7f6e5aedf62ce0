import { encodeSoftPause } from "../actions/plan/calls.ts";
import { feesFor } from "../actions/plan/fees.ts";
import { namedBlock } from "../actions/plan/namedBlock.ts";
import { PAUSE_GAS_LIMIT } from "../actions/plan/gasLimits.ts";
import type { TransactionRequest } from "../actions/plan/TransactionRequest.ts";
import type { Finding } from "../domain/Finding.ts";
import type { Hash } from "../lib/hex.ts";
import type { Bids } from "./Bids.ts";
import { evidenceHash } from "./evidenceHash.ts";
import { incidentOf } from "./incidentOf.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import type { Outbox } from "./Outbox.ts";
import type { Input } from "./ports.ts";
import { settingsOf } from "./settingsOf.ts";
import type { SideVerdict } from "./SideBranches.ts";

/** A pause of a branch that is not followed, on its way. */
interface Attempt {
  readonly request: TransactionRequest;
  /** Which offer under the nonce it is. */
  readonly number: number;
  awaited: { readonly id: number; readonly step: "journal" | "sign" };
}

/** Pauses for branches of the same sources that may come to nothing before no more are paid for, and for how long. */
const MAX_FRUITLESS = 4;
const MEMORY_MS = 3_600_000;
/** Blocks that are remembered as paused for: more than can be judged in the time that a source may be believed. */
const MAX_TRIED = 1_024;

/**
 * Pauses for a divergence that only a branch shows which is not followed. Each is bound to the divergent block of that branch, so that only
 * the chain which has the block takes it; where the branch is a lie, the pause is refused and costs its gas. That is why
 * there are only so many for the same sources. Whether it took effect shows when the branch is followed: the incident is the
 * same there.
 */
export class SidePauses {
  readonly #options: KeeperOptions;
  readonly #outbox: Outbox;
  readonly #bids: Bids;
  readonly #attempts = new Map<number, Attempt>();
  readonly #tried = new Set<Hash>();
  readonly #spentAtMs = new Map<string, number[]>();

  constructor(options: KeeperOptions, outbox: Outbox, bids: Bids) {
    this.#options = options;
    this.#outbox = outbox;
    this.#bids = bids;
  }

  /** Sends one pause for a branch, once for each of its newest blocks. */
  open(verdict: SideVerdict, nowMs: number): void {
    const { pauser, policy } = this.#options;
    const [finding] = verdict.findings;
    const nonce = pauser === null ? undefined : verdict.fetched.nonces?.get(pauser);
    if (finding === undefined || this.#tried.has(verdict.tip.hash)) return;
    this.#tried.add(verdict.tip.hash);
    const [oldest] = this.#tried;
    if (this.#tried.size > MAX_TRIED && oldest !== undefined) this.#tried.delete(oldest);
    const where = `block ${verdict.tip.number} of ${verdict.sources.join(", ")}, which is not followed`;
    const detail = `${finding.contract}: ${finding.cause} in ${where}`;
    this.#outbox.emit({ type: "alert", level: "critical", event: "side-branch-diverged", detail });
    if (nonce === undefined || policy.mode !== "act" || !this.#spend(verdict.sources.join(" "), nowMs)) return;
    this.#attempt(verdict, finding, nonce);
  }

  #attempt({ findings, fetched, tip }: SideVerdict, finding: Finding, nonce: number): void {
    const { chainId, addresses, maxFeePerGas: cap } = this.#options;
    const hash = evidenceHash(findings, settingsOf(this.#options));
    const incidentId = incidentOf(this.#options, finding);
    const named = namedBlock(finding, { blockNumber: tip.number, blockHash: tip.hash });
    const bid = this.#bids.next(nonce, fetched.header?.baseFeePerGas ?? 0n);
    const fees = feesFor(bid.baseFeePerGas, bid.attempt, cap);
    const data = encodeSoftPause({ incidentId, causeClass: "books", ...named, evidenceHash: hash });
    const request = { chainId, to: addresses.SyncGuard, data, nonce, gasLimit: PAUSE_GAS_LIMIT, ...fees };
    const id = this.#outbox.newId();
    this.#attempts.set(id, { request, number: bid.attempt, awaited: { id, step: "journal" } });
    const what = { key: "pause", purpose: "side-pause", incidentId, causeClass: "books" };
    const body = { ...what, ...named, nonce, ...bid, ...fees };
    this.#outbox.emit({ type: "journal", id, kind: "intent", body });
  }

  /** The intent is durable: sign it. False when the id is somebody else's. */
  journalled({ id }: Extract<Input, { type: "journalled" }>): boolean {
    const attempt = this.#attempts.get(id);
    if (attempt?.awaited.step !== "journal") return false;
    this.#attempts.delete(id);
    const next = this.#outbox.newId();
    this.#attempts.set(next, { ...attempt, awaited: { id: next, step: "sign" } });
    this.#outbox.emit({ type: "sign-transaction", id: next, key: "pause", request: attempt.request });
    return true;
  }

  /** Signed: send. False when the id is somebody else's. */
  signed({ id, raw, hash }: Extract<Input, { type: "signed" }>): boolean {
    const attempt = this.#attempts.get(id);
    if (attempt?.awaited.step !== "sign") return false;
    this.#attempts.delete(id);
    this.#outbox.emit({ type: "broadcast", purpose: "side-pause", raw, hash });
    return true;
  }

  /** The signer could not: the branch's next block is another chance. False when the id is somebody else's. */
  signFailed({ id }: Extract<Input, { type: "sign-failed" }>): boolean {
    const attempt = this.#attempts.get(id);
    if (attempt === undefined) return false;
    this.#bids.takeBack(attempt.request.nonce, attempt.number);
    return this.#attempts.delete(id);
  }

  #spend(sources: string, nowMs: number): boolean {
    const recent = (this.#spentAtMs.get(sources) ?? []).filter((atMs) => nowMs - atMs < MEMORY_MS);
    if (recent.length >= MAX_FRUITLESS) return false;
    this.#spentAtMs.set(sources, [...recent, nowMs]);
    return true;
  }
}
