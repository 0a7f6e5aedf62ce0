import type { Finding } from "../../domain/Finding.ts";
import type { Bundle } from "./Bundle.ts";
import { blobOf } from "./bundleText.ts";
import { readFindings } from "./readManifest.ts";

/** What a bundle says was found. */
export interface ClaimedFindings {
  readonly findings: readonly Finding[];
  /** False where the bundle says that it had no room for the rest of them. */
  readonly isWhole: boolean;
}

/**
 * The findings of a bundle, those of the manifest first.
 *
 * @throws BundleProblem `invalid`
 */
export function claimedFindings(bundle: Bundle): ClaimedFindings {
  const { incident, omitted } = bundle.manifest;
  const rest = blobOf(bundle, "findings");
  if (rest === undefined) {
    return { findings: incident.findings, isWhole: !omitted.some(({ role }) => role === "findings") };
  }
  return { findings: [...incident.findings, ...readFindings(rest, "findings")], isWhole: true };
}
