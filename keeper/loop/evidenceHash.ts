import type { Finding } from "../domain/Finding.ts";
import { settingsHash } from "../domain/settingsHash.ts";
import type { Hash } from "../lib/hex.ts";

/**
 * What a soft pause says of its evidence: keccak256 over the findings and the settings that it was decided with.
 *
 * Of the findings only those in the block of the first count, which the incident is about: what later blocks add while the pause
 * is on its way is another step, and who shows the one in which it began arrives at the same hash.
 */
export function evidenceHash(findings: readonly Finding[], settings: unknown): Hash {
  const [first] = findings;
  return settingsHash({ findings: findings.filter(({ blockHash }) => blockHash === first?.blockHash), settings });
}
