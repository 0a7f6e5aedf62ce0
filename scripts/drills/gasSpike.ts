import { wait } from "../../keeper/chain/sources/wait.ts";
import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import type { Rule } from "../chaos/Rule.ts";
import { callNode } from "../local/callNode.ts";
import { CORRUPTED_QUOTE, fundThief, tryToProfit } from "./corruptedBalance.ts";
import type { DrillResult } from "./DrillResult.ts";
import { onStage, type DrillChoice, type Stage } from "./Stage.ts";

const GWEI = 10n ** 9n;
/** Twenty times what a keeper offers first at a base fee of nearly nothing, and still affordable for a thief. */
const SPIKE = 60n * GWEI;
const LOW_CAP_GWEI = "20";
const HOLD_MS = 20;
/** The keeper hears of the block when the fee is up already, which the block does not show. */
const LATER: Rule = { method: "eth_subscription", action: "delay", ms: 50 };

/** Gas is dear from the block on in which a pause is due. Unprotected: the keeper may not pay that much. */
export async function gasSpike(choice: DrillChoice, context: CommandContext): Promise<DrillResult> {
  const flags = choice.isUnprotected === true ? { maxFeePerGasGwei: LOW_CAP_GWEI } : {};
  return onStage({ ...choice, module: "Lockstep", proxies: 1, flags }, context, async (stage) => {
    const thief = await fundThief(stage);
    const spike = new AbortController();
    await stage.whileStill(async () => {
      for (const proxy of stage.proxies) proxy.setRules([LATER]);
      stage.strike(`the thief's account word is overwritten, and the next block's base fee is ${SPIKE / GWEI} gwei`);
      await stage.corrupt({ account: thief.account, quote: CORRUPTED_QUOTE });
      await setFee(stage);
      await stage.await("the first pause is sent", () => countOffers(stage) > 0);
    });
    const held = holdFee(stage, AbortSignal.any([spike.signal, stage.signal]));
    try {
      const incident = await stage.untilContained();
      const attempts = await tryToProfit(stage, thief);
      choice.say(`pauses sent, each dearer than the one before: ${countOffers(stage)}`);
      return stage.result("gas-spike", incident, attempts);
    } finally {
      spike.abort();
      await held;
    }
  });
}

function countOffers({ effects }: Stage): number {
  return effects.filter((effect) => effect.type === "broadcast" && effect.purpose === "soft-pause").length;
}

/** Keeps the base fee up, which would fall by an eighth with each empty block. */
async function holdFee(stage: Stage, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await setFee(stage).catch(() => undefined);
    await wait(HOLD_MS, signal);
  }
}

async function setFee({ url }: Stage): Promise<void> {
  await callNode(url, "hardhat_setNextBlockBaseFeePerGas", [`0x${SPIKE.toString(16)}`]);
}
