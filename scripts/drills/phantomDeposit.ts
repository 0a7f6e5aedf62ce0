import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import { markForkPoint } from "../../testing/chainControl.ts";
import { rpcAt } from "../../testing/Rpc.ts";
import { fundThief, tryToProfit } from "./corruptedBalance.ts";
import type { DrillResult } from "./DrillResult.ts";
import { PhantomEngine } from "./PhantomEngine.ts";
import { depositPhantom, grantPhantom, PHANTOM_QUOTE, PROVEN_QUOTE } from "./phantom.ts";
import { onStage, type DrillChoice, type Stage } from "./Stage.ts";

/** An off-chain engine credits a deposit at once; a reorg removes it from the chain, not from the engine. */
export async function phantomDeposit(choice: DrillChoice, context: CommandContext): Promise<DrillResult> {
  const engine = await PhantomEngine.listen();
  try {
    const views = [`engine|${engine.url}|pause`];
    return await onStage({ ...choice, module: "Lockstep", views }, context, (stage) => {
      engine.follow(stage.url, stage.deployment.contracts.PositionLedger);
      return reorganise(stage, engine, choice.isUnprotected === true);
    });
  } finally {
    await engine.close();
  }
}

async function reorganise(stage: Stage, engine: PhantomEngine, isUnprotected: boolean): Promise<DrillResult> {
  const thief = await fundThief(stage);
  if (isUnprotected) await stage.disarm();
  await stage.until("the engine follows the chain", () => engine.quoteOf(thief.account) === PROVEN_QUOTE);
  await grantPhantom(stage, thief);
  const fork = await markForkPoint(rpcAt(stage.url));
  await depositPhantom(stage, thief);
  await stage.until("the engine credits the deposit", () => engine.quoteOf(thief.account) >= PHANTOM_QUOTE);
  stage.strike("the engine credited a deposit of 999,000 USD; now a reorg drops it");
  await fork.reorg();
  const incident = await stage.untilContained();
  const attempts = await tryToProfit(stage, thief);
  const isBack = await stage
    .until("the engine is back in step", () => engine.quoteOf(thief.account) <= PROVEN_QUOTE, stage.patienceMs)
    .then(() => true)
    .catch(() => false);
  const outcome = isBack ? "corrected by the keeper's resync" : "still wrong";
  const resync = { what: "the engine's phantom balance", outcome, isHarmless: isBack };
  return stage.result("phantom-deposit", incident, [...attempts, resync]);
}
