import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import { addressOf } from "../local/accounts.ts";
import { markForkPoint } from "../../testing/chainControl.ts";
import { rpcAt } from "../../testing/Rpc.ts";
import { fundThief, tryToProfit } from "./corruptedBalance.ts";
import type { DrillResult } from "./DrillResult.ts";
import { PhantomEngine } from "./PhantomEngine.ts";
import { Stage, type StageOptions } from "./Stage.ts";

const PHANTOM = 999_000n * 10n ** 6n;
const QUOTE_PER_UNIT = 10n ** 12n;

/** An off-chain engine credits a deposit at once; a reorg removes it from the chain, not from the engine. */
export async function phantomDeposit(
  options: Omit<StageOptions, "module" | "views">,
  context: CommandContext,
): Promise<DrillResult> {
  const engine = await PhantomEngine.listen();
  try {
    const views = [`engine|${engine.url}|pause`];
    const stage = await Stage.open({ ...options, module: "Lockstep", views }, context);
    try {
      engine.follow(stage.node.url, stage.deployment.contracts.PositionLedger);
      return await reorganise(stage, engine, options.say);
    } finally {
      await stage.close();
    }
  } finally {
    await engine.close();
  }
}

async function reorganise(stage: Stage, engine: PhantomEngine, say: (line: string) => void): Promise<DrillResult> {
  const thief = await fundThief(stage);
  const proven = 1_000n * 10n ** 6n * QUOTE_PER_UNIT;
  await stage.until("the engine follows the chain", () => engine.quoteOf(thief.account) === proven);
  const token = stage.chain.address("SettlementToken");
  await must(stage.chain.attempt(thief.wallet, "SettlementToken", "mint", [addressOf(thief.wallet), PHANTOM]));
  const vault = stage.chain.address("CollateralVault");
  await must(stage.chain.attempt(thief.wallet, "SettlementToken", "approve", [vault, PHANTOM]));
  const fork = await markForkPoint(rpcAt(stage.node.url));
  await must(stage.chain.attempt(thief.wallet, "CollateralVault", "deposit", [thief.account, token, PHANTOM]));
  await stage.until("the engine credits the deposit", () => engine.quoteOf(thief.account) > proven);
  say("the engine credited a deposit of 999,000 USD; now a reorg drops it");
  await fork.reorg();
  const incident = await stage.untilContained();
  const attempts = await tryToProfit(stage, thief);
  const isBack = await stage
    .until("the engine is back in step", () => engine.quoteOf(thief.account) <= proven)
    .then(() => true)
    .catch(() => false);
  const outcome = isBack ? "corrected by the keeper's resync" : "still wrong";
  const resync = { what: "the engine's phantom balance", outcome, isHarmless: isBack };
  return stage.result("phantom-deposit", incident, [...attempts, resync]);
}

async function must(attempt: Promise<{ accepted: boolean; error?: string }>): Promise<void> {
  const { accepted, error } = await attempt;
  if (!accepted) throw new KeeperError("DrillFailed", `refused: ${error ?? "?"}`);
}
