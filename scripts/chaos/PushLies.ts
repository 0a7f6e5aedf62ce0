import { wholeOutcome, type Outcome } from "./answerCalls.ts";
import { editReply } from "./editReply.ts";
import type { Outbox } from "./Outbox.ts";
import { PushLine } from "./PushLine.ts";
import type { Rule } from "./Rule.ts";
import { isRecord, type Reply } from "./rpcMessage.ts";

/** Tells the client of what a node pushes, by the rule that applies to it. */
export class PushLies {
  readonly #outbox: Outbox;
  readonly #deliver: (outcome: Outcome) => void;
  readonly #line: PushLine;

  /**
   * @param deliver does what ends or mutes the socket
   * @param draw at least 0, below 1
   */
  constructor(outbox: Outbox, deliver: (outcome: Outcome) => void, draw: () => number) {
    this.#outbox = outbox;
    this.#deliver = deliver;
    this.#line = new PushLine((push) => outbox.send(toBytes(push), false), draw);
  }

  /** Hears of a push that has gone out by itself, as it was. */
  pass(push: Reply): void {
    this.#line.pass(push);
  }

  /** Sends everything that is held back, in its order. */
  flush(): void {
    this.#line.flush();
  }

  /** Rejects with what a function in a rule throws. */
  async tell(push: Reply, rule: Rule | undefined): Promise<void> {
    if (rule === undefined) {
      this.#line.take(push, rule);
      return;
    }
    const outcome = wholeOutcome(rule);
    if (outcome !== undefined) {
      this.#deliver(outcome);
      return;
    }
    switch (rule.action) {
      case "drop":
        return;
      case "drip":
        this.#outbox.send(toBytes(push), false, { bytesPerSecond: rule.bytesPerSecond });
        return;
      case "truncate":
        this.#outbox.send(toBytes(push), false, { cutAfter: rule.bytes });
        return;
      case "raw": {
        const answer = JSON.stringify(push);
        const text = rule.text.replaceAll("%answer%", () => answer).replaceAll("%id%", "null");
        this.#outbox.send(Buffer.from(text), false);
        return;
      }
      case "stale":
      case "shuffle":
      case "duplicate":
        this.#line.take(push, rule);
        return;
      default: {
        const params = isRecord(push["params"]) ? push["params"] : {};
        const result = await editReply(rule, params["result"], []);
        this.#line.take({ ...push, params: { ...params, result } }, undefined);
      }
    }
  }
}

function toBytes(push: Reply): Buffer {
  return Buffer.from(JSON.stringify(push));
}
