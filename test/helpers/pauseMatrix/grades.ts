import { id } from "ethers";

import { TIMES, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { attest, falsify, postSigned, signAttestation, type Attested } from "../attestations.ts";
import { convict } from "../convict.ts";
import { activeAttesters, pause, readHead } from "../guard.ts";
import { LIAR, PAUSER, WIND_DOWN_SECONDS } from "./keepers.ts";
import type { Stage } from "./stage.ts";

/** The columns of the matrix: every state that decides what may happen, in the order of the document. */
export const GRADES = ["Synced", "Soft", "Stale", "Grace", "Halted", "Wind-down", "Fund short"] as const;

/** A column of the matrix. */
export type Grade = (typeof GRADES)[number];

/** The grades in which new risk is refused and withdrawals follow the two-witness rule. */
export const RESTRICTED: readonly Grade[] = ["Soft", "Stale", "Halted", "Wind-down"];

/** The grades that only a quorum's resume ends, or nothing. */
export const STOPPED: readonly Grade[] = ["Halted", "Wind-down"];

/** What a grade is, for the document. */
export const GRADE_NOTES: Readonly<Record<Grade, string>> = {
  Synced: "nothing is restricted",
  Soft: "one keeper paused",
  Stale: "no checkpoint for longer than the stale limit",
  Grace: "a soft pause has just been lifted by a checkpoint; nothing is restricted, but nobody is liquidated yet",
  Halted: "a keeper was convicted of a false attestation; a quorum's certificate makes no difference",
  "Wind-down": "nobody ended such a halt in time; claims are being registered",
  "Fund short": "as Synced, with the insurance fund below its target: withdrawals weigh four times",
};

/** The flags that are in force in each grade, as the ledger reports them. */
export const GRADE_FLAGS: Readonly<Record<Grade, bigint>> = {
  Synced: 0n,
  Soft: 3n,
  Stale: 3n,
  Grace: 0n,
  Halted: 15n,
  "Wind-down": 47n,
  "Fund short": 16n,
};

/** Posts the true attestation of the head, with the signatures of all active keepers; `carrier` is to be paid for it. */
export async function postHead(system: Lockstep & Pick<Stage, "carrier">): Promise<Attested> {
  const attested = await attest(system);
  const signatures = await signAttestation(system, attested.attestation, await activeAttesters(system));
  await postSigned(system, attested, signatures, system.carrier);
  return attested;
}

/**
 * Brings a synced stage into `grade`, by what really leads there.
 *
 * @returns the checkpoint that withdrawals are proved against then: `witness`, unless a later one was posted
 */
export async function enterGrade(stage: Stage, grade: Grade): Promise<Attested> {
  const { time } = stage.connection.networkHelpers;
  switch (grade) {
    case "Synced":
      break;
    case "Soft":
      await pause(stage, PAUSER, id("soft"), await readHead(stage));
      break;
    case "Stale":
      await time.increase(TIMES.staleLimitSeconds + 1);
      break;
    case "Grace":
      await pause(stage, PAUSER, id("soft"), await readHead(stage));
      await time.increase(TIMES.softTimeSeconds);
      return await postHead(stage);
    case "Halted":
      await haltByConviction(stage);
      break;
    case "Wind-down":
      await haltByConviction(stage);
      await time.increase(WIND_DOWN_SECONDS);
      await stage.guard.connect(stage.stranger).startWindDown();
      break;
    case "Fund short":
      await stage.fund.setTarget(2n ** 100n);
      await stage.fund.refresh();
      break;
  }
  return stage.witness;
}

async function haltByConviction(stage: Stage): Promise<void> {
  const { keepers, challenger } = stage;
  await convict(stage, falsify(await attest(stage), 0), { signers: [keepers[LIAR]!.attester], challenger });
}
