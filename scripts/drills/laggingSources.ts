import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import { CORRUPTED_QUOTE, fundThief, tryToProfit } from "./corruptedBalance.ts";
import type { DrillResult } from "./DrillResult.ts";
import { onStage, type DrillChoice } from "./Stage.ts";

const LAG_BLOCKS = 6;

/** Two of three sources fall behind, and then a balance is overwritten: the one that is current has to be enough. */
export async function laggingSources(choice: DrillChoice, context: CommandContext): Promise<DrillResult> {
  return onStage({ ...choice, module: "Lockstep", proxies: 3 }, context, async (stage) => {
    const thief = await fundThief(stage);
    if (choice.isUnprotected === true) await stage.disarm();
    await stage.whileStill(async () => {
      choice.say(`two of three sources fall ${LAG_BLOCKS} blocks behind`);
      for (const proxy of stage.proxies.slice(1)) proxy.setRules([{ action: "stale", blocks: LAG_BLOCKS }]);
      stage.strike("the thief's account word is overwritten in the node: one million");
      await stage.corrupt({ account: thief.account, quote: CORRUPTED_QUOTE });
    });
    await stage.await("the ledger refuses new risk", async () => (await stage.countPauses()) > 0);
    const attempts = await tryToProfit(stage, thief);
    return stage.result("lagging-sources", await stage.untilContained(), attempts);
  });
}
