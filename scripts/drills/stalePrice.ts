import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import { withdrawal } from "../local/attack.ts";
import { developmentWallet, ROLES } from "../local/accounts.ts";
import { fundThief, THIEF_DEPOSIT, type Thief } from "./corruptedBalance.ts";
import type { DrillAttempt, DrillResult } from "./DrillResult.ts";
import { must } from "./fullCycle/must.ts";
import { inSyncAgain, openSmall, tradingGoesOn } from "./goesOn.ts";
import { onStage, type DrillChoice, type Stage } from "./Stage.ts";

const MAX_AGE_SECONDS = 300;
/** Below the age at which a checkpoint is stale: nothing else may restrict. */
const SILENCE_SECONDS = 600;
const NO_LIMIT_SECONDS = 30 * 24 * 60 * 60;

/** A feed tells no new price for ten minutes. Unprotected: the oracle takes prices of any age. */
export async function stalePrice(choice: DrillChoice, context: CommandContext): Promise<DrillResult> {
  const feedMaxAgeSeconds = choice.isUnprotected === true ? NO_LIMIT_SECONDS : MAX_AGE_SECONDS;
  const options = { ...choice, module: "Lockstep", parameters: { feedMaxAgeSeconds } } as const;
  return onStage(options, context, async (stage) => {
    const customer = await fundThief(stage);
    await stage.silence();
    stage.strike(`ETH / USD stands still for ${SILENCE_SECONDS} s, of ${feedMaxAgeSeconds} s at most`);
    await stage.skip(SILENCE_SECONDS);
    const attempts = [await openAtOldPrice(stage), await leave(stage, customer), await inSyncAgain(stage)];
    const [round] = (await stage.chain.read([{ contract: "EthFeed", fn: "latestRoundData" }])) as [readonly bigint[]];
    await must(stage.chain, developmentWallet(ROLES.feedMover), "EthFeed", "update", [round[1]]);
    choice.say("the feed tells a fresh price");
    return stage.calmResult("stale-price", [...attempts, await tradingGoesOn(stage)]);
  });
}

async function openAtOldPrice(stage: Stage): Promise<DrillAttempt> {
  const attempt = await openSmall(stage);
  const outcome = attempt.accepted ? "accepted" : `refused (${attempt.error})`;
  if (!attempt.accepted) stage.react("new risk at the old price is refused");
  return { what: "take on new risk at the old price", outcome, isHarmless: !attempt.accepted };
}

async function leave({ chain }: Stage, { wallet, account }: Thief): Promise<DrillAttempt> {
  const { accepted, error } = await withdrawal(chain, { owner: wallet, account, amount: THIEF_DEPOSIT / 2n });
  const outcome = accepted ? "paid" : `refused (${error ?? ""})`;
  return { what: "withdraw free collateral meanwhile", outcome, isHarmless: accepted };
}
