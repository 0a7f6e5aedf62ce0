import { storage as ledger } from "../../keeper/books/generated/PositionLedger.ts";
import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import { markForkPoint } from "../../testing/chainControl.ts";
import { rpcAt } from "../../testing/Rpc.ts";
import { withdrawal } from "../local/attack.ts";
import { fundThief, THIEF_DEPOSIT, type Thief } from "./corruptedBalance.ts";
import type { DrillAttempt, DrillResult } from "./DrillResult.ts";
import { inSyncAgain } from "./goesOn.ts";
import { depositPhantom, grantPhantom, PHANTOM_QUOTE, PROVEN_QUOTE } from "./phantom.ts";
import { onStage, type DrillChoice, type Stage } from "./Stage.ts";

/** A reorg drops a deposit that the keeper's books hold. Unprotected: the keeper does not hear of the reorg. */
export async function droppedDeposit(choice: DrillChoice, context: CommandContext): Promise<DrillResult> {
  return onStage({ ...choice, module: "Lockstep", proxies: 1 }, context, async (stage) => {
    const thief = await fundThief(stage);
    await grantPhantom(stage, thief);
    const fork = await markForkPoint(rpcAt(stage.url));
    await depositPhantom(stage, thief);
    await stage.until("the books hold the deposit", () => quoteInBooks(stage, thief) > PHANTOM_QUOTE);
    if (choice.isUnprotected === true) for (const proxy of stage.proxies) await proxy.goDown();
    stage.strike("the books hold a deposit of 999,000 USD; now a reorg drops it");
    const { depth } = await fork.reorg();
    choice.say(`${depth} blocks are replaced`);
    const rolledBack = await stage.await("the books are rolled back", () => quoteInBooks(stage, thief) <= PROVEN_QUOTE);
    const attempts = [rolledBack, await inSyncAgain(stage), await withdrawPhantom(stage, thief)];
    return stage.calmResult("dropped-deposit", attempts);
  });
}

/** What the keeper's books say that the thief has, 1e-18 quote. */
function quoteInBooks(stage: Stage, { account }: Thief): bigint {
  const { books } = stage.keeper.service.keeper;
  return ledger.accounts.decode(books.read("PositionLedger", ledger.accounts.slot(account))).quote;
}

async function withdrawPhantom(stage: Stage, { wallet, account }: Thief): Promise<DrillAttempt> {
  const { accepted, error } = await withdrawal(stage.chain, { owner: wallet, account, amount: THIEF_DEPOSIT * 2n });
  const outcome = accepted ? "paid" : `refused (${error ?? ""})`;
  return { what: "withdraw what the reorg took", outcome, isHarmless: !accepted };
}
