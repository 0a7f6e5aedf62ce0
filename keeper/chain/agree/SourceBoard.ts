import type { Hash } from "../../lib/hex.ts";
import { HeadHistory, type Move, type Relation } from "./HeadHistory.ts";
import type { ServedHead, Voter } from "./Votes.ts";

/** Why a source has no say, or that it has one. */
export type SourceState = "down" | "unidentified" | "foreign" | "quarantined" | "suspended" | "limited" | "up";

/** What operators see of a source. */
export interface SourceReport {
  readonly id: string;
  readonly operator: string;
  readonly state: SourceState;
  /** Why it is in that state; empty when it is up. */
  readonly reason: string;
  /** 0 to 100: the share of its newest answers that came and verified. */
  readonly score: number;
  /** Milliseconds of its newest answers; null before the first. */
  readonly latencyMs: number | null;
  readonly head: ServedHead | null;
}

/** What is known of one source. */
interface Entry {
  readonly voter: Voter;
  readonly history: HeadHistory;
  isUp: boolean;
  isOurs: boolean;
  /** Why it is not of this chain. */
  foreign: string | null;
  downReason: string;
  announced: ServedHead | null;
  quarantine: { readonly untilMs: number; readonly reason: string } | null;
  suspendedUntilMs: number;
  limitedUntilMs: number;
  /** Offences in a row: one answer taken while the node changed its head is no lie yet. */
  offences: number;
  lastOffenceAtMs: number;
  /** Requests in a row without an answer. */
  silences: number;
  score: number;
  latencyMs: number | null;
}

const QUARANTINE_MS = 500;
const MAX_QUARANTINE_MS = 60_000;
/** Offences of so long ago no longer count, whatever was proven since. */
const OFFENCE_MEMORY_MS = 600_000;
const SUSPENSION_MS = 10_000;
/** Weight of the newest answer in a score, and in a latency. */
const WEIGHT = 0.1;

/** Which sources answer, which are of this chain, which are believed, and in which order they are asked. */
export class SourceBoard {
  readonly #entries: ReadonlyMap<string, Entry>;

  constructor(voters: readonly Voter[]) {
    this.#entries = new Map(voters.map((voter) => [voter.id, newEntry(voter)]));
  }

  setUp(source: string): void {
    const entry = this.#entries.get(source);
    if (entry === undefined) return;
    entry.isUp = true;
    // Behind the same URL may stand another chain now.
    entry.isOurs = false;
    entry.foreign = null;
  }

  setDown(source: string, reason: string): void {
    const entry = this.#entries.get(source);
    if (entry === undefined) return;
    entry.isUp = false;
    entry.isOurs = false;
    entry.downReason = reason;
    entry.announced = null;
    entry.history.forget();
  }

  /** A head is a claim until its header is verified. */
  announce(source: string, head: ServedHead): void {
    const entry = this.#entries.get(source);
    if (entry === undefined) return;
    entry.isUp = true;
    entry.announced = head;
  }

  /** The source was found to serve this chain; or another, for `foreign` says why. */
  identify(source: string, foreign: string | null): void {
    const entry = this.#entries.get(source);
    if (entry === undefined) return;
    entry.isOurs = foreign === null;
    entry.foreign = foreign;
  }

  isOurs(source: string): boolean {
    return this.#entries.get(source)?.isOurs === true;
  }

  /** The header of the source's announced head is verified: what that means for its vote. */
  serve(source: string, head: ServedHead, nowMs: number, relate: (head: Hash, other: Hash) => Relation): Move {
    const entry = this.#entries.get(source);
    if (entry === undefined) return "stay";
    const move = entry.history.serve(head, nowMs, relate);
    if (move === "oscillate") entry.suspendedUntilMs = nowMs + SUSPENSION_MS;
    return move;
  }

  /** Heads of the branches between which a source goes back and forth. */
  branchesOf(source: string): readonly ServedHead[] {
    return this.#entries.get(source)?.history.branches ?? [];
  }

  /** An answer did not verify. */
  distrust(source: string, reason: string, nowMs: number): void {
    const entry = this.#entries.get(source);
    if (entry === undefined) return;
    if (nowMs - entry.lastOffenceAtMs > OFFENCE_MEMORY_MS) entry.offences = 0;
    entry.offences += 1;
    entry.lastOffenceAtMs = nowMs;
    entry.score *= 1 - WEIGHT;
    const ms = Math.min(MAX_QUARANTINE_MS, QUARANTINE_MS * 2 ** (entry.offences - 1));
    entry.quarantine = { untilMs: nowMs + ms, reason };
    entry.history.forget();
  }

  /** The node refuses requests for a while. */
  limit(source: string, untilMs: number): void {
    const entry = this.#entries.get(source);
    if (entry !== undefined) entry.limitedUntilMs = Math.max(entry.limitedUntilMs, untilMs);
  }

  /** It answered in time with what verified. */
  answered(source: string, latencyMs: number): void {
    const entry = this.#entries.get(source);
    if (entry === undefined) return;
    entry.silences = 0;
    entry.score += WEIGHT * (100 - entry.score);
    entry.latencyMs = entry.latencyMs === null ? latencyMs : entry.latencyMs + WEIGHT * (latencyMs - entry.latencyMs);
  }

  /** It did not answer, or said that it does not have it. */
  missed(source: string): void {
    const entry = this.#entries.get(source);
    if (entry === undefined) return;
    entry.silences += 1;
    entry.score *= 1 - WEIGHT;
  }

  /** It served a block that was proven: earlier offences no longer count. */
  forgive(source: string): void {
    const entry = this.#entries.get(source);
    if (entry !== undefined) entry.offences = 0;
  }

  /** Lets those back in whose time is over. */
  release(nowMs: number): void {
    for (const entry of this.#entries.values()) {
      if (entry.quarantine !== null && nowMs >= entry.quarantine.untilMs) entry.quarantine = null;
      if (nowMs >= entry.suspendedUntilMs && entry.suspendedUntilMs !== 0) {
        entry.suspendedUntilMs = 0;
        entry.history.forget();
      }
      if (nowMs >= entry.limitedUntilMs) entry.limitedUntilMs = 0;
    }
  }

  /** Sources that answer, are of this chain and are not in quarantine: they may be asked. */
  trusted(): string[] {
    return this.#ids(isTrusted);
  }

  /** Sources that are up, of this chain or not yet known to be. */
  connected(): string[] {
    return this.#ids(({ isUp }) => isUp);
  }

  /** Trusted sources whose heads count as votes: not those that go back and forth. */
  voting(): string[] {
    return this.#ids((entry) => stateOf(entry) === "up" || stateOf(entry) === "limited");
  }

  /** What the trusted sources announced last. */
  heads(): (readonly [string, ServedHead])[] {
    const heads: (readonly [string, ServedHead])[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.announced !== null && isTrusted(entry)) heads.push([entry.voter.id, entry.announced]);
    }
    return heads;
  }

  /** The same sources, best first: those that answer, soon, and are not limited; otherwise in the order given. */
  ranked(sources: readonly string[]): string[] {
    const rank = (source: string): number => {
      const entry = this.#entries.get(source);
      return entry === undefined ? Infinity : entry.silences + (entry.limitedUntilMs > 0 ? 1_000 : 0);
    };
    return [...sources].sort((one, other) => rank(one) - rank(other));
  }

  /** Operators of whose trusted sources one announced a head last that fulfils a condition. */
  operatorsWhose(fulfils: (source: string, head: ServedHead) => boolean): number {
    const counted = new Set<string>();
    for (const entry of this.#entries.values()) {
      const { voter, announced } = entry;
      if (announced !== null && isTrusted(entry) && fulfils(voter.id, announced)) counted.add(voter.operator);
    }
    return counted.size;
  }

  /** Operators of the trusted sources. */
  trustedOperators(): ReadonlySet<string> {
    return new Set(this.trusted().map((id) => this.#entries.get(id)?.voter.operator ?? id));
  }

  /** All sources, in the order in which they are configured. */
  reports(): SourceReport[] {
    return [...this.#entries.values()].map((entry) => {
      const { voter, score, latencyMs, announced } = entry;
      const state = stateOf(entry);
      const { id, operator } = voter;
      return {
        id,
        operator,
        state,
        reason: reasonOf(entry, state),
        score: Math.round(score),
        latencyMs,
        head: announced,
      };
    });
  }

  #ids(isWanted: (entry: Entry) => boolean): string[] {
    return [...this.#entries.values()].filter(isWanted).map(({ voter }) => voter.id);
  }
}

function newEntry(voter: Voter): Entry {
  return {
    voter,
    history: new HeadHistory(),
    isUp: false,
    isOurs: false,
    foreign: null,
    downReason: "not connected yet",
    announced: null,
    quarantine: null,
    suspendedUntilMs: 0,
    limitedUntilMs: 0,
    offences: 0,
    lastOffenceAtMs: 0,
    silences: 0,
    score: 100,
    latencyMs: null,
  };
}

function isTrusted({ isUp, isOurs, quarantine }: Entry): boolean {
  return isUp && isOurs && quarantine === null;
}

function stateOf(entry: Entry): SourceState {
  if (!entry.isUp) return "down";
  if (entry.foreign !== null) return "foreign";
  if (!entry.isOurs) return "unidentified";
  if (entry.quarantine !== null) return "quarantined";
  if (entry.suspendedUntilMs !== 0) return "suspended";
  return entry.limitedUntilMs !== 0 ? "limited" : "up";
}

function reasonOf(entry: Entry, state: SourceState): string {
  switch (state) {
    case "down":
      return entry.downReason;
    case "foreign":
      return entry.foreign ?? "";
    case "unidentified":
      return "its chain is not known yet";
    case "quarantined":
      return entry.quarantine?.reason ?? "";
    case "suspended":
      return "it goes back and forth between branches";
    case "limited":
      return "it limits the rate of requests";
    case "up":
      return "";
  }
}
