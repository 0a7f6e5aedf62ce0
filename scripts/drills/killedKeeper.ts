import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import type { ToldIncident } from "./describeIncident.ts";
import type { Trap } from "../crashes/KeeperJob.ts";
import { KeeperProcess } from "../crashes/KeeperProcess.ts";
import { migrateQuote } from "../local/attack.ts";
import { developmentKeys } from "../local/LocalKeeper.ts";
import { CORRUPTED_QUOTE, fundThief, tryToProfit } from "./corruptedBalance.ts";
import type { DrillResult } from "./DrillResult.ts";
import { exactlyOnePause } from "./exactlyOnePause.ts";
import { freePorts } from "./fullCycle/freePorts.ts";
import { onStage, type DrillChoice, type Stage } from "./Stage.ts";

/** The pause is decided, written down and signed, and nobody has it yet. */
const POINT = "signature: made, not handed over";

/**
 * A keeper in a process of its own is killed between its decision and the send, and started again on its data directory.
 * Unprotected: nobody starts it again.
 */
export async function killedKeeper(choice: DrillChoice, context: CommandContext): Promise<DrillResult> {
  const folder = await mkdtemp(join(tmpdir(), "lockstep-drill-"));
  const [first, next] = [new KeeperProcess(folder), new KeeperProcess(folder)];
  try {
    return await onStage({ ...choice, module: "FlawedLockstep" }, context, async (stage) => {
      const thief = await fundThief(stage);
      // What remains in this process looks on.
      await stage.disarm();
      const start = await seatFor(stage, folder);
      const apiUrl = await start(first, { point: POINT, nth: 1 });
      await stage.until("the keeper's process is in sync", () => first.block?.verdict === "InSync");
      stage.strike("the thief calls a left-over migration helper; the keeper is killed before it sends the pause");
      await migrateQuote(stage.chain, { by: thief.wallet, account: thief.account, quote: CORRUPTED_QUOTE });
      const killed = await stage.await("the keeper is killed", () => first.ending?.killedAt === POINT);
      if (choice.isUnprotected !== true) await start(next, null);
      let incident: ToldIncident | null = null;
      const paused = await stage.await("a keeper finds its pause proven", async () => {
        incident = await readContained(apiUrl);
        return incident !== null;
      });
      const attempts = [killed, paused, ...(await tryToProfit(stage, thief)), await exactlyOnePause(stage)];
      return stage.result("killed-keeper", incident, attempts);
    });
  } finally {
    for (const child of [first, next]) child.kill();
    await Promise.all([first.ended, next.ended]);
    await rm(folder, { recursive: true, force: true });
  }
}

/** What starts a process on the one data directory; it returns the URL of its API, which is always the same. */
async function seatFor(
  { ground, deployment }: Stage,
  folder: string,
): Promise<(child: KeeperProcess, trap: Trap | null) => Promise<string>> {
  const [apiPort] = await freePorts(1);
  const [dataDirectory, notes] = [join(folder, "data"), join(folder, "notes")];
  await mkdir(notes);
  const sources = `${ground.wsUrl}|operator-1|local`;
  const flags = { ...developmentKeys(), sources, dataDirectory, apiPort: String(apiPort), logLevel: "warn" };
  return async (child, trap) => {
    await child.start({ deployment, flags, notes, trap, isRestart: trap === null });
    return `http://127.0.0.1:${apiPort}`;
  };
}

/** The incident that the keeper's process calls contained; null while there is none, or nobody answers. */
async function readContained(apiUrl: string): Promise<ToldIncident | null> {
  try {
    const { incidents } = (await (await fetch(`${apiUrl}/status`)).json()) as { incidents: ToldIncident[] };
    return incidents.find(({ containedIn }) => containedIn !== null) ?? null;
  } catch {
    return null;
  }
}
