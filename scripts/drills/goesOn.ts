import { accountIdOf, developmentWallet, ROLES } from "../local/accounts.ts";
import { settlePair } from "../local/orders.ts";
import type { DrillAttempt } from "./DrillResult.ts";
import type { Stage } from "./Stage.ts";

const ETH = { instrument: 1, feed: "EthFeed" } as const;
const ANSWER_TO_PRICE = 10n ** 10n;
const SMALL_SIZE = 10n ** 16n;

/** The keeper finds the present head, or a later one, in sync. */
export async function inSyncAgain(stage: Stage, what = "in sync at the head"): Promise<DrillAttempt> {
  const { number } = await stage.chain.readHead();
  return stage.await(what, () => {
    const report = stage.keeper.service.status.lastReport;
    return report !== null && report.number >= number && report.verdict.kind === "InSync";
  });
}

/** Two honest traders take on new risk, which is refused under every pause. */
export async function tradingGoesOn(stage: Pick<Stage, "chain">): Promise<DrillAttempt> {
  const attempt = await openSmall(stage);
  const outcome = attempt.accepted ? "accepted" : `refused (${attempt.error})`;
  return { what: "two traders take on new risk", outcome, isHarmless: attempt.accepted };
}

/** Two of the market's traders open a small position at the feed's answer. */
export async function openSmall({ chain }: Pick<Stage, "chain">): ReturnType<typeof settlePair> {
  const [round] = (await chain.read([{ contract: ETH.feed, fn: "latestRoundData" }])) as [readonly bigint[]];
  const [buyer, seller] = [developmentWallet(ROLES.traders[0]), developmentWallet(ROLES.traders[1])];
  return settlePair(chain, developmentWallet(ROLES.executor), {
    ...{ buyer, seller, buyerAccount: accountIdOf(buyer), sellerAccount: accountIdOf(seller) },
    ...{ instrument: ETH.instrument, size: SMALL_SIZE, price: (round[1] ?? 0n) * ANSWER_TO_PRICE },
    salt: BigInt(Date.now()),
  });
}
