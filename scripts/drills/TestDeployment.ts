import { CONFIG_OPTIONS } from "../../keeper/config/configOptions.ts";
import { loadDeployment, type Deployment } from "../../keeper/config/deployment.ts";
import { KEY_ROWS } from "../../keeper/config/keyRows.ts";
import { loadKeeperConfig } from "../../keeper/config/loadKeeperConfig.ts";
import { encodeSoftPause } from "../../keeper/actions/plan/calls.ts";
import { PAUSE_GAS_LIMIT } from "../../keeper/actions/plan/gasLimits.ts";
import { LOCAL_CHAIN_IDS } from "../../keeper/domain/chainProfile.ts";
import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import { messageOf } from "../../keeper/lib/messageOf.ts";
import type { Address, Hash } from "../../keeper/lib/hex.ts";
import { parseSourceUrl } from "../../keeper/lib/parseSourceUrl.ts";
import { openSigners } from "../../keeper/openSigners.ts";
import { addressOf, developmentWallet, ROLES } from "../local/accounts.ts";
import { callNode } from "../local/callNode.ts";
import { contractInterface, revertName } from "../local/contractInterface.ts";
import type { LockstepDeployment } from "../local/deployLockstep.ts";
import { LocalChain } from "../local/LocalChain.ts";
import { developmentKeys } from "../local/LocalKeeper.ts";
import { INSTRUMENTS } from "../local/marketState.ts";
import { THIEF } from "./corruptedBalance.ts";
import type { Ground } from "./Ground.ts";

/** Which test deployment a drill uses. */
export interface TestDeploymentOptions {
  /** Of a Hardhat node or of Anvil, which serves HTTP and WebSocket at one port. */
  readonly rpc: string;
  /** Path of the deployment file; default: what the environment says, as for `lockstep run`. */
  readonly deployment: string | undefined;
  /** The chain that may be written to although its id is not a development chain's. */
  readonly chainId: number | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Errors that say that a drill was not begun: nothing was changed. */
export const REFUSALS: readonly string[] = ["DrillRefused", "DeploymentInvalid", "ConfigInvalid", "KeyInUse"];

const PEOPLE = [ROLES.deployer, ROLES.feedMover, ROLES.executor, ...ROLES.traders, THIEF].map((index) =>
  addressOf(developmentWallet(index)),
);
const ETHER = 10n ** 18n;
/** What each of the drill's people is given where it has less; `evm_revert` takes it back. */
const POCKET_MONEY = 1_000n * ETHER;
const LEAST_PAUSES = 3n;
const KEY_ENV = CONFIG_OPTIONS.filter(({ key }) => Object.hasOwn(KEY_ROWS, key)).map(({ env }) => env);
const INCIDENT: Hash = `0x${"00".repeat(31)}02`;
const NO_EVIDENCE: Hash = `0x${"00".repeat(32)}`;

/**
 * Takes a protocol that runs on somebody's development node as the ground of a drill. Until it is sure that it may, it only reads;
 * then it makes a snapshot of the node, to which `close` goes back.
 *
 * @throws KeeperError `DrillRefused` with what is wrong; `DeploymentInvalid`; `ConfigInvalid` for a key's setting
 */
export async function openTestDeployment(options: TestDeploymentOptions, say: (line: string) => void): Promise<Ground> {
  const { url, wsUrl } = readUrl(options.rpc);
  requireCompiled();
  const listed = loadDeployment(fileOf(options));
  await checkNode(url, listed, options.chainId);
  const deployment = await completed(url, listed);
  const keyEnv = Object.fromEntries(KEY_ENV.flatMap((name) => pick(options.env, name)));
  const keys = await checkKeys(new LocalChain(url, deployment), keyEnv);
  const { number, hash } = await readHead(url);
  const before = { hash, baseFee: await readNextFee(url), senders: [...PEOPLE, ...keys] };
  const snapshot = (await ask(url, "evm_snapshot")) as string;
  say(`using the deployment at ${listed.contracts.PositionLedger}, from block ${number}`);
  const ground = {
    ...{ url, wsUrl, deployment, keyEnv, accountNumber: BigInt(number) },
    close: () => takeBack(url, snapshot, before),
  };
  try {
    await fundPeople(url);
  } catch (error: unknown) {
    await ground.close();
    throw error;
  }
  return ground;
}

function refused(problem: string, payload: Readonly<Record<string, unknown>> = {}): KeeperError {
  return new KeeperError("DrillRefused", problem, payload);
}

function readUrl(rpc: string): { readonly url: string; readonly wsUrl: string } {
  const target = parseSourceUrl(rpc);
  if (target === undefined || target.kind === "ipc") {
    throw refused(`--rpc ${rpc}: expected the URL of a node, as http://127.0.0.1:8545`);
  }
  const url = target.url.href.replace(/^ws/, "http").replace(/\/$/, "");
  return { url, wsUrl: url.replace(/^http/, "ws") };
}

function fileOf({ deployment, env }: TestDeploymentOptions): string {
  const file = deployment ?? env["LOCKSTEP_DEPLOYMENT"];
  if (file !== undefined && file !== "") return file;
  throw refused("--rpc needs --deployment <path> (or LOCKSTEP_DEPLOYMENT): which protocol on that node?");
}

function pick(env: Readonly<Record<string, string | undefined>>, name: string): (readonly [string, string])[] {
  const value = env[name];
  return value === undefined || value.trim() === "" ? [] : [[name, value]];
}

/** That the node is a development node of the deployment's chain, and no other. */
async function checkNode(url: string, { chainId, contracts }: Deployment, confirmed?: number): Promise<void> {
  const served = Number(await ask(url, "eth_chainId"));
  if (!LOCAL_CHAIN_IDS.has(served) && served !== confirmed) {
    const known = [...LOCAL_CHAIN_IDS].join(" or ");
    throw refused(
      `the node serves chain ${served}, and a drill writes to its state: development chains are ${known}; ` +
        `if this is one too, say so by --chain-id ${served}`,
      { served },
    );
  }
  if (confirmed !== undefined && served !== confirmed) {
    throw refused(`the node serves chain ${served}, not ${confirmed} (--chain-id)`, { served });
  }
  if (served !== chainId) throw refused(`the deployment file is of chain ${chainId}, the node serves chain ${served}`);
  const client = String(await ask(url, "web3_clientVersion"));
  // Hardhat has it, and Anvil under the same name; a node that could be anybody's has not.
  if ((await callNode(url, "hardhat_metadata").catch(() => null)) === null) {
    throw refused(
      `the node (${client}) has no cheat methods (evm_snapshot, hardhat_setStorageAt): use Hardhat or Anvil`,
    );
  }
  for (const [name, address] of Object.entries(contracts)) {
    const code = await ask(url, "eth_getCode", [address, "latest"]);
    if (code === "0x") throw refused(`${name} has no code at ${address}: the deployment file is of another chain`);
  }
}

async function ask(url: string, method: string, params: readonly unknown[] = []): Promise<unknown> {
  try {
    return await callNode(url, method, params);
  } catch (error: unknown) {
    throw refused(`${url}: ${messageOf(error)}`, { method });
  }
}

/** With the tokens and feeds that the deployment file does not name, from the contracts. */
async function completed(
  url: string,
  { chainId, deploymentBlock, contracts }: Deployment,
): Promise<LockstepDeployment> {
  const nowhere: Address = `0x${"00".repeat(20)}`;
  const known = { ...contracts, BondToken: nowhere, EthFeed: nowhere, BtcFeed: nowhere };
  const chain = new LocalChain(url, { chainId, deploymentBlock, contracts: known });
  try {
    const [settlement, bond] = await chain.read([
      { contract: "PositionLedger", fn: "SETTLEMENT_ASSET" },
      { contract: "KeeperRegistry", fn: "BOND_TOKEN" },
    ]);
    if (lower(settlement) !== contracts.SettlementToken) {
      throw refused(`the ledger settles in ${lower(settlement)}, not in the file's SettlementToken`);
    }
    const feeds = await Promise.all(
      INSTRUMENTS.map(async ({ id, feed: name }) => {
        const [terms] = await chain.read([{ contract: "InstrumentRegistry", fn: "instrumentOf", args: [id] }]);
        const { feed } = terms as { readonly feed: bigint };
        const [entry] = await chain.read([{ contract: "PriceOracle", fn: "feedOf", args: [feed] }]);
        return [name, lower((entry as { readonly aggregator: string }).aggregator)] as const;
      }),
    );
    const found = { ...known, BondToken: lower(bond), ...Object.fromEntries(feeds) };
    return { chainId, deploymentBlock, contracts: found };
  } catch (error: unknown) {
    if (KeeperError.is(error, "DrillRefused")) throw error;
    throw refused(`the contracts do not answer as the protocol does: ${messageOf(error)}`);
  }
}

function lower(address: unknown): Address {
  return String(address).toLowerCase() as Address;
}

/** That the keeper could attest, and pause; the addresses of its keys. */
async function checkKeys(chain: LocalChain, keyEnv: Readonly<Record<string, string>>): Promise<Address[]> {
  const { config } = loadKeeperConfig({ flags: developmentKeys(keyEnv), env: keyEnv });
  const signers = await openSigners(config);
  const [pauser, attester] = [signers.pause?.address, signers.attest?.address];
  for (const signer of Object.values(signers)) signer.close();
  if (pauser === undefined || attester === undefined) throw refused("the keeper needs a pause key and an attest key");
  const where = Object.keys(keyEnv).length === 0 ? "the development keys" : "the keys of the environment";
  const [isActive] = await chain.read([{ contract: "KeeperRegistry", fn: "isActive", args: [attester] }]);
  if (isActive !== true) throw refused(`${where}: ${attester} is no active keeper of this deployment`);
  await checkMoney(chain.url, [pauser, attester], BigInt(config.maxFeePerGasGwei));
  const head = await readHead(chain.url);
  const words = { causeClass: "books", blockNumber: head.number - 1, blockHash: head.parentHash } as const;
  const data = encodeSoftPause({ incidentId: INCIDENT, evidenceHash: NO_EVIDENCE, ...words });
  try {
    await callNode(chain.url, "eth_call", [{ from: pauser, to: chain.address("SyncGuard"), data }, "latest"]);
  } catch (error: unknown) {
    throw refused(`${where}: ${pauser} could not pause: ${reasonOf(error)}`);
  }
  const [isHalted] = await chain.read([{ contract: "SyncGuard", fn: "isHalted" }]);
  if (isHalted === true) throw refused("the protocol is halted: resume it first");
  return [pauser, attester];
}

/** The name of the contracts' error, where it was they who refused. */
function reasonOf(error: unknown): string {
  const data = KeeperError.is(error, "NodeRpcError") ? error.payload["data"] : undefined;
  const reverted = typeof data === "object" && data !== null && "data" in data ? data.data : data;
  return typeof reverted === "string" ? revertName(reverted) : messageOf(error);
}

async function checkMoney(url: string, keys: readonly Address[], capGwei: bigint): Promise<void> {
  const needed = LEAST_PAUSES * PAUSE_GAS_LIMIT * (capGwei < 100n ? capGwei : 100n) * 10n ** 9n;
  for (const key of keys) {
    const balance = BigInt((await ask(url, "eth_getBalance", [key, "latest"])) as string);
    if (balance < needed) throw refused(`${key} has ${balance} wei, the keeper's key needs ${needed}: fund it`);
  }
}

async function readHead(
  url: string,
): Promise<{ readonly number: number; readonly hash: Hash; readonly parentHash: Hash }> {
  const block = (await ask(url, "eth_getBlockByNumber", ["latest", false])) as Readonly<Record<string, string>>;
  return { number: Number(block["number"]), hash: block["hash"] as Hash, parentHash: block["parentHash"] as Hash };
}

function requireCompiled(): void {
  try {
    contractInterface("SyncGuard");
  } catch {
    throw refused("the contracts are not compiled here: npm run build");
  }
}

/** Anvil funds ten accounts of its own accord. Money that is given changes the state of the newest block: of a new one, then. */
async function fundPeople(url: string): Promise<void> {
  await callNode(url, "evm_mine");
  for (const address of PEOPLE) {
    const balance = BigInt((await callNode(url, "eth_getBalance", [address, "latest"])) as string);
    if (balance >= ETHER) continue;
    await callNode(url, "hardhat_setBalance", [address, `0x${POCKET_MONEY.toString(16)}`]);
  }
  await callNode(url, "evm_mine");
}

/** What the node was like. */
interface Before {
  readonly hash: Hash;
  /** Of the next block. */
  readonly baseFee: string | undefined;
  /** Whoever sends something in a drill. */
  readonly senders: readonly Address[];
}

/** Goes back to the snapshot. False where the node refuses, or is not where it was. */
async function takeBack(url: string, snapshot: string, { hash, baseFee, senders }: Before): Promise<boolean> {
  try {
    const isReverted = await callNode(url, "evm_revert", [snapshot]);
    // Anvil keeps what waits and the next block's base fee through a revert; Hardhat knows the first call not, and needs neither.
    for (const sender of senders) await callNode(url, "anvil_removePoolTransactions", [sender]).catch(() => null);
    if (baseFee !== undefined && (await readNextFee(url)) !== baseFee) {
      await callNode(url, "hardhat_setNextBlockBaseFeePerGas", [baseFee]);
    }
    return isReverted === true && (await readHead(url)).hash === hash;
  } catch {
    return false;
  }
}

async function readNextFee(url: string): Promise<string | undefined> {
  const block = (await ask(url, "eth_getBlockByNumber", ["pending", false])) as Readonly<Record<string, string>> | null;
  return block?.["baseFeePerGas"];
}
