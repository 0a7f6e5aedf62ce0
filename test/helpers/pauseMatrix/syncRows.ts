import { id } from "ethers";

import { TIMES } from "../../fixtures/deployLockstep.ts";
import { attest, falsify, signAttestation, type Attested } from "../attestations.ts";
import { readHead } from "../guard.ts";
import { readAccountProof, readHeaderRlp, readMultiProof } from "../proofs.ts";
import { honestAttesters, postHead } from "./grades.ts";
import { everywhere, SUCCEEDS, type Row } from "./Row.ts";
import type { Stage } from "./stage.ts";

async function pauseArgs(stage: Stage): Promise<readonly unknown[]> {
  const { number, hash } = await readHead(stage);
  return [id("another incident"), number, hash, id("evidence")];
}

/** `post` of the head, signed by `count` keepers. */
async function postArgs(stage: Stage, count: number): Promise<readonly unknown[]> {
  const { attestation, roots } = await attest(stage);
  const signers = honestAttesters(stage).slice(0, count);
  return [attestation, roots, await signAttestation(stage, attestation, signers)];
}

/** `convict` of a keeper that attested `change` of the head's truth. */
async function convictArgs(stage: Stage, change: (truth: Attested) => Attested): Promise<readonly unknown[]> {
  const { attestation, roots } = change(await attest(stage));
  const signatures = await signAttestation(stage, attestation, [stage.keepers[2]!.attester]);
  const header = await readHeaderRlp(stage.ethers, attestation.blockNumber);
  const proof = await readAccountProof(stage.ethers, stage.books[0]!, attestation.blockNumber);
  return [attestation, roots, signatures, 0, header, proof];
}

/** What keepers and those who watch them may do. */
export const SYNC_ROWS: readonly Row[] = [
  {
    ...{ contract: "SyncGuard", fn: "softPause", situation: "a keeper that has not paused" },
    ...{ from: (stage) => stage.keepers[1]!.pauser, args: pauseArgs, outcomes: everywhere(SUCCEEDS) },
  },
  {
    ...{ contract: "SyncGuard", fn: "softPause", situation: "the keeper of the last pause, another incident" },
    ...{ from: (stage) => stage.keepers[0]!.pauser, args: pauseArgs },
    outcomes: everywhere(SUCCEEDS, { Soft: "GuardNotRearmed", Grace: "GuardNotRearmed" }),
  },
  {
    ...{ contract: "SyncGuard", fn: "softPause", situation: "anyone else" },
    ...{ args: pauseArgs, outcomes: everywhere("GuardNotKeeper") },
  },
  {
    ...{ contract: "SyncGuard", fn: "liftSoft", situation: "at once" },
    ...{ args: () => [], outcomes: everywhere("GuardNotLiftable") },
  },
  {
    ...{ contract: "SyncGuard", fn: "liftSoft", situation: "after a later checkpoint and the soft time" },
    prepare: async (stage) => {
      await postHead(stage);
      await stage.connection.networkHelpers.time.increase(TIMES.softTimeSeconds);
    },
    args: () => [],
    outcomes: everywhere("GuardNotLiftable", { Soft: SUCCEEDS }),
  },
  {
    ...{ contract: "CheckpointRegistry", fn: "post", situation: "a quorum" },
    ...{ args: (stage) => postArgs(stage, 3), outcomes: everywhere(SUCCEEDS) },
  },
  {
    ...{ contract: "CheckpointRegistry", fn: "post", situation: "fewer" },
    ...{ args: (stage) => postArgs(stage, 2), outcomes: everywhere("RegistryNoQuorum") },
  },
  {
    ...{ contract: "CheckpointRegistry", fn: "prove", situation: "the newest checkpoint" },
    args: async (stage) => {
      const { attestation, roots } = stage.witness;
      const number = attestation.blockNumber;
      const { headerRlp, nodes, paths } = await readMultiProof(stage.ethers, stage.books, number);
      return [number, roots, headerRlp, nodes, paths];
    },
    outcomes: everywhere(SUCCEEDS),
  },
  {
    ...{ contract: "CheckpointRegistry", fn: "convict", situation: "a false attestation" },
    args: (stage) => convictArgs(stage, (truth) => falsify(truth, 0)),
    outcomes: everywhere(SUCCEEDS),
  },
  {
    ...{ contract: "CheckpointRegistry", fn: "convict", situation: "a true attestation" },
    args: (stage) => convictArgs(stage, (truth) => truth),
    outcomes: everywhere("RegistryAttestationTrue"),
  },
];
