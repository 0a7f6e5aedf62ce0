import { id } from "ethers";

import { TIMES } from "../../fixtures/deployLockstep.ts";
import { readKeeperSet } from "../attestations.ts";
import {
  activeAttesters,
  CAUSES,
  certifyPause,
  certifyResume,
  hardPause,
  pause,
  readHead,
  signPause,
  signResume,
  type PauseCertificate,
  type ResumeCertificate,
} from "../guard.ts";
import { postHead } from "./grades.ts";
import { PAUSER } from "./keepers.ts";
import { DOES_NOTHING, everywhere, SUCCEEDS, type Row } from "./Row.ts";
import type { Stage } from "./stage.ts";

const CONTRACT = "SyncGuard";
const INCIDENT = id("another incident");
const increase = async ({ connection }: Stage, seconds: number) =>
  await connection.networkHelpers.time.increase(seconds);

/** In a wind-down nothing is left to restrict. */
const NO_EFFECT = { "Wind-down": DOES_NOTHING } as const;

const pauseArgs = (cause: number) => async (stage: Stage) => {
  const { number, hash } = await readHead(stage);
  return [INCIDENT, cause, number, hash, id("evidence")];
};

const NOT_REARMED = "KeeperRegistryNotRearmed";
/** Of the keeper whose pause stands, or has just been lifted. */
const USED_UP = everywhere(SUCCEEDS, { Soft: NOT_REARMED, Grace: NOT_REARMED, ...NO_EFFECT });
const pauser = ({ keepers }: Stage) => keepers[PAUSER]!.pauser;
const fresh = (stage: Stage) => stage.fresh.pauser;

function softPause(situation: string, from: Row["from"], cause: number, outcomes: Row["outcomes"]): Row {
  return {
    ...{ contract: CONTRACT, fn: "softPause", by: "pauser", situation, ...(from && { from }) },
    ...{ args: pauseArgs(cause), outcomes },
  };
}

const SOFT_PAUSES: readonly Row[] = [
  softPause("it has not paused; proved books", fresh, CAUSES.books, everywhere(SUCCEEDS, NO_EFFECT)),
  softPause("it has not paused; a view", fresh, CAUSES.view, everywhere(SUCCEEDS, NO_EFFECT)),
  softPause("it has paused last, another incident; proved books", pauser, CAUSES.books, USED_UP),
  softPause("it has paused last, another incident; a view", pauser, CAUSES.view, USED_UP),
  {
    ...{ contract: CONTRACT, fn: "softPause", by: "anyone else", situation: "" },
    ...{ args: pauseArgs(CAUSES.books), outcomes: everywhere("KeeperRegistryNotPauser", NO_EFFECT) },
  },
  {
    ...{ contract: CONTRACT, fn: "softPause", situation: "a block that has been judged" },
    prepare: async (stage) => {
      await pause(stage, stage.keepers.indexOf(stage.fresh), INCIDENT, await readHead(stage));
    },
    args: async ({ guard, ethers, ...rest }) => {
      const { softBlock } = await guard.incident();
      const judged = Number(softBlock) === 0 ? (await readHead({ ethers, guard, ...rest })).number : Number(softBlock);
      return [INCIDENT, CAUSES.books, judged, (await ethers.provider.getBlock(judged))!.hash, id("evidence")];
    },
    outcomes: everywhere(DOES_NOTHING),
  },
];

interface Choice {
  readonly count?: number;
  readonly pause?: Partial<PauseCertificate>;
  readonly resume?: Partial<ResumeCertificate>;
}

/** The first `count` of those whose signatures count; all by default. */
async function signersOf(stage: Stage, count?: number) {
  return (await activeAttesters(stage)).slice(0, count);
}

const hardPauseArgs =
  ({ count, pause: changes }: Choice = {}) =>
  async (stage: Stage) => {
    const certificate = { ...(await certifyPause(stage, INCIDENT, await readHead(stage))), ...changes };
    return [
      certificate,
      await readKeeperSet(stage),
      await signPause(stage, certificate, await signersOf(stage, count)),
    ];
  };

function halting(situation: string, choice: Choice, outcome: string, prepare?: Row["prepare"]): Row {
  return {
    ...{ contract: CONTRACT, fn: "hardPause", situation, ...(prepare && { prepare }) },
    ...{ args: hardPauseArgs(choice), outcomes: everywhere(outcome, NO_EFFECT) },
  };
}

const HARD_PAUSES: readonly Row[] = [
  halting("a quorum", {}, SUCCEEDS),
  halting("fewer", { count: 4 }, "QuorumTooFew"),
  halting("former keepers", { pause: { setId: 1n } }, "GuardWrongKeeperSet"),
  halting("signed before the last incident ended", { pause: { pauseNonce: 0n } }, "GuardWrongNonce"),
  halting("once more", {}, DOES_NOTHING, async (stage) => await hardPause(stage, INCIDENT, await readHead(stage))),
];

const resumeArgs =
  ({ count, resume: changes }: Choice = {}) =>
  async (stage: Stage) => {
    const certificate = { ...(await certifyResume(stage)), ...changes };
    return [
      certificate,
      await readKeeperSet(stage),
      await signResume(stage, certificate, await signersOf(stage, count)),
    ];
  };

/** Where nothing stands that could be resumed, and where there is no way back. */
const NOTHING_TO_RESUME = {
  ...{ Synced: "GuardNotPaused", Stale: "GuardNotPaused", Grace: "GuardNotPaused", "Fund short": "GuardNotPaused" },
  ...{ "Wind-down": "GuardWindDown" },
} as const;

/** What a resume waits for: a halt's cool-down, and a checkpoint that follows. */
async function becomeReady(stage: Stage): Promise<void> {
  if (await stage.guard.isHalted()) await increase(stage, TIMES.coolDownSeconds);
  await stage.connection.networkHelpers.mine();
  await postHead(stage);
}

function resuming(situation: string, choice: Choice, [Soft, Halted]: readonly [string, string]): Row {
  return {
    ...{ contract: CONTRACT, fn: "resume", situation, nature: "resumes", prepare: becomeReady },
    ...{ args: resumeArgs(choice), outcomes: { ...everywhere(SUCCEEDS, NOTHING_TO_RESUME), Soft, Halted } },
  };
}

const RESUMES: readonly Row[] = [
  resuming("a quorum, with a later checkpoint and after a halt's cool-down", {}, [SUCCEEDS, SUCCEEDS]),
  {
    ...resuming("a quorum, with a later checkpoint, at once", {}, [SUCCEEDS, "GuardCoolDown"]),
    prepare: async (stage) => {
      await stage.connection.networkHelpers.mine();
      await postHead(stage);
    },
  },
  {
    ...resuming("a quorum, without a later checkpoint", {}, ["GuardCheckpointTooOld", "GuardCheckpointTooOld"]),
    prepare: async (stage) => await increase(stage, TIMES.coolDownSeconds),
  },
  resuming("fewer", { count: 4 }, ["QuorumTooFew", "QuorumTooFew"]),
  resuming("former keepers", { resume: { setId: 1n } }, ["GuardWrongKeeperSet", "GuardWrongKeeperSet"]),
  resuming("signed before the last pause", { resume: { pauseNonce: 0n } }, ["GuardWrongNonce", "GuardWrongNonce"]),
  resuming("a halt of another cause", { resume: { incidentId: INCIDENT } }, [SUCCEEDS, "GuardWrongIncident"]),
];

const LIFTS: readonly Row[] = [
  {
    ...{ contract: CONTRACT, fn: "liftSoft", situation: "at once", nature: "lifts" },
    ...{ args: () => [], outcomes: everywhere("GuardNotLiftable") },
  },
  {
    ...{ contract: CONTRACT, fn: "liftSoft", situation: "after a later checkpoint and the soft time", nature: "lifts" },
    prepare: async (stage) => {
      await postHead(stage);
      await increase(stage, TIMES.softTimeSeconds);
    },
    args: () => [],
    outcomes: everywhere("GuardNotLiftable", { Soft: SUCCEEDS }),
  },
];

const [UP, DOWN] = [0, 1];
const HALTED = { Halted: "GuardHalted", "Wind-down": "GuardHalted" } as const;

const OUTAGES: readonly Row[] = [
  {
    ...{ contract: CONTRACT, fn: "creditOutage", situation: "the sequencer was down" },
    prepare: async (stage) => {
      const now = await stage.connection.networkHelpers.time.latest();
      await stage.sequencer.set(2, DOWN, now, 2);
      await stage.sequencer.set(3, UP, now + 30, 3);
      await increase(stage, 60);
    },
    args: () => [2, 3],
    outcomes: everywhere(SUCCEEDS, HALTED),
  },
  {
    ...{ contract: CONTRACT, fn: "creditOutage", situation: "it was not" },
    ...{ args: () => [1, 2], outcomes: everywhere("GuardNoOutage", HALTED) },
  },
];

/** What pauses, and what ends a pause. */
export const GUARD_ROWS: readonly Row[] = [...SOFT_PAUSES, ...HARD_PAUSES, ...RESUMES, ...LIFTS, ...OUTAGES];
