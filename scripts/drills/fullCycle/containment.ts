import { recoverAddress } from "ethers";

import type { Hash } from "../../../keeper/lib/hex.ts";
import { callNode } from "../../local/callNode.ts";
import { migrateQuote, withdrawal } from "../../local/attack.ts";
import { contractInterface } from "../../local/contractInterface.ts";
import { CORRUPTED_QUOTE, tradeOnCorruption, type Thief } from "../corruptedBalance.ts";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import type { Fleet } from "./Fleet.ts";
import type { Players } from "./Players.ts";
import { readEvents, type ChainEvent } from "./readEvents.ts";
import type { Timeline } from "./Timeline.ts";

/** What the contracts say of the incident. */
export interface Halted {
  readonly incidentId: Hash;
  /** The first divergent block. */
  readonly divergentBlock: number;
  readonly haltBlock: number;
}

/** A signature is 65 bytes: so many hexadecimal digits. */
const SIGNATURE_DIGITS = 130;

/** From an unevented write to the halt: found, restricted by one keeper, certified by a quorum, halted. */
export async function contain(fleet: Fleet, timeline: Timeline, thief: Thief): Promise<Halted> {
  const { chain, keepers } = fleet;
  const written = await migrateQuote(chain, { by: thief.wallet, account: thief.account, quote: CORRUPTED_QUOTE });
  const divergentBlock = written.blockNumber;
  if (divergentBlock === undefined) throw new KeeperError("DrillFailed", `the write was refused: ${written.error}`);
  await fleet.until("a keeper finds the divergence", () => {
    return keepers.some((keeper) => keeper.firstVerdict("Diverged", divergentBlock) !== undefined);
  });
  const verdicts = keepers.flatMap((keeper) => keeper.firstVerdict("Diverged", divergentBlock) ?? []);
  const first = verdicts.reduce((one, other) => (other.atMs < one.atMs ? other : one));
  const { report } = first.effect;
  timeline.begin(divergentBlock, report.headAtMs);
  timeline.reach("detected", report.number, "Diverged, by the first of four keepers", first.atMs);

  const soft = await untilEvent(fleet, "SoftPaused", divergentBlock);
  timeline.reach(
    "soft-pause",
    soft.block,
    `by the keeper of ${String(soft.args["attester"]).slice(0, 10)}`,
    await fleet.announcedAt(soft.block),
  );
  const hard = await untilEvent(fleet, "HardPaused", divergentBlock);
  const incidentId = hard.args["cause"] as Hash;
  const certifiedAtMs = certificateAt(fleet, incidentId);
  if (certifiedAtMs !== null) {
    const signers = await certifiers(fleet, hard);
    timeline.reach("certificate", divergentBlock, `signed by ${signers.size} of four keepers`, certifiedAtMs);
    const isQuorum = signers.size >= 3 && [...signers].every((signer) => fleet.members.includes(signer as Hash));
    timeline.check("signatures that the halt was carried with", `${signers.size} of members`, isQuorum);
  }
  timeline.reach(
    "hard-pause",
    hard.block,
    "everything but reducing risk stands still",
    await fleet.announcedAt(hard.block),
  );
  return { incidentId, divergentBlock, haltBlock: hard.block };
}

/** What the corrupted balance, or haste, would have allowed is refused while the protocol is halted. */
export async function tryWhileHalted(
  { chain }: Fleet,
  timeline: Timeline,
  thief: Thief,
  players: Players,
): Promise<void> {
  const [isHalted] = await chain.read([{ contract: "SyncGuard", fn: "isHalted" }]);
  timeline.check("the HALT flag", String(isHalted), isHalted === true);
  const loot = { owner: thief.wallet, account: thief.account, amount: CORRUPTED_QUOTE / 10n ** 12n };
  const attempts = [
    ["trade on the corrupted balance", await tradeOnCorruption({ chain }, thief)],
    ["withdraw the corrupted balance", await withdrawal(chain, loot)],
    ["take on new risk while halted", await players.takeRisk()],
    ["liquidate while halted", await players.liquidate()],
  ] as const;
  for (const [what, { accepted, ...rest }] of attempts) {
    timeline.check(what, accepted ? "accepted" : `refused (${"error" in rest ? rest.error : "?"})`, !accepted);
  }
}

async function untilEvent(fleet: Fleet, name: "SoftPaused" | "HardPaused", fromBlock: number): Promise<ChainEvent> {
  let events: ChainEvent[] = [];
  await fleet.until(`${name} is on chain`, async () => {
    events = await readEvents(fleet.chain, "SyncGuard", name, fromBlock);
    return events.length > 0;
  });
  return events[0] as ChainEvent;
}

/** When a keeper first held a quorum's signatures for the halt, monotonic milliseconds. */
function certificateAt({ keepers }: Fleet, incidentId: Hash): number | null {
  const moments = keepers.flatMap((keeper) => {
    const whole = keeper.all("statements").find(({ effect }) => {
      const signers = effect.statements.flatMap(({ statement, signer }) => {
        return statement.kind === "pause" && statement.certificate.incidentId === incidentId ? [signer] : [];
      });
      return new Set(signers).size >= 3;
    });
    return whole === undefined ? [] : [whole.atMs];
  });
  return moments.length === 0 ? null : Math.min(...moments);
}

/** Who signed the certificate in the transaction that halted, recovered from its signatures. */
async function certifiers({ chain }: Fleet, { transaction }: ChainEvent): Promise<Set<string>> {
  const sent = (await callNode(chain.url, "eth_getTransactionByHash", [transaction])) as { readonly input: string };
  const call = contractInterface("SyncGuard").parseTransaction({ data: sent.input });
  const [certificate, , signatures] = (call?.args ?? []) as unknown as [unknown, unknown, string];
  const [digest] = (await chain.read([{ contract: "SyncGuard", fn: "hashPause", args: [certificate] }])) as [string];
  const signers = new Set<string>();
  for (let at = 2; at < signatures.length; at += SIGNATURE_DIGITS) {
    signers.add(recoverAddress(digest, `0x${signatures.slice(at, at + SIGNATURE_DIGITS)}`).toLowerCase());
  }
  return signers;
}
