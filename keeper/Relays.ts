import { readRefusal } from "./actions/plan/sendRefusal.ts";
import { KeeperError } from "./errors/KeeperError.ts";
import type { Hash, Hex } from "./lib/hex.ts";
import type { Relay } from "./Relay.ts";

/** What sending to relays needs. */
export interface RelaysOptions {
  readonly relays: readonly Relay[];
  readonly deadlineMs: number;
  /** A relay has the transaction, says that it has it already, or neither: then with its fault. */
  readonly onSent: (relay: string, hash: Hash, fault: KeeperError | null) => void;
}

/** Transactions under way at one relay. Beyond, the oldest is given up: what is sent later pays more. */
const MAX_UNDER_WAY = 8;

/**
 * The second way of a transaction to the chain, beside the sources: endpoints that are sent it and never read from. Nothing waits
 * for them, and nothing is concluded from what they answer: a relay that takes a transaction and drops it costs nothing.
 */
export class Relays {
  readonly #options: RelaysOptions;
  /** By relay, what is under way there, oldest first. */
  readonly #underWay: ReadonlyMap<Relay, Map<Hash, AbortController>>;
  #isClosed = false;

  constructor(options: RelaysOptions) {
    this.#options = options;
    this.#underWay = new Map(options.relays.map((relay) => [relay, new Map<Hash, AbortController>()]));
  }

  /** Sends a signed transaction to every relay at once, but to those that have not answered yet since they were last sent it. */
  send(raw: Hex, hash: Hash): void {
    for (const [relay, underWay] of this.#underWay) {
      if (!this.#isClosed && !underWay.has(hash)) void this.#sendTo(relay, underWay, raw, hash);
    }
  }

  /** Gives up what is under way, and closes every connection. */
  close(): void {
    this.#isClosed = true;
    for (const [relay, underWay] of this.#underWay) {
      for (const end of underWay.values()) end.abort();
      relay.close();
    }
  }

  async #sendTo(relay: Relay, underWay: Map<Hash, AbortController>, raw: Hex, hash: Hash): Promise<void> {
    const { deadlineMs, onSent } = this.#options;
    const [oldest] = underWay.values();
    if (underWay.size >= MAX_UNDER_WAY) oldest?.abort();
    const end = new AbortController();
    underWay.set(hash, end);
    const request = { deadlineMs, signal: end.signal };
    const fault = await relay.ask("eth_sendRawTransaction", [raw], request).then((answer) => {
      return isHash(answer, hash) ? null : notTaken(relay);
    }, toFault);
    underWay.delete(hash);
    if (!this.#isClosed) onSent(relay.id, hash, fault);
  }
}

function isHash(answer: unknown, hash: Hash): boolean {
  return typeof answer === "string" && answer.toLowerCase() === hash;
}

function notTaken({ id: relay }: Relay): KeeperError {
  const message = `eth_sendRawTransaction at relay ${relay}: the answer is not the transaction's hash`;
  return new KeeperError("RelayMalformed", message, { relay });
}

/** Null where the relay's words are that it has the transaction: some say so with an HTTP status. */
function toFault(error: unknown): KeeperError | null {
  if (!KeeperError.is(error)) return new KeeperError("RelayFault", String(error), {}, { cause: error });
  const isAnswered = error.code === "RelayRpcError" || error.code === "RelayHttpStatus";
  return readRefusal(error.message, isAnswered) === null ? null : error;
}
