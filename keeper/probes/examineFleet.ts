import type { VerifiedReader } from "../chain/read/VerifiedReader.ts";
import type { Source } from "../chain/sources/Source.ts";
import type { ChainProfile } from "../domain/chainProfile.ts";
import type { TokenSlot } from "../domain/TokenSlot.ts";
import type { Address } from "../lib/hex.ts";
import { checkAgreement } from "./agreement.ts";
import { checkContractCode } from "./contractCode.ts";
import { checkDryPause } from "./dryPause.ts";
import { checkClients, checkFinality, checkOperators, checkProvers, checkReceipts, checkTransports } from "./fleet.ts";
import { checkAttestKey, checkBalance, checkPauseKey, checkPending, type KeyRole, type PauseCost } from "./keys.ts";
import { fail, skip, type ProbeOutcome, type ProbeResult } from "./Probe.ts";
import { runProbe, type ProbeBounds } from "./runProbe.ts";
import { checkSigners, type HolderFacts } from "./signers.ts";
import type { SourceReport } from "./SourceReport.ts";
import { checkTokenSlots } from "./tokenSlots.ts";

/** All sources together, and what the keeper would do with them. */
export interface Fleet {
  readonly reports: readonly SourceReport[];
  readonly sources: readonly Source[];
  /** Null where no agreement can be had: nobody answers, or one operator is not enough. */
  readonly reader: VerifiedReader | null;
  readonly chain: ChainProfile;
  readonly chainId: number | null;
  /** Whether one operator is accepted. */
  readonly mayBeAlone: boolean;
  readonly deployment: {
    readonly contracts: Readonly<Record<string, Address>>;
  } | null;
  readonly keys: Readonly<Record<KeyRole, Address | null>>;
  readonly signers: HolderFacts;
  readonly cost: PauseCost;
  readonly tokenSlots: readonly TokenSlot[];
}

type Check = readonly [name: string, run: (signal: AbortSignal) => Promise<ProbeOutcome> | ProbeOutcome];

/** Runs what can only be said over all sources, and of the deployment and the keys, in the order in which it is shown. */
export async function examineFleet(fleet: Fleet, bounds: ProbeBounds): Promise<ProbeResult[]> {
  const results: ProbeResult[] = [];
  for (const [name, run] of [...sourceChecks(fleet), ...protocolChecks(fleet, bounds)]) {
    results.push(await runProbe(name, async (signal) => run(signal), bounds));
  }
  return results;
}

function sourceChecks({ reports, reader, chain, mayBeAlone }: Fleet): Check[] {
  return [
    ["operators", () => checkOperators(reports, mayBeAlone)],
    ["clients", () => checkClients(reports)],
    ["transports", () => checkTransports(reports)],
    ["agreement", () => (reader === null ? unheard(reports) : checkAgreement(reader))],
    ["proofs", () => checkProvers(reports)],
    ["block receipts", () => checkReceipts(reports)],
    ["finality", () => checkFinality(reports, chain)],
  ];
}

function unheard(reports: readonly SourceReport[]): ProbeOutcome {
  const isDead = reports.every(({ results }) => results[0]?.status === "fail");
  if (isDead) return fail("no source answers", "check URLs, keys and the network, then try again");
  return fail("one operator alone agrees with itself", "see operators");
}

function protocolChecks(fleet: Fleet, { deadlineMs }: ProbeBounds): Check[] {
  const { deployment, reader, sources, keys, cost } = fleet;
  const contracts = deployment?.contracts ?? null;
  const code = (signal: AbortSignal): Promise<ProbeOutcome> | ProbeOutcome => {
    if (contracts === null) return skip("no deployment is set (--deployment)");
    return checkContractCode({ contracts, reader, sources, deadlineMs, signal });
  };
  /** What needs a key, and the contracts as well. */
  const withKey = (
    role: KeyRole,
    needsContracts: boolean,
    run: (key: Address, reader: VerifiedReader, signal: AbortSignal) => Promise<ProbeOutcome>,
  ): Check[1] => {
    const key = keys[role];
    return (signal) => {
      if (key === null) return skip(`no ${role} key is set`);
      if (needsContracts && contracts === null) return skip("no deployment is set (--deployment)");
      if (reader === null) return skip("no agreement can be had");
      return run(key, reader, signal);
    };
  };
  const slots: Check[1] = (signal) => {
    const vault = contracts?.["CollateralVault"];
    if (vault === undefined) return skip("no deployment is set (--deployment)");
    if (reader === null) return skip("no agreement can be had");
    return checkTokenSlots(fleet.tokenSlots, { vault, reader, sources, deadlineMs, signal });
  };
  const registry = contracts?.["KeeperRegistry"] ?? "0x";
  const guard = contracts?.["SyncGuard"] ?? "0x";
  const pending = (role: KeyRole): Check[1] =>
    withKey(role, false, (key, from, signal) => checkPending(from, key, sources, { deadlineMs, signal }));
  return [
    ["contracts", code],
    ["token slots", slots],
    ["signers", () => checkSigners(fleet.signers)],
    ["pause key", withKey("pause", true, (key, from) => checkPauseKey({ reader: from, address: registry }, key))],
    ["pause balance", withKey("pause", false, (key, from) => checkBalance(from, key, cost))],
    ["pause nonce", pending("pause")],
    [
      "dry pause",
      withKey("pause", true, (pauser, from, signal) =>
        checkDryPause(from, { guard, pauser, gas: cost.gas, sources, deadlineMs, signal }),
      ),
    ],
    [
      "attest key",
      withKey("attest", true, (key, from) => checkAttestKey({ reader: from, address: registry }, key, keys.pause)),
    ],
    ["post nonce", pending("post")],
  ];
}
