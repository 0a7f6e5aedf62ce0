import type { Effect } from "../../keeper/loop/ports.ts";

/** What of a keeper's doings is under way, as far as the names of points depend on it. */
export class Moment {
  /** Of the incident, once it was found. */
  incidentId: string | null = null;
  /** The effect was proven in this process. */
  isContained = false;
  /** The pause is being signed, or sent, by what runs now: other keys sign and send too. */
  isSigning = false;
  isSending = false;
  /** Sources to which the send that is under way was written. */
  written = 0;
  readonly #hashes: string[] = [];
  readonly #answers = new Map<string, number>();
  #intents = 0;
  #isAgain = false;

  /** The record that a journal effect writes; null for those that no point is about. */
  recordOf(kind: string, body: unknown): string | null {
    if (kind === "incident") return `${(body as { readonly state: string }).state} record`;
    if (kind !== "intent" || (body as { readonly key: string }).key !== "pause") return null;
    this.#intents += 1;
    return this.#intents === 1 ? "intent record" : "replacement intent record";
  }

  /** A send begins: of a new transaction, or of one that was sent before. */
  begin({ hash }: Extract<Effect, { type: "broadcast" }>): void {
    this.#isAgain = this.#hashes.includes(hash);
    if (!this.#isAgain) this.#hashes.push(hash);
    this.written = 0;
  }

  /** Name of the send that is under way. */
  get send(): string {
    if (this.#isAgain) return "send again";
    return this.#hashes.length <= 1 ? "send" : "replacement send";
  }

  /** Name of the signature that is under way. */
  get signature(): string {
    return this.#intents <= 1 ? "signature" : "replacement signature";
  }

  /** A pause was sent by this process and its effect is not proven yet. */
  get isAwaiting(): boolean {
    return this.#hashes.length > 0 && !this.isContained;
  }

  /** One more answer to a send by this name; which one it is. */
  answer(send: string): "first" | "second" {
    const count = (this.#answers.get(send) ?? 0) + 1;
    this.#answers.set(send, count);
    return count === 1 ? "first" : "second";
  }
}
