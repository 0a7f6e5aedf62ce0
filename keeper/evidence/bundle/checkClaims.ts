import { BOOK_NAMES, type BookAddresses } from "../../domain/bookSet.ts";
import type { Finding } from "../../domain/Finding.ts";
import { incidentId } from "../../domain/incidentId.ts";
import { checkPolicy } from "../../domain/policy.ts";
import type { Hash } from "../../lib/hex.ts";
import { evidenceHash } from "../../loop/evidenceHash.ts";
import { encode } from "../codec.ts";
import type { Bundle } from "./Bundle.ts";
import { BundleProblem } from "./BundleProblem.ts";
import { claimedFindings } from "./claimedFindings.ts";
import { decisionOf } from "./decisionOf.ts";
import type { BundleSettings, Manifest } from "./Manifest.ts";

/** The contracts of the protocol, as whoever verifies knows them. */
export interface ExpectedDeployment {
  readonly chainId: number;
  readonly contracts: BookAddresses;
}

/** What a bundle claims, once it is known to fit together. */
export interface CheckedClaims {
  readonly findings: readonly Finding[];
  /** What a pause for it says on chain; null where findings were left out, so that it cannot be computed. */
  readonly evidenceHash: Hash | null;
}

/**
 * What a manifest says of itself: of which protocol it is, that the incident's id follows from its finding, the actions from the
 * verdict by the policy, and the hash of the evidence from the findings and the settings.
 *
 * @throws BundleProblem `invalid`
 */
export function checkClaims(bundle: Bundle, expected: ExpectedDeployment | undefined): CheckedClaims {
  const { manifest } = bundle;
  const { settings, incident } = manifest;
  if (BigInt(settings.chainId) !== settings.immutables.chainId) throw refuse("deployment", "it names two chains");
  if (expected !== undefined) compareDeployment(settings, expected);
  const { findings, isWhole } = claimedFindings(bundle);
  checkIncident(manifest, findings);
  checkActions(manifest);
  if (!isWhole) return { findings, evidenceHash: null };
  const computed = evidenceHash(findings, settings);
  if (computed === incident.evidenceHash) return { findings, evidenceHash: computed };
  throw refuse("evidence-hash", `its findings and settings have the hash ${computed}, not ${incident.evidenceHash}`);
}

function refuse(check: string, detail: string): BundleProblem {
  return new BundleProblem("invalid", check, "manifest", detail);
}

function compareDeployment({ chainId, addresses }: BundleSettings, expected: ExpectedDeployment): void {
  if (expected.chainId !== chainId) {
    throw refuse("deployment", `it is of chain ${chainId}, the deployment of ${expected.chainId}`);
  }
  for (const name of BOOK_NAMES) {
    const [theirs, ours] = [addresses[name], expected.contracts[name]];
    if (theirs !== ours) throw refuse("deployment", `its ${name} is ${theirs}, the deployment's is ${ours}`);
  }
}

/** The incident's id follows from its first finding; all findings are of the step's last block. */
function checkIncident({ settings, incident, blocks }: Manifest, findings: readonly Finding[]): void {
  const { chainId, addresses } = settings;
  const { blockHash, contract, cause } = findings[0] as Finding;
  const key = { chainId, guard: addresses.SyncGuard, blockHash, book: addresses[contract], cause };
  if (incidentId(key) !== incident.id) {
    throw refuse("incident", "its id does not follow from chain, guard, block, contract and cause");
  }
  const last = blocks.at(-1);
  const isLast = (finding: Finding): boolean => {
    return finding.blockHash === last?.hash && finding.blockNumber === last.number;
  };
  if (!findings.every(isLast)) throw refuse("incident", "a finding is not in the step's last block");
}

function checkActions({ settings, actions, incident }: Manifest): void {
  const problems = checkPolicy(settings.policy);
  if (problems.length > 0) throw refuse("decision", `its policy is none: ${problems.join(", ")}`);
  if (encode(decisionOf(incident, settings.policy)) === encode(actions)) return;
  throw refuse("decision", "its actions do not follow from the verdict by its policy");
}
