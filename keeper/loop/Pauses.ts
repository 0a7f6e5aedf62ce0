import { encodeSoftPause, type CauseClass } from "../actions/plan/calls.ts";
import { feesFor } from "../actions/plan/fees.ts";
import type { BookBlock, Books } from "../books/Books.ts";
import { storage as keepers } from "../books/generated/KeeperRegistry.ts";
import { FLAG, readHot } from "../books/legality/flags.ts";
import { isWoundDown, readIncident } from "../books/reducers/guardState.ts";
import { armedAt, CAUSE_CLASS, readBudget, type BudgetContext } from "../books/reducers/keepers/pauseBudget.ts";
import type { Finding } from "../domain/Finding.ts";
import type { Hash } from "../lib/hex.ts";
import { keccak256Hex } from "../lib/keccak.ts";
import type { Accounts } from "./Accounts.ts";
import type { Bids } from "./Bids.ts";
import type { FetchedBlock } from "./FetchedBlock.ts";
import { incidentOf } from "./incidentOf.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import type { Outbox } from "./Outbox.ts";
import type { IncidentReport, Input } from "./ports.ts";

/** A divergence that is being contained. */
interface Incident {
  readonly id: Hash;
  readonly finding: Finding;
  readonly evidenceHash: Hash;
  state: IncidentReport["state"];
  nonce: number | null;
  attempt: number;
  /** Highest seen since it opened, so that each attempt pays more than the last. */
  baseFeePerGas: bigint;
  /** Block that the last attempt names: when it is orphaned, so is the attempt. */
  attemptedAt: Hash | null;
  /** Highest block that an attempt named, and how many heights there were. */
  highest: number;
  heights: number;
  /** The step that is awaited: the intent in the journal, or the signature. */
  awaited: { readonly id: number; readonly step: "journal" | "sign" } | null;
  transaction: Hash | null;
  containedIn: number | null;
}

/** Enough for the call on every fork; never estimated, because an estimate can fail when it must not. */
export const PAUSE_GAS_LIMIT = 400_000n;
/** Heights at which a pause is tried; attempts for orphaned blocks do not count. */
const MAX_HEIGHTS = 40;

/**
 * Contains a divergence: intent into the journal, then signed, then sent to every source, replaced with a higher fee
 * block by block until the guard's own event is proven in the books.
 *
 * A repeat is harmless on chain (one effect per incident), and every attempt names the block it judges, so an attempt
 * for an orphaned block, or in a liar's world, pauses nothing.
 */
export class Pauses {
  readonly #options: KeeperOptions;
  readonly #books: Books;
  readonly #outbox: Outbox;
  readonly #accounts: Accounts;
  readonly #bids: Bids;
  #incident: Incident | null = null;
  #pending: { readonly blockNumber: number; readonly blockHash: Hash } | null = null;

  constructor(
    options: KeeperOptions,
    parts: { readonly books: Books; readonly outbox: Outbox; readonly accounts: Accounts; readonly bids: Bids },
  ) {
    this.#options = options;
    this.#books = parts.books;
    this.#outbox = parts.outbox;
    this.#accounts = parts.accounts;
    this.#bids = parts.bids;
  }

  /** The incident that stands, if any. */
  get current(): IncidentReport | null {
    return this.#incident === null ? null : this.#report(this.#incident);
  }

  /** Opens the incident of the first finding, unless it is open already. */
  open(findings: readonly Finding[]): boolean {
    const [finding] = findings;
    if (finding === undefined || this.#incident !== null) return false;
    const id = incidentOf(this.#options, finding);
    const evidence = JSON.stringify(findings);
    this.#incident = {
      id,
      finding,
      evidenceHash: keccak256Hex(new TextEncoder().encode(evidence)),
      state: "opened",
      nonce: null,
      attempt: 0,
      baseFeePerGas: 0n,
      attemptedAt: null,
      highest: -1,
      heights: 0,
      awaited: null,
      transaction: null,
      containedIn: null,
    };
    this.#emit();
    return true;
  }

  /** The first divergent block of the incident that stands: no block below it can be paused for. */
  get since(): number {
    return this.#incident?.finding.blockNumber ?? Number.MAX_SAFE_INTEGER;
  }

  /**
   * Sends, or sends again, when the incident stands and its pause is not effective at the books' tip.
   *
   * @param named the block that the pause names and whose proven nonce it takes: the newest with the most votes. A child
   * that a single source invents of it would otherwise be named instead, and the true chain would refuse the pause; nor
   * is such a child believed when it shows an effect.
   */
  pursue({ hash, header, nonces }: FetchedBlock, tip: BookBlock): void {
    const incident = this.#incident;
    const { pauser } = this.#options;
    if (incident === null || pauser === null || header === null) return;
    // What only a child shows that few vote for decides nothing, neither that a pause took effect nor that it did not.
    if (hash === tip.hash ? this.#settle(incident, tip) : incident.state === "contained") return;
    if (incident.awaited !== null || hash === incident.attemptedAt) return;
    if (incident.heights >= MAX_HEIGHTS) {
      this.#fail(incident, `not included after ${MAX_HEIGHTS} blocks`);
      return;
    }
    // One transaction of this key is in flight at most: the chain's next nonce either replaces it or follows it.
    const nonce = nonces?.get(pauser) ?? this.#accounts.countOf(pauser);
    if (nonce === null) return;
    incident.nonce = nonce;
    incident.attemptedAt = hash;
    if (header.number > incident.highest) incident.heights += 1;
    incident.highest = Math.max(incident.highest, header.number);
    const id = this.#outbox.newId();
    incident.awaited = { id, step: "journal" };
    const blockNumber = header.number;
    const blockHash = hash;
    const baseFeePerGas = header.baseFeePerGas ?? 0n;
    const intent = {
      incidentId: incident.id,
      blockNumber,
      blockHash,
      nonce,
      attempt: incident.attempt,
    };
    this.#pending = { blockNumber, blockHash };
    if (baseFeePerGas > incident.baseFeePerGas) incident.baseFeePerGas = baseFeePerGas;
    this.#outbox.emit({ type: "journal", id, kind: "pause-intent", body: intent });
  }

  /** The intent is durable: sign it. False when the id is somebody else's. */
  journalled({ id }: Extract<Input, { type: "journalled" }>): boolean {
    const incident = this.#incident;
    if (incident?.awaited?.id !== id || this.#pending === null || incident.nonce === null) return false;
    const { blockNumber, blockHash } = this.#pending;
    const { id: incidentIdOf, evidenceHash, nonce } = incident;
    const bid = this.#bids.next(nonce, incident.baseFeePerGas, incident.attempt);
    const signId = this.#outbox.newId();
    incident.awaited = { id: signId, step: "sign" };
    this.#outbox.emit({
      type: "sign-transaction",
      id: signId,
      key: "pause",
      request: {
        chainId: this.#options.chainId,
        to: this.#options.addresses.SyncGuard,
        data: encodeSoftPause({
          incidentId: incidentIdOf,
          causeClass: classOf(incident.finding),
          blockNumber,
          blockHash,
          evidenceHash,
        }),
        nonce,
        gasLimit: PAUSE_GAS_LIMIT,
        ...feesFor(bid.baseFeePerGas, bid.attempt, this.#options.maxFeePerGas),
      },
    });
    return true;
  }

  /** Signed: send. False when the id is somebody else's. */
  signed({ id, raw, hash }: Extract<Input, { type: "signed" }>): boolean {
    const incident = this.#incident;
    if (incident?.awaited?.id !== id) return false;
    incident.awaited = null;
    incident.attempt += 1;
    incident.transaction = hash;
    incident.state = "acting";
    this.#outbox.emit({ type: "broadcast", purpose: "soft-pause", raw, hash });
    this.#emit();
    return true;
  }

  /** The divergence was orphaned with its block: nothing is left to contain. */
  orphan(): void {
    const incident = this.#incident;
    if (incident === null) return;
    incident.state = "orphaned";
    this.#emit();
    this.#incident = null;
    if (this.#options.pauser !== null) this.#accounts.forget(this.#options.pauser);
  }

  /** Nothing is left to pursue, and the next incident may be opened; the guard keeps its pause until it is lifted. */
  close(): void {
    if (this.#incident?.state === "contained") this.resolve();
  }

  /** What diverged was repaired or accepted: nothing is left to contain, whether it was contained or not. */
  resolve(): void {
    const incident = this.#incident;
    if (incident === null) return;
    incident.state = "closed";
    this.#emit();
    this.#incident = null;
  }

  /**
   * The proven effect: the guard has judged the divergent block, or a later one. A pause names blocks before the one that
   * includes it, so it came after the divergence, whoever sent it, and only a checkpoint of a later block lifts it. Reorgs can
   * take it away again.
   */
  #settle(incident: Incident, tip: BookBlock): boolean {
    const { nonce, softBlock } = readIncident(this.#contextAt(tip));
    const isJudged = nonce !== 0n && softBlock >= BigInt(incident.finding.blockNumber);
    const isEffective = isJudged || this.#isCovered(incident.finding, tip);
    if (isEffective && incident.state !== "contained") {
      incident.state = "contained";
      incident.containedIn = tip.number;
      this.#emit();
    }
    if (!isEffective && incident.state === "contained") {
      incident.state = "acting";
      incident.containedIn = null;
      incident.attemptedAt = null;
      if (this.#options.pauser !== null) this.#accounts.forget(this.#options.pauser);
      this.#emit();
    }
    return isEffective;
  }

  /**
   * New risk is refused already by an earlier pause of this keeper's, so that the guard would refuse another: the
   * restriction stands until a later block is in sync, and nothing more can be had by sending. In a wind-down nothing is left
   * to restrict.
   */
  #isCovered(finding: Finding, tip: BookBlock): boolean {
    const { pauser } = this.#options;
    const context = this.#contextAt(tip);
    if (isWoundDown(context)) return true;
    const { flags } = readHot(context);
    if (pauser === null || (flags & FLAG.increaseRisk) === 0n) return false;
    const { attester } = keepers.keys.decode(this.#books.read("KeeperRegistry", keepers.keys.slot(pauser)));
    return context.timestamp < armedAt(CAUSE_CLASS[classOf(finding)], readBudget(attester, context));
  }

  #contextAt(tip: BookBlock): BudgetContext {
    return {
      timestamp: BigInt(tip.timestamp),
      immutables: this.#options.immutables,
      readOf: (book, slot) => this.#books.read(book, slot),
    };
  }

  #fail(incident: Incident, detail: string): void {
    if (incident.state === "failed") return;
    incident.state = "failed";
    this.#outbox.emit({ type: "alert", level: "critical", event: "pause-failed", detail });
    this.#emit();
  }

  #emit(): void {
    if (this.#incident !== null) this.#outbox.emit({ type: "incident", report: this.#report(this.#incident) });
  }

  #report({ id, state, finding, transaction, containedIn }: Incident): IncidentReport {
    const { cause, contract, blockNumber, blockHash, detail } = finding;
    return { id, state, cause, contract, blockNumber, blockHash, detail, transaction, containedIn };
  }
}

/** A view that is wrong has a budget of its own, so that it never uses up the pause of a proved mismatch. */
function classOf({ cause }: Finding): CauseClass {
  return cause === "view-diverged" ? "view" : "books";
}
