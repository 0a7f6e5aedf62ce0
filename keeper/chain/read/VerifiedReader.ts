import type { PinnedBlock } from "../../domain/chainProfile.ts";
import { KeeperError } from "../../errors/KeeperError.ts";
import type { Address, Hash } from "../../lib/hex.ts";
import { Votes } from "../agree/Votes.ts";
import { createSource } from "../sources/createSource.ts";
import type { Source, SourceOptions } from "../sources/Source.ts";
import { verifyHeader, type Header } from "../verify/header.ts";
import type { ProvenAccount } from "../verify/proof.ts";
import { VerificationError } from "../verify/VerificationError.ts";
import { AgreedHeads } from "./AgreedHeads.ts";
import { HeaderBook } from "./HeaderBook.ts";
import { HeadRound, type AgreedHead, type RoundOptions } from "./HeadRound.ts";
import { hedged } from "./hedged.ts";
import { Identities } from "./Identities.ts";
import { ProofHunt } from "./ProofHunt.ts";
import { askProof, proofCall, type ProofQuery } from "./proofs.ts";
import type { ReadContext } from "./ReadContext.ts";
import { Standings } from "./Standings.ts";

/** How a reader reads. */
export interface ReaderOptions {
  /** A block that every source must have, under that hash, to have a vote. */
  readonly pin?: PinnedBlock | undefined;
  /** Hash of block 0 that every source must have. */
  readonly genesisHash?: Hash | undefined;
  readonly chainId?: number | undefined;
  /** Accepts a single configured operator, whom nobody contradicts. */
  readonly allowUnwitnessed?: boolean | undefined;
  /** How long one source is waited for before another one is asked as well. Default 40. */
  readonly hedgeMs?: number | undefined;
  /** Longest time of a read. Default 2,000. */
  readonly deadlineMs?: number | undefined;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Hears of each source that answered what is proved to be false, once. */
  readonly onLiar?: ((source: string, reason: string) => void) | undefined;
}

/** A block to read at: its number, its hash, or its header. Absent: the newest one that is agreed on. */
export type BlockRef = number | Hash | Header;

/** A header that a majority of the configured operators vote for. */
export interface AgreedBlock {
  readonly header: Header;
  /** Operators whose head is the block or a verified descendant, of those who had answered. */
  readonly votes: number;
  readonly operators: readonly string[];
}

/** Facts with the block under which they are proved. */
export interface ProvenRead extends AgreedBlock {
  /** Null: it is proved that there is none. */
  readonly account: ProvenAccount | null;
  /** In the order of the slots asked for. */
  readonly words: readonly bigint[];
}

const DEFAULT_HEDGE_MS = 40;
const DEFAULT_DEADLINE_MS = 2_000;
/** Sources of a reader's own are asked when somebody reads; between, a call now and then keeps their connections. */
const IDLE_POLL_MS = 15_000;

/**
 * Reads facts of the chain from several sources, none of which is trusted.
 *
 * No value is returned that is not proved under a header whose hash a majority of the configured operators vote for.
 * Every read settles within the deadline; every fault is a `KeeperError`: `NoAgreement`, `NoProof`, `BlockMissing`,
 * `BlockNotCanonical`, `ReaderClosed`.
 */
export class VerifiedReader {
  readonly #context: ReadContext;
  readonly #deadlineMs: number;
  readonly #owned: readonly Source[];
  readonly #closing = new AbortController();
  readonly #agreed = new AgreedHeads();

  /**
   * @param options `sources` are opened, and stay the caller's
   * @throws KeeperError `ReaderUnwitnessed` for less than two operators without `allowUnwitnessed`
   */
  constructor(options: ReaderOptions & { readonly sources: readonly Source[] }, owned: readonly Source[] = []) {
    const { sources, now, hedgeMs = DEFAULT_HEDGE_MS, onLiar } = options;
    const { operatorCount } = new Votes(sources);
    if (operatorCount < (options.allowUnwitnessed === true ? 1 : 2)) {
      const message = `${operatorCount} operator${operatorCount === 1 ? "" : "s"}: nobody would contradict a liar`;
      throw new KeeperError("ReaderUnwitnessed", message, { operators: operatorCount });
    }
    this.#deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
    this.#owned = owned;
    const standings = new Standings();
    const onLie = (source: string, reason: string): void => {
      const standing = standings.of(source);
      if (standing.isLiar) return;
      standing.isLiar = true;
      onLiar?.(source, reason);
    };
    const identities = new Identities(options, now);
    this.#context = { sources, book: new HeaderBook(), standings, identities, hedgeMs, now, onLie };
  }

  /** A reader with sources of its own, which {@link VerifiedReader.close} closes. */
  static open(configs: readonly SourceOptions[], options: ReaderOptions): VerifiedReader {
    const sources = configs.map((config) => {
      return createSource(config, { now: options.now, pollIntervalMs: IDLE_POLL_MS, heartbeatMs: IDLE_POLL_MS });
    });
    const reader = new VerifiedReader({ ...options, sources }, sources);
    for (const source of sources) {
      const onDown = (): void => reader.reconnected(source.id);
      source.open({ onHead: () => undefined, onUp: () => undefined, onDown }, reader.#closing.signal);
    }
    return reader;
  }

  /** Ends every read and closes the sources that are the reader's own. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#owned.map((source) => source.close()));
  }

  /** A source may be another node now: its chain is checked again before its vote counts. */
  reconnected(source: string): void {
    this.#context.identities.forget(source);
  }

  /**
   * The newest block that a majority of the operators support, as soon as it is known.
   *
   * @throws KeeperError `NoAgreement`, whose payload says who said what
   */
  async head(): Promise<AgreedBlock> {
    return toBlock(await this.#round({ block: "latest" }));
  }

  /**
   * The header of the block with a number on the agreed chain, or of the block with a hash if it is on it.
   *
   * @throws KeeperError `NoAgreement`, `BlockMissing`, `BlockNotCanonical`
   */
  async blockHeader(block: BlockRef): Promise<Header> {
    return (await this.#resolve(block)).header;
  }

  /** The account; null when it is proved that there is none. */
  async account(address: Address, at?: BlockRef): Promise<ProvenAccount | null> {
    return (await this.prove({ address, slots: [] }, at)).account;
  }

  /** The word at a slot of 32 bytes; 0 when it is proved that there is none. */
  async storage(address: Address, slot: Hash, at?: BlockRef): Promise<bigint> {
    return (await this.prove({ address, slots: [slot] }, at)).words[0] ?? 0n;
  }

  /** Wei. */
  async balance(address: Address, at?: BlockRef): Promise<bigint> {
    return (await this.account(address, at))?.balance ?? 0n;
  }

  /** Transactions sent so far, for an account without code. */
  async nonce(address: Address, at?: BlockRef): Promise<bigint> {
    return (await this.account(address, at))?.nonce ?? 0n;
  }

  /** Account and words with the block that they are proved under: the other reads are parts of this one. */
  async prove(query: ProofQuery, at?: BlockRef): Promise<ProvenRead> {
    const startedAtMs = this.#context.now();
    const hunt = new ProofHunt(this.#context, query);
    const { header, operators } = await this.#resolve(at ?? "latest", query, hunt);
    const state = await hunt.find(header, operators, {
      deadlineMs: Math.max(1, this.#deadlineMs - (this.#context.now() - startedAtMs)),
      signal: this.#closing.signal,
    });
    for (const source of hunt.suspects) void this.#try(source, header, query);
    return { ...toBlock({ header, operators }), ...state };
  }

  async #resolve(block: BlockRef | "latest", query?: ProofQuery, hunt?: ProofHunt): Promise<AgreedHead> {
    if (typeof block === "object") return this.#resolve(block.hash);
    if (typeof block === "string" && block !== "latest") return this.#byHash(block);
    const tag = typeof block === "number" ? `0x${block.toString(16)}` : block;
    return this.#round({
      block,
      ...(query === undefined ? {} : { along: [proofCall(query, tag)] }),
      onAnswer: ({ source, header, along }) => hunt?.offer(source, header, along[0]),
    });
  }

  async #byHash(hash: Hash): Promise<AgreedHead> {
    const known = this.#agreed.get(hash);
    if (known !== undefined) return known;
    this.#assertOpen();
    const { sources, hedgeMs, standings } = this.#context;
    const ask = (source: Source, signal: AbortSignal): Promise<Header> => this.#fetchHeader(source, hash, signal);
    const options = { hedgeMs, signal: this.#closing.signal };
    const outcome = await hedged(standings.order(sources), ask, options);
    if (!outcome.ok) {
      const said = outcome.failures.map(([{ id, operator }, { code }]) => ({ source: id, operator, fault: code }));
      throw new KeeperError("BlockMissing", `no source has block ${hash}`, { blockHash: hash, said });
    }
    const { number } = outcome.value;
    const canonical = await this.#round({ block: number });
    if (canonical.header.hash === hash) return canonical;
    const message = `block ${number} is ${canonical.header.hash}, not ${hash}`;
    throw new KeeperError("BlockNotCanonical", message, { number, hash, canonical: canonical.header.hash });
  }

  async #fetchHeader(source: Source, hash: Hash, signal: AbortSignal): Promise<Header> {
    const options = { deadlineMs: this.#deadlineMs, signal };
    const block = await source.request("eth_getBlockByHash", [hash, false], options);
    if (block === null) throw new KeeperError("BlockMissing", `source ${source.id} lacks block ${hash}`);
    try {
      return verifyHeader(block, hash);
    } catch (error: unknown) {
      const isLie = error instanceof VerificationError && error.code !== "HeaderUnsupported";
      if (isLie) this.#context.onLie(source.id, error.message);
      throw error;
    }
  }

  async #round(options: Pick<RoundOptions, "block"> & Partial<RoundOptions>): Promise<AgreedHead> {
    this.#assertOpen();
    const round = new HeadRound(this.#context, {
      along: [],
      floor: this.#agreed.newest,
      deadlineMs: this.#deadlineMs,
      signal: this.#closing.signal,
      onAnswer: () => undefined,
      ...options,
    });
    const agreed = await round.agreed;
    this.#agreed.add(agreed, options.block === "latest");
    return agreed;
  }

  /** Asks a source again, by hash, for a proof that did not fit: if it does not fit again, the source has lied. */
  async #try(source: Source, header: Header, query: ProofQuery): Promise<void> {
    const standing = this.#context.standings.of(source.id);
    if (standing.isOnTrial || standing.isLiar || this.#closing.signal.aborted) return;
    standing.isOnTrial = true;
    const options = { deadlineMs: this.#deadlineMs, signal: this.#closing.signal };
    try {
      await askProof(this.#context, source, header, query, options);
    } catch (error: unknown) {
      if (!(error instanceof KeeperError)) throw error;
    } finally {
      standing.isOnTrial = false;
    }
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw new KeeperError("ReaderClosed", "the reader was closed");
  }
}

function toBlock({ header, operators }: AgreedHead): AgreedBlock {
  return { header, operators, votes: operators.length };
}
