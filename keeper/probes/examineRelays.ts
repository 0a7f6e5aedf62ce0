import { KeeperError } from "../errors/KeeperError.ts";
import { HexError, parseSafeQuantity } from "../lib/hex.ts";
import { fail, ok, skip, warn, type ProbeOutcome, type ProbeResult } from "./Probe.ts";
import { runProbe, type ProbeBounds } from "./runProbe.ts";

/** An endpoint that takes transactions; it is asked which chain it is of, and sent nothing. */
export interface RelayEndpoint {
  readonly id: string;
  /** Whether a source has the same host and port. */
  readonly isSource: boolean;
  /** Rejects with a KeeperError. */
  ask(
    method: string,
    params: readonly unknown[],
    options: { readonly deadlineMs: number; readonly signal: AbortSignal },
  ): Promise<unknown>;
}

/** What relays are compared with, and the time for each question. */
export interface RelayFacts {
  /** Null when nobody says it. */
  readonly chainId: number | null;
  readonly deadlineMs: number;
}

/** Asks each relay, all at once. Without any there is one result, which says so. */
export async function examineRelays(
  relays: readonly RelayEndpoint[],
  facts: RelayFacts,
  bounds: ProbeBounds,
): Promise<ProbeResult[]> {
  if (relays.length === 0) return [{ name: "relay", ...skip("no relay is set: transactions go to the sources only") }];
  const run = (relay: RelayEndpoint): Promise<ProbeResult> =>
    runProbe("relay", (signal) => checkRelay(relay, facts, signal), bounds);
  return Promise.all(relays.map(run));
}

async function checkRelay(relay: RelayEndpoint, facts: RelayFacts, signal: AbortSignal): Promise<ProbeOutcome> {
  const { id, isSource } = relay;
  const answer = await relay.ask("eth_chainId", [], { deadlineMs: facts.deadlineMs, signal }).then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  const outcome = "error" in answer ? judgeFault(id, answer.error) : judgeChain(id, answer.value, facts);
  if (outcome.status !== "ok" || !isSource) return outcome;
  return warn(`${outcome.detail}, and is a source too`, "what keeps a transaction from one keeps it from the other");
}

function judgeChain(id: string, value: unknown, { chainId: expected }: RelayFacts): ProbeOutcome {
  try {
    const actual = parseSafeQuantity(value, "chainId");
    if (expected === null || actual === expected) return ok(`${id} answers, and is of chain ${actual}`);
    const detail = `${id} is of chain ${actual}, expected ${expected}`;
    return fail(detail, "no transaction of this keeper gets anywhere by it: correct the URL");
  } catch (error: unknown) {
    if (!(error instanceof HexError)) throw error;
    return fail(`${id} answers with a chain id that is no quantity`, "what answers is no relay: check the URL");
  }
}

/** Whether it takes transactions nobody can say who does not send it one; that it does not serve this is no sign against it. */
function judgeFault(id: string, error: unknown): ProbeOutcome {
  if (!KeeperError.is(error)) throw error;
  const unsaid = `${id} answers, and does not say its chain`;
  switch (error.code) {
    case "RelayRpcError":
      return ok(`${unsaid}: it does not serve eth_chainId`);
    case "RelayRateLimited":
      return warn(`${unsaid}: it is asked too often`, "it may refuse a pause as well: ask its operator for more");
    case "RelayHttpStatus": {
      const status = Number(error.payload["status"]);
      if (status >= 500) return fail(`${id} answers with HTTP ${status}`, "it is down, or something before it is");
      const advice = "a relay may refuse what is no transaction so; or the path or the key in its URL is wrong";
      return warn(`${unsaid}: HTTP ${status}`, advice);
    }
    case "RelayMalformed":
      return fail(`${id} answers with what is no JSON-RPC`, "what answers is no relay: check the URL");
    default:
      return fail(`${id} does not answer: ${error.code}`, "check the URL and the network: nothing is sent by it");
  }
}
