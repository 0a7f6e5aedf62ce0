import type { Standings } from "../chain/read/Standings.ts";
import { MAX_BATCH_CALLS } from "../chain/sources/Source.ts";
import type { Header } from "../chain/verify/header.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import type { Hash } from "../lib/hex.ts";
import type { Anchors } from "./Anchors.ts";
import { linkHeaders } from "./linkHeaders.ts";
import { ordered } from "./ordered.ts";
import { readHeaders, type Range } from "./readHeaders.ts";
import type { BlockPoint, RebuildOptions } from "./RebuildOptions.ts";
import { DOUBTFUL, type Answer, type Servers } from "./Servers.ts";
import type { Turns } from "./Turns.ts";

/** Messages of headers under way at once, for one segment. */
const CHUNKS_AHEAD = 4;
/** A chain that changes this often below a block that is to be final is not one to rebuild from. */
const MAX_MOVES = 16;

/** The chain no longer has what was taken from it. */
export const REORGED = "RebuildReorged";
const MOVED = "RebuildAnchorMoved";

/** Runs of headers, each bound to a block that k operators serve: nothing else of them is believed. */
export class Segments {
  readonly #options: RebuildOptions;
  readonly #servers: Servers;
  readonly #anchors: Anchors;
  readonly #asked: { readonly standings: Standings; readonly turns: Turns };
  readonly #link: typeof linkHeaders;

  constructor(
    options: RebuildOptions,
    parts: {
      readonly servers: Servers;
      readonly anchors: Anchors;
      readonly standings: Standings;
      readonly turns: Turns;
    },
  ) {
    this.#options = options;
    this.#servers = parts.servers;
    this.#anchors = parts.anchors;
    this.#asked = parts;
    this.#link = options.replacements?.linkHeaders ?? linkHeaders;
  }

  /**
   * The headers of the chain of k operators at a range of heights, the lowest first.
   *
   * @param target where the range ends with it, it is this block
   * @throws KeeperError `RebuildReorged` when the chain has another block in the target's place; `NoAgreement`,
   * `RebuildStalled`
   */
  async load(range: Range, target: BlockPoint, signal: AbortSignal): Promise<Header[]> {
    for (let moves = 0; moves < MAX_MOVES; moves += 1) {
      const anchor = await this.#anchors.at(range.to);
      if (anchor.number === target.number && anchor.hash !== target.hash) throw reorged(anchor);
      // What is still under way when one part fails is of no use to anybody.
      const ended = new AbortController();
      try {
        return await this.#descend(range, anchor, AbortSignal.any([signal, ended.signal]));
      } catch (error: unknown) {
        if (!KeeperError.is(error, MOVED)) throw error;
      } finally {
        ended.abort();
      }
    }
    throw new KeeperError(REORGED, `block ${range.to} changed ${MAX_MOVES} times`, { number: range.to });
  }

  /** From the anchor down: so each header's hash is known before it is looked at. */
  async #descend(range: Range, anchor: Header, signal: AbortSignal): Promise<Header[]> {
    const headers: Header[] = [];
    let expected = anchor.hash;
    const bounds = { maxItems: CHUNKS_AHEAD, maxWeight: Infinity, weightOf: () => 0 };
    const ask = async (chunk: Range) => ({ chunk, answer: await this.#ask(chunk, anchor, signal) });
    for await (const { chunk, answer } of ordered(chunksOf(range), ask, bounds)) {
      const broken = this.#link(answer.value, expected);
      const wanted = { hash: expected, suspect: [answer.source, broken ?? ""] as const };
      const { value } = broken === null ? answer : await this.#ask(chunk, anchor, signal, wanted);
      headers.push(...value);
      expected = value.at(-1)?.parentHash ?? expected;
    }
    return headers.reverse();
  }

  /** One message's headers from anybody; with `wanted`, only those of the branch count, and whoever serves others has lied. */
  #ask(
    chunk: Range,
    anchor: Header,
    signal: AbortSignal,
    wanted?: { readonly hash: Hash; readonly suspect: readonly [string, string] },
  ): Promise<Answer<Header[]>> {
    return this.#servers.ask(
      {
        what: chunk.from === chunk.to ? `header ${chunk.to}` : `headers ${chunk.from} to ${chunk.to}`,
        suspect: wanted?.suspect,
        recheck: () => this.#recheck(anchor),
        attempt: async (source, ended) => {
          const options = { deadlineMs: this.#options.requestDeadlineMs, signal: ended };
          const headers = await readHeaders(source, chunk, this.#asked, options);
          const broken = wanted === undefined ? null : this.#link(headers, wanted.hash);
          if (broken === null) return headers;
          throw new KeeperError(DOUBTFUL, broken, { source: source.id });
        },
      },
      signal,
    );
  }

  async #recheck({ number, hash }: Header): Promise<void> {
    if ((await this.#anchors.at(number)).hash === hash) return;
    throw new KeeperError(MOVED, `block ${number} is no longer ${hash}`, { number, hash });
  }
}

/** Where a chain has another block than one that was taken for its own. */
export function reorged({ number, hash }: BlockPoint): KeeperError {
  return new KeeperError(REORGED, `the chain of k operators now has ${hash} as block ${number}`, { number, hash });
}

/** A range in pieces of one message each, the highest first. */
function* chunksOf({ from, to }: Range): Generator<Range> {
  for (let top = to; top >= from; top -= MAX_BATCH_CALLS)
    yield { from: Math.max(from, top - MAX_BATCH_CALLS + 1), to: top };
}
