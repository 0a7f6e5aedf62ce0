import { setTimeout as sleep } from "node:timers/promises";

import { keccak256, type Wallet } from "ethers";

import { BOOK_NAMES, type BookAddresses, type Immutables } from "../../../keeper/domain/bookSet.ts";
import type { Hash, Hex } from "../../../keeper/lib/hex.ts";
import { ROLES, developmentWallet } from "../../../scripts/local/accounts.ts";
import { callNode } from "../../../scripts/local/callNode.ts";
import {
  deployLockstep,
  type DeployLockstepOptions,
  type LockstepDeployment,
  type LockstepContractName,
} from "../../../scripts/local/deployLockstep.ts";
import { Market } from "../../../scripts/local/Market.ts";
import type { LocalChainKind } from "../../../scripts/local/nodeCommand.ts";
import { startNode, type LocalNode } from "../../../scripts/local/startNode.ts";
import type { CoreDriver } from "./CoreDriver.ts";
import { createDriver, type KeeperChoice, type KeeperKeys } from "./createDriver.ts";
import { gatherImmutables } from "./immutables.ts";
import { rpcAt, type Rpc } from "./Rpc.ts";

function readImmutables({ chain }: Market): Promise<Immutables> {
  const read = async (contract: LockstepContractName, fn: string) => (await chain.read([{ contract, fn }]))[0];
  return gatherImmutables(BigInt(chain.deployment.chainId), read);
}

/** The protocol on a node of its own, with its market, and keepers on it. */
export class LocalWorld {
  readonly node: LocalNode;
  readonly rpc: Rpc;
  readonly market: Market;
  readonly addresses: BookAddresses;
  readonly immutables: Immutables;

  private constructor(node: LocalNode, market: Market, immutables: Immutables) {
    this.node = node;
    this.rpc = rpcAt(node.url);
    this.market = market;
    const pairs = BOOK_NAMES.map((name) => [name, market.chain.address(name)] as const);
    this.addresses = Object.fromEntries(pairs) as BookAddresses;
    this.immutables = immutables;
  }

  static async open(
    chain: LocalChainKind,
    seed: number,
    options: Partial<DeployLockstepOptions> = {},
  ): Promise<LocalWorld> {
    const node = await startNode({ chain, port: 0, host: "127.0.0.1", signal: new AbortController().signal });
    try {
      const deployment = await deployLockstep({ module: "Lockstep", ...options, url: node.url });
      const world = await LocalWorld.of(node, deployment, seed);
      await world.market.prepare();
      return world;
    } catch (error: unknown) {
      await node.stop();
      throw error;
    }
  }

  /** The world of a deployment that is there, with its market as it is. */
  static async of(node: LocalNode, deployment: LockstepDeployment, seed: number): Promise<LocalWorld> {
    const market = new Market({ url: node.url, deployment, seed, log: () => undefined });
    return new LocalWorld(node, market, await readImmutables(market));
  }

  async close(): Promise<void> {
    await this.node.stop();
  }

  /** The wallet of the keeper's pause key. */
  get pauser(): Wallet {
    return developmentWallet(ROLES.pauser);
  }

  /** All keys of the keeper; it posts with the key it attests with. */
  get keys(): Required<KeeperKeys> {
    const attester = developmentWallet(ROLES.attester);
    return { pause: this.pauser, attest: attester, post: attester };
  }

  /** A keeper from the deployment on, which pauses and posts nothing, unless chosen otherwise. */
  keeper(choice: Partial<KeeperChoice> = {}): CoreDriver {
    const { deploymentBlock } = this.market.chain.deployment;
    return createDriver(this.addresses, this.immutables, {
      rpcs: { node: this.rpc },
      keys: { pause: this.pauser },
      ...choice,
      options: { deploymentBlock, ...choice.options },
    });
  }

  async send(method: string, ...params: unknown[]): Promise<unknown> {
    return callNode(this.node.url, method, params);
  }

  async mine(count = 1): Promise<void> {
    for (let mined = 0; mined < count; mined += 1) await this.send("evm_mine");
  }

  /** Lets the market act so often. */
  async trade(steps: number): Promise<void> {
    for (let step = 0; step < steps; step += 1) {
      const line = await this.market.step();
      if (line.startsWith("error")) throw new Error(line);
    }
  }

  /** Storage roots by the chain, in set order. */
  async roots(blockHash: Hash): Promise<Hash[]> {
    const { stateRoot } = (await this.send("eth_getBlockByHash", blockHash, false)) as { readonly stateRoot: Hash };
    return Promise.all(BOOK_NAMES.map((name) => this.#rootOf(name, blockHash, stateRoot)));
  }

  /** Anvil proves its newest block from the next one's state while it mines that: asked again until it is this one. */
  async #rootOf(name: keyof BookAddresses, blockHash: Hash, stateRoot: Hash): Promise<Hash> {
    for (let tries = 0; tries < 100; tries += 1) {
      const answer = await this.send("eth_getProof", this.addresses[name], [], { blockHash });
      const { accountProof, storageHash } = answer as { readonly accountProof: Hex[]; readonly storageHash: Hash };
      if (keccak256(accountProof[0] ?? "0x") === stateRoot) return storageHash;
      await sleep(10);
    }
    throw new Error(`no proof of ${name} under the state of ${blockHash}`);
  }

  /** Flags in the ledger's hot word. */
  async flags(): Promise<bigint> {
    const [hot] = (await this.market.chain.read([{ contract: "PositionLedger", fn: "hotWord" }])) as [bigint[]];
    return hot[1] ?? 0n;
  }
}
