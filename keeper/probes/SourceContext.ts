import { askMany } from "../chain/read/askMany.ts";
import { Standings } from "../chain/read/Standings.ts";
import type { BatchItem, Source, SourceCall } from "../chain/sources/Source.ts";
import { verifyHeader, type Header } from "../chain/verify/header.ts";
import type { ChainProfile } from "../domain/chainProfile.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import { HexError, parseHash, type Address } from "../lib/hex.ts";
import type { ProbeOutcome } from "./Probe.ts";

/** How a source is connected. */
export type Transport = "http" | "webSocket" | "ipc";

/** What every probe of one source may know. */
export interface SourceFacts {
  readonly source: Source;
  readonly transport: Transport;
  /** Null when neither a deployment nor a source has said it. */
  readonly chainId: number | null;
  readonly chain: ChainProfile;
  /** An account whose proof matters: a book contract, or any account. */
  readonly subject: Address;
  /** Blocks below the head whose proofs the keeper wants. */
  readonly proofDepth: number;
  /** Bound of each call. */
  readonly deadlineMs: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Wall-clock milliseconds. */
  readonly wallNow: () => number;
}

/** One thing that is tried at one source. */
export interface SourceProbe {
  readonly name: string;
  /** Rejects with a `KeeperError` for what the source did not answer. */
  readonly run: (context: SourceContext) => Promise<ProbeOutcome>;
}

/** A block as a source serves it, with its header verified to be the preimage of the hash that the source names. */
export interface ServedBlock {
  readonly header: Header;
  readonly body: Readonly<Record<string, unknown>>;
}

/** One source, and calls to it that end with the probe. */
export class SourceContext {
  readonly facts: SourceFacts;
  readonly #signal: AbortSignal;

  constructor(facts: SourceFacts, signal: AbortSignal) {
    this.facts = facts;
    this.#signal = signal;
  }

  /** The result; rejects with the source's fault. */
  async ask(method: string, ...params: readonly unknown[]): Promise<unknown> {
    const { source, deadlineMs } = this.facts;
    return source.request(method, params, { deadlineMs, signal: this.#signal });
  }

  /** The result, or the node's own error; rejects with any other fault. */
  async try(method: string, ...params: readonly unknown[]): Promise<BatchItem> {
    try {
      return { ok: true, result: await this.ask(method, ...params) };
    } catch (error: unknown) {
      if (KeeperError.is(error, "SourceRpcError")) return { ok: false, error };
      throw error;
    }
  }

  /** Several calls at once, in one message where the source takes that; never rejects. */
  async all(calls: readonly SourceCall[]): Promise<BatchItem[]> {
    const { source, deadlineMs } = this.facts;
    return askMany(source, calls, new Standings(), { deadlineMs, signal: this.#signal });
  }

  /** Several calls in one message; never rejects. */
  async batch(calls: readonly SourceCall[]): Promise<BatchItem[]> {
    const { source, deadlineMs } = this.facts;
    return source.batch(calls, { deadlineMs, signal: this.#signal });
  }

  /**
   * A block by number or tag; null when the source does not have it.
   *
   * @throws KeeperError of the source, or a VerificationError
   */
  async block(tag: number | string): Promise<ServedBlock | null> {
    const text = typeof tag === "number" ? `0x${tag.toString(16)}` : tag;
    const result = await this.ask("eth_getBlockByNumber", text, false);
    return result === null ? null : readBlock(result);
  }

  /** The newest block. Rejects with `BlockMissing` where there is none. */
  async head(): Promise<ServedBlock> {
    const block = await this.block("latest");
    if (block === null) throw new KeeperError("BlockMissing", "the source has no newest block");
    return block;
  }
}

function readBlock(result: unknown): ServedBlock {
  const body = result as Readonly<Record<string, unknown>>;
  try {
    return { header: verifyHeader(result, parseHash(body["hash"], "hash")), body };
  } catch (error: unknown) {
    if (error instanceof HexError) throw new KeeperError("BlockMissing", "the source's block has no hash");
    throw error;
  }
}

/** The node's own words for why it refused. */
export function reasonOf(error: KeeperError): string {
  const { rpcMessage } = error.payload;
  return typeof rpcMessage === "string" ? rpcMessage : error.code;
}
