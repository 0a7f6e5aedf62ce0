import type { Attestation } from "../keeper/domain/Attestation.ts";
import type { Effect } from "../keeper/loop/ports.ts";

/** The attestations that a keeper asked its key to sign, oldest first. */
export function attestationsIn(effects: readonly Effect[]): Attestation[] {
  return effects.flatMap((effect) => {
    const statement = effect.type === "sign-typed-data" ? effect.statement : null;
    return statement?.kind === "attestation" ? [statement.attestation] : [];
  });
}
