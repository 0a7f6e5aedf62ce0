import { messageOf } from "../../keeper/lib/messageOf.ts";
import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import { fundThief } from "./corruptedBalance.ts";
import { closeIncident, runAgain, welcomeNewcomer } from "./fullCycle/aftermath.ts";
import { contain, tryWhileHalted } from "./fullCycle/containment.ts";
import { Fleet, type FleetOptions } from "./fullCycle/Fleet.ts";
import type { FleetKeeper } from "./fullCycle/FleetKeeper.ts";
import type { FullCycleResult } from "./fullCycle/FullCycleResult.ts";
import { Players } from "./fullCycle/Players.ts";
import { recover } from "./fullCycle/recovery.ts";
import { repairBooks } from "./fullCycle/repairBooks.ts";
import { Timeline } from "./fullCycle/Timeline.ts";
import { verifyOffline } from "./fullCycle/verifyOffline.ts";

/**
 * The whole story with four keepers: a write that no event explains, the soft and the hard pause, evidence that a stranger
 * verifies, the repair, the resume gate, and the protocol running again. What ends it early is in the result.
 */
export async function fullCycle(options: FleetOptions, context: CommandContext): Promise<FullCycleResult> {
  const timeline = new Timeline(options.say, () => performance.now());
  const fleet = await Fleet.open(options, context);
  try {
    await tell(fleet, timeline, options.say);
  } catch (error: unknown) {
    if (!KeeperError.is(error) && !fleet.signal.aborted) throw error;
    timeline.trouble = messageOf(error);
  } finally {
    await fleet.close();
  }
  return timeline.result();
}

async function tell(fleet: Fleet, timeline: Timeline, say: (line: string) => void): Promise<void> {
  await fleet.untilInSync();
  const players = await Players.open(fleet.chain);
  const thief = await fundThief(fleet);
  say("the thief calls a left-over migration helper: one million, no event");
  const halted = await contain(fleet, timeline, thief);
  await tryWhileHalted(fleet, timeline, thief, players);

  const [witness] = fleet.keepers as [FleetKeeper];
  const verification = await verifyOffline(fleet, witness, halted.incidentId);
  timeline.evidence = verification.result;
  const { number } = await fleet.chain.readHead();
  timeline.reach("evidence", number, `${verification.result} by a process without a chain`);
  const repairBlock = await repairBooks(fleet, timeline, verification, thief, players);

  await recover(fleet, timeline, players, { ...halted, repairBlock });
  await runAgain(fleet, timeline, players);
  await closeIncident(fleet, timeline, halted.incidentId, halted.divergentBlock);
  await welcomeNewcomer(fleet, timeline, repairBlock);
}
