import { setTimeout as sleep } from "node:timers/promises";

import { keccak256, type Wallet } from "ethers";

import { BOOK_NAMES, type BookName } from "../../../keeper/domain/bookSet.ts";
import type { Hash, Hex } from "../../../keeper/lib/hex.ts";
import { ROLES, developmentWallet } from "../../../scripts/local/accounts.ts";
import {
  deployLockstep,
  type DeployLockstepOptions,
  type LockstepDeployment,
} from "../../../scripts/local/deployLockstep.ts";
import { Market } from "../../../scripts/local/Market.ts";
import type { LocalChainKind } from "../../../scripts/local/nodeCommand.ts";
import { startNode, type LocalNode } from "../../../scripts/local/startNode.ts";
import type { KeeperChoice, KeeperKeys } from "../../../testing/createKeeper.ts";
import type { InProcessKeeper } from "../../../testing/InProcessKeeper.ts";
import { rpcAt } from "../../../testing/Rpc.ts";
import { Staging, type StagingParts } from "../../../testing/Staging.ts";
import { watchKeeper } from "../scenarioFacts.ts";

/** The protocol on a node of its own, with its market, and keepers on it. */
export class LocalWorld extends Staging {
  readonly node: LocalNode;
  readonly market: Market;

  private constructor(parts: StagingParts, node: LocalNode, market: Market) {
    super(parts);
    this.node = node;
    this.market = market;
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
    return new LocalWorld(await Staging.on(rpcAt(node.url), deployment), node, market);
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
  override keeper(choice: Partial<KeeperChoice> = {}): InProcessKeeper {
    const keeper = super.keeper({ keys: { pause: this.pauser }, ...choice });
    watchKeeper(this.node.chain === "anvil" ? "Anvil" : "Hardhat", keeper.effects);
    return keeper;
  }

  /** Lets the market act so often. */
  async trade(steps: number): Promise<void> {
    for (let step = 0; step < steps; step += 1) {
      const line = await this.market.step();
      if (line.startsWith("error")) throw new Error(line);
    }
  }

  /** Storage roots by the chain, in set order. */
  override async roots(blockHash: Hash): Promise<Hash[]> {
    const { stateRoot } = (await this.send("eth_getBlockByHash", blockHash, false)) as { readonly stateRoot: Hash };
    return Promise.all(BOOK_NAMES.map((name) => this.#rootOf(name, blockHash, stateRoot)));
  }

  /** Anvil proves its newest block from the next one's state while it mines that: asked again until it is this one. */
  async #rootOf(name: BookName, blockHash: Hash, stateRoot: Hash): Promise<Hash> {
    for (let tries = 0; tries < 100; tries += 1) {
      const answer = await this.send("eth_getProof", this.addresses[name], [], { blockHash });
      const { accountProof, storageHash } = answer as { readonly accountProof: Hex[]; readonly storageHash: Hash };
      if (keccak256(accountProof[0] ?? "0x") === stateRoot) return storageHash;
      await sleep(10);
    }
    throw new Error(`no proof of ${name} under the state of ${blockHash}`);
  }
}
