import type { KeySigner } from "./actions/signers/KeySigner.ts";
import { MAX_BATCH_CALLS, type Source } from "./chain/sources/Source.ts";
import { KeeperError } from "./errors/KeeperError.ts";
import type { Address } from "./lib/hex.ts";
import type { Effect, Input, KeyName, RpcAnswer } from "./loop/ports.ts";
import type { Journal } from "./store/Journal.ts";

/** What performing effects needs. */
export interface PerformerOptions {
  readonly sources: ReadonlyMap<string, Source>;
  readonly journal: Journal;
  readonly signers: Readonly<Partial<Record<KeyName, KeySigner>>>;
  readonly chainId: number;
  readonly registry: Address;
  readonly now: () => number;
  readonly requestDeadlineMs: number;
  /** Hands an input back to the core. */
  readonly deliver: (input: Input) => void;
  /** A source took, or refused, a transaction. */
  readonly onSent: (hash: string, source: string, error: KeeperError | null) => void;
  /** Something without which the keeper must not go on. */
  readonly onFatal: (error: unknown) => void;
}

/** Performs the core's effects: the only place where it meets sockets, disk and keys. */
export class Performer {
  readonly #options: PerformerOptions;

  constructor(options: PerformerOptions) {
    this.#options = options;
  }

  perform(effect: Effect): void {
    switch (effect.type) {
      case "request":
        this.#request(effect).catch(this.#options.onFatal);
        return;
      case "journal":
        this.#journal(effect);
        return;
      case "sign-transaction":
        this.#signTransaction(effect);
        return;
      case "sign-attestation":
        this.#signAttestation(effect).catch(this.#options.onFatal);
        return;
      case "broadcast":
        this.#broadcast(effect);
        return;
      default:
    }
  }

  async #request({ id, source, calls, deadlineMs }: Extract<Effect, { type: "request" }>): Promise<void> {
    const target = this.#options.sources.get(source);
    const starts = Array.from({ length: Math.ceil(calls.length / MAX_BATCH_CALLS) }, (_, at) => at * MAX_BATCH_CALLS);
    const items = await Promise.all(
      starts.map(
        async (start) => (await target?.batch(calls.slice(start, start + MAX_BATCH_CALLS), { deadlineMs })) ?? [],
      ),
    );
    const answers: RpcAnswer[] = items
      .flat()
      .map((item) => (item.ok ? { ok: true, value: item.result } : toAnswer(item.error)));
    this.#options.deliver({ type: "answers", id, answers, nowMs: this.#options.now() });
  }

  #journal({ id, kind, body }: Extract<Effect, { type: "journal" }>): void {
    this.#options.journal.append(kind, body).then(() => {
      this.#options.deliver({ type: "journalled", id, nowMs: this.#options.now() });
    }, this.#options.onFatal);
  }

  #signTransaction({ id, key, request }: Extract<Effect, { type: "sign-transaction" }>): void {
    const signer = this.#options.signers[key];
    if (signer === undefined) {
      this.#options.onFatal(new KeeperError("KeyMissing", `no ${key} key is configured`, { key }));
      return;
    }
    const { raw, hash } = signer.signTransaction(request);
    this.#options.deliver({ type: "signed", id, raw, hash, nowMs: this.#options.now() });
  }

  async #signAttestation({ id, attestation }: Extract<Effect, { type: "sign-attestation" }>): Promise<void> {
    const { signers, chainId, registry, deliver, now, onFatal } = this.#options;
    if (signers.attest === undefined) {
      onFatal(new KeeperError("KeyMissing", "no attest key is configured", { key: "attest" }));
      return;
    }
    const raw = await signers.attest.signAttestation(attestation, { chainId, registry });
    deliver({ type: "signed", id, raw, hash: attestation.blockHash, nowMs: now() });
  }

  /**
   * To every source at once: one that is cut off must not keep a pause from the others. And past the calls that wait: a source that
   * refused others for the rate, or is slow to answer them, may still take this one.
   */
  #broadcast({ raw, hash }: Extract<Effect, { type: "broadcast" }>): void {
    const { sources, requestDeadlineMs, onSent } = this.#options;
    for (const [id, source] of sources) {
      source.request("eth_sendRawTransaction", [raw], { deadlineMs: requestDeadlineMs, isUrgent: true }).then(
        () => {
          onSent(hash, id, null);
        },
        (error: unknown) => {
          onSent(hash, id, KeeperError.is(error) ? error : new KeeperError("SendFailed", String(error)));
        },
      );
    }
  }
}

function toAnswer({ code, message, payload }: KeeperError): RpcAnswer {
  const { retryAfterMs } = payload;
  return { ok: false, code, message, ...(typeof retryAfterMs === "number" ? { retryAfterMs } : {}) };
}
