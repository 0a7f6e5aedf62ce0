/** What the ledger is meant to do, with plain maps: the second opinion of the randomised test. */
export class LedgerModel {
  readonly quotes = new Map<string, bigint>();
  readonly sizes = new Map<string, Map<number, bigint>>();
  readonly collateral = new Map<string, bigint>();
  sequence = 0n;

  readonly #settlement: string;
  readonly #scale: bigint;

  /** @param settlement the settlement asset; @param scale 1e-18 quote per unit of it */
  constructor(settlement: string, scale: bigint) {
    this.#settlement = settlement;
    this.#scale = scale;
  }

  quoteOf(account: string): bigint {
    return this.quotes.get(account) ?? 0n;
  }

  sizeOf(account: string, instrument: number): bigint {
    return this.sizes.get(account)?.get(instrument) ?? 0n;
  }

  collateralOf(account: string, asset: string): bigint {
    return this.collateral.get(`${account} ${asset}`) ?? 0n;
  }

  /** Instruments with a position. */
  openOf(account: string): number[] {
    return [...(this.sizes.get(account) ?? [])].filter(([, size]) => size !== 0n).map(([instrument]) => instrument);
  }

  /** A deposit, or with a negative amount a withdrawal; false when it is to be refused. */
  move(account: string, asset: string, amount: bigint): boolean {
    if (amount === 0n) return false;
    if (asset === this.#settlement) {
      const after = this.quoteOf(account) + amount * this.#scale;
      if (amount < 0n && this.openOf(account).length === 0 && after < 0n) return false;
      this.quotes.set(account, after);
    } else {
      const after = this.collateralOf(account, asset) + amount;
      if (after < 0n || (amount < 0n && this.openOf(account).length === 0 && this.quoteOf(account) < 0n)) return false;
      this.collateral.set(`${account} ${asset}`, after);
    }
    this.sequence += 1n;
    return true;
  }

  /** A trade between two accounts that a lax margin engine lets through whatever they own; always accepted. */
  trade(buyer: string, seller: string, instrument: number, size: bigint, quote: bigint): boolean {
    for (const [account, sizeDelta, quoteDelta] of [
      [buyer, size, -quote],
      [seller, -size, quote],
    ] as const) {
      const book = this.sizes.get(account) ?? new Map<number, bigint>();
      this.sizes.set(account, book.set(instrument, (book.get(instrument) ?? 0n) + sizeDelta));
      this.quotes.set(account, this.quoteOf(account) + quoteDelta);
      this.sequence += 1n;
    }
    return true;
  }
}
