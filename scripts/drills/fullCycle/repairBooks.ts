import { storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import { bigintToHex32 } from "../../../keeper/lib/hex.ts";
import { developmentWallet, ROLES } from "../../local/accounts.ts";
import type { Thief } from "../corruptedBalance.ts";
import type { Fleet } from "./Fleet.ts";
import { must } from "./must.ts";
import type { Players } from "./Players.ts";
import type { Timeline } from "./Timeline.ts";
import type { OfflineVerification } from "./verifyOffline.ts";

/** Number of the ledger's variable `_accounts`. */
const ACCOUNTS = 1;

/**
 * Governance puts back the word that the events imply. What it writes is what the verified evidence shows, not what a keeper
 * says.
 *
 * @returns the block of the repair
 */
export async function repairBooks(
  fleet: Fleet,
  timeline: Timeline,
  { slots }: OfflineVerification,
  { account }: Thief,
  { anybody }: Players,
): Promise<number> {
  const { chain } = fleet;
  const word = slots.find(({ contract, slot }) => {
    return contract === "PositionLedger" && slot === ledger.accounts.slot(account);
  });
  if (word === undefined) throw new KeeperError("DrillFailed", "the evidence does not show the thief's account");
  const [expected, value] = [bigintToHex32(BigInt(word.chain)), bigintToHex32(BigInt(word.implied))];
  const args = [
    chain.address("PositionLedger"),
    { variable: ACCOUNTS, keys: [account], offset: 0, expected, value },
  ] as const;
  const foreign = await chain.attempt(anybody, "SyncGuard", "repair", args);
  const outcome = foreign.accepted ? "accepted" : `refused (${foreign.error})`;
  timeline.check("a repair by somebody without the role", outcome, !foreign.accepted);
  const block = await must(chain, developmentWallet(ROLES.deployer), "SyncGuard", "repair", args);
  timeline.reach(
    "repair",
    block,
    "governance puts back the word that the events imply",
    await fleet.announcedAt(block),
  );
  return block;
}
