import { storage as ledger } from "../../keeper/books/generated/PositionLedger.ts";
import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import { tamperStorage } from "../../testing/chainControl.ts";
import { rpcAt } from "../../testing/Rpc.ts";
import { CORRUPTED_QUOTE, fundThief, tryToProfit } from "./corruptedBalance.ts";
import type { DrillResult } from "./DrillResult.ts";
import { Stage, type StageOptions } from "./Stage.ts";

/** The node's own state is changed under the protocol: a storage bug, a bad migration, a consensus fault. */
export async function storageTamper(
  options: Omit<StageOptions, "module">,
  context: CommandContext,
): Promise<DrillResult> {
  const stage = await Stage.open({ ...options, module: "Lockstep" }, context);
  try {
    const thief = await fundThief(stage);
    options.say("the thief's account word is overwritten in the node: one million");
    const word = ledger.accounts.encode({ ...ledger.accounts.decode(0n), quote: CORRUPTED_QUOTE, isUsed: true });
    await tamperStorage(rpcAt(stage.node.url), {
      address: stage.deployment.contracts.PositionLedger,
      slot: ledger.accounts.slot(thief.account),
      value: word,
    });
    const incident = await stage.untilContained();
    return stage.result("storage-tamper", incident, await tryToProfit(stage, thief));
  } finally {
    await stage.close();
  }
}
