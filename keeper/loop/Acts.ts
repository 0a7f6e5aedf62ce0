import type { BookBlock, Books } from "../books/Books.ts";
import { Accounts } from "./Accounts.ts";
import { Bids } from "./Bids.ts";
import type { CustodyPoll } from "./CustodyPoll.ts";
import type { Follower } from "./Follower.ts";
import type { Judge } from "./Judge.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import type { Outbox } from "./Outbox.ts";
import type { OwnPast } from "./OwnPast.ts";
import { Pauses } from "./Pauses.ts";
import type { Input, RpcAnswer, RpcCall } from "./ports.ts";
import { Quorum } from "./quorum/Quorum.ts";
import { SidePauses } from "./SidePauses.ts";

/** What acting needs of the core. */
export interface ActsParts {
  readonly books: Books;
  readonly judge: Judge;
  readonly follower: Follower;
  readonly outbox: Outbox;
  readonly custody: Pick<CustodyPoll, "shortOf">;
}

type Of<Type extends Input["type"]> = Extract<Input, { type: Type }>;

/** Everything of the core that waits for the journal, for a signature or for what becomes of a transaction. */
export class Acts {
  readonly accounts = new Accounts();
  /** A proved mismatch, a divergent view and an operator's wish each have their own incident: none can stand before another. */
  readonly proved: Pauses;
  readonly claimed: Pauses;
  readonly ordered: Pauses;
  readonly side: SidePauses;
  readonly quorum: Quorum;
  readonly #options: KeeperOptions;
  readonly #parts: ActsParts;
  readonly #bids = new Bids();
  #past: OwnPast;

  constructor(options: KeeperOptions, parts: ActsParts) {
    const { books, judge, follower, outbox, custody } = parts;
    const { accounts } = this;
    this.#options = options;
    this.#parts = parts;
    this.#past = options;
    this.#recallBids();
    const paths = {
      ...{ books, outbox, accounts, bids: this.#bids },
      ask: this.#ask.bind(this),
    };
    const isOf = (own: string) => ({ ...paths, isOwn: (cause: string) => cause === own });
    this.claimed = new Pauses(options, isOf("view-diverged"));
    this.ordered = new Pauses(options, isOf("ordered"));
    const isOwn = (cause: string): boolean => cause !== "view-diverged" && cause !== "ordered";
    this.proved = new Pauses(options, { ...paths, isOwn });
    this.#adopt();
    this.side = new SidePauses(options, outbox, this.#bids);
    this.quorum = new Quorum(options, { books, judge, follower, outbox, accounts, custody });
  }

  /** The incidents of this keeper's own pauses. */
  get pauses(): readonly Pauses[] {
    return [this.proved, this.claimed, this.ordered];
  }

  /** A pause has been decided on and is not on its way yet: nothing may hold it up. */
  get isPauseAwaited(): boolean {
    return this.#options.pauser !== null && this.proved.current?.state === "opened";
  }

  /** Takes over from another replica: with its nonces, its incidents and its signatures. */
  lead(past: OwnPast): void {
    this.#past = past;
    this.#recallBids();
    this.#adopt();
    this.accounts.forgetAll();
    this.quorum.lead(past);
  }

  journalled(input: Of<"journalled">): void {
    this.#owners.some((owner) => owner.journalled(input));
  }

  signed(input: Of<"signed">): void {
    this.#owners.some((owner) => owner.signed(input));
  }

  signFailed(input: Of<"sign-failed">): void {
    this.#owners.some((owner) => owner.signFailed(input));
  }

  sent(input: Of<"sent">): void {
    for (const owner of [...this.pauses, this.quorum]) owner.sent(input);
  }

  /** Takes the answers to an own question in; false when the id is somebody else's. */
  answer(id: number, answers: readonly RpcAnswer[]): boolean {
    return this.quorum.answer(id, answers) || this.pauses.some((pauses) => pauses.answer(id, answers));
  }

  /** The books are in sync at the newest heads: of what earlier runs left unfinished nothing differs any more. */
  inSync(tip: BookBlock): void {
    for (const pauses of this.pauses) pauses.inSync(tip);
  }

  tick(nowMs: number): void {
    for (const pauses of this.pauses) pauses.tick(nowMs);
  }

  get #owners(): readonly (Pauses | SidePauses | Quorum)[] {
    return [...this.pauses, this.side, this.quorum];
  }

  /** What a standby knows of incidents is the leader's until it leads itself. */
  #adopt(): void {
    if (this.#options.policy.mode !== "act") return;
    for (const pauses of this.pauses) pauses.adopt(this.#past.remembered?.incidents.values() ?? []);
  }

  #recallBids(): void {
    for (const { key, nonce, ...bid } of this.#past.remembered?.bids ?? []) {
      if (key === "pause") this.#bids.remember(nonce, bid);
    }
  }

  /** Asks the best source that is trusted; null while there is none. */
  #ask(calls: readonly RpcCall[]): number | null {
    const { follower, outbox } = this.#parts;
    const { board } = follower.agreement;
    const [source] = board.ranked(board.trusted());
    return source === undefined ? null : outbox.request(source, calls, this.#options.requestDeadlineMs);
  }
}
