import type { Immutables } from "./domain/bookSet.ts";
import type { ContractName, Deployment } from "./config/deployment.ts";
import { KeeperError } from "./errors/KeeperError.ts";
import { selectorOf } from "./actions/plan/abi.ts";
import { Votes } from "./chain/agree/Votes.ts";
import type { Source } from "./chain/sources/Source.ts";
import type { Address, Hash } from "./lib/hex.ts";

const WORD = /^0x[0-9a-f]{64}$/;

async function readWord(source: Source, to: Address, getter: string, deadlineMs: number): Promise<bigint> {
  const call = { to, data: selectorOf(`${getter}()`) };
  const value = await source.request("eth_call", [call, "latest"], { deadlineMs });
  if (typeof value === "string" && WORD.test(value)) return BigInt(value);
  const message = `${to} does not answer ${getter}(): is the deployment file of this chain?`;
  throw new KeeperError("DeploymentMismatch", message, { address: to, getter });
}

function addressOf(word: bigint): Address {
  return `0x${word.toString(16).padStart(40, "0")}`;
}

/** The getters of what the contracts hold in their code: contract and function. */
export const GETTERS = {
  settlementAsset: ["PositionLedger", "SETTLEMENT_ASSET"],
  settlementScale: ["PositionLedger", "SETTLEMENT_SCALE"],
  staleLimit: ["PositionLedger", "STALE_LIMIT"],
  softTime: ["SyncGuard", "SOFT_TIME"],
  viewTime: ["SyncGuard", "VIEW_TIME"],
  coolDown: ["SyncGuard", "COOL_DOWN"],
  grace: ["SyncGuard", "GRACE"],
  windDownTime: ["SyncGuard", "WIND_DOWN_TIME"],
  claimPeriod: ["SyncGuard", "CLAIM_PERIOD"],
  bond: ["KeeperRegistry", "BOND"],
  minKeepers: ["KeeperRegistry", "MIN_KEEPERS"],
  joinDelay: ["KeeperRegistry", "JOIN_DELAY"],
  unbonding: ["KeeperRegistry", "UNBONDING"],
  challengerPpm: ["KeeperRegistry", "CHALLENGER_PPM"],
  sequencerFeed: ["PriceOracle", "SEQUENCER_FEED"],
  sequencerGrace: ["PriceOracle", "SEQUENCER_GRACE"],
} as const satisfies Record<Exclude<keyof Immutables, "chainId">, readonly [ContractName, string]>;

async function readFrom(source: Source, deployment: Deployment, deadlineMs: number): Promise<ContractFacts> {
  const chainId = await source.request("eth_chainId", [], { deadlineMs });
  if (typeof chainId !== "string" || Number(chainId) !== deployment.chainId) {
    const message = `source ${source.id} serves chain ${String(chainId)}, the deployment is on ${deployment.chainId}`;
    throw new KeeperError("ChainMismatch", message, { source: source.id, chainId, expected: deployment.chainId });
  }
  const words = await Promise.all(
    Object.entries(GETTERS).map(async ([name, [contract, getter]]) => {
      const word = await readWord(source, deployment.contracts[contract], getter, deadlineMs);
      return [name, word] as const;
    }),
  );
  const values = Object.fromEntries(words) as Record<keyof typeof GETTERS, bigint>;
  const settlementAsset = addressOf(values.settlementAsset);
  const sequencerFeed = addressOf(values.sequencerFeed);
  const immutables = { ...values, chainId: BigInt(deployment.chainId), settlementAsset, sequencerFeed };
  return { immutables, genesisHash: await readGenesis(source, deadlineMs) };
}

async function readGenesis(source: Source, deadlineMs: number): Promise<Hash> {
  const block = await source.request("eth_getBlockByNumber", ["0x0", false], { deadlineMs });
  const hash = typeof block === "object" && block !== null ? (block as { hash?: unknown }).hash : undefined;
  if (typeof hash === "string" && WORD.test(hash)) return hash as Hash;
  throw new KeeperError("ChainMismatch", `source ${source.id} does not have block 0`, { source: source.id });
}

/** What cannot be proven and is therefore taken from k operators. */
export interface ContractFacts {
  readonly immutables: Immutables;
  readonly genesisHash: Hash;
}

/** What a source said, or why it said nothing. */
type Said = { readonly source: Source; readonly facts: ContractFacts } | { readonly error: unknown };

/**
 * Checks that the sources serve the deployment's chain and reads what the contracts hold in their code, and the hash of block 0.
 *
 * These values cannot be proven, and every judgement rests on them: a majority of the configured operators must say
 * the same. A source that serves another chain has no say.
 *
 * @throws KeeperError `NoAgreement`, or the last source's fault when none answers: `ChainMismatch`,
 * `DeploymentMismatch`, or a fault of the connection.
 */
export async function readContracts(
  sources: readonly Source[],
  deployment: Deployment,
  deadlineMs: number,
): Promise<ContractFacts> {
  const answers = await Promise.all(
    sources.map(async (source): Promise<Said> => {
      try {
        return { source, facts: await readFrom(source, deployment, deadlineMs) };
      } catch (error: unknown) {
        return { error };
      }
    }),
  );
  const { quorum } = new Votes(sources);
  const said = answers.filter((answer) => "source" in answer);
  for (const { facts } of said) {
    const key = keyOf(facts);
    const agreeing = said.filter((other) => keyOf(other.facts) === key);
    if (new Set(agreeing.map(({ source }) => source.operator)).size >= quorum) return facts;
  }
  const failed = answers.findLast((answer) => "error" in answer)?.error;
  if (said.length === 0 && failed instanceof Error) throw failed;
  const message = `fewer than ${quorum} operators agree on what the contracts hold in their code`;
  throw new KeeperError("NoAgreement", message, { quorum, answered: said.length });
}

function keyOf({ immutables, genesisHash }: ContractFacts): string {
  const names = Object.keys(GETTERS) as (keyof typeof GETTERS)[];
  return [genesisHash, ...names.map((name) => immutables[name])].join(" ");
}
