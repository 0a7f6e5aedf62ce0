import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import { CORRUPTED_QUOTE, fundThief, tryToProfit } from "./corruptedBalance.ts";
import type { DrillResult } from "./DrillResult.ts";
import { onStage, type DrillChoice } from "./Stage.ts";

/** The node's own state is changed under the protocol: a storage bug, a bad migration, a consensus fault. */
export async function storageTamper(choice: DrillChoice, context: CommandContext): Promise<DrillResult> {
  return onStage({ ...choice, module: "Lockstep" }, context, async (stage) => {
    const thief = await fundThief(stage);
    if (choice.isUnprotected === true) await stage.disarm();
    await stage.whileStill(async () => {
      stage.strike("the thief's account word is overwritten in the node: one million");
      await stage.corrupt({ account: thief.account, quote: CORRUPTED_QUOTE });
    });
    const incident = await stage.untilContained();
    return stage.result("storage-tamper", incident, await tryToProfit(stage, thief));
  });
}
