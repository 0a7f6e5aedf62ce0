import { setTimeout as sleep } from "node:timers/promises";

import { feesFor } from "../actions/plan/fees.ts";
import { type KeySigner } from "../actions/signers/KeySigner.ts";
import type { Source } from "../chain/sources/Source.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import { parseQuantity, type Hash, type Hex } from "../lib/hex.ts";
import { messageOf } from "../lib/messageOf.ts";
import type { ProvenFacts } from "../probes/ProvenFacts.ts";
import type { RotationStep } from "./planRotation.ts";
import type { RotationIntent, RotationJournal } from "./RotationJournal.ts";

/** What steps are sent with. */
export interface SendRotationParts {
  readonly signer: KeySigner;
  readonly chainId: number;
  readonly maxFeePerGas: bigint;
  readonly sources: readonly Source[];
  readonly reader: ProvenFacts;
  readonly journal: RotationJournal;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** Steps that the owner's key may send by itself. Leaving waits for somebody who has seen the new keeper ready. */
export const SENDABLE: ReadonlySet<RotationStep["name"]> = new Set(["allow", "bond", "activate", "withdraw", "leave"]);

const POLL_MS = 250;
const PATIENCE_MS = 180_000;

/**
 * Sends one step and waits until it is included. An intent of before whose nonce is not used up is sent again instead: it may be on its way.
 *
 * @returns the hash, and the step it was of
 * @throws KeeperError `RotationRefused` when every source refuses it; `RotationPending` when it is not included in time
 */
export async function sendStep(
  step: RotationStep,
  parts: SendRotationParts,
): Promise<{ readonly hash: Hash; readonly step: string }> {
  const { reader, journal, signer, sources, deadlineMs } = parts;
  const nonce = Number(await reader.nonce(signer.address));
  const before = await journal.newest(signer.address);
  const intent = before !== null && before.nonce >= nonce ? before : await prepare(step, nonce, parts);
  const outcomes = await Promise.allSettled(
    sources.map((source) => source.request("eth_sendRawTransaction", [intent.raw], { deadlineMs })),
  );
  const refusals = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [messageOf(outcome.reason)] : []));
  const isKnown = refusals.some((refusal) => /already known|already imported|nonce too low/i.test(refusal));
  if (refusals.length === sources.length && !isKnown) {
    const message = `no source takes ${intent.step} (${refusals[0] ?? ""}): it is journalled, and sent again when you run this again`;
    throw new KeeperError("RotationRefused", message, { step: intent.step, hash: intent.hash });
  }
  await untilUsed(intent, parts);
  return { hash: intent.hash, step: intent.step };
}

async function prepare(step: RotationStep, nonce: number, parts: SendRotationParts): Promise<RotationIntent> {
  const { signer, chainId, maxFeePerGas, reader, journal } = parts;
  const { transaction } = step;
  if (transaction === null) throw new KeeperError("RotationRefused", `${step.name} is nothing that can be sent`);
  const { header } = await reader.head();
  const gasLimit = await estimate(step.name, { from: signer.address, ...transaction }, parts);
  const fees = feesFor(header.baseFeePerGas ?? 0n, 0, maxFeePerGas);
  const { raw, hash } = signer.signTransaction({ chainId, ...transaction, nonce, gasLimit, ...fees });
  const intent = { from: signer.address, nonce, step: step.name, hash, raw };
  await journal.add(intent);
  return intent;
}

/** A third more than any source estimates: what is not used is not paid. */
async function estimate(
  name: string,
  call: { readonly from: string; readonly to: string; readonly data: Hex },
  { sources, deadlineMs }: SendRotationParts,
): Promise<bigint> {
  const outcomes = await Promise.allSettled(
    sources.map(async (source) =>
      parseQuantity(await source.request("eth_estimateGas", [call], { deadlineMs }), "gas"),
    ),
  );
  const found = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const [failed] = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [messageOf(outcome.reason)] : []));
  const most = found.reduce((one, other) => (one > other ? one : other), 0n);
  if (most > 0n) return (most * 4n) / 3n;
  const message = `${name} would fail now, so it is not sent: ${failed ?? "no source answers"}`;
  throw new KeeperError("RotationRefused", message, { step: name });
}

async function untilUsed(
  { nonce, hash, step }: RotationIntent,
  { reader, signer, signal }: SendRotationParts,
): Promise<void> {
  const untilMs = performance.now() + PATIENCE_MS;
  while (Number(await reader.nonce(signer.address)) <= nonce) {
    if (performance.now() > untilMs || signal.aborted) {
      const message = `${step} (${hash}) is not included yet: it is journalled; run this again to go on`;
      throw new KeeperError("RotationPending", message, { step, hash });
    }
    await sleep(POLL_MS);
  }
}
