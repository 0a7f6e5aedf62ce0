import type { BookBlock, Books } from "../books/Books.ts";
import { SourceBoard } from "../chain/agree/SourceBoard.ts";
import type { Candidate, ServedHead } from "../chain/agree/Votes.ts";
import type { Condition } from "../domain/conditions.ts";
import type { UnknownReason } from "../domain/Verdict.ts";
import type { Hash } from "../lib/hex.ts";
import { Agreement } from "./Agreement.ts";
import { BlockFetcher } from "./BlockFetcher.ts";
import { Canonical } from "./Canonical.ts";
import { Doubts } from "./Doubts.ts";
import { describeSplit } from "./describeSplit.ts";
import type { FetchedBlock } from "./FetchedBlock.ts";
import { FinalityGuard } from "./FinalityGuard.ts";
import type { Heard } from "./Heard.ts";
import type { Judge } from "./Judge.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import type { Outbox } from "./Outbox.ts";
import type { RpcAnswer } from "./ports.ts";
import { Reach } from "./Reach.ts";
import { Rewind } from "./Rewind.ts";
import { SideBranches, type SideVerdict } from "./SideBranches.ts";
import { Supply } from "./Supply.ts";
import { toBookBlock } from "./toBookBlock.ts";
import { Ways, type Way } from "./Ways.ts";

const RETRY_MS = 250;
const MAX_RETRY_MS = 4_000;
/** How far below the books' block a branch may part to be judged, how long it may be, and how far an agreed block is looked for. */
const MAX_SIDE_DEPTH = 64;
/** Account proofs are kept down to the newest final block, but for no more than so many. */
const MAX_PROOFS = 1_024;
/** So many blocks are kept whole, and more down to the newest final one: the chain takes no checkpoint of an older one. */
const MAX_WHOLE = 256;
/** Time in which a block on top of the books' newest finds its votes; then it is judged without. */
const VOTES_PATIENCE_MS = 50;

/** Where the books stand, and who stands behind it. */
export interface Standing {
  readonly tip: BookBlock;
  readonly fetched: FetchedBlock;
  /** The newest heads of k operators are in the books. */
  readonly isLevel: boolean;
  /** Something that matters cannot be judged now, and that was said. */
  readonly isDoubted: boolean;
  /** Operators that vote for the tip. */
  readonly votes: number;
  /** The newest block of the books that k operators vote for, near the tip; null while there is none. */
  readonly agreed: FetchedBlock | null;
}

/** What following the chain leads to, in order. */
export interface FollowerEvents {
  /** A verified block on top of the books' tip: apply and judge it. */
  onBlock(fetched: FetchedBlock, block: BookBlock): void;
  /** The books took this block back. */
  onTakenBack(hash: Hash): void;
  /** All of a reorg's blocks were taken back. */
  onRolledBack(depth: number, base: Hash | null): void;
  /** A branch that is not followed diverges. */
  onSideDivergence(verdict: SideVerdict, nowMs: number): void;
  onUnknown(reason: UnknownReason, detail: string): void;
}

/**
 * Follows the branch that most operators serve, as far as k of them do: verifies every block down to the books, rolls the books
 * back where the chain did, and hands over what is to be applied. Whatever else is served is judged as well, beside it.
 */
export class Follower {
  readonly agreement: Agreement;
  readonly #options: KeeperOptions;
  readonly #books: Books;
  readonly #events: FollowerEvents;
  readonly #fetcher: BlockFetcher;
  readonly #canonical: Canonical;
  readonly #sides: SideBranches;
  readonly #ways: Ways;
  readonly #doubts: Doubts;
  readonly #rewind: Rewind;
  readonly #finality: FinalityGuard;
  readonly #reach: Reach;
  /** The newest block of the books behind which k operators stand. */
  #agreed: Hash | null = null;
  /** Whether k operators ever stood behind the books' newest block. */
  #isTipAgreed = false;
  /** The block that the books wait for, and since when. */
  #next: { readonly hash: Hash; readonly sinceMs: number } | null = null;
  #behind = 0;
  #split: string | null = null;
  #regression: string | null = null;
  #retry = { atMs: 0, waitMs: RETRY_MS };

  constructor(
    options: KeeperOptions,
    parts: { readonly books: Books; readonly judge: Judge; readonly outbox: Outbox; readonly undoDepth: number },
    events: FollowerEvents,
    start: FetchedBlock | null = null,
  ) {
    const { books, judge, outbox, undoDepth } = parts;
    this.#options = options;
    this.#books = books;
    this.#events = events;
    this.#canonical = new Canonical(undoDepth);
    if (start !== null) this.#canonical.begin(start);
    const board = new SourceBoard(options.sources);
    this.#fetcher = new BlockFetcher(options, { outbox, board }, (source, reason, nowMs) => {
      this.agreement.distrust(source, reason, nowMs);
    });
    const access = { outbox, board, fetcher: this.#fetcher, canonical: this.#canonical };
    this.agreement = new Agreement(options, access, (hash, nowMs) => {
      const heads = this.agreement.board.heads();
      const claimants = heads.flatMap(([source, head]) => (head.hash === hash ? [source] : []));
      this.#doubts.checkFetch(hash, claimants, nowMs);
    });
    this.#doubts = new Doubts(this.#fetcher, (claimants) => {
      return this.agreement.isQuorum((source) => !claimants.includes(source));
    });
    const isAgreed = this.agreement.isAgreed.bind(this.agreement);
    const supply = new Supply(options, this.#fetcher, this.#canonical, isAgreed);
    this.#reach = new Reach(this.agreement, options.chain.blockSeconds);
    const { agreement } = this;
    this.#ways = new Ways({ agreement, fetcher: this.#fetcher, supply, reach: this.#reach, doubts: this.#doubts });
    this.#sides = new SideBranches(books, judge);
    this.#rewind = new Rewind({ books, canonical: this.#canonical, agreement: this.agreement }, events);
    this.#finality = new FinalityGuard({ canonical: this.#canonical, agreement: this.agreement });
  }

  /** The source announces a head: a claim until its header is verified. */
  announce(source: string, head: ServedHead): void {
    this.agreement.announce(source, head);
    this.#retry.waitMs = RETRY_MS;
  }

  /** Whether a block is one of the books'. */
  holds(hash: Hash): boolean {
    return this.#canonical.has(hash);
  }

  /** One of the books' newest blocks, as it was fetched; undefined for others. */
  held(hash: Hash): FetchedBlock | undefined {
    return this.#canonical.get(hash);
  }

  /** The books' block at a height. */
  hashAt(number: number): Hash | undefined {
    return this.#canonical.at(number);
  }

  /** The block of the books that lies so many below another; null when they do not reach there. */
  below(block: FetchedBlock, depth: number): FetchedBlock | null {
    return this.#canonical.below(block, depth);
  }

  /** Of the books' blocks down to a height, the newest of those that k operators vote for, else of those with the most votes. */
  strongest(tip: FetchedBlock, downTo: number): FetchedBlock {
    const { quorum } = this.agreement;
    const lowest = Math.max(downTo, (tip.header?.number ?? 0) - MAX_SIDE_DEPTH);
    return this.#canonical.strongest(tip, lowest, quorum, ({ header }) =>
      // More than k say no more: one that stays behind would hold back what is done at the head.
      header === null ? 0 : Math.min(quorum, this.agreement.votesFor(header)),
    );
  }

  /** Takes answers to an own request in. */
  answer(id: number, answers: readonly RpcAnswer[], nowMs: number): Heard {
    const heard = this.agreement.answer(id, answers);
    if (heard !== "not-ours") return heard;
    return this.#fetcher.answer(id, answers, nowMs) ? "new" : "not-ours";
  }

  /** Lets time pass: quarantines end, and what nobody answered is asked again, less and less often. */
  tick(nowMs: number): void {
    this.agreement.board.release(nowMs);
    if (nowMs - this.#retry.atMs < this.#retry.waitMs) return;
    this.#retry = { atMs: nowMs, waitMs: Math.min(MAX_RETRY_MS, this.#retry.waitMs * 2) };
    this.#ways.retry();
  }

  /** What is unusual now. */
  look(nowMs: number, wallSeconds: number | null): Condition[] {
    const { tip } = this.#books;
    const [behind, split, regression] = [this.#behind, this.#split, this.#regression];
    return this.agreement.look({ nowMs, wallSeconds, tip, behind, split, regression });
  }

  /** Goes on as far as what is known allows; returns the block to decide at, or null while nothing can be said. */
  advance(nowMs: number): Standing | null {
    this.#doubts.clear();
    this.agreement.count(nowMs);
    const leaves = this.agreement.leaves();
    this.#reach.look(leaves, this.#agreed, nowMs);
    this.#doubts.checkHead(leaves.length === 0, nowMs);
    const isApplied = this.#canonical.has.bind(this.#canonical);
    this.#fetcher.prune(() => new Set([...this.#canonical.hashes(), ...this.#ways.needed(leaves, isApplied)]));
    const linked = this.#ways.link(leaves, this.#books.tip?.number ?? null, nowMs);
    const refused = this.#finality.refuse(linked, nowMs);
    const sound = leaves.filter(({ hash }) => !refused.has(hash));
    const ways = linked.map((branch) => this.#ways.measure(branch));
    const best = this.#choose(sound, ways);
    if (best !== null) this.#follow(best, nowMs);
    for (const branch of ways) this.#judgeAside(branch === best ? this.#rest(branch) : branch, nowMs);
    // A branch of which the newest headers are on their way has not gone.
    const pending = linked.length < leaves.length ? this.#split : null;
    this.#split = describeSplit(linked.map(({ leaf }) => leaf)) ?? pending;
    const doubt = this.#doubts.first;
    if (doubt !== null) this.#events.onUnknown(doubt.reason, doubt.detail);
    return best === null && this.agreement.consensusFault === null ? null : this.#standing(best, nowMs);
  }

  /** Whether the newest heads of k operators are in the books. */
  #isLevel(): boolean {
    return this.agreement.isQuorum((_, head) => this.#canonical.has(head.hash));
  }

  /** The branch for the books: the best, once it is linked. Until then one that takes no block back. */
  #choose(leaves: readonly Candidate[], ways: readonly Way[]): Way | null {
    const tip = this.#books.tip?.hash ?? null;
    const [best] = leaves;
    const hashes = new Set(leaves.map(({ hash }) => hash));
    const sound = ways.filter(({ leaf }) => hashes.has(leaf.hash));
    return sound.find(({ leaf }) => leaf.hash === best?.hash) ?? sound.find(({ base }) => base === tip) ?? null;
  }

  /** Moves the books to a branch, as far as its blocks are here. */
  #follow(branch: Way, nowMs: number): void {
    const { leaf, base, hashes, open, agreed } = branch;
    const tip = this.#books.tip;
    this.#regression = null;
    const isBehind = tip !== null && hashes.length === 0 && base !== tip.hash;
    if (isBehind && (this.#isTipAgreed || leaf.votes < this.agreement.quorum || this.#finality.isBelow(base))) {
      // A pure ancestor replaces nothing: the node has lost blocks, or lags. Catching up decides.
      this.#regression = `${leaf.sources.join(" and ")} at ${leaf.number}, the books at ${tip.number}`;
      return;
    }
    const blocks = this.#ways.fill(branch, nowMs).slice(0, open);
    // One block is an ordinary step; of several it is said that they came at once, although they may all be here.
    this.#behind = agreed > 1 ? agreed : agreed - Math.min(agreed, blocks.length);
    // Nothing is taken back for what too few serve.
    if (open === 0 && hashes.length > 0) return;
    this.#rewind.to(base);
    if (this.#books.tip?.hash !== tip?.hash) this.#isTipAgreed = false;
    for (const fetched of blocks) this.#apply(fetched);
    const next = blocks.length < open ? hashes[blocks.length] : undefined;
    if (next !== undefined) this.#doubts.checkFetch(next, leaf.sources, nowMs);
  }

  /** @param best the branch that is followed; null when none is */
  #standing(best: Way | null, nowMs: number): Standing | null {
    const { tip } = this.#books;
    const fetched = tip === null ? undefined : this.#canonical.get(tip.hash);
    if (tip === null || fetched === undefined) return null;
    const next = best?.hashes.slice(0, best.open).find((hash) => !this.#canonical.has(hash));
    const isLevel = this.#isLevel();
    // A descendant that nobody completes must not keep back what is known of the block below it.
    if (best !== null && next !== undefined && !isLevel && !this.#isHeldUp(best, next, nowMs)) return null;
    const votes = this.agreement.votesFor(tip);
    const isAgreed = ({ header }: FetchedBlock): boolean => header !== null && this.agreement.isAgreed(header);
    this.#isTipAgreed ||= votes >= this.agreement.quorum;
    const agreed = this.#canonical.newest(fetched, MAX_SIDE_DEPTH, isAgreed);
    this.#agreed = agreed?.hash ?? null;
    if (agreed?.header != null) {
      this.#canonical.anchor();
      this.#rewind.reached(agreed.header.number);
    }
    return { tip, fetched, isLevel, isDoubted: this.#doubts.first !== null, votes, agreed };
  }

  /**
   * Whether a block keeps the books waiting for longer than it may. Of blocks that k operators have gone beyond by several it may for as
   * long as an answer takes: what they show may have been mended since, and is not acted on before that is known.
   */
  #isHeldUp({ hashes, agreed }: Way, next: Hash, nowMs: number): boolean {
    if (this.#next?.hash !== next) this.#next = { hash: next, sinceMs: nowMs };
    const behind = hashes.slice(0, agreed).filter((hash) => !this.#canonical.has(hash)).length;
    if (behind > 1 && nowMs - this.#next.sinceMs < this.#options.requestDeadlineMs) return false;
    return this.#ways.isStuck(next, nowMs);
  }

  /** What the books have not taken of the branch that they follow. */
  #rest({ leaf, base, hashes, open, agreed }: Way): Way {
    const taken = hashes.findLastIndex((hash) => this.#canonical.has(hash)) + 1;
    const left = { open: Math.max(0, open - taken), agreed: Math.max(0, agreed - taken) };
    return { leaf, base: hashes[taken - 1] ?? base, hashes: hashes.slice(taken), ...left };
  }

  #judgeAside(branch: Way, nowMs: number): void {
    const { leaf, base, hashes } = branch;
    const { tip } = this.#books;
    // What is followed may just have taken its base from the books: then it has another way to them.
    const baseNumber = base === null ? undefined : this.#canonical.link(base)?.number;
    if (tip === null || base === null || baseNumber === undefined || !this.#sides.isOpen(leaf)) return;
    const depth = tip.number - baseNumber;
    if (hashes.length === 0 || hashes.length > MAX_SIDE_DEPTH || depth > MAX_SIDE_DEPTH) return;
    const blocks = this.#ways.fill(branch, nowMs);
    if (blocks.length < hashes.length) return;
    // Others may be about to serve what goes on from the books' newest block.
    if (base === tip.hash && nowMs - (blocks.at(-1)?.heardAtMs ?? nowMs) < VOTES_PATIENCE_MS) return;
    const verdict = this.#sides.judge(leaf, base, blocks, nowMs);
    if (verdict !== null) this.#events.onSideDivergence(verdict, nowMs);
  }

  #apply(fetched: FetchedBlock): void {
    const block = toBookBlock(fetched, this.#books);
    if (block === null) return;
    this.#events.onBlock(fetched, block);
    this.#canonical.push(fetched);
    this.#isTipAgreed = false;
    const final = this.agreement.finality.final?.number ?? block.number - this.#options.proofDepth;
    this.#canonical.releaseUpTo(Math.max(final, block.number - MAX_PROOFS));
    const deep = Math.min(final, block.number - MAX_WHOLE);
    for (const hash of this.#canonical.letGoUpTo(Math.max(deep, block.number - MAX_PROOFS))) this.#fetcher.forget(hash);
  }
}
