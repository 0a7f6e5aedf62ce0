import type { Effect } from "../loop/ports.ts";
import { formatBlock, paintFor, type Paint } from "./formatBlock.ts";

/** Where a live view writes. */
export interface LiveOptions {
  readonly write: (line: string) => void;
  readonly isColoured: boolean;
  /** Wall-clock milliseconds. */
  readonly wallNow: () => number;
}

function describeLocated({ slots, isTruncated, isFinal }: Extract<Effect, { readonly type: "located" }>): string[] {
  const lines = slots.map(({ contract, variable, cause, before, after }) => {
    return `  ${contract}.${variable} (${cause})\n    books: ${before}\n    chain: ${after}`;
  });
  if (isTruncated && isFinal)
    lines.push("  and more: the books as a whole are suspect, and are rebuilt beside: see the log");
  return lines;
}

/** Shows a running keeper to a person: a line a block, and a line for everything that is not ordinary. */
export class LiveView {
  readonly #options: LiveOptions;
  readonly #paint: Paint;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#paint = paintFor(options.isColoured);
  }

  see(effect: Effect, atMs: number): void {
    const line = this.#describe(effect, atMs);
    if (line !== null) this.#options.write(line);
  }

  #describe(effect: Effect, atMs: number): string | null {
    const paint = this.#paint;
    switch (effect.type) {
      case "block":
        return formatBlock(effect.report, atMs, this.#options.wallNow(), paint);
      case "unknown":
        return paint.yellow(`UNKNOWN  ${effect.reason}: ${effect.detail}`);
      case "rolled-back":
        return paint.yellow(`reorg: ${effect.depth} block${effect.depth === 1 ? "" : "s"} taken back`);
      case "condition": {
        const { kind, detail } = effect.condition;
        return effect.holds ? paint.yellow(`${kind}: ${detail}`) : paint.dim(`over: ${kind}`);
      }
      case "finality":
        return paint[effect.mode.isWeak ? "yellow" : "dim"](`finality: ${effect.mode.detail}`);
      case "equivocation":
        return paint.yellow(`source ${effect.source} goes back and forth between branches: not counted for now`);
      case "checkpoint":
        return paint.dim(`checkpoint of block ${effect.blockNumber} sent (${effect.transaction.slice(0, 10)}…)`);
      case "incident": {
        const { id, state, contract, cause, blockNumber, containedIn } = effect.report;
        const where = containedIn === null ? "" : `, paused in block ${containedIn}`;
        return paint.red(`incident ${id.slice(0, 10)}… ${state}: ${contract} ${cause} in block ${blockNumber}${where}`);
      }
      case "located":
        return describeLocated(effect)
          .map((line) => paint.red(line))
          .join("\n");
      case "quarantine":
        return paint.yellow(`source ${effect.source} quarantined: ${effect.reason}`);
      case "view-compared":
        if (effect.comparison.kind === "equal" || effect.comparison.kind === "unknown") return null;
        return paint.red(`view ${effect.name} ${effect.comparison.kind} at ${effect.blockHash.slice(0, 10)}…`);
      case "latch":
        return paint.red(`LATCHED: ${effect.detail}`);
      default:
        return null;
    }
  }
}
