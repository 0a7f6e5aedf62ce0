import { setTimeout } from "node:timers/promises";

import { network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import { callNode } from "../../../scripts/local/callNode.ts";
import { revertName } from "../../../scripts/local/contractInterface.ts";
import { deployLockstep, type LockstepContractName } from "../../../scripts/local/deployLockstep.ts";
import type { LocalNode } from "../../../scripts/local/startNode.ts";
import { attachLockstep, attesterKey, TIMES, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { addKeeper } from "../keepers.ts";
import { AWKWARD_PARAMETERS, listAwkwardAssets, type AwkwardMarket } from "../clearing/awkwardMarket.ts";

const POLL_MS = 2;
const DEADLINE_MS = 5_000;
const SENDING = new Set(["eth_sendTransaction", "eth_sendRawTransaction"]);

const NO_REFUSALS = new Set(["Error", "Panic", "Reverted"]);

/** By the names of the deployment's module. */
const CONTRACTS: Readonly<Record<string, LockstepContractName>> = {
  ...{ vault: "CollateralVault", ledger: "PositionLedger", settlement: "OrderSettlement" },
  ...{ auction: "LiquidationAuction", fund: "InsuranceFund", instruments: "InstrumentRegistry" },
  ...{ oracle: "PriceOracle", margin: "MarginEngine", keepers: "KeeperRegistry", guard: "SyncGuard" },
  ...{ registry: "CheckpointRegistry", authority: "AccessManager", settlementToken: "SettlementToken" },
  ...{ ethFeed: "EthFeed", btcFeed: "BtcFeed" },
};

type Request = { readonly method: string; readonly params?: readonly unknown[] | object };
type Call = Readonly<Record<string, unknown>>;

/** The awkward market on a node, driven by the same helpers as one in this process. */
export async function openAwkwardMarket(node: LocalNode): Promise<AwkwardMarket> {
  return listAwkwardAssets(await openOnNode(node, 1, AWKWARD_PARAMETERS));
}

/** The protocol on a node with so many keepers, driven by the same helpers as one in this process. */
export async function openOnNode(
  node: LocalNode,
  keeperCount: number,
  chosen: Readonly<Record<string, number | bigint | string>> = {},
): Promise<Lockstep> {
  // A second later funding accrues for the first time, which an estimate does not know.
  const override = { url: node.url, gasMultiplier: 2 };
  const connection = await network.create({ network: "localhost", override });
  behaveLikeHardhat(connection, node.url);
  const signers = await connection.ethers.getSigners();
  const keys = Array.from({ length: keeperCount }, (_, index) => {
    return { attester: attesterKey(index), pauser: signers[index + 1]! };
  });
  const first = { attester: keys[0]!.attester.address, pauser: keys[0]!.pauser.address };
  const parameters = { ...TIMES, ...chosen, ...first };
  const { contracts } = await deployLockstep({ url: node.url, module: "Lockstep", parameters });
  const { ethers } = connection;
  const vault = await ethers.getContractAt("CollateralVault", contracts.CollateralVault);
  const keepers = await ethers.getContractAt("KeeperRegistry", contracts.KeeperRegistry);
  // What a keeper has no business with, and the deployment's file does not name.
  const others = { verifier: await vault.VERIFIER(), bondToken: await keepers.BOND_TOKEN() };
  const addressOf = (name: string): string =>
    name in others ? others[name as keyof typeof others] : contracts[CONTRACTS[name]!];
  const system = await attachLockstep(connection, keys, addressOf);
  for (const { attester, pauser } of keys.slice(1)) await addKeeper(system, attester, pauser);
  return system;
}

/** Makes a connection wait until what it sends is mined, and name the custom error when that, or a call, reverts. */
function behaveLikeHardhat(connection: NetworkConnection, url: string): void {
  const { provider } = connection;
  const request = provider.request.bind(provider);
  provider.request = async (call: Request): Promise<unknown> => {
    try {
      const answer: unknown = await request(call as Parameters<typeof request>[0]);
      if (SENDING.has(call.method)) await mined(url, answer as string);
      return answer;
    } catch (error: unknown) {
      const name = refusalOf(error);
      throw name === null ? error : new Error(`reverted with custom error '${name}()'`, { cause: error });
    }
  };
}

async function mined(url: string, hash: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < DEADLINE_MS; waitedMs += POLL_MS) {
    const receipt = (await callNode(url, "eth_getTransactionReceipt", [hash])) as Call | null;
    if (receipt === null) {
      await setTimeout(POLL_MS);
      continue;
    }
    if (Number(receipt["status"]) === 1) return;
    const { from, to, input, gas } = (await callNode(url, "eth_getTransactionByHash", [hash])) as Call;
    // On the state that it left behind, which is what it found.
    await callNode(url, "eth_call", [{ from, to, data: input, gas }, receipt["blockNumber"]]);
    throw new Error(`${hash} to ${String(to)} reverted, and does not when it is asked again: ${String(input)}`);
  }
  throw new Error(`${hash} is not mined`);
}

function refusalOf(error: unknown): string | null {
  const data: unknown = KeeperError.is(error) ? error.payload["data"] : (error as { readonly data?: unknown }).data;
  const name = typeof data === "string" ? revertName(data) : null;
  // A panic is nobody's refusal.
  return name === null || NO_REFUSALS.has(name) ? null : name;
}
