import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import { callNode } from "../../local/callNode.ts";
import type { Attempt } from "../../local/LocalChain.ts";
import { carryResume, fetchResume } from "./carryResume.ts";
import type { Halted } from "./containment.ts";
import type { Fleet } from "./Fleet.ts";
import type { FleetKeeper } from "./FleetKeeper.ts";
import type { Players } from "./Players.ts";
import { readEvents, type ChainEvent } from "./readEvents.ts";
import type { Timeline } from "./Timeline.ts";

/** What a keeper says when nothing but the checkpoint is missing. */
const NO_CHECKPOINT = /^no valid checkpoint of a block after/;

/** From the repair to the resume: in sync, a checkpoint, three refusals, a quorum's orders, resumed; the block of the last. */
export async function recover(
  fleet: Fleet,
  timeline: Timeline,
  players: Players,
  { repairBlock, divergentBlock }: Halted & { readonly repairBlock: number },
): Promise<number> {
  const [first, second, third, fourth] = fleet.keepers as [FleetKeeper, FleetKeeper, FleetKeeper, FleetKeeper];
  timeline.refused(`${first.name}: ${await orderTooEarly(fleet, first, repairBlock)}`);
  await reachSync(fleet, timeline, repairBlock);
  const posted = await untilPosted(fleet, repairBlock);
  const postedAtMs = await fleet.announcedAt(posted.block);
  timeline.reach("checkpoint", posted.block, `of block ${String(posted.args["blockNumber"])}`, postedAtMs);

  for (const keeper of [first, second]) await orderResume(fleet, keeper);
  // Two of three, from a keeper that has not signed itself.
  const signed = await fetchResume(fleet, fourth, 2);
  const early = await carryResume(fleet, players, signed);
  timeline.refused(`SyncGuard: ${refusalOf(early)} (carried before the cool-down is over)`);
  await skipCoolDown(fleet);
  const few = await carryResume(fleet, players, signed);
  timeline.refused(`SyncGuard: ${refusalOf(few)} (carried with ${signed.length} signatures)`);
  timeline.check("the gate's refusals", `${refusalOf(early)}, ${refusalOf(few)}`, isBoth(early, few));

  await players.dropPrice();
  await orderResume(fleet, third);
  let events: ChainEvent[] = [];
  await fleet.until("the keepers carry the resume", async () => {
    events = await readEvents(fleet.chain, "SyncGuard", "Resumed", divergentBlock);
    return events.length > 0;
  });
  const [resumed] = events as [ChainEvent];
  const carrier = await senderOf(fleet, resumed);
  timeline.check(
    "who carried the resume",
    carrier,
    fleet.members.some((member) => member === carrier),
  );
  const [flags] = await fleet.chain.read([{ contract: "PositionLedger", fn: "flags" }]);
  timeline.check("flags after the resume", String(flags), flags === 0n);
  timeline.reach("resume", resumed.block, "by the signatures of three keepers", await fleet.announcedAt(resumed.block));
  return resumed.block;
}

/** Orders a keeper that is in sync again to sign at once: there is no checkpoint yet. Its words. */
async function orderTooEarly(fleet: Fleet, keeper: FleetKeeper, repairBlock: number): Promise<string> {
  let detail = "";
  await fleet.until(`${keeper.name} is in sync, and refuses to sign without a checkpoint`, async () => {
    if (keeper.firstVerdict("InSync", repairBlock) === undefined) return false;
    const outcome = await keeper.orderResume();
    if (outcome.isDone) throw new KeeperError("DrillFailed", `${keeper.name} signed too early: ${outcome.detail}`);
    detail = outcome.detail;
    return NO_CHECKPOINT.test(detail);
  });
  return detail;
}

async function reachSync(fleet: Fleet, timeline: Timeline, repairBlock: number): Promise<void> {
  const inSync = () => fleet.keepers.flatMap((keeper) => keeper.firstVerdict("InSync", repairBlock) ?? []);
  await fleet.until("all keepers are in sync again", () => inSync().length === fleet.keepers.length);
  const last = inSync().reduce((one, other) => (other.atMs > one.atMs ? other : one));
  timeline.reach("in-sync", last.effect.report.number, "all four keepers", last.atMs);
}

async function untilPosted(fleet: Fleet, repairBlock: number): Promise<ChainEvent> {
  let posted: ChainEvent | undefined;
  await fleet.until("a checkpoint of a block after the repair", async () => {
    const events = await readEvents(fleet.chain, "CheckpointRegistry", "CheckpointPosted", repairBlock);
    posted = events.find(({ args }) => (args["blockNumber"] as bigint) > BigInt(repairBlock));
    return posted !== undefined;
  });
  return posted as ChainEvent;
}

/** Orders until the keeper signs: it may be a block behind, or not have seen the checkpoint yet. */
async function orderResume(fleet: Fleet, keeper: FleetKeeper): Promise<void> {
  await fleet.until(`${keeper.name} signs to resume`, async () => (await keeper.orderResume()).isDone);
}

/** Lets the chain's clock jump to the end of the guard's cool-down. */
async function skipCoolDown(fleet: Fleet): Promise<void> {
  const [halt, coolDown] = (await fleet.chain.read([
    { contract: "SyncGuard", fn: "halt" },
    { contract: "SyncGuard", fn: "COOL_DOWN" },
  ])) as [{ readonly pausedAt: bigint }, bigint];
  await fleet.skipTo(Number(halt.pausedAt + coolDown));
}

function isBoth(early: Attempt, few: Attempt): boolean {
  return refusalOf(early) === "GuardCoolDown" && refusalOf(few) === "QuorumTooFew";
}

function refusalOf(attempt: Attempt): string {
  return attempt.accepted ? "accepted" : attempt.error;
}

async function senderOf({ chain }: Fleet, { transaction }: ChainEvent): Promise<string> {
  const { from } = (await callNode(chain.url, "eth_getTransactionByHash", [transaction])) as { readonly from: string };
  return from.toLowerCase();
}
