import { KeeperError } from "../errors/KeeperError.ts";
import { readBounded } from "../lib/readBounded.ts";
import { redactUrl } from "../lib/redact.ts";
import { parseView } from "./parseView.ts";
import type { View, ViewDifference } from "./View.ts";

const MAX_BYTES = 256 * 1024 * 1024;

/** A view behind an HTTP endpoint: GET reads it, POST sends it corrections. */
export class HttpView {
  readonly name: string;
  readonly #url: string;

  constructor(name: string, url: string) {
    this.name = name;
    this.#url = url;
  }

  /** @throws KeeperError `ViewUnreadable` or `ViewMalformed`; neither is a divergence. */
  async read(deadlineMs: number): Promise<View> {
    try {
      const response = await fetch(this.#url, { signal: AbortSignal.timeout(deadlineMs), redirect: "error" });
      if (!response.ok) {
        await response.body?.cancel();
        throw new Error(`status ${response.status}`);
      }
      const bytes = await readBounded(response, MAX_BYTES, () => new Error(`more than ${MAX_BYTES} bytes`));
      return parseView(JSON.parse(bytes.toString("utf8")));
    } catch (error: unknown) {
      if (KeeperError.is(error)) throw error;
      const message = `view ${this.name} at ${redactUrl(this.#url)} cannot be read`;
      throw new KeeperError("ViewUnreadable", message, { view: this.name }, { cause: error });
    }
  }

  /** Sends what the chain proves, for the owner to apply: one idempotent batch, numbered by its block. */
  async resync(blockHash: string, differences: readonly ViewDifference[], deadlineMs: number): Promise<boolean> {
    const corrections = differences.map(({ account, item, proven }) => ({ account, item, amount: String(proven) }));
    const body = JSON.stringify({ blockHash, corrections });
    const headers = { "content-type": "application/json" };
    try {
      const signal = AbortSignal.timeout(deadlineMs);
      const response = await fetch(this.#url, { method: "POST", headers, body, signal, redirect: "error" });
      return response.ok;
    } catch {
      // The owner does not take corrections, or is away: the next comparison tells again.
      return false;
    }
  }
}
