import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import type { Rule } from "../chaos/Rule.ts";
import type { DrillAttempt, DrillResult } from "./DrillResult.ts";
import { inSyncAgain, tradingGoesOn } from "./goesOn.ts";
import { onStage, type DrillChoice, type Stage } from "./Stage.ts";

const FORGED = `0x${"5a".repeat(32)}`;
/** Another state in each header, another storage root in each proof, and no event in any block. */
const LIES: readonly Rule[] = [
  { method: "eth_getBlockByHash", action: "edit", path: "/stateRoot", value: FORGED },
  { method: "eth_getProof", action: "edit", path: "/storageHash", value: FORGED },
  { method: "eth_getBlockReceipts", action: "empty" },
];
/** The honest ones are slower, so that the liar is asked. */
const SLOWER: Rule = { method: "eth_get*", action: "delay", ms: 40 };

/** One of three sources serves forged values. Unprotected: it is the only one. */
export async function lyingSource(choice: DrillChoice, context: CommandContext): Promise<DrillResult> {
  const proxies = choice.isUnprotected === true ? 1 : 3;
  return onStage({ ...choice, module: "Lockstep", proxies }, context, async (stage) => {
    for (const honest of stage.proxies.slice(0, -1)) honest.setRules([SLOWER]);
    const seen = stage.effects.length;
    stage.strike(`source operator-${proxies} forges the state, proofs and events that it serves`);
    stage.proxies.at(-1)?.setRules(LIES);
    const named = (): string[] => namesIn(stage, seen);
    const isNamed = await stage.await("the liar is quarantined", () => named().length > 0);
    const attempts = [isNamed, await inSyncAgain(stage), await tradingGoesOn(stage), nobodyElse(named(), proxies)];
    return stage.calmResult("lying-source", attempts);
  });
}

function namesIn(stage: Stage, from: number): string[] {
  const sources = stage.effects.slice(from).flatMap((effect) => (effect.type === "quarantine" ? [effect.source] : []));
  return [...new Set(sources)];
}

function nobodyElse(names: readonly string[], liar: number): DrillAttempt {
  const isHarmless = names.length === 1 && names[0] === `operator-${liar}`;
  return { what: "sources that are named", outcome: names.join(", ") || "none", isHarmless };
}
