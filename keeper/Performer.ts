import { revertDataOf } from "./actions/plan/revertReason.ts";
import { readRefusal } from "./actions/plan/sendRefusal.ts";
import { settleSignature } from "./actions/signers/settleSignature.ts";
import type { SignedTransaction, Signer } from "./actions/signers/Signer.ts";
import { MAX_BATCH_CALLS, type Source } from "./chain/sources/Source.ts";
import { KeeperError } from "./errors/KeeperError.ts";
import type { Hex } from "./lib/hex.ts";
import type { Effect, Input, KeyName, RpcAnswer } from "./loop/ports.ts";
import type { Relays } from "./Relays.ts";
import type { Store } from "./store/Store.ts";

/** What performing effects needs. */
export interface PerformerOptions {
  readonly sources: ReadonlyMap<string, Source>;
  readonly relays: Pick<Relays, "send" | "close">;
  readonly journal: Pick<Store, "append">;
  readonly signers: Readonly<Partial<Record<KeyName, Signer>>>;
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

  /** Closes what is open for performing alone: the relays. */
  close(): void {
    this.#options.relays.close();
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
      case "sign-typed-data":
        this.#signTypedData(effect);
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
    this.#sign(id, () => signer.signTransaction(request));
  }

  /** A local signer's answer is delivered before this returns: a pause must not wait for anything. */
  #sign(id: number, sign: () => SignedTransaction | Promise<SignedTransaction>): void {
    const { deliver, now, onFatal } = this.#options;
    settleSignature(sign, {
      onSigned: ({ raw, hash }) => deliver({ type: "signed", id, raw, hash, nowMs: now() }),
      onFailed: ({ code, message }) => deliver({ type: "sign-failed", id, code, message, nowMs: now() }),
      onFatal,
    });
  }

  #signTypedData({ id, key, domainSeparator, structHash }: Extract<Effect, { type: "sign-typed-data" }>): void {
    const signer = this.#options.signers[key];
    if (signer === undefined) {
      this.#options.onFatal(new KeeperError("KeyMissing", `no ${key} key is configured`, { key }));
      return;
    }
    const toSigned = (raw: Hex): SignedTransaction => ({ raw, hash: structHash });
    this.#sign(id, () => {
      const signature = signer.signTypedData({ domainSeparator, structHash });
      return typeof signature === "string" ? toSigned(signature) : signature.then(toSigned);
    });
  }

  /**
   * To every source and every relay at once: one that is cut off must not keep a pause from the others. And past the calls that
   * wait: a source that refused others for the rate, or is slow to answer them, may still take this one.
   */
  #broadcast({ raw, hash }: Extract<Effect, { type: "broadcast" }>): void {
    const { sources, relays, requestDeadlineMs, onSent, deliver, now } = this.#options;
    const answered = (source: string, error: KeeperError | null): void => {
      onSent(hash, source, error);
      const isAnswered = error?.code === "SourceRpcError";
      const refusal = error === null ? null : readRefusal(error.message, isAnswered);
      deliver({ type: "sent", hash, source, refusal, nowMs: now() });
    };
    for (const [id, source] of sources) {
      source.request("eth_sendRawTransaction", [raw], { deadlineMs: requestDeadlineMs, isUrgent: true }).then(
        () => {
          answered(id, null);
        },
        (error: unknown) => {
          answered(id, KeeperError.is(error) ? error : new KeeperError("SendFailed", String(error)));
        },
      );
    }
    // The core is not told what they answer: what only they have taken is sent on to the sources.
    relays.send(raw, hash);
  }
}

function toAnswer({ code, message, payload }: KeeperError): RpcAnswer {
  const { retryAfterMs } = payload;
  const data = revertDataOf(payload["data"]);
  return {
    ...{ ok: false, code, message },
    ...(typeof retryAfterMs === "number" ? { retryAfterMs } : {}),
    ...(data === null ? {} : { data }),
  };
}
