import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { attachLockstep, attesterKey, TIMES, type Lockstep } from "../../test/fixtures/deployLockstep.ts";
import { wait } from "../../keeper/chain/sources/wait.ts";
import { deployLockstep } from "../local/deployLockstep.ts";
import type { LocalNode } from "../local/startNode.ts";

/** Names of the deployment's contracts, by those of deploy/buildLockstep.ts. */
const NAMES: Readonly<Record<string, string>> = {
  ...{ vault: "CollateralVault", ledger: "PositionLedger", settlement: "OrderSettlement" },
  ...{ auction: "LiquidationAuction", fund: "InsuranceFund", instruments: "InstrumentRegistry" },
  ...{ oracle: "PriceOracle", margin: "MarginEngine", keepers: "KeeperRegistry", guard: "SyncGuard" },
  ...{ registry: "CheckpointRegistry", verifier: "WitnessVerifier", authority: "AccessManager" },
  ...{ settlementToken: "SettlementToken", bondToken: "BondToken", ethFeed: "EthFeed", btcFeed: "BtcFeed" },
};
const SENDING = new Set(["eth_sendTransaction", "eth_sendRawTransaction"]);
const POLL_MS = 2;
const POLLS = 2_500;

/** Deploys the protocol of the tests on a node of its own, with one keeper. What is sent there is mined when it returns. */
export async function deployOnAnvil(
  networks: HardhatRuntimeEnvironment["network"],
  node: LocalNode,
  signal: AbortSignal,
): Promise<Lockstep> {
  const connection = await networks.create({ network: "localhost", override: { url: node.url } });
  const { provider } = connection;
  const request = provider.request.bind(provider);
  provider.request = async (call: Parameters<typeof request>[0]): Promise<unknown> => {
    const answer: unknown = await request(call);
    if (!SENDING.has(call.method)) return answer;
    for (let polls = 0; polls < POLLS; polls += 1) {
      if ((await request({ method: "eth_getTransactionReceipt", params: [answer] })) !== null) return answer;
      await wait(POLL_MS, signal);
    }
    throw new Error(`${String(answer)} is not mined`);
  };
  const [, pauser] = await connection.ethers.getSigners();
  if (pauser === undefined) throw new Error("the node has too few accounts");
  const keeper = { attester: attesterKey(0), pauser };
  const parameters = { ...TIMES, attester: keeper.attester.address, pauser: pauser.address };
  const { contracts } = await deployLockstep({ url: node.url, module: "Lockstep", parameters });
  const addresses: Readonly<Record<string, string>> = contracts;
  return await attachLockstep(connection, [keeper], (name) => addresses[NAMES[name] ?? ""] ?? "");
}
