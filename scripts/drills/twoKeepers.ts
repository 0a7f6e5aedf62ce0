import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import { admitKeeper } from "../crashes/admitKeeper.ts";
import { developmentWallet } from "../local/accounts.ts";
import { CORRUPTED_QUOTE, fundThief, tryToProfit } from "./corruptedBalance.ts";
import type { DrillResult } from "./DrillResult.ts";
import { exactlyOnePause } from "./exactlyOnePause.ts";
import { onStage, type DrillChoice } from "./Stage.ts";

/** Development accounts of the second keeper's keys. */
const SECOND = { attest: 12, pause: 15 } as const;

/** Two keepers with keys of their own find one divergence and pause at once. Unprotected: neither has a pause key. */
export async function twoKeepers(choice: DrillChoice, context: CommandContext): Promise<DrillResult> {
  const isUnprotected = choice.isUnprotected === true;
  const options = { ...choice, module: "Lockstep", parameters: { joinDelaySeconds: 0 } } as const;
  return onStage(options, context, async (stage) => {
    const thief = await fundThief(stage);
    if (isUnprotected) await stage.disarm();
    await admitKeeper(stage.chain, SECOND);
    const [pauseKey, attestKey] = [SECOND.pause, SECOND.attest].map((index) => developmentWallet(index).privateKey);
    const second = await stage.join(isUnprotected ? {} : { pauseKey: pauseKey ?? "", attestKey: attestKey ?? "" });
    const { status } = second.service;
    await stage.whileStill(async () => {
      const { number } = await stage.chain.readHead();
      await stage.until("the second keeper is there too", () => (status.lastReport?.number ?? 0) >= number);
      stage.strike("two keepers run; the thief's account word is overwritten in the node: one million");
      await stage.corrupt({ account: thief.account, quote: CORRUPTED_QUOTE });
    });
    const incident = await stage.untilContained();
    const isContained = (): boolean => [...status.incidents.values()].some(({ containedIn }) => containedIn !== null);
    const attempts = [
      await stage.await("the second keeper finds it contained", isContained),
      ...(await tryToProfit(stage, thief)),
      await exactlyOnePause(stage),
    ];
    return stage.result("two-keepers", incident, attempts);
  });
}
