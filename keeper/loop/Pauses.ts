import type { BookBlock, Books } from "../books/Books.ts";
import type { Finding } from "../domain/Finding.ts";
import { evidenceHash } from "./evidenceHash.ts";
import type { FetchedBlock } from "./FetchedBlock.ts";
import { newIncident, reportOf, revived, type Incident } from "./Incident.ts";
import { incidentOf } from "./incidentOf.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import { PauseEffect } from "./PauseEffect.ts";
import { PauseSender, type PauseSenderParts } from "./PauseSender.ts";
import type { IncidentReport, Input, RpcAnswer } from "./ports.ts";
import { settingsOf } from "./settingsOf.ts";

/** What pauses are made with. */
export interface PausesParts extends PauseSenderParts {
  readonly books: Books;
  /** Whether a cause is one that these pauses are for: what was known of it before the keeper started is taken up. */
  readonly isOwn: (cause: string) => boolean;
}

type State = IncidentReport["state"];

/** States of an incident that has ended. */
const ENDED: ReadonlySet<State> = new Set(["closed", "orphaned"]);

/**
 * Contains one divergence at a time, and follows it to its end: opened → acting → contained → repairing → resuming → closed, or orphaned
 * when a reorg takes its block, or failed while the contracts refuse this key's pause.
 *
 * Contained is what the books prove of the guard, whoever paused; a reorg can take it back, and then it is sent again. Once what
 * diverged is mended the incident is out of the way of the next one, and closed when the guard restricts nothing because of it.
 */
export class Pauses {
  readonly #options: KeeperOptions;
  readonly #parts: PausesParts;
  readonly #effect: PauseEffect;
  readonly #sender: PauseSender;
  #incident: Incident | null = null;
  /** Mended, and not yet resumed. */
  #ending: Incident[] = [];
  /** Of an earlier run, and neither found again nor over. */
  #adopted: Incident[] = [];

  constructor(options: KeeperOptions, parts: PausesParts) {
    this.#options = options;
    this.#parts = parts;
    this.#effect = new PauseEffect(options, parts.books);
    this.#sender = new PauseSender(options, parts);
  }

  /** The incident that stands, if any. */
  get current(): IncidentReport | null {
    return this.#incident === null ? null : reportOf(this.#incident);
  }

  /** Takes up what an earlier run, or another replica, left unfinished. */
  adopt(reports: Iterable<IncidentReport>): void {
    for (const report of reports) {
      if (ENDED.has(report.state) || !this.#parts.isOwn(report.cause)) continue;
      const incident = revived(report);
      if (report.state === "resuming") this.#ending.push(incident);
      else this.#adopted.push(incident);
      this.#emit(incident, false);
    }
  }

  /**
   * Opens the incident of the first finding, unless one is open. One that was known goes on where it stood: also when its own block
   * can no longer be proved, and what it left behind is found in a later one.
   */
  open(findings: readonly Finding[]): boolean {
    const [finding] = findings;
    if (finding === undefined || this.#incident !== null) return false;
    const id = incidentOf(this.#options, finding);
    const again = this.#ending.find((incident) => incident.id === id);
    const known = again ?? this.#adopted.find((incident) => incident.id === id || this.#isTrace(incident, finding));
    this.#ending = this.#ending.filter((incident) => incident !== again);
    this.#adopted = this.#adopted.filter((incident) => incident !== known);
    const hash = evidenceHash(findings, settingsOf(this.#options));
    this.#incident = known ?? newIncident(id, finding, hash);
    this.#incident.evidenceHash = hash;
    if (again === undefined) this.#emit(this.#incident, known === undefined);
    else this.#enter(again, "acting");
    return true;
  }

  /** The books are in sync: what an earlier run left unfinished is mended, or its block is gone. */
  inSync(tip: BookBlock): void {
    for (const incident of this.#adopted) {
      const { blockNumber, blockHash } = incident.finding;
      if (blockNumber > tip.number) continue;
      this.#adopted = this.#adopted.filter((other) => other !== incident);
      const isOrphaned = (this.#parts.books.hashAt(blockNumber) ?? blockHash) !== blockHash;
      if (!isOrphaned) this.#ending.push(incident);
      this.#enter(incident, isOrphaned ? "orphaned" : "resuming");
    }
  }

  /** Whether a finding is what an incident of an earlier run left: the same cause in the same contract, and its block still stands. */
  #isTrace({ finding: first }: Incident, { cause, contract, blockNumber }: Finding): boolean {
    const stands = (this.#parts.books.hashAt(first.blockNumber) ?? first.blockHash) === first.blockHash;
    return stands && first.cause === cause && first.contract === contract && first.blockNumber <= blockNumber;
  }

  /**
   * Sends, or sends again, when the incident stands and its pause is not effective at the books' tip.
   *
   * @param strongest the newest block with the most votes, down to a height: its proven nonce is the pause's. A child that a single
   * source invents of it would otherwise tell the nonce; nor is such a child believed when it shows an effect.
   */
  pursue(strongest: (downTo: number) => FetchedBlock, tip: BookBlock, nowMs: number): void {
    this.#settleEnding(tip);
    const incident = this.#incident;
    if (incident === null || this.#options.pauser === null) return;
    // No block below the first divergent one can be paused for.
    const newest = strongest(incident.finding.blockNumber);
    if (newest.header === null) return;
    // What only a child shows that few vote for decides nothing, neither that a pause took effect nor that it did not.
    if (newest.hash === tip.hash ? this.#settle(incident, tip) : isContained(incident)) return;
    this.#sender.attempt(incident, newest, tip.hash, nowMs);
    this.#tellRefusal(incident);
  }

  /** The intent is durable: sign it. False when the id is somebody else's. */
  journalled(input: Extract<Input, { type: "journalled" }>): boolean {
    return this.#incident !== null && this.#sender.journalled(this.#incident, input);
  }

  /** Signed: send. False when the id is somebody else's. */
  signed(input: Extract<Input, { type: "signed" }>): boolean {
    const incident = this.#incident;
    if (incident === null || !this.#sender.signed(incident, input)) return false;
    this.#enter(incident, isContained(incident) ? incident.state : "acting");
    return true;
  }

  /** A signer failed. False when the id is somebody else's. */
  signFailed(input: Extract<Input, { type: "sign-failed" }>): boolean {
    return this.#incident !== null && this.#sender.signFailed(this.#incident, input);
  }

  /** A source took a transaction, or refused it. */
  sent(input: Extract<Input, { type: "sent" }>): void {
    if (this.#incident !== null) this.#sender.sent(this.#incident, input);
  }

  /** Takes the answer to an own question in; false when the id is somebody else's. */
  answer(id: number, answers: readonly RpcAnswer[]): boolean {
    const incident = this.#incident;
    if (incident === null || !this.#sender.answer(incident, id, answers)) return false;
    this.#tellRefusal(incident);
    return true;
  }

  tick(nowMs: number): void {
    if (this.#incident !== null && !isContained(this.#incident)) this.#sender.tick(this.#incident, nowMs);
  }

  /** Governance repaired or accepted words while the incident stands. */
  repaired(): void {
    if (this.#incident !== null) this.#enter(this.#incident, "repairing");
  }

  /** The divergence was orphaned with its block: nothing is left to contain. */
  orphan(): void {
    const incident = this.#incident;
    if (incident === null) return;
    this.#incident = null;
    this.#enter(incident, "orphaned");
    if (this.#options.pauser !== null) this.#parts.accounts.forget(this.#options.pauser);
  }

  /** Nothing is left to pursue, and the next incident may be opened; the guard keeps its pause until it is lifted. */
  close(): void {
    if (this.#incident !== null && isContained(this.#incident)) this.resolve();
  }

  /** What diverged was repaired or accepted: nothing is left to contain, whether it was contained or not. */
  resolve(): void {
    const incident = this.#incident;
    if (incident === null) return;
    this.#incident = null;
    this.#ending.push(incident);
    this.#enter(incident, "resuming");
  }

  /** An operator closes an incident; what stands against it, or null where it is closed. */
  closeByOrder(id: string): string | null {
    if (this.#incident?.id === id)
      return `incident ${id} is ${this.#incident.state}: what differs is to be mended first`;
    if (this.#adopted.some((other) => other.id === id)) return `incident ${id} is not judged again yet`;
    const incident = this.#ending.find((other) => other.id === id);
    if (incident === undefined) return `no open incident ${id} is known`;
    this.#ending = this.#ending.filter((other) => other !== incident);
    this.#enter(incident, "closed");
    return null;
  }

  /** What was mended is closed once the guard restricts nothing any more. */
  #settleEnding(tip: BookBlock): void {
    if (this.#ending.length === 0 || this.#effect.stands(tip)) return;
    for (const incident of this.#ending) this.#enter(incident, "closed");
    this.#ending = [];
  }

  /** Notes what the books prove of the effect; whether nothing is to be sent now. */
  #settle(incident: Incident, tip: BookBlock): boolean {
    const isEffective = this.#effect.isEffective(incident.finding, tip);
    if (isEffective && !isContained(incident)) {
      incident.containedIn = tip.number;
      this.#enter(incident, "contained");
    }
    if (!isEffective && isContained(incident)) {
      incident.containedIn = null;
      incident.attemptedAt = null;
      if (this.#options.pauser !== null) this.#parts.accounts.forget(this.#options.pauser);
      this.#enter(incident, "acting");
    }
    return isEffective;
  }

  #tellRefusal(incident: Incident): void {
    if (incident.refusal !== null && incident.state === "acting") this.#enter(incident, "failed");
  }

  #enter(incident: Incident, state: State): void {
    if (incident.state === state && state !== "acting") return;
    const isNew = incident.state !== state;
    incident.state = state;
    this.#emit(incident, isNew);
  }

  /** Says where an incident stands, and writes it down when that is new. */
  #emit(incident: Incident, isNew = true): void {
    const report = reportOf(incident);
    const { outbox } = this.#parts;
    if (isNew) outbox.emit({ type: "journal", id: outbox.newId(), kind: "incident", body: report });
    outbox.emit({ type: "incident", report });
  }
}

/** Whether the guard restricts because of it, as far as is known. */
function isContained({ state }: Incident): boolean {
  return state === "contained" || state === "repairing";
}
