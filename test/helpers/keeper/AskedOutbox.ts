import { Outbox } from "../../../keeper/loop/Outbox.ts";
import type { Effect, RpcAnswer } from "../../../keeper/loop/ports.ts";

type Request = Extract<Effect, { type: "request" }>;

/** An answer with a value. */
export const ok = (value: unknown): RpcAnswer => ({ ok: true, value });

/** No answer, by the code of its fault. */
export const failed = (code = "SourceTimeout"): RpcAnswer => ({ ok: false, code, message: `${code} here` });

/** An outbox whose requests a test answers by hand, in whichever order it likes. */
export class AskedOutbox extends Outbox {
  /** Requests that were not answered yet, oldest first. */
  readonly open: Request[] = [];
  /** Everything else that was emitted. */
  readonly others: Effect[] = [];

  override emit(effect: Effect): void {
    if (effect.type === "request") this.open.push(effect);
    else this.others.push(effect);
  }

  /** Whom the open requests were sent to, in order. */
  get asked(): string[] {
    return this.open.map(({ source }) => source);
  }

  /** Takes the oldest open request to a source away. */
  next(source: string): Request {
    const index = this.open.findIndex((request) => request.source === source);
    if (index < 0) throw new Error(`nothing is asked of ${source}`);
    return this.open.splice(index, 1)[0]!;
  }
}
