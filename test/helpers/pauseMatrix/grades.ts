import { id } from "ethers";

import { TIMES, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { attest, falsify, postAttested, type Attested } from "../attestations.ts";
import { convict } from "../convict.ts";
import { pause, readHead } from "../guard.ts";

/** The columns of the matrix: every state that decides what may happen, in the order of the document. */
export const GRADES = ["Synced", "Soft", "Stale", "Grace", "Halted", "Fund short"] as const;

/** A column of the matrix. */
export type Grade = (typeof GRADES)[number];

/** The grades in which new risk is refused and withdrawals follow the two-witness rule. */
export const RESTRICTED: readonly Grade[] = ["Soft", "Stale", "Halted"];

/** What a grade is, for the document. */
export const GRADE_NOTES: Readonly<Record<Grade, string>> = {
  Synced: "nothing is restricted",
  Soft: "one keeper paused",
  Stale: "no checkpoint for longer than the stale limit",
  Grace: "a soft pause has just been lifted by a checkpoint; nothing is restricted, but nobody is liquidated yet",
  Halted: "a keeper was convicted of a false attestation",
  "Fund short": "as Synced, with the insurance fund below its target: withdrawals weigh four times",
};

/** The flags that are in force in each grade, as the ledger reports them. */
export const GRADE_FLAGS: Readonly<Record<Grade, bigint>> = {
  Synced: 0n,
  Soft: 3n,
  Stale: 3n,
  Grace: 0n,
  Halted: 15n,
  "Fund short": 16n,
};

/** The keeper that pauses, and the one that is convicted; the others never do anything but attest. */
const PAUSER = 0;
const LIAR = 3;

/** The attesters that are active in any grade: a quorum, with or without the one that was convicted. */
export function honestAttesters(system: Lockstep) {
  return system.keepers.slice(0, LIAR).map(({ attester }) => attester);
}

/** Posts the true attestation of the head. */
export async function postHead(system: Lockstep): Promise<Attested> {
  const attested = await attest(system);
  await postAttested(system, attested, honestAttesters(system));
  return attested;
}

/**
 * Brings a synced deployment with four keepers into `grade`, by what really leads there.
 *
 * @returns the checkpoint that withdrawals are proved against then: `witness`, unless a later one was posted
 */
export async function enterGrade(system: Lockstep, grade: Grade, witness: Attested): Promise<Attested> {
  const { time } = system.connection.networkHelpers;
  switch (grade) {
    case "Synced":
      break;
    case "Soft":
      await pause(system, PAUSER, id("soft"), await readHead(system));
      break;
    case "Stale":
      await time.increase(TIMES.staleLimitSeconds + 1);
      break;
    case "Grace":
      await pause(system, PAUSER, id("soft"), await readHead(system));
      await time.increase(TIMES.softTimeSeconds);
      return await postHead(system);
    case "Halted":
      await convict(system, falsify(await attest(system), 0), { signers: [system.keepers[LIAR]!.attester] });
      break;
    case "Fund short":
      await system.fund.setTarget(2n ** 100n);
      await system.fund.refresh();
      break;
  }
  return witness;
}
