import { TOPICS as FEED_TOPICS } from "../books/generated/AggregatorV3Interface.ts";
import type { Candidate, ServedHead } from "../chain/agree/Votes.ts";
import { createBloomQuery } from "../chain/verify/bloomQuery.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import type { Hash } from "../lib/hex.ts";
import type { BlockFetcher } from "./BlockFetcher.ts";
import type { Canonical } from "./Canonical.ts";
import type { FetchedBlock } from "./FetchedBlock.ts";
import { findPath, type Path } from "./findPath.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";

/** Blocks fetched ahead of the one that is applied next. */
const FETCH_AHEAD = 16;
/** Headers asked for at once where several are missing. */
const MAX_RANGE = 64;
/** Time for a second look at who can prove a block: a pool of nodes may have asked the one that is behind. */
const PROOF_PATIENCE_MS = 500;
/** The same while some were not heard, or are asked too often. */
const OWED_PATIENCE_MS = 4_000;
/** No contract of ours is in it, and Anvil's state root there is not that of its state. */
const GENESIS = 0;

/** Asks for everything that lies between the books and a head. */
export class Supply {
  readonly #options: KeeperOptions;
  readonly #fetcher: BlockFetcher;
  readonly #canonical: Canonical;
  readonly #mayConcern: (logsBloom: `0x${string}`) => boolean;
  /** Whether k operators vote for a block. */
  readonly #isAgreed: (block: ServedHead) => boolean;

  constructor(
    options: KeeperOptions,
    fetcher: BlockFetcher,
    canonical: Canonical,
    isAgreed: (block: ServedHead) => boolean,
  ) {
    this.#isAgreed = isAgreed;
    this.#options = options;
    this.#fetcher = fetcher;
    this.#canonical = canonical;
    this.#mayConcern = createBloomQuery([...Object.values(options.addresses), FEED_TOPICS.AnswerUpdated]);
  }

  /**
   * The way from the books to a head, as far as it is known.
   *
   * @throws KeeperError `SnapshotOrphaned` when k operators follow one that parts from the books below where they begin
   */
  path(target: ServedHead): Path {
    const path = findPath(target, {
      isApplied: (hash) => this.#canonical.has(hash),
      header: (hash) => this.#fetcher.header(hash),
      deploymentBlock: this.#options.deploymentBlock,
      root: this.#canonical.root,
      pin: this.#options.chain.pin,
      floor: this.#canonical.floor,
    });
    if (path.kind === "broken" && path.isBelowFloor === true && this.#isAgreed(target)) {
      const payload = { target: target.hash, floor: this.#canonical.floor };
      throw new KeeperError("SnapshotOrphaned", `a reorg reaches below the snapshot: ${path.detail}`, payload);
    }
    return path;
  }

  /**
   * Asks for the header that is missing on the way, and for those below it, as many as the gap may be long.
   *
   * @param tipNumber height of the books; null before their first block
   */
  link(
    leaf: Candidate,
    missing: ServedHead,
    sources: readonly string[],
    tipNumber: number | null,
    nowMs: number,
  ): void {
    const { number, hash } = missing;
    const gap = number - 1 - (tipNumber ?? this.#options.deploymentBlock - 1);
    const below = Math.max(0, Math.min(MAX_RANGE - 1, gap, number - 1 - GENESIS));
    // Those of a range come without proofs, and are proven in parallel later; one alone brings its proofs along.
    const withProofs = below === 0 && this.#isProven(number, leaf);
    this.#fetcher.wantHeader(hash, { sources, withProofs, number, below }, nowMs);
  }

  /**
   * Asks for what is missing of a way's first blocks and returns those that are complete, from the start.
   *
   * @param sourcesFor whom to ask for the block at a place of the way
   */
  fill(
    leaf: Candidate,
    hashes: readonly Hash[],
    sourcesFor: (index: number) => readonly string[],
    nowMs: number,
  ): FetchedBlock[] {
    const complete: FetchedBlock[] = [];
    for (const [index, hash] of hashes.entries()) {
      if (index - complete.length >= FETCH_AHEAD) break;
      const sources = sourcesFor(index);
      this.#want(hash, leaf, sources, nowMs);
      const block = this.#fetcher.get(hash);
      const isNext = complete.length === index;
      if (isNext && block !== undefined && this.#isComplete(block, sources, nowMs)) complete.push(block);
    }
    return complete;
  }

  /**
   * A block that nobody can prove, now and a moment later, is taken when k operators stand behind it; a single voice has to
   * prove what it says.
   */
  #isComplete(block: FetchedBlock, sources: readonly string[], nowMs: number): boolean {
    const isUnproven = block.wantsProofs && block.proven === null;
    const patienceMs = block.isProofOwed ? OWED_PATIENCE_MS : PROOF_PATIENCE_MS;
    if (isUnproven && nowMs - block.factsAtMs < patienceMs) return false;
    if (isUnproven && (block.header === null || !this.#isAgreed(block.header))) return false;
    if (isUnproven) this.#fetcher.settleWithoutTokens(block, sources);
    return this.#fetcher.isComplete(block, sources);
  }

  #want(hash: Hash, leaf: Candidate, sources: readonly string[], nowMs: number): void {
    const header = this.#fetcher.header(hash);
    if (header === undefined) return;
    // Whose bloom has neither a book contract nor a price can hold no log that concerns the books.
    if (this.#mayConcern(header.logsBloom)) this.#fetcher.wantFacts(hash, sources, nowMs);
    else this.#fetcher.skipFacts(hash);
    if (this.#isProven(header.number, leaf)) this.#fetcher.wantProofs(hash, sources, nowMs);
  }

  #isProven(number: number, leaf: Candidate): boolean {
    return number > GENESIS && leaf.number - number < this.#options.proofDepth;
  }
}
