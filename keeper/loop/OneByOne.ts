/** A node may be in trouble, or be behind: what it answers once is not held against it for longer. */
const MEMORY_MS = 600_000;

/**
 * Sources that answered `eth_getBlockReceipts` with an error: not every node has the method. They are asked for receipts one by one
 * for a while, which proves the same and costs a call for each transaction.
 */
export class OneByOne {
  readonly #untilMs = new Map<string, number>();

  add(source: string, nowMs: number): void {
    this.#untilMs.set(source, nowMs + MEMORY_MS);
  }

  has(source: string, nowMs: number): boolean {
    return nowMs < (this.#untilMs.get(source) ?? 0);
  }
}
