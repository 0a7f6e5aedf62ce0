import type { Candidate, ServedHead } from "../chain/agree/Votes.ts";
import type { Hash } from "../lib/hex.ts";
import type { Agreement } from "./Agreement.ts";
import type { BlockFetcher } from "./BlockFetcher.ts";
import type { Doubts } from "./Doubts.ts";
import type { FetchedBlock } from "./FetchedBlock.ts";
import type { Linked } from "./FinalityGuard.ts";
import type { Path } from "./findPath.ts";
import type { Reach } from "./Reach.ts";
import type { Supply } from "./Supply.ts";

/** What the ways are found and filled with. */
export interface WaysParts {
  readonly agreement: Agreement;
  readonly fetcher: BlockFetcher;
  readonly supply: Supply;
  readonly reach: Reach;
  readonly doubts: Doubts;
}

/** A request that takes longer does not keep back what is known without its answer. */
const STUCK_MS = 100;
/** Whose branch, without k votes, does not meet the books within so many blocks, is walked down no further. */
const MAX_GAP = 20_000;
/** The same while k operators are heard: it is not for the books then, and walked along whenever anything happens. */
const MAX_AHEAD = 1_024;

/** Blocks above the last that k operators serve which are asked for before they do: as many as are judged beside the books. */
const LOOK_AHEAD = 64;

/** A branch, and how far along it the books may go. */
export interface Way extends Linked {
  /** How many of its blocks the books may take, from the start. */
  readonly open: number;
  /** How many of its blocks k operators serve, from the start. */
  readonly agreed: number;
}

/** The ways from the books to the heads that are served, and whom to ask for what is missing on them. */
export class Ways {
  readonly #agreement: Agreement;
  readonly #fetcher: BlockFetcher;
  readonly #supply: Supply;
  readonly #reach: Reach;
  readonly #doubts: Doubts;
  /** Blocks that were asked for since the last call of {@link link}. */
  #wanted = new Set<Hash>();

  constructor(parts: WaysParts) {
    this.#agreement = parts.agreement;
    this.#fetcher = parts.fetcher;
    this.#supply = parts.supply;
    this.#reach = parts.reach;
    this.#doubts = parts.doubts;
  }

  /** Lets every source be asked again for what is missing. */
  retry(): void {
    for (const [, { hash }] of this.#agreement.board.heads()) this.#fetcher.retry(hash);
    for (const hash of this.#wanted) this.#fetcher.retry(hash);
  }

  /**
   * Finds the ways to all heads, and asks for the headers that are missing on them.
   *
   * @param tipNumber height of the books; null before their first block
   */
  link(leaves: readonly Candidate[], tipNumber: number | null, nowMs: number): Linked[] {
    this.#wanted = new Set();
    const linked: Linked[] = [];
    for (const leaf of leaves) {
      const path = this.#supply.path(leaf);
      if (path.kind === "linked") linked.push({ leaf, base: path.base, hashes: path.hashes });
      else if (path.kind === "broken") this.#distrust(leaf, path.detail, nowMs);
      else this.#reachDown(leaf, path, tipNumber, nowMs);
    }
    return linked;
  }

  /** Measures how far along a branch the books may go now. */
  measure(branch: Linked): Way {
    const { hashes } = branch;
    const agreed = this.#reach.agreedOn(this.#heads(hashes));
    return { ...branch, open: this.#reach.isUnbound ? hashes.length : agreed, agreed };
  }

  /** Asks for the first blocks of a way: everybody for what k operators serve, for the rest only those who serve it. */
  fill({ leaf, hashes, agreed }: Way, nowMs: number): FetchedBlock[] {
    const [anybody, servers] = [this.#askable(leaf.sources, true), this.#askable(leaf.sources, false)];
    const wanted = hashes.slice(0, this.#reach.isUnbound ? hashes.length : agreed + LOOK_AHEAD);
    for (const hash of wanted) this.#wanted.add(hash);
    return this.#supply.fill(leaf, wanted, (index) => (index < agreed ? anybody : servers), nowMs);
  }

  /** Whether nobody answers for a block in time. */
  isStuck(hash: Hash, nowMs: number): boolean {
    const requests = [...(this.#fetcher.get(hash)?.requests.values() ?? [])];
    return requests.every(({ sinceMs }) => nowMs - sinceMs >= STUCK_MS);
  }

  /** Blocks on the ways to the heads, as far as they are known. */
  needed(leaves: readonly Candidate[], isApplied: (hash: Hash) => boolean): Hash[] {
    const needed = this.#agreement.board.heads().map(([, { hash }]) => hash);
    for (const leaf of leaves) {
      for (let hash = leaf.hash; !isApplied(hash);) {
        needed.push(hash);
        const header = this.#fetcher.header(hash);
        if (header === undefined) break;
        hash = header.parentHash;
      }
    }
    return needed;
  }

  /** Asks for the header that is missing on a way: everybody where k operators serve it, else those who do. */
  #reachDown(
    leaf: Candidate,
    { block, above }: Extract<Path, { kind: "missing" }>,
    tipNumber: number | null,
    nowMs: number,
  ): void {
    const isAgreed = this.#agreement.isAgreed(above);
    const gap = leaf.number - block.number;
    if (!isAgreed && gap > MAX_GAP) {
      this.#distrust(leaf, `its branch does not meet the books within ${MAX_GAP} blocks`, nowMs);
      return;
    }
    if (!isAgreed && gap > MAX_AHEAD && !this.#reach.isUnbound) return;
    this.#wanted.add(block.hash);
    const servers = this.#askable(this.#agreement.sourcesOf(above), isAgreed);
    this.#supply.link(leaf, block, servers, tipNumber, nowMs);
    this.#doubts.checkFetch(block.hash, leaf.sources, nowMs);
  }

  /** Heights and hashes of blocks whose headers are known. */
  #heads(hashes: readonly Hash[]): ServedHead[] {
    return hashes.map((hash) => ({ hash, number: this.#fetcher.header(hash)?.number ?? -1 }));
  }

  /** Those of some sources that are believed, first; then everybody else who is, where anybody may be asked. */
  #askable(sources: readonly string[], isAnybody: boolean): string[] {
    const trusted = this.#agreement.board.trusted();
    const first = trusted.filter((source) => sources.includes(source));
    return isAnybody ? [...first, ...trusted.filter((source) => !sources.includes(source))] : first;
  }

  #distrust({ sources }: Candidate, reason: string, nowMs: number): void {
    for (const source of sources) this.#agreement.distrust(source, reason, nowMs);
  }
}
