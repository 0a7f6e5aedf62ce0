import type { Wallet } from "ethers";

import type { Hash } from "../../keeper/lib/hex.ts";
import { ROLES, accountIdOf, addressOf, developmentWallet } from "./accounts.ts";
import type { Attempt, LocalChain } from "./LocalChain.ts";
import { INSTRUMENTS } from "./marketState.ts";
import { settlePair } from "./orders.ts";
import { buildWitness } from "./witness.ts";

/** What became of an attack. `amount` is token units of the settlement currency. */
export interface AttackResult {
  readonly accepted: boolean;
  /** Name of the custom error that refused it. */
  readonly error?: string;
  /** Of the block that holds it, when accepted. */
  readonly blockNumber?: number;
  readonly amount: bigint;
}

/** What became of a withdrawal under the two-witness rule. */
export interface WitnessedResult extends AttackResult {
  /** The rule allowed less than was asked for. */
  readonly capped: boolean;
  /** What the rule allowed, token units. */
  readonly payable: bigint;
}

const ONE = 10n ** 18n;
const QUOTE_PER_TOKEN_UNIT = 10n ** 12n;
const QUOTE_PER_ANSWER = 10n ** 10n;
/** Accounts of the thief's that no honest trader uses. */
const LOOT_ACCOUNT = 0xbadn;

/** The thief's account and its accomplice's, empty until the attack. */
export function lootAccount(wallet: Wallet): Hash {
  return accountIdOf(wallet, LOOT_ACCOUNT);
}

/**
 * A trade that margin forbids: two accounts without a deposit open a large position against each other, and the
 * seller's quote grows by its notional. The protocol refuses it (LedgerBelowInitialMargin); the one with the lax margin
 * engine accepts it, and the seller can carry the notional off.
 *
 * @param options.thief the seller's owner, default trader 9; its accomplice buys, default trader 8
 * @param options.amount notional, token units
 */
export async function illegalTrade(
  chain: LocalChain,
  options: { readonly thief?: Wallet; readonly accomplice?: Wallet; readonly amount: bigint; readonly salt?: bigint },
): Promise<AttackResult> {
  const { thief = developmentWallet(ROLES.traders[4]), accomplice = developmentWallet(ROLES.traders[3]) } = options;
  const [instrument] = INSTRUMENTS;
  if (instrument === undefined) throw new Error("no instrument");
  const [round] = (await chain.read([{ contract: instrument.feed, fn: "latestRoundData" }])) as [readonly bigint[]];
  const price = (round[1] ?? 0n) * QUOTE_PER_ANSWER;
  const attempt = await settlePair(chain, developmentWallet(ROLES.executor), {
    buyer: accomplice,
    seller: thief,
    buyerAccount: lootAccount(accomplice),
    sellerAccount: lootAccount(thief),
    instrument: instrument.id,
    // Rounded up, so that the seller gains at least the amount.
    size: (options.amount * QUOTE_PER_TOKEN_UNIT * ONE) / price + 1n,
    price,
    salt: options.salt ?? round[0] ?? 0n,
  });
  return toResult(attempt, options.amount);
}

/** Takes `amount` token units out of an account of `owner`, by the ordinary way. */
export async function withdrawal(
  chain: LocalChain,
  options: { readonly owner: Wallet; readonly account?: Hash; readonly amount: bigint },
): Promise<AttackResult> {
  const { owner, account = accountIdOf(owner), amount } = options;
  const args = [account, chain.address("SettlementToken"), amount, addressOf(owner)];
  return toResult(await chain.attempt(owner, "CollateralVault", "withdraw", args), amount);
}

/**
 * Takes `amount` token units out of an account of `owner` by the two-witness rule: proves the account at the guard's
 * witness checkpoint, asks what is payable, and withdraws that much at most. `amount` of the result is what was paid.
 *
 * @param options.amount default: all that is payable
 */
export async function witnessedWithdrawal(
  chain: LocalChain,
  options: { readonly owner: Wallet; readonly account?: Hash; readonly amount?: bigint },
): Promise<WitnessedResult> {
  const { owner, account = accountIdOf(owner) } = options;
  const asset = chain.address("SettlementToken");
  const witness = await buildWitness(chain, account);
  const view = await chain.ask("CollateralVault", "payableWitnessed", [account, asset, witness]);
  if (!view.accepted) return { accepted: false, error: view.error, amount: 0n, capped: false, payable: 0n };

  const payable = view.value as bigint;
  const requested = options.amount ?? payable;
  const capped = requested > payable;
  // With nothing payable, ask all the same: the refusal is the result.
  const amount = capped && payable !== 0n ? payable : requested;
  const args = [account, asset, amount, addressOf(owner), witness];
  const attempt = await chain.attempt(owner, "CollateralVault", "withdrawWitnessed", args);
  return { ...toResult(attempt, attempt.accepted ? amount : 0n), capped, payable };
}

/**
 * Calls the left-over migration helper of the flawed ledger: writes an account's quote and posts no entry. A protocol
 * without the flaw has no such function and refuses (`Reverted`).
 *
 * @param options.quote the new balance, 1e-18 quote
 */
export async function migrateQuote(
  chain: LocalChain,
  options: { readonly by: Wallet; readonly account?: Hash; readonly quote: bigint },
): Promise<AttackResult> {
  const { by, account = accountIdOf(by), quote } = options;
  const attempt = await chain.attempt(by, "PositionLedger", "migrateQuote", [account, quote], "FlawedPositionLedger");
  return toResult(attempt, quote / QUOTE_PER_TOKEN_UNIT);
}

function toResult(attempt: Attempt, amount: bigint): AttackResult {
  if (!attempt.accepted) return { accepted: false, error: attempt.error, amount };
  return { accepted: true, blockNumber: attempt.blockNumber, amount };
}
