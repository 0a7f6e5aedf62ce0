import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import { CORRUPTED_QUOTE, fundThief, tryToProfit } from "./corruptedBalance.ts";
import type { DrillResult } from "./DrillResult.ts";
import { onStage, type DrillChoice } from "./Stage.ts";

const STALE_LIMIT_SECONDS = 20 * 60;
const LONG_LIMIT_SECONDS = 60 * 60;

/** A balance is overwritten, and nobody is there to see it. Unprotected: the newest checkpoint may be an hour old. */
export async function keepersGone(choice: DrillChoice, context: CommandContext): Promise<DrillResult> {
  const limit = choice.isUnprotected === true ? LONG_LIMIT_SECONDS : STALE_LIMIT_SECONDS;
  // No pause may end before the limit takes over from it.
  const parameters = { staleLimitSeconds: limit, viewTimeSeconds: limit, softTimeSeconds: 3 * limit };
  const options = { ...choice, module: "Lockstep", parameters } as const;
  return onStage(options, context, async (stage) => {
    const thief = await fundThief(stage);
    await stage.silence();
    await stage.stopKeeper();
    stage.strike("no keeper runs; the thief's account word is overwritten, and twenty minutes go by");
    await stage.corrupt({ account: thief.account, quote: CORRUPTED_QUOTE });
    await stage.skip(STALE_LIMIT_SECONDS + 1);
    const restricted = await stage.await("the ledger refuses new risk by itself", async () => {
      const [flags] = await stage.chain.read([{ contract: "PositionLedger", fn: "flags" }]);
      return flags !== 0n;
    });
    return stage.calmResult("keepers-gone", [restricted, ...(await tryToProfit(stage, thief))]);
  });
}
