import { join } from "node:path";

import type { DeploymentResult } from "@nomicfoundation/ignition-core";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { wait } from "../../keeper/chain/sources/wait.ts";
import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import type { Address } from "../../keeper/lib/hex.ts";
import { buildContracts } from "./buildContracts.ts";
import { callNode, callNodeMany } from "./callNode.ts";
import { PROJECT_ROOT } from "./projectRoot.ts";

/** The contracts of a deployment. `MarginEngine` may be its lax twin, `PositionLedger` its flawed one. */
export type LockstepContractName =
  | "CollateralVault"
  | "PositionLedger"
  | "OrderSettlement"
  | "LiquidationAuction"
  | "InsuranceFund"
  | "InstrumentRegistry"
  | "PriceOracle"
  | "MarginEngine"
  | "SyncGuard"
  | "KeeperRegistry"
  | "CheckpointRegistry"
  | "AccessManager"
  | "SettlementToken"
  | "BondToken"
  | "EthFeed"
  | "BtcFeed";

/** Where the protocol is. */
export interface LockstepDeployment {
  readonly chainId: number;
  /** No event of the protocol is older than this block. */
  readonly deploymentBlock: number;
  readonly contracts: Readonly<Record<LockstepContractName, Address>>;
}

/** Parameters of deploy/buildLockstep.ts; what is left out has its default there, with the units. Times are seconds. */
export interface LockstepParameters {
  readonly attester?: string;
  readonly pauser?: string;
  readonly bond?: bigint;
  readonly minKeepers?: number;
  readonly joinDelaySeconds?: number;
  readonly unbondingSeconds?: number;
  readonly challengerPpm?: number;
  readonly staleLimitSeconds?: number;
  readonly viewTimeSeconds?: number;
  readonly softTimeSeconds?: number;
  readonly coolDownSeconds?: number;
  readonly graceSeconds?: number;
  readonly windDownSeconds?: number;
  readonly claimPeriodSeconds?: number;
  readonly postWindowBlocks?: number;
  readonly feedMaxAgeSeconds?: number;
  readonly makerFeePpm?: number;
  readonly takerFeePpm?: number;
  readonly maxOpenInterest?: bigint;
  readonly settlementCap?: bigint;
  readonly outflowPpm?: number;
  readonly allowancePpm?: number;
  readonly outflowPeriodSeconds?: number;
  readonly auctionSeconds?: number;
  readonly maxDiscountPpm?: number;
  readonly liquidationWindowSeconds?: number;
  readonly liquidationCapacity?: bigint;
  readonly fundTarget?: bigint;
}

/** What to deploy, and where. */
export interface DeployLockstepOptions {
  readonly url: string;
  /** The protocol, the one whose ledger has a bug, or the one that forgets to ask for margin. */
  readonly module: "Lockstep" | "FlawedLockstep" | "LaxLockstep";
  readonly parameters?: LockstepParameters;
  /** Told when contracts have to be compiled first. Default: stderr. */
  readonly log?: (line: string) => void;
}

const POLL_MS = 10;
/** Ignition's own way to wait is made for public chains: a second between looks, five confirmations. */
const IGNITION_CONFIG = {
  blockPollingInterval: POLL_MS,
  requiredConfirmations: 1,
  retryInterval: 50,
  maxRetries: 200,
  disableFeeBumping: true,
};

/**
 * Deploys the protocol with its Ignition module from account 0 of the node, keeping nothing on disk: a second call
 * deploys a second protocol. Compiles first when a source is newer than the artifacts. Hardhat is loaded here and
 * not before.
 *
 * @throws KeeperError `DeployFailed`; `NodeUnreachable`.
 */
export async function deployLockstep(options: DeployLockstepOptions): Promise<LockstepDeployment> {
  const { url, module } = options;
  const [chainId, head] = await callNodeMany(url, [{ method: "eth_chainId" }, { method: "eth_blockNumber" }]);
  const stopMining = new AbortController();
  const mining = minePending(url, stopMining.signal);
  try {
    const hre = await loadHardhat();
    await buildContracts(hre, options.log ?? ((line) => void process.stderr.write(`${line}\n`)));
    const result = await deployModule(hre, url, module, options.parameters ?? {});
    const contracts = namesToAddresses(module, result);
    return { chainId: Number(chainId), deploymentBlock: Number(head) + 1, contracts };
  } catch (cause: unknown) {
    if (KeeperError.is(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new KeeperError("DeployFailed", `${module}: ${reason}`, { module }, { cause });
  } finally {
    stopMining.abort();
    await mining;
  }
}

async function loadHardhat(): Promise<HardhatRuntimeEnvironment> {
  // By name and not through the global environment, which would look for a configuration in the working directory.
  const [{ createHardhatRuntimeEnvironment }, { default: config }] = await Promise.all([
    import("hardhat/hre"),
    import("../../hardhat.config.ts"),
  ]);
  return createHardhatRuntimeEnvironment(config, { config: join(PROJECT_ROOT, "hardhat.config.ts") }, PROJECT_ROOT);
}

async function deployModule(
  hre: HardhatRuntimeEnvironment,
  url: string,
  module: DeployLockstepOptions["module"],
  parameters: LockstepParameters,
): Promise<DeploymentResult> {
  const [{ deploy }, { HardhatArtifactResolver }, ignitionModule] = await Promise.all([
    import("@nomicfoundation/ignition-core"),
    import("@nomicfoundation/hardhat-ignition/helpers"),
    importModule(module),
  ]);
  const connection = await hre.network.create({ network: "localhost", override: { url } });
  try {
    // Ignition itself and not `connection.ignition`, which keeps a journal of every deployment over HTTP.
    return await deploy({
      config: IGNITION_CONFIG,
      provider: connection.provider,
      artifactResolver: new HardhatArtifactResolver(hre.artifacts),
      ignitionModule,
      deploymentParameters: { [module]: { ...parameters } },
      accounts: (await connection.provider.request({ method: "eth_accounts" })) as string[],
    });
  } finally {
    await connection.close();
  }
}

async function importModule(module: DeployLockstepOptions["module"]) {
  if (module === "Lockstep") return (await import("../../deploy/modules/Lockstep.ts")).default;
  if (module === "FlawedLockstep") return (await import("../../deploy/modules/FlawedLockstep.ts")).default;
  return (await import("../../deploy/modules/LaxLockstep.ts")).default;
}

function namesToAddresses(module: string, result: DeploymentResult): LockstepDeployment["contracts"] {
  if (!("contracts" in result)) {
    const detail = JSON.stringify(result, null, 2);
    throw new KeeperError("DeployFailed", `${module}: ${result.type}\n${detail}`, { module, type: result.type });
  }
  const entries = Object.values(result.contracts).map(({ id, address }) => {
    return [id.slice(module.length + 1), address.toLowerCase()];
  });
  return Object.fromEntries(entries) as LockstepDeployment["contracts"];
}

/**
 * Mines whatever account 0 has pending while the node does not do so by itself: a node with a block time would take a
 * block for each of the deployment's batches. Never rejects: if the node is gone, the deployment says so.
 */
async function minePending(url: string, signal: AbortSignal): Promise<void> {
  try {
    if ((await callNode(url, "hardhat_getAutomine")) === true) return;
    const [deployer] = (await callNode(url, "eth_accounts")) as string[];
    while (!signal.aborted) {
      const [mined, pending] = await callNodeMany(
        url,
        ["latest", "pending"].map((tag) => ({ method: "eth_getTransactionCount", params: [deployer, tag] })),
      );
      if (mined !== pending) await callNode(url, "evm_mine");
      await wait(POLL_MS * 2, signal);
    }
  } catch (error: unknown) {
    if (!KeeperError.is(error)) throw error;
  }
}
