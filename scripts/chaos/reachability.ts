import { redactText } from "../../keeper/lib/redact.ts";

/** The error code of a call whose node could not be asked: EIP-1474, resource unavailable. */
export const UNREACHABLE = -32_002;

/** What a client is told when its node could not be asked. */
export function describeUnreachable(error: unknown): string {
  const detail = error instanceof Error ? error.message : String(error);
  return redactText(`chaos-rpc: no answer from the upstream (${detail})`);
}
