import { messageOf } from "../lib/messageOf.ts";
import type { Source } from "../chain/sources/Source.ts";
import type { BookAddresses } from "../domain/bookSet.ts";
import type { Address } from "../lib/hex.ts";
import { checkDryPause } from "./dryPause.ts";
import { checkAttestKey, checkBalance, checkPauseKey, checkPending, type KeyRole, type PauseCost } from "./keys.ts";
import { fail, ok, type ProbeOutcome, type ProbeResult } from "./Probe.ts";
import type { ProvenFacts } from "./ProvenFacts.ts";
import { runProbe } from "./runProbe.ts";

/** What a keeper needs to be able to act. */
export interface ReadinessParts {
  readonly facts: ProvenFacts;
  readonly addresses: Pick<BookAddresses, "KeeperRegistry" | "SyncGuard">;
  readonly keys: Readonly<Record<KeyRole, Address | null>>;
  /** One for each key that signs: rejects when it could not sign now. */
  readonly signers: readonly { readonly role: KeyRole; check(): Promise<void> }[];
  readonly cost: PauseCost;
  readonly sources: readonly Source[];
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/**
 * Whether the keeper could pause now, proved as far as can be without doing it: the pause key's role, its money, what waits in front of
 * it, a dry run of the pause at every source, and that each key signs.
 */
export async function checkReadiness(parts: ReadinessParts): Promise<ProbeResult[]> {
  const { facts, addresses, keys, cost, sources, deadlineMs, signal } = parts;
  const { pause, attest, post } = keys;
  const registry = { reader: facts, address: addresses.KeeperRegistry };
  const checks: (readonly [string, (signal: AbortSignal) => Promise<ProbeOutcome>])[] = [];
  if (pause !== null) {
    checks.push(
      ["pause key", () => checkPauseKey(registry, pause)],
      ["pause balance", () => checkBalance(facts, pause, cost)],
      ["pause nonce", (end) => checkPending(facts, pause, sources, { deadlineMs, signal: end })],
      [
        "dry pause",
        (end) => checkDryPause(facts, { ...dry(addresses.SyncGuard, pause, cost), sources, deadlineMs, signal: end }),
      ],
    );
  }
  if (attest !== null) checks.push(["attest key", () => checkAttestKey(registry, attest, pause)]);
  if (post !== null)
    checks.push(["post nonce", (end) => checkPending(facts, post, sources, { deadlineMs, signal: end })]);
  for (const signer of parts.signers) checks.push([`${signer.role} signer`, () => checkSigner(signer)]);
  // One probe's deadline bounds all calls of it.
  const bounds = { deadlineMs: 2 * deadlineMs, signal };
  return Promise.all(checks.map(([name, run]) => runProbe(name, run, bounds)));
}

function dry(guard: Address, pauser: Address, { gas }: PauseCost): { guard: Address; pauser: Address; gas: bigint } {
  return { guard, pauser, gas };
}

async function checkSigner(signer: ReadinessParts["signers"][number]): Promise<ProbeOutcome> {
  try {
    await signer.check();
    return ok("signs");
  } catch (error: unknown) {
    const detail = messageOf(error);
    return fail(detail, `nothing can be signed with the ${signer.role} key until it answers`);
  }
}
