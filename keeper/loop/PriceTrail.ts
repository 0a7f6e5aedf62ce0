import { TOPICS } from "../books/generated/AggregatorV3Interface.ts";
import type { Answer } from "../books/Prices.ts";
import type { VerifiedLog } from "../domain/VerifiedLog.ts";
import type { Address, Hash, Hex } from "../lib/hex.ts";
import type { EvidenceBlock } from "./EvidenceBlock.ts";
import { lastAnswer } from "./lastAnswer.ts";

/** Headers that are kept, to link the block of a price to a later one: 600 bytes each. */
const MAX_HEADERS = 4_096;
/** Answers that are kept of each feed: a reorg may take the newest back. */
const MAX_ANSWERS = 2;
/** Any contract may log an answer: of those that are no feed yet, so many are kept. */
const MAX_STRANGERS = 16;

/** A header on the way from a price to the block that rests on it. */
interface Link {
  readonly number: number;
  readonly parentHash: Hash;
  readonly encoding: Hex;
}

/** Where an answer was logged, and the headers from there on. */
export interface PricePath {
  readonly block: EvidenceBlock;
  /** Encodings of the headers after it, oldest first, down to but without the block that was asked about. */
  readonly encodings: readonly Hex[];
}

/** Remembers where the newest answers of aggregators were logged, so that a price can be proved to who has only a block hash. */
export class PriceTrail {
  readonly #links = new Map<Hash, Link>();
  readonly #answers = new Map<Address, EvidenceBlock[]>();

  /**
   * A block of the books.
   *
   * @param logs of those that concern the books
   * @param isFeed whether prices may rest on what a contract logs
   */
  see(block: EvidenceBlock, logs: readonly VerifiedLog[], isFeed: (address: Address) => boolean): void {
    const { hash, header, encoding } = block;
    if (encoding !== null) {
      this.#links.set(hash, { number: header.number, parentHash: header.parentHash, encoding });
      const [oldest] = this.#links.keys();
      if (this.#links.size > MAX_HEADERS && oldest !== undefined) this.#links.delete(oldest);
    }
    for (const { address, topics } of logs) if (topics[0] === TOPICS.AnswerUpdated) this.#note(address, block, isFeed);
  }

  /** The books took a block back. */
  forget(hash: Hash): void {
    this.#links.delete(hash);
    for (const [address, blocks] of this.#answers) {
      if (blocks.at(-1)?.hash !== hash) continue;
      blocks.pop();
      if (blocks.length === 0) this.#answers.delete(address);
    }
  }

  /** Where an answer was logged that held at a block, if everything from there to the block is still known. */
  pathTo(aggregator: Address, answer: Answer, at: EvidenceBlock): PricePath | null {
    const block = this.#answers.get(aggregator)?.findLast((other) => other.header.number <= at.header.number);
    if (block?.encoding == null || block.frames === null || !isLast(block, aggregator, answer)) return null;
    if (block.hash === at.hash) return { block, encodings: [] };
    const encodings: Hex[] = [];
    for (let { parentHash } = at.header; parentHash !== block.hash;) {
      const link = this.#links.get(parentHash);
      if (link === undefined || link.number <= block.header.number) return null;
      encodings.unshift(link.encoding);
      ({ parentHash } = link);
    }
    return { block, encodings };
  }

  #note(address: Address, block: EvidenceBlock, isFeed: (address: Address) => boolean): void {
    const blocks = this.#answers.get(address) ?? [];
    if (blocks.at(-1) === block) return;
    this.#answers.set(address, [...blocks.slice(1 - MAX_ANSWERS), block]);
    if (isFeed(address)) return;
    const strangers = [...this.#answers.keys()].filter((other) => !isFeed(other));
    const [oldest] = strangers;
    if (strangers.length > MAX_STRANGERS && oldest !== undefined) this.#answers.delete(oldest);
  }
}

/** Whether the last answer that an aggregator logged in a block is this one. */
function isLast({ logs }: EvidenceBlock, aggregator: Address, { answer, updatedAt }: Answer): boolean {
  const ofAggregator = logs.filter((log) => log.address === aggregator);
  const last = lastAnswer(ofAggregator)?.[1];
  return last?.answer === answer && last.updatedAt === updatedAt;
}
