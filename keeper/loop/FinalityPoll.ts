import type { Finality, VerifiedChain } from "../chain/agree/Finality.ts";
import type { SourceBoard } from "../chain/agree/SourceBoard.ts";
import type { ServedHead } from "../chain/agree/Votes.ts";
import type { Hash } from "../lib/hex.ts";
import type { Heard } from "./Heard.ts";
import type { Outbox } from "./Outbox.ts";
import type { RpcAnswer, RpcCall } from "./ports.ts";

const TAGS = ["latest", "safe", "finalized"] as const;
const CALLS: readonly RpcCall[] = TAGS.map((tag) => ({ method: "eth_getBlockByNumber", params: [tag, false] }));

/** Asks the sources for their tags from time to time: what they call safe and final are claims, counted as votes. */
export class FinalityPoll {
  readonly #outbox: Outbox;
  readonly #board: SourceBoard;
  readonly #finality: Finality;
  readonly #chain: VerifiedChain;
  readonly #learn: (block: unknown, source: string, nowMs: number) => boolean;
  readonly #options: { readonly intervalMs: number; readonly requestDeadlineMs: number };
  readonly #requests = new Map<number, string>();
  #askedAtMs = -Infinity;

  constructor(
    parts: {
      readonly outbox: Outbox;
      readonly board: SourceBoard;
      readonly finality: Finality;
      readonly chain: VerifiedChain;
      /** Takes the blocks behind the tags in, true for a new one: a source may serve one here that it denies when it is asked by hash. */
      readonly learn?: (block: unknown, source: string, nowMs: number) => boolean;
    },
    options: { readonly intervalMs: number; readonly requestDeadlineMs: number },
  ) {
    this.#outbox = parts.outbox;
    this.#board = parts.board;
    this.#finality = parts.finality;
    this.#chain = parts.chain;
    this.#learn = parts.learn ?? (() => false);
    this.#options = options;
  }

  /** Asks when it is time. */
  check(nowMs: number): void {
    const sources = this.#board.trusted();
    if (sources.length === 0 || nowMs - this.#askedAtMs < this.#options.intervalMs) return;
    this.#askedAtMs = nowMs;
    const busy = new Set(this.#requests.values());
    for (const source of sources) {
      if (busy.has(source)) continue;
      this.#requests.set(this.#outbox.request(source, CALLS, this.#options.requestDeadlineMs), source);
    }
  }

  /** Takes answers to an own request in. */
  answer(id: number, answers: readonly RpcAnswer[]): Heard {
    const source = this.#requests.get(id);
    if (source === undefined) return "not-ours";
    this.#requests.delete(id);
    // Who was not heard, or is asked too often, has not said that it does not know the tag.
    if (answers.some((answer) => !answer.ok && answer.code !== "SourceRpcError")) return "nothing-new";
    const [latest, safe, finalized] = answers.map(readTag);
    if (latest == null || !this.#board.trusted().includes(source)) return "nothing-new";
    const learnt = answers.filter((answer) => answer.ok && this.#learn(answer.value, source, this.#askedAtMs));
    const { final, mode } = this.#finality;
    this.#finality.claim(source, { latest, safe: safe ?? null, finalized: finalized ?? null }, this.#chain);
    const isSame = final === this.#finality.final && mode?.detail === this.#finality.mode?.detail;
    return isSame && learnt.length === 0 ? "nothing-new" : "new";
  }
}

/** The block behind a tag; null where the node does not know the tag, or says something else. */
function readTag(answer: RpcAnswer): ServedHead | null {
  if (!answer.ok || typeof answer.value !== "object" || answer.value === null) return null;
  const { number, hash } = answer.value as { number?: unknown; hash?: unknown };
  if (typeof number !== "string" || !/^0x[0-9a-f]{1,13}$/i.test(number)) return null;
  if (typeof hash !== "string" || !/^0x[0-9a-f]{64}$/i.test(hash)) return null;
  return { number: Number(number), hash: hash.toLowerCase() as Hash };
}
