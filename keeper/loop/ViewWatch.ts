import type { Books } from "../books/Books.ts";
import { decide, type Action } from "../domain/decide.ts";
import type { Finding } from "../domain/Finding.ts";
import type { ViewVerdict } from "../domain/Verdict.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import type { Outbox } from "./Outbox.ts";
import type { Pauses } from "./Pauses.ts";
import type { Input } from "./ports.ts";
import { Views } from "./Views.ts";

const DAY_SECONDS = 86_400;

/**
 * Compares views with the books and does what follows: a view that believes in collateral which is not there pauses new risk by its
 * policy, within the budget of such pauses; back in step, its incident ends.
 */
export class ViewWatch {
  readonly #options: KeeperOptions;
  readonly #books: Books;
  readonly #outbox: Outbox;
  readonly #pauses: Pauses;
  readonly #views: Views;
  /** Times in a row that each view was seen to differ. */
  readonly #timesSeen = new Map<string, number>();
  /** Chain times of the pauses that were opened. */
  #pausedAt: readonly number[] = [];
  /** What was last said of each view. */
  readonly #said = new Map<string, string>();
  /** The view that the pause is for. */
  #divergent: string | null = null;

  constructor(
    options: KeeperOptions,
    parts: { readonly books: Books; readonly outbox: Outbox; readonly pauses: Pauses },
  ) {
    this.#options = options;
    this.#books = parts.books;
    this.#outbox = parts.outbox;
    this.#pauses = parts.pauses;
    this.#views = new Views(parts.books);
  }

  /** @param isInSync whether the books are: a view is not judged by books that are doubted themselves */
  take({ name, mayPause, view }: Extract<Input, { type: "view" }>, isInSync: boolean): void {
    const comparison = this.#views.compare(view);
    this.#outbox.emit({ type: "view-compared", name, blockHash: view.blockHash, comparison });
    const finding = this.#views.finding(name, comparison);
    if (finding !== null) {
      this.#diverged({ kind: "ViewDiverged", view: name, findings: [finding], mayPause }, finding, isInSync);
      return;
    }
    if (comparison.kind === "equal" || comparison.kind === "orphaned") this.#timesSeen.delete(name);
    if (comparison.kind !== "equal") return;
    this.#said.delete(name);
    if (this.#divergent !== name) return;
    this.#pauses.close();
    if (this.#pauses.current === null) this.#divergent = null;
  }

  #diverged(verdict: ViewVerdict, finding: Finding, isInSync: boolean): void {
    const { view } = verdict;
    if (!isInSync) return;
    const timesSeen = (this.#timesSeen.get(view) ?? 0) + 1;
    this.#timesSeen.set(view, timesSeen);
    const now = this.#books.tip?.timestamp ?? 0;
    this.#pausedAt = this.#pausedAt.filter((at) => now - at < DAY_SECONDS);
    const history = {
      ...{ isPauseUnderway: this.#pauses.current !== null, isCheckpointDue: false, maySign: false },
      ...{ timesSeen, claimedPauses: this.#pausedAt.length },
    };
    for (const action of decide(verdict, history, this.#options.policy)) this.#act(action, verdict, finding, now);
  }

  #act(action: Action, { view, findings }: ViewVerdict, { detail }: Finding, now: number): void {
    if (action.kind === "soft-pause" && this.#pauses.open(findings)) {
      this.#divergent = view;
      this.#pausedAt = [...this.#pausedAt, now];
    }
    // Each reading tells the same again: it is said once, until the view is in step.
    const key = action.kind === "withhold" ? `${action.action} ${action.because}` : action.kind;
    if (action.kind === "soft-pause" || this.#said.get(view) === key) return;
    if (action.kind === "alert") {
      const { level, event } = action;
      this.#outbox.emit({ type: "alert", level, event, detail: `view ${view}: ${detail}` });
    }
    if (action.kind === "withhold") {
      this.#outbox.emit({ type: "withheld", action: action.action, because: action.because, detail: `view ${view}` });
    }
    this.#said.set(view, key);
  }
}
