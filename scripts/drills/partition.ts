import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import type { DrillAttempt, DrillResult } from "./DrillResult.ts";
import { inSyncAgain, tradingGoesOn } from "./goesOn.ts";
import { onStage, type DrillChoice, type Stage } from "./Stage.ts";

const CUT_OFF_BLOCKS = 6;

/** No source can be reached for some blocks. Unprotected: nor does the keeper run. */
export async function partition(choice: DrillChoice, context: CommandContext): Promise<DrillResult> {
  return onStage({ ...choice, module: "Lockstep", proxies: 3 }, context, async (stage) => {
    const { apiUrl } = stage.keeper.service;
    const ready = await readiness(apiUrl);
    const before = { what: "ready before", outcome: ready?.reason ?? "no answer", isHarmless: ready?.isReady === true };
    if (choice.isUnprotected === true) await stage.stopKeeper();
    const { number } = await stage.chain.readHead();
    stage.strike("all three sources are gone");
    for (const proxy of stage.proxies) await proxy.goDown();
    let said: string | undefined;
    const isSaid = await stage.await("the keeper is not ready", async () => {
      const answer = await readiness(apiUrl);
      said = answer?.reason;
      return answer?.isReady === false;
    });
    const why = { what: "what it says", outcome: said ?? "nothing", isHarmless: said !== undefined };
    await stage.until("blocks go by", async () => (await stage.chain.readHead()).number >= number + CUT_OFF_BLOCKS);
    choice.say("the sources come back");
    for (const proxy of stage.proxies) await proxy.comeBack();
    const attempts = [before, isSaid, why, await isBack(stage, apiUrl), await tradingGoesOn(stage)];
    return stage.calmResult("partition", attempts);
  });
}

/** Ready again, and in sync at the head of now. */
async function isBack(stage: Stage, apiUrl: string): Promise<DrillAttempt> {
  const what = "in sync and ready again";
  if ((await readiness(apiUrl)) === null) return { what, outcome: "there is no keeper", isHarmless: false };
  const inSync = await inSyncAgain(stage);
  const ready = await stage.await(what, async () => (await readiness(apiUrl))?.isReady === true);
  return inSync.isHarmless ? ready : { ...inSync, what };
}

/** What `/readyz` answers; null where nobody answers. */
async function readiness(apiUrl: string): Promise<{ readonly isReady: boolean; readonly reason: string } | null> {
  try {
    const response = await fetch(`${apiUrl}/readyz`);
    return { isReady: response.status === 200, reason: ((await response.json()) as { reason: string }).reason };
  } catch {
    return null;
  }
}
