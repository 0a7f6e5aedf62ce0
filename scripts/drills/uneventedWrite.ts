import { migrateQuote } from "../local/attack.ts";
import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import { CORRUPTED_QUOTE, fundThief, tryToProfit } from "./corruptedBalance.ts";
import type { DrillResult } from "./DrillResult.ts";
import { onStage, type DrillChoice } from "./Stage.ts";

/** A bug in a book contract, reached by an ordinary transaction, writes a word without an event. */
export async function uneventedWrite(choice: DrillChoice, context: CommandContext): Promise<DrillResult> {
  return onStage({ ...choice, module: "FlawedLockstep" }, context, async (stage) => {
    const thief = await fundThief(stage);
    if (choice.isUnprotected === true) await stage.disarm();
    stage.strike("the thief calls a left-over migration helper: one million, no event");
    await migrateQuote(stage.chain, { by: thief.wallet, account: thief.account, quote: CORRUPTED_QUOTE });
    const incident = await stage.untilContained();
    return stage.result("unevented-write", incident, await tryToProfit(stage, thief));
  });
}
