import { booksRoot } from "../../../keeper/domain/booksRoot.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import type { Fleet } from "./Fleet.ts";
import type { FleetKeeper } from "./FleetKeeper.ts";
import type { Players } from "./Players.ts";
import { readEvents } from "./readEvents.ts";
import type { Timeline } from "./Timeline.ts";

/** Blocks that the newcomer proves: fewer than there are since the repair, as for anybody who comes a while later. */
const NEWCOMER_PROOFS = 8;
/** Blocks for which it has to stay in sync. */
const QUIET_BLOCKS = 4;

/** After the resume: nobody is liquidated in the grace, people trade, and after the grace liquidations go on. */
export async function runAgain(fleet: Fleet, timeline: Timeline, players: Players): Promise<void> {
  const { chain } = fleet;
  const early = await players.liquidate();
  const refusal = early.accepted ? "accepted" : early.error;
  timeline.check("liquidate in the grace", refusal, refusal === "AuctionInGrace");
  const { number, timestamp } = await chain.readHead();
  const [hot] = (await chain.read([{ contract: "PositionLedger", fn: "hotWord" }])) as [
    { readonly graceUntil: bigint },
  ];
  const left = Number(hot.graceUntil) - timestamp;
  timeline.reach("grace", number, `nobody can be liquidated for another ${left} s of the chain`);

  const trade = await players.takeRisk();
  timeline.check("take on new risk", trade.accepted ? "accepted" : trade.error, trade.accepted);
  if (trade.accepted)
    timeline.reach("trade", trade.blockNumber, "new risk is taken again", await fleet.announcedAt(trade.blockNumber));

  await fleet.skipTo(Number(hot.graceUntil));
  const late = await players.liquidate();
  timeline.check("liquidate after the grace", late.accepted ? "accepted" : late.error, late.accepted);
  if (late.accepted)
    timeline.reach(
      "liquidation",
      late.blockNumber,
      "the grace is over: the debtor's position is auctioned",
      await fleet.announcedAt(late.blockNumber),
    );
}

/**
 * A keeper that starts from nothing agrees with the four: it replays the incident, proves what came after it, has the same books,
 * and finds nothing. Alarms are what it says at any time; once it is in sync, every word is one.
 */
export async function welcomeNewcomer(fleet: Fleet, timeline: Timeline, repairBlock: number): Promise<void> {
  await fleet.untilHead(repairBlock + NEWCOMER_PROOFS + 1);
  const newcomer = await fleet.startNewcomer(NEWCOMER_PROOFS);
  const [veteran] = fleet.keepers as [FleetKeeper];
  let [number, root]: [number, string] = [0, ""];
  await fleet.until("the newcomer is at the block of the others", () => {
    if (newcomer.running.service.status.state !== "IN_SYNC") return false;
    const [ours, theirs] = [tipOf(newcomer), tipOf(veteran)];
    if (ours === null || ours.number <= repairBlock || ours.hash !== theirs?.hash) return false;
    timeline.newcomer = ours.root === theirs.root ? "InSync" : `other books root: ${ours.root} and not ${theirs.root}`;
    ({ number, root } = ours);
    return true;
  });
  const agreedAtMs = performance.now();
  await fleet.untilHead(number + QUIET_BLOCKS);
  await fleet.until("the newcomer is in sync with what follows", () => {
    return newcomer.firstVerdict("InSync", number + QUIET_BLOCKS) !== undefined;
  });
  const alarms = newcomer.all("alert").filter(({ effect, atMs }) => effect.level === "critical" || atMs >= agreedAtMs);
  const said = alarms.map(({ effect }) => `${effect.event} (${effect.detail})`);
  const found = [...newcomer.all("incident"), ...newcomer.all("latch")].map(({ effect }) => effect.type);
  timeline.check(
    "what the newcomer says",
    [...said, ...found].join(", ") || "nothing",
    said.length + found.length === 0,
  );
  timeline.reach(
    "newcomer",
    number,
    `a keeper that started from nothing has the same books, ${root.slice(0, 10)}…`,
    agreedAtMs,
  );
}

/** The incident is over for each keeper, and happened once. */
export async function closeIncident(
  fleet: Fleet,
  timeline: Timeline,
  incidentId: Hash,
  divergentBlock: number,
): Promise<void> {
  const states = (): (string | null)[] => fleet.keepers.map((keeper) => keeper.stateOf(incidentId));
  await fleet.until("the incident is closed by all keepers", () => states().every((state) => state === "closed"));
  const counts = await Promise.all(
    ["SoftPaused", "HardPaused", "Resumed"].map(async (name) => {
      return (await readEvents(fleet.chain, "SyncGuard", name, divergentBlock)).length;
    }),
  );
  const outcome = `${counts[0] ?? 0} soft, ${counts[1] ?? 0} hard, ${counts[2] ?? 0} resumed`;
  timeline.check(
    "pauses on chain",
    outcome,
    counts.every((count) => count === 1),
  );
}

function tipOf({ running }: FleetKeeper): { readonly number: number; readonly hash: Hash; readonly root: Hash } | null {
  const { books } = running.service.keeper;
  return books.tip === null ? null : { number: books.tip.number, hash: books.tip.hash, root: booksRoot(books.roots()) };
}
