import type { Hex } from "../lib/hex.ts";

/** An account, as events name it. */
const ACCOUNT = /^0x[0-9a-f]{64}$/;

/**
 * Accounts, assets and instruments that events have named: with them the slots of words can be told apart. They only grow,
 * also when blocks are taken back: more keys never make a slot mean something else.
 */
export class KnownKeys {
  readonly accounts = new Set<Hex>();
  readonly assets = new Set<Hex>();
  readonly instruments = new Set<bigint>();

  /** Remembers the keys that an event of a book contract names. */
  see(event: { readonly name: string }): void {
    const { account, to, asset, instrument, buyer, seller, bidder } = event as unknown as Readonly<
      Record<string, unknown>
    >;
    for (const key of [account, to, buyer, seller, bidder]) {
      if (typeof key === "string" && ACCOUNT.test(key)) this.accounts.add(key as Hex);
    }
    if (typeof asset === "string") this.assets.add(asset as Hex);
    if (typeof instrument === "bigint") this.instruments.add(instrument);
  }
}
