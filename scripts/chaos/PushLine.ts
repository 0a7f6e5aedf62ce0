import { fromQuantity } from "./blockTags.ts";
import type { Decision } from "./RuleBook.ts";
import type { Rule } from "./Rule.ts";
import { isRecord, type Reply } from "./rpcMessage.ts";

/** Pushes that are held back at a time; the oldest go out when there are more. */
const MAX_HELD = 10_000;

interface Held {
  readonly push: Reply;
  /** The block that it is about, or -1. */
  readonly block: number;
  readonly blocks: number;
}

/** Holds pushes back, or sends them twice or out of order; what comes out is sent at once. */
export class PushLine {
  readonly #send: (push: Reply) => void;
  readonly #draw: () => number;
  #late: Held[] = [];
  #group: Reply[] = [];
  /** The highest block that a push has been about. */
  #newest = -1;

  /** @param draw at least 0, below 1 */
  constructor(send: (push: Reply) => void, draw: () => number) {
    this.#send = send;
    this.#draw = draw;
  }

  /** Takes a push that no other kind of rule keeps from the client. */
  take(push: Reply, rule: Decision["lie"]): void {
    const block = blockOf(push);
    this.#newest = Math.max(this.#newest, block);
    if (rule?.action === "stale") this.#late.push({ push, block, blocks: rule.blocks });
    else if (rule?.action === "shuffle") this.#shuffle(push, rule);
    else {
      this.#send(push);
      if (rule?.action === "duplicate") this.#send(push);
    }
    this.#release();
  }

  /** Hears of a push that has gone out by itself, as it was. */
  pass(push: Reply): void {
    this.#newest = Math.max(this.#newest, blockOf(push));
    this.#release();
  }

  /** Sends everything that is held back, in its order. */
  flush(): void {
    const late = this.#late.map(({ push }) => push);
    const pushes = [...late, ...this.#group];
    [this.#late, this.#group] = [[], []];
    for (const push of pushes) this.#send(push);
  }

  #shuffle(push: Reply, { count }: Rule & { action: "shuffle" }): void {
    this.#group.push(push);
    if (this.#group.length < Math.min(count, MAX_HELD)) return;
    const group = this.#group;
    this.#group = [];
    const order = group.map((_, index) => ({ index, key: this.#draw() })).sort((a, b) => a.key - b.key);
    // Chance may have left them as they were, which would be no lie.
    if (order.every(({ index }, place) => index === place)) order.reverse();
    for (const { index } of order) this.#send(group[index] ?? {});
  }

  #release(): void {
    let excess = this.#late.length - MAX_HELD;
    const kept: Held[] = [];
    const due: Held[] = [];
    for (const held of this.#late) {
      const isDue = excess-- > 0 || held.block < 0 || held.block <= this.#newest - held.blocks;
      (isDue ? due : kept).push(held);
    }
    this.#late = kept;
    for (const { push } of due) this.#send(push);
  }
}

/** The block of a pushed head or log; -1 for anything else. */
function blockOf({ params }: Reply): number {
  const result = isRecord(params) ? params["result"] : undefined;
  if (!isRecord(result)) return -1;
  return fromQuantity(result["blockNumber"]) ?? fromQuantity(result["number"]) ?? -1;
}
