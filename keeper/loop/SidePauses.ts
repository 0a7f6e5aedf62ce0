import { encodeSoftPause } from "../actions/plan/calls.ts";
import { feesFor } from "../actions/plan/fees.ts";
import type { Finding } from "../domain/Finding.ts";
import type { Hash } from "../lib/hex.ts";
import { keccak256Hex } from "../lib/keccak.ts";
import type { Bids } from "./Bids.ts";
import { incidentOf } from "./incidentOf.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import type { Outbox } from "./Outbox.ts";
import { PAUSE_GAS_LIMIT } from "./Pauses.ts";
import type { Input } from "./ports.ts";
import type { SideVerdict } from "./SideBranches.ts";

/** A pause of a branch that is not followed, on its way. */
interface Attempt {
  readonly incidentId: Hash;
  readonly finding: Finding;
  readonly evidenceHash: Hash;
  readonly verdict: SideVerdict;
  readonly nonce: number;
  awaited: { readonly id: number; readonly step: "journal" | "sign" };
}

/** Pauses for branches of the same sources that may come to nothing before no more are paid for, and for how long. */
const MAX_FRUITLESS = 4;
const MEMORY_MS = 3_600_000;
/** Blocks that are remembered as paused for: more than can be judged in the time that a source may be believed. */
const MAX_TRIED = 1_024;

/**
 * Pauses for a divergence that only a branch shows which is not followed. Each is bound to a block of that branch, so that only
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
    const evidenceHash = keccak256Hex(new TextEncoder().encode(JSON.stringify(verdict.findings)));
    const id = this.#outbox.newId();
    const incidentId = incidentOf(this.#options, finding);
    this.#attempts.set(id, { incidentId, finding, evidenceHash, verdict, nonce, awaited: { id, step: "journal" } });
    const { number: blockNumber, hash: blockHash } = verdict.tip;
    const body = { incidentId, blockNumber, blockHash, nonce, attempt: 0 };
    this.#outbox.emit({ type: "journal", id, kind: "pause-intent", body });
  }

  /** The intent is durable: sign it. False when the id is somebody else's. */
  journalled({ id }: Extract<Input, { type: "journalled" }>): boolean {
    const attempt = this.#attempts.get(id);
    if (attempt?.awaited.step !== "journal") return false;
    this.#attempts.delete(id);
    const next = this.#outbox.newId();
    this.#attempts.set(next, { ...attempt, awaited: { id: next, step: "sign" } });
    const { chainId, addresses, maxFeePerGas } = this.#options;
    const { number: blockNumber, hash: blockHash } = attempt.verdict.tip;
    const { incidentId, evidenceHash, nonce, verdict } = attempt;
    const bid = this.#bids.next(nonce, verdict.fetched.header?.baseFeePerGas ?? 0n);
    this.#outbox.emit({
      type: "sign-transaction",
      id: next,
      key: "pause",
      request: {
        chainId,
        to: addresses.SyncGuard,
        data: encodeSoftPause({ incidentId, causeClass: "books", blockNumber, blockHash, evidenceHash }),
        nonce,
        gasLimit: PAUSE_GAS_LIMIT,
        ...feesFor(bid.baseFeePerGas, bid.attempt, maxFeePerGas),
      },
    });
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

  #spend(sources: string, nowMs: number): boolean {
    const recent = (this.#spentAtMs.get(sources) ?? []).filter((atMs) => nowMs - atMs < MEMORY_MS);
    if (recent.length >= MAX_FRUITLESS) return false;
    this.#spentAtMs.set(sources, [...recent, nowMs]);
    return true;
  }
}
