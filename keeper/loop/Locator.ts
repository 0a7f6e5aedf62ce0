import type { BookLog, Books } from "../books/Books.ts";
import type { BookName } from "../domain/bookSet.ts";
import type { Finding, LocatedSlot } from "../domain/Finding.ts";
import type { Hash } from "../lib/hex.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import { Search } from "./locate/Search.ts";
import type { KeepProofs, SearchResult, SearchView } from "./locate/SearchView.ts";
import type { Outbox } from "./Outbox.ts";
import type { RpcAnswer } from "./ports.ts";
import { SeenKeys } from "./SeenKeys.ts";

/** What is to be located, and where the chain stands. */
export interface LocatorView extends SearchView {
  readonly incidentId: Hash;
  /** What stands against the books or the chain, oldest first. */
  readonly findings: readonly Finding[];
  /** The second opinion found the fault to be the keeper's own. */
  readonly isOwnFault: boolean;
}

/** Incidents remembered as located. */
const MAX_DONE = 256;
/** A search that takes longer says what it has found so far. */
const INTERIM_MS = 2_000;

/** One incident, its contracts one after the other. */
interface Job {
  readonly incidentId: Hash;
  readonly startedAtMs: number;
  readonly results: Map<BookName, SearchResult>;
  search: Search;
  isInterimSaid: boolean;
}

/**
 * Names the slots in which the book contracts of an incident differ from the books, by descending through the chain's tries.
 *
 * Best effort: it starts only after the pause is on its way, works in slices that do not hold up a step, and whatever it cannot
 * find is reported as not found.
 */
export class Locator {
  readonly #options: KeeperOptions;
  readonly #books: Books;
  readonly #outbox: Outbox;
  readonly #seen: SeenKeys;
  readonly #keepProofs: KeepProofs;
  #job: Job | null = null;
  #view: LocatorView | null = null;
  readonly #done = new Set<string>();

  constructor(options: KeeperOptions, books: Books, outbox: Outbox, keepProofs: KeepProofs = () => undefined) {
    this.#options = options;
    this.#books = books;
    this.#outbox = outbox;
    this.#seen = new SeenKeys(books);
    this.#keepProofs = keepProofs;
  }

  /** Remembers keys that may name a slot later. */
  see(logs: readonly BookLog[]): void {
    for (const log of logs) this.#seen.see(log);
  }

  /** Goes on with what is to be located now, each contract of an incident once; null: nothing is, and a search ends. */
  tick(view: LocatorView | null): void {
    this.#view = view;
    if (view === null || (this.#job !== null && this.#job.incidentId !== view.incidentId)) this.#drop();
    if (view === null) return;
    this.#job ??= this.#open(view);
    this.#job?.search.tick(view);
    this.#settle(view);
  }

  /** Takes answers to an own request in; false when the id is somebody else's. */
  answer(id: number, answers: readonly RpcAnswer[], nowMs: number): boolean {
    if (this.#view === null || this.#job === null) return false;
    const view = { ...this.#view, nowMs };
    const isOwn = this.#job.search.answer(id, answers, view);
    this.#settle(view);
    return isOwn;
  }

  #drop(): void {
    this.#job?.search.stop();
    this.#job = null;
  }

  #open(view: LocatorView): Job | null {
    const search = this.#nextSearch(view);
    if (search === null) return null;
    return {
      incidentId: view.incidentId,
      startedAtMs: view.nowMs,
      results: new Map<BookName, SearchResult>(),
      search,
      isInterimSaid: false,
    };
  }

  #nextSearch({ incidentId, findings }: LocatorView): Search | null {
    const finding = findings.find(({ contract }) => !this.#done.has(`${incidentId} ${contract}`));
    if (finding === undefined) return null;
    const keepProofs = this.#keepProofs;
    const parts = { options: this.#options, books: this.#books, outbox: this.#outbox, seen: this.#seen, keepProofs };
    return new Search(parts, finding);
  }

  /** Says what a search came to; and what it has so far, once, when it takes long. */
  #settle(view: LocatorView): void {
    const job = this.#job;
    if (job === null) return;
    if (!job.search.isDone) {
      if (job.isInterimSaid || view.nowMs - job.startedAtMs < INTERIM_MS) return;
      job.isInterimSaid = true;
      job.results.set(job.search.contract, job.search.result);
      this.#say(job, false);
      return;
    }
    job.results.set(job.search.contract, job.search.result);
    this.#done.add(`${job.incidentId} ${job.search.contract}`);
    const [oldest] = this.#done;
    if (this.#done.size > MAX_DONE && oldest !== undefined) this.#done.delete(oldest);
    const next = this.#nextSearch(view);
    this.#say(job, next === null);
    if (next === null) this.#job = null;
    else job.search = next;
  }

  #say({ incidentId, results }: Job, isFinal: boolean): void {
    const all = [...results];
    const slots: LocatedSlot[] = all.flatMap(([, { slots: ofContract }]) => ofContract);
    const notes = all.flatMap(([contract, { notes: own }]) => own.map((note) => `${contract}: ${note}`));
    if (!isFinal) notes.push("the search goes on");
    this.#outbox.emit({
      ...{
        type: "located",
        incidentId,
        slots,
        note: notes.join("; "),
        isOwnFault: this.#view?.isOwnFault ?? false,
        isFinal,
      },
      isComplete: all.every(([, { isComplete }]) => isComplete),
      isTruncated: all.some(([, { isTruncated }]) => isTruncated),
      blocks: all.flatMap(([, { at }]) => (at === null ? [] : [at])),
    });
  }
}
