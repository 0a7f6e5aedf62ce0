import { PROVED_ALONE, type Finding } from "../../domain/Finding.ts";
import { BundleProblem } from "./BundleProblem.ts";
import type { Manifest } from "./Manifest.ts";

/** What a bundle says of a step, and what the replay of it came to. */
export interface StepOutcome {
  /** All findings that are claimed. */
  readonly claims: readonly Finding[];
  readonly findings: readonly Finding[];
  /** Why the naive derivation does not agree with the chain; null when it does. */
  readonly dissent: string | null;
  /** The naive derivation could not go on. */
  readonly hasFailed: boolean;
  /** The roots after the step are proven. */
  readonly hasRoots: boolean;
}

/**
 * Whether the replay of a step shows what a bundle says, and what that is in one sentence.
 *
 * @throws BundleProblem `refuted` when it shows something else, `incomplete` when it can show nothing
 */
export function concludeStep({ incident }: Manifest, outcome: StepOutcome): string {
  const { claims, findings, dissent, hasFailed, hasRoots } = outcome;
  if (!hasRoots && (incident.kind === "OwnFault" || findings.length === 0)) {
    const detail = "the account proofs after the step are missing, and without them nothing shows";
    throw new BundleProblem("incomplete", "account-proofs", "manifest", detail);
  }
  const isProved = findings.some(({ isFailure }) => isFailure !== true);
  if (incident.kind === "OwnFault") {
    if (dissent === null)
      return "the chain is right: a second derivation arrives at its roots, so the fault was the keeper's own";
    if (hasFailed && !isProved) return "nothing is proved against the chain: neither derivation could go on";
    throw refuted(`it says that the fault was the keeper's own, but ${dissent}`);
  }
  if (findings.length === 0) throw refuted("the replay finds nothing wrong: the block is as its events imply");
  const isProvedAlone = findings.some(({ cause }) => PROVED_ALONE.has(cause));
  if (!isProvedAlone && dissent === null)
    throw refuted("a second derivation agrees with the chain: no divergence is proved");
  if (!isProved) throw refuted("the replay could not go on, which proves nothing against the chain");
  const found = new Set(findings.map(nameOf));
  for (const claim of claims) {
    if (found.has(nameOf(claim))) continue;
    throw refuted(`the replay does not find what it says: ${claim.contract}: ${claim.cause}`);
  }
  const { blockNumber, contract, cause } = incident.findings[0] as Finding;
  return `block ${blockNumber} diverges: ${contract}: ${cause}`;
}

function refuted(detail: string): BundleProblem {
  return new BundleProblem("refuted", "verdict", "manifest", detail);
}

/** What makes two findings the same: all but the words in which they are told. */
function nameOf({ contract, cause, blockHash, logIndex, isFailure }: Finding): string {
  return [contract, cause, blockHash, logIndex, isFailure === true].join(" ");
}
