import type { Holding, Row } from "./Row.ts";
import { accountsOf, OPTION, type Stage } from "./stage.ts";

const INSTRUMENTS = [1, 2, ...Object.values(OPTION)] as const;

/** What the principles of the pauses speak about: the size of every position, and what the vault has of every asset. */
export interface Observation {
  /** By account and instrument. */
  readonly sizes: ReadonlyMap<string, bigint>;
  /** By asset. */
  readonly custody: ReadonlyMap<string, bigint>;
}

/** Reads all positions and the vault's custody. */
export async function observe(stage: Stage): Promise<Observation> {
  const { harness, ledger, vault, usd, weth, permit, refused } = stage;
  const accounts = accountsOf(stage);
  const row = await harness.books(ledger.target, accounts, [...INSTRUMENTS], []);
  const width = 5 + 2 * INSTRUMENTS.length;
  const sizes = accounts.flatMap((account, i) => {
    return INSTRUMENTS.map((instrument, j) => [`${account}/${instrument}`, row[i * width + 5 + 2 * j]!] as const);
  });
  const custody: [string, bigint][] = [];
  for (const token of [usd, weth, permit, refused]) {
    custody.push([token.target as string, await token.balanceOf(vault.target)]);
  }
  return { sizes: new Map(sizes), custody: new Map(custody) };
}

/** Positions that are larger than before, or on the other side. */
export function grownBetween(before: Observation, after: Observation): string[] {
  return [...after.sizes].flatMap(([key, size]) => {
    const earlier = before.sizes.get(key)!;
    const isWithin = earlier < 0n ? size >= earlier && size <= 0n : size <= earlier && size >= 0n;
    return isWithin ? [] : [key];
  });
}

/** What has left the vault, by asset. */
export function paidBetween(before: Observation, after: Observation): ReadonlyMap<string, bigint> {
  const paid = [...after.custody].map(([asset, left]) => [asset, before.custody.get(asset)! - left] as const);
  return new Map(paid.filter(([, amount]) => amount > 0n));
}

/**
 * The two-witness rule, by its definition: min(balance now, balance proven - (out now - out proven)), asset units.
 *
 * @param fn says what is paid: a balance, or a claim
 */
export async function payableByRule(stage: Stage, { account, asset }: Holding, fn: Row["fn"]): Promise<bigint> {
  const then = { blockTag: stage.witness.attestation.blockNumber };
  const isClaim = fn === "claimWitnessed";
  const balanceAt = async (at: { blockTag?: number }): Promise<bigint> => {
    if (isClaim) {
      const { owed, paid } = await stage.vault.claimOf(account, asset, at);
      return owed - paid;
    }
    if (asset !== stage.usd.target) return await stage.ledger.collateralOf(account, asset, at);
    return (await stage.ledger.quoteOf(account, at)) / (await stage.ledger.SETTLEMENT_SCALE());
  };
  const outAt = async (at: { blockTag?: number }): Promise<bigint> => {
    const { withdrawn, claimed } = await stage.vault.flowOf(account, asset, at);
    return isClaim ? claimed : withdrawn;
  };
  const [now, left] = [await balanceAt({}), (await balanceAt(then)) - ((await outAt({})) - (await outAt(then)))];
  return now < left ? now : left;
}
