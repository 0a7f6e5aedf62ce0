import { accountOf } from "../accounts.ts";
import { attest, falsify, readKeeperSet, signAttestation, type Attested } from "../attestations.ts";
import { convict } from "../convict.ts";
import { activeAttesters } from "../guard.ts";
import { readAccountProof, readHeaderRlp, readMultiProof } from "../proofs.ts";
import { LIAR, loseQuorum } from "./keepers.ts";
import { everywhere, SUCCEEDS, type Row } from "./Row.ts";
import type { Stage } from "./stage.ts";

const CONTRACT = "CheckpointRegistry";
/** A keeper that is active in every grade. */
const HONEST = 2;
/** `KeeperStatus`. */
const SLASHED = 6n;

/** `post` of the head, signed by all active keepers, or by the first `count`. */
async function postArgs(stage: Stage, count?: number): Promise<readonly unknown[]> {
  const { attestation, roots } = await attest(stage);
  const signers = (await activeAttesters(stage)).slice(0, count);
  return [attestation, roots, await readKeeperSet(stage), await signAttestation(stage, attestation, signers)];
}

/** `convict` of a keeper that attested `change` of the head's truth. */
async function convictArgs(stage: Stage, change: (truth: Attested) => Attested, keeper = HONEST) {
  const { attestation, roots } = change(await attest(stage));
  const signatures = await signAttestation(stage, attestation, [stage.keepers[keeper]!.attester]);
  const header = await readHeaderRlp(stage.ethers, attestation.blockNumber);
  const proof = await readAccountProof(stage.ethers, stage.books[0]!, attestation.blockNumber);
  return [attestation, roots, signatures, 0, header, proof];
}

const lie = (truth: Attested): Attested => falsify(truth, 0);

async function proveArgs(stage: Stage): Promise<readonly unknown[]> {
  const { attestation, roots } = stage.witness;
  const { headerRlp, nodes, paths } = await readMultiProof(stage.ethers, stage.books, attestation.blockNumber);
  return [attestation, roots, headerRlp, nodes, paths];
}

const rewardArgs = ({ witness, carrier }: Stage) => [witness.attestation.blockNumber, accountOf(carrier)];
const paid = { contract: CONTRACT, fn: "claimReward", args: rewardArgs } as const;
const payOnce = async (stage: Stage): Promise<void> => {
  const { registry, carrier, witness } = stage;
  await registry.connect(carrier).claimReward(witness.attestation.blockNumber, accountOf(carrier));
};
/** The fund pays nothing of its own while it is short. */
const SHORT = { "Fund short": "FundShort" } as const;

/** What keepers and those who watch them may do with checkpoints. */
export const CHECKPOINT_ROWS: readonly Row[] = [
  {
    ...{ contract: CONTRACT, fn: "post", situation: "a quorum", nature: "judges" },
    ...{ args: async (stage) => await postArgs(stage), outcomes: everywhere(SUCCEEDS) },
  },
  {
    ...{ contract: CONTRACT, fn: "post", situation: "fewer" },
    ...{ args: async (stage) => await postArgs(stage, 4), outcomes: everywhere("QuorumTooFew") },
  },
  {
    ...{ contract: CONTRACT, fn: "post", situation: "all keepers that are left, once they are no quorum" },
    prepare: loseQuorum,
    ...{ args: async (stage) => await postArgs(stage), outcomes: everywhere("QuorumTooFew") },
  },
  {
    ...{ contract: CONTRACT, fn: "prove", situation: "the checkpoint that withdrawals are proved against" },
    ...{ nature: "judges", args: proveArgs, outcomes: everywhere(SUCCEEDS) },
  },
  {
    ...{ contract: CONTRACT, fn: "convict", situation: "a false attestation", nature: "judges" },
    ...{ args: async (stage) => await convictArgs(stage, lie), outcomes: everywhere(SUCCEEDS) },
  },
  {
    ...{ contract: CONTRACT, fn: "convict", situation: "a false attestation, once too few keepers are left" },
    ...{ nature: "judges", prepare: loseQuorum },
    ...{ args: async (stage) => await convictArgs(stage, lie), outcomes: everywhere(SUCCEEDS) },
  },
  {
    ...{ contract: CONTRACT, fn: "convict", situation: "a false attestation, whose signer is convicted already" },
    prepare: async (stage) => {
      const { keeperRegistry, keepers, challenger } = stage;
      const liar = keepers[LIAR]!.attester;
      const { status } = await keeperRegistry.keeperOf(liar.address);
      if (status !== SLASHED) await convict(stage, lie(await attest(stage)), { signers: [liar], challenger });
    },
    args: async (stage) => await convictArgs(stage, lie, LIAR),
    outcomes: everywhere("RegistryNothingToConvict"),
  },
  {
    ...{ contract: CONTRACT, fn: "convict", situation: "a true attestation" },
    args: async (stage) => await convictArgs(stage, (truth) => truth),
    outcomes: everywhere("RegistryAttestationTrue"),
  },
  {
    ...{ ...paid, by: "carrier", situation: "", from: (stage) => stage.carrier },
    outcomes: everywhere(SUCCEEDS, SHORT),
  },
  {
    ...{ ...paid, by: "carrier", situation: "once more", from: (stage) => stage.carrier },
    prepare: async (stage) => {
      if (!(await stage.fund.refresh.staticCall())) await payOnce(stage);
    },
    outcomes: everywhere("RegistryAlreadyPaid", SHORT),
  },
  { ...{ ...paid, by: "anyone else", situation: "" }, outcomes: everywhere("RegistryNotCarrier") },
];
