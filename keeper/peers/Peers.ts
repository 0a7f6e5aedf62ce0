import type { Verifiers } from "../domain/statementDigest.ts";
import type { SignedStatement } from "../domain/Statement.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import { fetchStatements } from "./fetchStatements.ts";
import { readStatements, writeStatements } from "./statementsDocument.ts";
import { StatementVerifier, type Recover } from "./StatementVerifier.ts";
import type { Address } from "../lib/hex.ts";

/** Another keeper whose statements are fetched. */
export interface PeerAddress {
  readonly name: string;
  /** Where its API is; may hold secrets, and is never shown. */
  readonly url: string;
}

/** What fetching from peers needs. */
export interface PeersOptions {
  readonly peers: readonly PeerAddress[];
  readonly verifiers: Verifiers;
  readonly recover: Recover;
  /** Whether a key's statements matter, by the books. */
  readonly isBonded: (signer: Address) => boolean;
  readonly deliver: (peer: string, statements: readonly SignedStatement[]) => void;
  /** A peer cannot be used, told once for each reason in a row, or can be, or can be again: null. */
  readonly onState: (peer: string, error: KeeperError | null) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** Time between two questions while something is open, while nothing is, and after an answer that no keeper gives. */
const OPEN_MS = 250;
const IDLE_MS = 3_000;
const HOSTILE_MS = 30_000;
/** The same document is handed over again after so long: what mattered to nobody then may matter now. */
const REPEAT_MS = 5_000;

interface Peer {
  readonly config: PeerAddress;
  timer: NodeJS.Timeout | null;
  isAsking: boolean;
  isHostile: boolean;
  /** The fault of its newest answer, null without one; undefined before the first. */
  state: string | null | undefined;
  last: { readonly text: string; readonly atMs: number } | null;
}

/**
 * The exchange with other keepers over HTTP: serves what this keeper knows to be signed, and asks each peer for what it knows.
 * Nothing that a peer answers, or does not, reaches further than its own turn.
 */
export class Peers {
  readonly #options: PeersOptions;
  readonly #verifier: StatementVerifier;
  readonly #peers: readonly Peer[];
  #statements: readonly SignedStatement[] = [];
  #document: string | null = null;
  #isOpen = false;
  #isClosed = false;

  constructor(options: PeersOptions) {
    this.#options = options;
    this.#verifier = new StatementVerifier(options.recover, options.isBonded);
    this.#peers = options.peers.map((config) => {
      return { config, timer: null, isAsking: false, isHostile: false, state: undefined, last: null };
    });
  }

  /** What `GET /v1/statements` answers. */
  get document(): string {
    return (this.#document ??= writeStatements(this.#statements, this.#options.verifiers));
  }

  /** Serves these from now on; asks often while something is open. */
  publish(statements: readonly SignedStatement[], isOpen: boolean): void {
    this.#statements = statements;
    this.#document = null;
    const isNew = isOpen && !this.#isOpen;
    this.#isOpen = isOpen;
    if (isNew) for (const peer of this.#peers) if (!peer.isHostile && !peer.isAsking) this.#schedule(peer, 0);
  }

  start(): void {
    for (const peer of this.#peers) this.#schedule(peer, 0);
  }

  close(): void {
    this.#isClosed = true;
    for (const { timer } of this.#peers) if (timer !== null) clearTimeout(timer);
  }

  #schedule(peer: Peer, waitMs: number): void {
    if (peer.timer !== null) clearTimeout(peer.timer);
    if (this.#isClosed || this.#options.signal.aborted) return;
    peer.timer = setTimeout(() => void this.#ask(peer), waitMs);
  }

  async #ask(peer: Peer): Promise<void> {
    peer.isAsking = true;
    const { deadlineMs, signal } = this.#options;
    try {
      this.#take(peer, await fetchStatements(peer.config.url, deadlineMs, signal));
      this.#tell(peer, null);
    } catch (error: unknown) {
      this.#tell(peer, KeeperError.is(error) ? error : new KeeperError("PeerMalformed", "its answer cannot be read"));
    }
    peer.isAsking = false;
    const isAway = peer.state !== null;
    this.#schedule(
      peer,
      peer.isHostile ? HOSTILE_MS : this.#isOpen && !isAway ? OPEN_MS : isAway ? IDLE_MS / 2 : IDLE_MS,
    );
  }

  #take(peer: Peer, text: string): void {
    const { verifiers, deliver, now } = this.#options;
    const { last } = peer;
    if (last?.text === text && now() - last.atMs < REPEAT_MS) return;
    const statements = this.#verifier.verify(readStatements(text, verifiers));
    peer.last = { text, atMs: now() };
    if (statements.length > 0 && !this.#isClosed) deliver(peer.config.name, statements);
  }

  #tell(peer: Peer, error: KeeperError | null): void {
    if (this.#isClosed || this.#options.signal.aborted) return;
    peer.isHostile = error !== null && error.code !== "PeerUnreachable";
    const state = error === null ? null : error.code;
    if (state === peer.state) return;
    peer.state = state;
    this.#options.onState(peer.config.name, error);
  }
}
