import type { SourceBoard } from "../chain/agree/SourceBoard.ts";
import type { ChainProfile, PinnedBlock } from "../domain/chainProfile.ts";
import type { Hash } from "../lib/hex.ts";
import type { Heard } from "./Heard.ts";
import type { Outbox } from "./Outbox.ts";
import type { RpcAnswer, RpcCall } from "./ports.ts";

/** Which chain a source has to serve. */
export interface WantedChain {
  readonly chainId: number;
  readonly chain: Pick<ChainProfile, "genesisHash" | "pin">;
  readonly requestDeadlineMs: number;
}

/** A URL may be pointed elsewhere while its connection stands. */
const RECHECK_MS = 12_000;
/** Time before a source that did not answer is asked again. */
const RETRY_MS = 1_000;
const HASH = /^0x[0-9a-fA-F]{64}$/;
const QUANTITY = /^0x[0-9a-f]{1,16}$/i;

/**
 * Asks every source which chain it serves: chain id, the hash of block 0, and the pinned block. At the start, at each
 * reconnect, and from time to time, because a URL can come to mean another chain. Who serves another has no say and is asked
 * nothing until it serves ours again.
 */
export class Identity {
  readonly #wanted: WantedChain;
  readonly #outbox: Outbox;
  readonly #board: SourceBoard;
  readonly #onForeign: (source: string, reason: string) => void;
  readonly #requests = new Map<number, string>();
  readonly #askedAtMs = new Map<string, number>();
  readonly #foreign = new Set<string>();

  constructor(
    wanted: WantedChain,
    outbox: Outbox,
    board: SourceBoard,
    onForeign: (source: string, reason: string) => void,
  ) {
    this.#wanted = wanted;
    this.#outbox = outbox;
    this.#board = board;
    this.#onForeign = onForeign;
  }

  /** Asks those sources again whose time has come. */
  check(nowMs: number): void {
    const asked = new Set(this.#requests.values());
    for (const source of this.#board.connected()) {
      const atMs = this.#askedAtMs.get(source);
      const isKnown = this.#board.isOurs(source) || this.#foreign.has(source);
      const waitMs = isKnown ? RECHECK_MS : RETRY_MS;
      if (asked.has(source) || (atMs !== undefined && nowMs - atMs < waitMs)) continue;
      this.#ask(source, nowMs);
    }
  }

  /** A new connection: whatever was known of the old one no longer counts. */
  forget(source: string): void {
    this.#askedAtMs.delete(source);
    this.#foreign.delete(source);
    for (const [id, asked] of this.#requests) if (asked === source) this.#requests.delete(id);
  }

  /** Takes answers to an own request in. */
  answer(id: number, answers: readonly RpcAnswer[]): Heard {
    const source = this.#requests.get(id);
    if (source === undefined) return "not-ours";
    this.#requests.delete(id);
    const finding = judgeIdentity(answers, this.#wanted);
    if (finding === "unknown") return "nothing-new";
    const wasOurs = this.#board.isOurs(source);
    const isNew = finding !== null && !this.#foreign.has(source);
    if (finding === null) this.#foreign.delete(source);
    else this.#foreign.add(source);
    this.#board.identify(source, finding);
    if (isNew) this.#onForeign(source, finding);
    return isNew || wasOurs !== this.#board.isOurs(source) ? "new" : "nothing-new";
  }

  #ask(source: string, nowMs: number): void {
    this.#askedAtMs.set(source, nowMs);
    const calls = identityCalls(this.#wanted);
    this.#requests.set(this.#outbox.request(source, calls, this.#wanted.requestDeadlineMs), source);
  }
}

function identityCalls({ chain: { genesisHash, pin } }: WantedChain): RpcCall[] {
  const blocks = [...(genesisHash === null ? [] : [0]), ...(pin === null ? [] : [pin.number])];
  const calls = blocks.map((number) => ({
    method: "eth_getBlockByNumber",
    params: [`0x${number.toString(16)}`, false],
  }));
  return [{ method: "eth_chainId", params: [] }, ...calls];
}

/** Null when the source serves the chain, "unknown" when it did not say, otherwise what it serves instead. */
export function judgeIdentity(
  answers: readonly RpcAnswer[],
  { chainId, chain: { genesisHash, pin } }: WantedChain,
): string | null {
  const [first, ...blocks] = answers;
  if (first?.ok !== true || blocks.some(({ ok }) => !ok)) return "unknown";
  const said = first.value;
  if (typeof said !== "string" || !QUANTITY.test(said)) return "its chain id is no number";
  if (Number(said) !== chainId) return `it serves chain ${Number(said)}, not ${chainId}`;
  const wanted: PinnedBlock[] = [...(genesisHash === null ? [] : [{ number: 0, hash: genesisHash }])];
  if (pin !== null) wanted.push(pin);
  for (const [index, { number, hash }] of wanted.entries()) {
    const found = hashIn(blocks[index]);
    if (found === hash) continue;
    const name = number === 0 ? "genesis" : `the pinned block ${number}`;
    return found === null ? `it does not have ${name}` : `${name} is ${found} there, not ${hash}`;
  }
  return null;
}

function hashIn(answer: RpcAnswer | undefined): Hash | null {
  if (answer?.ok !== true || typeof answer.value !== "object" || answer.value === null) return null;
  const { hash } = answer.value as { hash?: unknown };
  return typeof hash === "string" && HASH.test(hash) ? (hash.toLowerCase() as Hash) : null;
}
