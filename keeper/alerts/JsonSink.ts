import { createHmac } from "node:crypto";
import type { Notice } from "./plan/Notice.ts";
import { postJson } from "./postJson.ts";
import type { Origin, Sink } from "./Sink.ts";

/** Version of the body; only additions leave it as it is. */
const VERSION = 1;

/** What a JSON sink is made of. */
export interface JsonSinkOptions {
  readonly name: string;
  /** May hold a secret. */
  readonly url: string;
  /** Signs the bodies; undefined for none. */
  readonly secret: string | undefined;
  readonly origin: Origin;
  /** Wall-clock milliseconds. */
  readonly wallNow: () => number;
}

/**
 * A webhook that takes JSON as docs/alerts.md describes it.
 *
 * Headers: `idempotency-key`, the same each time that a notice is sent again; `x-lockstep-timestamp`, seconds since the epoch
 * of this attempt; and with a secret `x-lockstep-signature`, `v1=` and the HMAC-SHA256 (RFC 2104), in hex, over the
 * timestamp, a dot and the body. A receiver that refuses old timestamps cannot be sent a message a second time by others.
 */
export class JsonSink implements Sink {
  readonly name: string;
  readonly #options: JsonSinkOptions;

  constructor(options: JsonSinkOptions) {
    this.name = options.name;
    this.#options = options;
  }

  async send(notice: Notice, signal: AbortSignal): Promise<void> {
    const { url, secret, origin, wallNow } = this.#options;
    const { atMs, ...rest } = notice;
    const body = JSON.stringify({ version: VERSION, ...origin, ...rest, at: new Date(atMs).toISOString() });
    const timestamp = String(Math.floor(wallNow() / 1_000));
    const signed =
      secret === undefined
        ? {}
        : { "x-lockstep-signature": `v1=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}` };
    const headers = {
      "idempotency-key": headerSafe(`${origin.chainId}-${origin.keeper}-${notice.id}`),
      "x-lockstep-timestamp": timestamp,
      ...signed,
    };
    await postJson({ url, body, headers, secrets: secret === undefined ? [] : [secret] }, signal);
  }
}

function headerSafe(text: string): string {
  return text.replaceAll(/[^\x21-\x7e]/g, "_");
}
