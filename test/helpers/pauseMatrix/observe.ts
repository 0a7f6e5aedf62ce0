import type { Holding, Row } from "./Row.ts";
import { accountsOf, OPTION, type Stage } from "./stage.ts";

const INSTRUMENTS = [1, 2, ...Object.values(OPTION)] as const;

/** What the principles of the pauses speak about: restrictions, the size of every position, and what the vault has. */
export interface Observation {
  /** Flags in force. */
  readonly flags: bigint;
  /** By account and instrument. */
  readonly sizes: ReadonlyMap<string, bigint>;
  /** By asset. */
  readonly custody: ReadonlyMap<string, bigint>;
}

/** Reads flags, all positions and the vault's custody. */
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
  return { flags: await ledger.flags(), sizes: new Map(sizes), custody: new Map(custody) };
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

/** A block in which something is read; the newest one by default. */
interface At {
  readonly blockTag?: number;
}

/**
 * The two-witness rule, by its definition: min(now, proven - what left since + what was deposited since), asset units.
 *
 * @param fn says what is paid: a balance, or a claim
 */
export async function payableByRule(stage: Stage, holding: Holding, fn: Row["fn"]): Promise<bigint> {
  const { account, asset } = holding;
  const then = { blockTag: stage.witness.attestation.blockNumber };
  const isClaim = fn === "claimWitnessed";
  const balanceAt = async (at: At) => await (isClaim ? owedAt(stage, holding, at) : unitsAt(stage, holding, at));
  const outAt = async (at: At): Promise<bigint> => {
    if (isClaim) return (await stage.vault.claimOf(account, asset, at)).paid;
    return (await stage.vault.flowOf(account, asset, at)).withdrawn;
  };
  const deposited = isClaim ? 0n : await depositedSince(stage, holding, then.blockTag + 1);
  const left = (await balanceAt(then)) - ((await outAt({})) - (await outAt(then))) + deposited;
  const now = await balanceAt({});
  return now < left ? now : left;
}

/** Sums up the vault's own events. */
async function depositedSince({ vault }: Stage, { account, asset }: Holding, fromBlock: number): Promise<bigint> {
  const deposits = await vault.queryFilter(vault.filters.Deposited(account, asset), fromBlock);
  return deposits.reduce((sum, { args }) => sum + args.amount, 0n);
}

async function owedAt({ vault }: Stage, { account, asset }: Holding, at: At): Promise<bigint> {
  const { owed, paid } = await vault.claimOf(account, asset, at);
  return owed - paid;
}

/** Of the settlement currency with what positions add to it: they are the same ever since, and count at the prices of now. */
async function unitsAt({ ledger, usd }: Stage, { account, asset }: Holding, at: At): Promise<bigint> {
  if (asset !== usd.target) return await ledger.collateralOf(account, asset, at);
  const { cash } = await ledger.valuationOf(account);
  const added = cash - (await ledger.quoteOf(account));
  return ((await ledger.quoteOf(account, at)) + added) / (await ledger.SETTLEMENT_SCALE());
}
