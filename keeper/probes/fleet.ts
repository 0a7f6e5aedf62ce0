import { Votes } from "../chain/agree/Votes.ts";
import { finalizedTag, safeTag } from "./finalityTags.ts";
import { fail, ok, skip, warn, type ProbeOutcome } from "./Probe.ts";
import { operatorsOf, passed, type SourceReport } from "./SourceReport.ts";
import type { ChainProfile } from "../domain/chainProfile.ts";

/** How many operators there are, how many must agree, and how many may fail. */
export function checkOperators(reports: readonly SourceReport[], mayBeAlone: boolean): ProbeOutcome {
  const { operatorCount, quorum } = new Votes(reports);
  const spare = operatorCount - quorum;
  const detail = `${operatorCount} operator${operatorCount === 1 ? "" : "s"}, k = ${quorum}, ${spare} may fail`;
  if (operatorCount === 1) {
    const advice = "nobody would contradict it: InSync is unwitnessed";
    if (mayBeAlone) return warn(detail, advice);
    return fail(
      detail,
      "add sources of two other operators, or accept it with --single-source (nothing is signed then)",
    );
  }
  if (spare === 0) return warn(detail, "when one of them fails, nothing is InSync and nothing is signed: add a third");
  return ok(detail);
}

/** Whether the declared clients differ. */
export function checkClients(reports: readonly SourceReport[]): ProbeOutcome {
  const clients = [...new Set(reports.map(({ client }) => client.toLowerCase()))];
  const known = clients.filter((client) => client !== "unknown");
  if (known.length > 1) return ok(known.join(", "));
  const detail = known[0] === undefined ? "no client is declared" : `only ${known[0]}`;
  return warn(detail, "a consensus bug of one client would be invisible: add a source with another client");
}

/** Whether heads are pushed by somebody. */
export function checkTransports(reports: readonly SourceReport[]): ProbeOutcome {
  const pushing = reports.filter((report) => report.transport !== "http");
  const polled = reports.length - pushing.length;
  if (pushing.length === 0) {
    return warn(
      "all over HTTP: heads are polled",
      "add a WebSocket or IPC source: a pause starts when a head is heard of",
    );
  }
  return ok(`${pushing.length} pushed, ${polled} polled`);
}

/** Whether what only proofs can tell can be told. */
export function checkProvers(reports: readonly SourceReport[]): ProbeOutcome {
  const isSkipped = ({ results }: SourceReport): boolean =>
    results.some(({ name, status }) => name === "account proof" && status === "skip");
  if (reports.length > 0 && reports.every(isSkipped)) return skip("the chain has one block only");
  // The keeper names blocks by hash when it asks for proofs.
  const provers = operatorsOf(reports.filter((report) => passed(report, "header", "account proof", "EIP-1898")));
  if (provers.length === 0) {
    return fail("no source proves", "the keeper will say Unknown (no-proof) and only alert: it never pauses nor signs");
  }
  return redundancy("proves", provers, "without it the keeper says Unknown (no-proof)");
}

/** Whether blocks can be judged. */
export function checkReceipts(reports: readonly SourceReport[]): ProbeOutcome {
  const tried = reports.filter(({ results }) => {
    return results.some(({ name, status }) => name === "receipts" && status !== "skip");
  });
  if (tried.length === 0) return skip("no recent block with a transaction");
  const servers = operatorsOf(reports.filter((report) => passed(report, "receipts")));
  if (servers.length === 0) return fail("no source serves receipts that verify", "no block can be judged: Unknown");
  return redundancy("serves receipts", servers, "without it no block can be judged");
}

/** What makes a block final here, and whether the sources can tell it. */
export function checkFinality(reports: readonly SourceReport[], chain: ChainProfile): ProbeOutcome {
  const { name, finality, confirmations } = chain;
  const byDepth = `${confirmations} confirmations`;
  if (finality === "depth") return ok(`profile ${name}: final after ${byDepth}`);
  const wanted = finality === "safe" ? safeTag.name : finalizedTag.name;
  const isReal = (report: SourceReport): boolean =>
    report.results.some((result) => result.name === wanted && result.status === "ok");
  const { quorum } = new Votes(reports);
  const tellers = operatorsOf(reports.filter(isReal));
  const detail = `profile ${name}: final by the tag ${finality}, which ${tellers.length} operators tell (k = ${quorum})`;
  if (tellers.length >= quorum) return ok(detail);
  if (tellers.length > 0) return warn(detail, "fewer than k: blocks never become final until more of them tell it");
  return warn(detail, `nobody tells it: blocks count as final after ${byDepth}, which is weaker`);
}

function redundancy(verb: string, operators: readonly string[], otherwise: string): ProbeOutcome {
  if (operators.length > 1) return ok(`${operators.length} operators: ${operators.join(", ")}`);
  return warn(`only ${operators.join("")} ${verb}`, `${otherwise}: add a second operator that can`);
}
