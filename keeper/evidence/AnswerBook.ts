import type { SourceCall } from "../chain/sources/Source.ts";
import type { RpcAnswer } from "../loop/ports.ts";
import type { Taken } from "./entries.ts";
import type { KeptExchange } from "./KeptExchange.ts";
import type { Recording } from "./readRecording.ts";
import { readAnswers } from "./readAnswers.ts";

/** One call of one exchange. */
interface Heard {
  readonly exchange: KeptExchange;
  readonly index: number;
}

/** An answer from the recording, and when it is there. */
export interface Recalled {
  readonly answer: RpcAnswer;
  /** When it is given to the core, and what that calls now; milliseconds of the recording's clock. */
  readonly atMs: number;
  readonly nowMs: number;
  /** False when nothing like it was ever asked, or only the beginning of the answer was kept. */
  readonly isRecorded: boolean;
  /** Whether only the beginning of the answer was kept. */
  readonly isCut: boolean;
}

/**
 * How much earlier than then a call may be asked and still be answered when it was then. Deciding takes no time on the
 * recording's clock; it did take time when it was recorded, and everything that came meanwhile came in between.
 */
const SLACK_MS = 5_000;
/** When the answer comes that says that there is none. */
const NOT_RECORDED_MS = 1;
/** A call whose answer does not depend on who is asked, nor when: it is pinned to a block hash. */
const PINNED_METHODS: ReadonlySet<string> = new Set(["eth_getBlockByHash", "eth_getBlockReceipts"]);
const HASH = /^0x[0-9a-f]{64}$/i;

/** What every source answered to what, to be asked again. */
export class AnswerBook {
  /** By source and call, and by pinned call alone, oldest first. */
  readonly #heard = new Map<string, Heard[]>();
  /** The exchange that was read last: the calls of one request are mostly those of one exchange. */
  #last: { readonly exchange: KeptExchange; readonly answers: readonly RpcAnswer[] } | null = null;

  readonly #taken = new Map<string, Taken>();

  constructor({ exchanges, taken }: Pick<Recording, "exchanges" | "taken">) {
    for (const moment of taken) this.#taken.set(`${moment.source} ${moment.firstId}`, moment);
    const bySending = exchanges.toSorted((left, right) => left.sentAtMs - right.sentAtMs);
    for (const exchange of bySending) {
      for (const [index, call] of exchange.calls.entries()) {
        const key = keyOf(call);
        this.#note(`${exchange.source} ${key}`, { exchange, index });
        if (isPinned(call)) this.#note(key, { exchange, index });
      }
    }
  }

  /**
   * What the source answered to the call nearest in time: at the asking or after it, else before it, else what another source
   * answered to a call that is pinned to a block hash.
   */
  recall(source: string, call: SourceCall, askedAtMs: number): Recalled {
    const key = keyOf(call);
    const heard = nearest(this.#heard.get(`${source} ${key}`), askedAtMs) ?? nearest(this.#heard.get(key), askedAtMs);
    if (heard === undefined) {
      const message = `the recording holds no answer to ${call.method}`;
      const answer = { ok: false, code: "NotRecorded", message } as const;
      const atMs = askedAtMs + NOT_RECORDED_MS;
      return { answer, atMs, nowMs: atMs, isRecorded: false, isCut: false };
    }
    const { exchange, index } = heard;
    const { atMs, nowMs } = this.#moment(exchange, askedAtMs);
    const answer = this.#answersOf(exchange)[index] ?? { ok: false, code: "NotRecorded", message: "no such call" };
    const isCut = exchange.cut !== undefined;
    return { answer, atMs, nowMs, isRecorded: !isCut, isCut };
  }

  /** Asked when it was asked then, it comes when it came then, in the same order with everything else. */
  #moment(exchange: KeptExchange, askedAtMs: number): { atMs: number; nowMs: number } {
    const { source, firstId, sentAtMs, settledAtMs } = exchange;
    const soonestMs = askedAtMs + (settledAtMs - sentAtMs);
    const isThen = sentAtMs >= askedAtMs && settledAtMs - soonestMs <= SLACK_MS;
    if (!isThen) return { atMs: soonestMs, nowMs: soonestMs };
    return this.#taken.get(`${source} ${firstId}`) ?? { atMs: settledAtMs, nowMs: settledAtMs };
  }

  #note(key: string, heard: Heard): void {
    const list = this.#heard.get(key);
    if (list === undefined) this.#heard.set(key, [heard]);
    else list.push(heard);
  }

  #answersOf(exchange: KeptExchange): readonly RpcAnswer[] {
    if (this.#last?.exchange !== exchange) this.#last = { exchange, answers: readAnswers(exchange) };
    return this.#last.answers;
  }
}

/** The first that was sent at the time or after it, else the last before. */
function nearest(heard: readonly Heard[] | undefined, atMs: number): Heard | undefined {
  if (heard === undefined) return undefined;
  let low = 0;
  let high = heard.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((heard[middle]?.exchange.sentAtMs ?? 0) < atMs) low = middle + 1;
    else high = middle;
  }
  return heard[low] ?? heard[low - 1];
}

function isPinned({ method, params }: SourceCall): boolean {
  if (PINNED_METHODS.has(method)) return typeof params[0] !== "string" || HASH.test(params[0]);
  return params.some((param) => typeof param === "object" && param !== null && "blockHash" in param);
}

/** Equal for equal calls, whatever the order of members. */
function keyOf({ method, params }: SourceCall): string {
  return `${method} ${JSON.stringify(params, (_, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));
  })}`;
}
