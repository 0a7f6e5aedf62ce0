import type { Wallet } from "ethers";

import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import { accountIdOf, addressOf, developmentWallet, ROLES } from "../local/accounts.ts";
import { withdrawal, witnessedWithdrawal } from "../local/attack.ts";
import type { Attempt } from "../local/LocalChain.ts";
import { settlePair } from "../local/orders.ts";
import type { DrillAttempt } from "./DrillResult.ts";
import type { Stage } from "./Stage.ts";

/** What the thief really has, token units. */
export const THIEF_DEPOSIT = 1_000n * 10n ** 6n;
/** What the corrupted word says it has, 1e-18 quote. */
export const CORRUPTED_QUOTE = 1_000_000n * 10n ** 18n;

/** Development account of the thief. */
export const THIEF = 11;
const ETH = { instrument: 1, feed: "EthFeed" } as const;
const ANSWER_TO_PRICE = 10n ** 10n;
/** Its margin is several times what the thief really has, and a fraction of what the corrupted word says. */
const ILLEGAL_SIZE = 20n * 10n ** 18n;

/** An ordinary user whose balance is about to be corrupted. */
export interface Thief {
  readonly wallet: Wallet;
  readonly account: Hash;
}

/** Gives the thief a small deposit, and waits until a checkpoint proves it. */
export async function fundThief(
  stage: Pick<Stage, "chain" | "untilCheckpointed"> & Partial<Pick<Stage, "accountNumber">>,
): Promise<Thief> {
  const wallet = developmentWallet(THIEF);
  const account = accountIdOf(wallet, stage.accountNumber);
  const token = stage.chain.address("SettlementToken");
  const steps = [
    ["SettlementToken", "mint", [addressOf(wallet), THIEF_DEPOSIT]],
    ["SettlementToken", "approve", [stage.chain.address("CollateralVault"), THIEF_DEPOSIT]],
    ["CollateralVault", "deposit", [account, token, THIEF_DEPOSIT]],
  ] as const;
  let blockNumber = 0;
  for (const [contract, fn, args] of steps) {
    const attempt = await stage.chain.attempt(wallet, contract, fn, args);
    if (!attempt.accepted) throw new KeeperError("DrillFailed", `${contract}.${fn}: ${attempt.error}`);
    blockNumber = attempt.blockNumber;
  }
  await stage.untilCheckpointed(blockNumber);
  return { wallet, account };
}

/** Tries everything that the corrupted balance would have allowed. */
export async function tryToProfit(stage: Pick<Stage, "chain">, { wallet, account }: Thief): Promise<DrillAttempt[]> {
  const trade = await tradeOnCorruption(stage, { wallet, account });
  const stolen = CORRUPTED_QUOTE / 10n ** 12n;
  const plain = await withdrawal(stage.chain, { owner: wallet, account, amount: stolen });
  const witnessed = await witnessedWithdrawal(stage.chain, { owner: wallet, account, amount: stolen });
  const again = await witnessedWithdrawal(stage.chain, { owner: wallet, account, amount: stolen });
  const paid = witnessed.amount + again.amount;
  return [
    {
      what: "trade on the corrupted balance",
      outcome: trade.accepted ? "accepted" : `refused (${trade.error})`,
      isHarmless: !trade.accepted,
    },
    {
      what: `withdraw ${tokens(stolen)}`,
      outcome: plain.accepted ? "paid" : `refused (${plain.error ?? ""})`,
      isHarmless: !plain.accepted,
    },
    {
      what: `withdraw ${tokens(stolen)} twice by the two-witness rule`,
      outcome: `capped: ${tokens(witnessed.amount)} and then ${tokens(again.amount)} of the proven ${tokens(THIEF_DEPOSIT)}`,
      isHarmless: paid <= THIEF_DEPOSIT && witnessed.payable === THIEF_DEPOSIT,
    },
  ];
}

/** Opens a position that only the corrupted balance could carry. */
export async function tradeOnCorruption(stage: Pick<Stage, "chain">, thief: Thief): Promise<Attempt> {
  const [round] = (await stage.chain.read([{ contract: ETH.feed, fn: "latestRoundData" }])) as [readonly bigint[]];
  const counterparty = developmentWallet(ROLES.traders[0]);
  return settlePair(stage.chain, developmentWallet(ROLES.executor), {
    buyer: thief.wallet,
    seller: counterparty,
    buyerAccount: thief.account,
    sellerAccount: accountIdOf(counterparty),
    instrument: ETH.instrument,
    size: ILLEGAL_SIZE,
    price: (round[1] ?? 0n) * ANSWER_TO_PRICE,
    salt: BigInt(Date.now()),
  });
}

function tokens(units: bigint): string {
  return `${(units / 10n ** 6n).toLocaleString("en-US")} USD`;
}
