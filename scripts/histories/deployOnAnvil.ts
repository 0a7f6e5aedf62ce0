import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { attachLockstep, attesterKey, TIMES, type Lockstep } from "../../test/fixtures/deployLockstep.ts";
import { deployLockstep } from "../local/deployLockstep.ts";
import type { LocalNode } from "../local/startNode.ts";

/** Names of the deployment where they are not the contract's own. */
const NAMES: Readonly<Record<string, string>> = {
  ...{ vault: "CollateralVault", ledger: "PositionLedger", settlement: "OrderSettlement" },
  ...{ auction: "LiquidationAuction", fund: "InsuranceFund", instruments: "InstrumentRegistry" },
  ...{ oracle: "PriceOracle", margin: "MarginEngine", keepers: "KeeperRegistry", guard: "SyncGuard" },
  ...{ registry: "CheckpointRegistry", verifier: "WitnessVerifier", authority: "AccessManager" },
  ...{ settlementToken: "SettlementToken", bondToken: "BondToken", ethFeed: "EthFeed", btcFeed: "BtcFeed" },
};

/** Deploys the protocol of the tests on a node of its own, with one keeper. */
export async function deployOnAnvil(
  networks: HardhatRuntimeEnvironment["network"],
  node: LocalNode,
): Promise<Lockstep> {
  const connection = await networks.create({ network: "localhost", override: { url: node.url } });
  const [, pauser] = await connection.ethers.getSigners();
  if (pauser === undefined) throw new Error("the node has too few accounts");
  const keeper = { attester: attesterKey(0), pauser };
  const parameters = { ...TIMES, attester: keeper.attester.address, pauser: pauser.address };
  const { contracts } = await deployLockstep({ url: node.url, module: "Lockstep", parameters });
  const addresses: Readonly<Record<string, string>> = contracts;
  return await attachLockstep(connection, [keeper], (name) => addresses[NAMES[name] ?? ""] ?? "");
}
