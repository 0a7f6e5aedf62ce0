import { encodeSoftPause } from "../actions/plan/calls.ts";
import { revertDataOf, revertReason } from "../actions/plan/revertReason.ts";
import type { Source } from "../chain/sources/Source.ts";
import type { KeeperError } from "../errors/KeeperError.ts";
import type { Address, Hash } from "../lib/hex.ts";
import { fail, ok, skip, warn, type ProbeOutcome } from "./Probe.ts";
import type { ProvenFacts } from "./ProvenFacts.ts";
import { reasonOf } from "./SourceContext.ts";

/** Who would pause whom. */
export interface DryPause {
  readonly guard: Address;
  readonly pauser: Address;
  /** Gas limit of a pause. */
  readonly gas: bigint;
  readonly sources: readonly Source[];
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** Not an incident's: nothing is ever sent under it. */
const INCIDENT: Hash = `0x${"00".repeat(31)}01`;
const NO_EVIDENCE: Hash = `0x${"00".repeat(32)}`;

/**
 * Lets every source run the pause that the keeper would send for the block before the newest one, by `eth_call`: it changes
 * nothing, and every check of the contracts is made. A claim of each source, not a proof.
 */
export async function checkDryPause(reader: Pick<ProvenFacts, "head">, pause: DryPause): Promise<ProbeOutcome> {
  const { header } = await reader.head();
  if (header.number === 0) return skip("the chain has one block only");
  // A node runs a call with more gas than any block has.
  if (header.gasLimit < pause.gas) {
    return fail(`a block has ${header.gasLimit} gas, a pause needs ${pause.gas}`, "the keeper could not pause");
  }
  const data = encodeSoftPause({
    incidentId: INCIDENT,
    causeClass: "books",
    blockNumber: header.number - 1,
    blockHash: header.parentHash,
    evidenceHash: NO_EVIDENCE,
  });
  const call = { from: pause.pauser, to: pause.guard, data, gas: `0x${pause.gas.toString(16)}` };
  const { sources, deadlineMs, signal } = pause;
  const outcomes = await Promise.all(
    sources.map(async (source) => {
      const [item] = await source.batch([{ method: "eth_call", params: [call, "latest"] }], { deadlineMs, signal });
      if (item?.ok === true) return item.result === "0x" ? "accepted" : "no such contract";
      return item !== undefined && item.error.code === "SourceRpcError" ? refusalOf(item.error) : null;
    }),
  );
  const said = outcomes.flatMap((outcome, index) => {
    return outcome === null ? [] : [{ source: sources[index]?.id ?? "", outcome }];
  });
  const refused = said.filter(({ outcome }) => outcome !== "accepted");
  if (said.length === 0) return skip("no source runs calls");
  if (refused.length === 0) return ok(`a dry run for block ${header.number - 1} is accepted by ${said.length} sources`);
  const detail = refused.map(({ source, outcome }) => `${source}: ${outcome}`).join("; ");
  if (refused.length < said.length) return warn(detail, "others accept it: a source that lags, or a busy chain");
  const isUsed = refused.every(({ outcome }) => outcome === "KeeperRegistryNotRearmed");
  if (isUsed) return warn(detail, "the key has paused lately: it may again after the cool-down");
  return fail(detail, "the keeper could not pause");
}

function refusalOf(error: KeeperError): string {
  const data = revertDataOf(error.payload["data"]);
  return data === null || data === "0x" ? reasonOf(error) : revertReason(data).name;
}
