import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import type { Rule } from "../chaos/Rule.ts";
import { CORRUPTED_QUOTE, fundThief, tryToProfit } from "./corruptedBalance.ts";
import type { DrillResult } from "./DrillResult.ts";
import { onStage, type DrillChoice } from "./Stage.ts";

/** A source that says that it has the transaction, and lets nobody know of it. */
const SWALLOWS: Rule = { method: "eth_send*", action: "replace", result: `0x${"11".repeat(32)}` };

/** Every source takes the pause and drops it; a relay has it too. Unprotected: there is no relay. */
export async function swallowedPause(choice: DrillChoice, context: CommandContext): Promise<DrillResult> {
  const hasRelay = choice.isUnprotected !== true;
  return onStage({ ...choice, module: "Lockstep", proxies: 2, hasRelay }, context, async (stage) => {
    const thief = await fundThief(stage);
    choice.say("both sources take whatever is sent, and pass nothing on");
    for (const proxy of stage.proxies) proxy.setRules([SWALLOWS]);
    await stage.whileStill(async () => {
      stage.strike("the thief's account word is overwritten in the node: one million");
      await stage.corrupt({ account: thief.account, quote: CORRUPTED_QUOTE });
    });
    const incident = await stage.untilContained();
    return stage.result("swallowed-pause", incident, await tryToProfit(stage, thief));
  });
}
