import { id, Wallet } from "ethers";

import { statementDigest, type Verifiers } from "../../../keeper/domain/statementDigest.ts";
import type { SignedStatement, Statement } from "../../../keeper/domain/Statement.ts";
import { KeySigner } from "../../../keeper/actions/signers/KeySigner.ts";
import { statementHashes } from "../../../keeper/domain/statementDigest.ts";
import type { Address, Hex } from "../../../keeper/lib/hex.ts";
import type { InProcessKeeper } from "../../../testing/InProcessKeeper.ts";
import type { KeeperChoice, KeeperKeys } from "../../../testing/createKeeper.ts";
import { World } from "../../helpers/keeper/World.ts";
import type { DeployOptions } from "../../fixtures/deployLockstep.ts";

/** Turns a keeper's statements into what it tells others: a lying one may say what it likes. */
export type Tell = (statements: readonly SignedStatement[]) => readonly SignedStatement[];

/** A keeper of the set, and whether it is there. */
export interface Member {
  readonly index: number;
  driver: InProcessKeeper;
  readonly keys: Required<KeeperKeys>;
  isDead: boolean;
  /** Default: the truth. */
  tell: Tell;
  /** Whose statements it cannot fetch. */
  readonly cutFrom: Set<number>;
}

/** Several keepers of one deployment, each with keys of its own, that fetch each other's statements. */
export class QuorumWorld {
  readonly world: World;
  readonly members: Member[];
  readonly #choice: Partial<KeeperChoice>;

  private constructor(world: World, count: number, choice: Partial<KeeperChoice>) {
    this.world = world;
    this.#choice = choice;
    this.members = Array.from({ length: count }, (_, index) => {
      const keys = { pause: world.pauser(index), attest: world.keysOf(index).attest, post: posterOf(index) };
      return { index, keys, driver: this.#start(keys, index), isDead: false, tell: (all) => all, cutFrom: new Set() };
    });
  }

  static async open(
    keeperCount: number,
    choice: Partial<KeeperChoice> = {},
    deploy: DeployOptions = {},
  ): Promise<QuorumWorld> {
    const world = await World.open({ keeperCount, ...deploy });
    for (let index = 0; index < keeperCount; index += 1) {
      await world.send("hardhat_setBalance", posterOf(index).address, `0x${(10n ** 20n).toString(16)}`);
    }
    // The head's state was changed behind its header.
    await world.mine();
    const policy = { checkpointIntervalSeconds: 60, ...choice.policy };
    const quorum = new QuorumWorld(world, keeperCount, { ...choice, policy });
    await quorum.catchUp();
    return quorum;
  }

  async close(): Promise<void> {
    await this.world.close();
  }

  get alive(): Member[] {
    return this.members.filter(({ isDead }) => !isDead);
  }

  get verifiers(): Verifiers {
    const { CheckpointRegistry: registry, SyncGuard: guard } = this.world.addresses;
    return { chainId: 31_337n, registry, guard };
  }

  /** Starts a member again, with nothing in its journal unless `choice` says so. */
  restart(index: number, choice: Partial<KeeperChoice> = {}): void {
    const member = this.members[index]!;
    member.isDead = false;
    member.driver = this.#start(member.keys, index, choice);
  }

  /** Turns until everybody has judged a block. */
  async catchUp(): Promise<void> {
    for (let turns = 0; turns < 20; turns += 1) {
      await this.turn();
      if (this.alive.every(({ driver }) => driver.reports.length > 0)) return;
      for (const { driver } of this.alive) await driver.tick(1_000);
    }
    throw new Error("somebody has judged no block after 20 turns");
  }

  /** Everybody hears of the head, and of what the others say. */
  async turn(): Promise<void> {
    for (const { driver } of this.alive) {
      await driver.follow();
      await driver.tick(100);
    }
    await this.exchange();
  }

  /** Everybody fetches from everybody, twice, so that what is relayed arrives as well. */
  async exchange(): Promise<void> {
    for (let round = 0; round < 2; round += 1) {
      for (const from of this.alive) {
        const statements = from.tell(from.driver.all("statements").at(-1)?.statements ?? []);
        for (const to of this.alive)
          if (to !== from && !to.cutFrom.has(from.index)) await this.#hand(from, to, statements);
      }
    }
  }

  async #hand(from: Member, to: Member, statements: readonly SignedStatement[]): Promise<void> {
    await to.driver.deliver({ type: "statements", peer: `keeper-${from.index}`, statements, nowMs: to.driver.nowMs });
  }

  /** So many blocks, each followed by a turn. */
  async blocks(count: number, seconds = 12): Promise<void> {
    for (let mined = 0; mined < count; mined += 1) {
      await this.world.send("evm_increaseTime", seconds);
      await this.world.mine();
      await this.turn();
    }
  }

  /** Blocks until a condition holds; throws after `limit`. */
  async until(what: string, limit: number, holds: () => Promise<boolean> | boolean, seconds = 12): Promise<number> {
    for (let mined = 0; mined <= limit; mined += 1) {
      if (await holds()) return mined;
      await this.blocks(1, seconds);
    }
    throw new Error(`${what}: not within ${limit} blocks`);
  }

  async posts(): Promise<number> {
    return (await this.world.system.registry.queryFilter(this.world.system.registry.filters.CheckpointPosted())).length;
  }

  /** What a member signs of a statement that its keeper would not sign. */
  signAs(index: number, statement: Statement, verifiers: Verifiers = this.verifiers): SignedStatement {
    const { attest } = this.members[index]!.keys;
    const signer = new KeySigner(attest.privateKey as Hex);
    return {
      statement,
      digest: statementDigest(statement, verifiers),
      signer: attest.address.toLowerCase() as Address,
      signature: signer.signTypedData(statementHashes(statement, verifiers)),
    };
  }

  #start(keys: Required<KeeperKeys>, index: number, choice: Partial<KeeperChoice> = {}): InProcessKeeper {
    const { world } = this;
    return world.keeper({ keys, rpcs: { [`source-${index}`]: world.rpc }, ...this.#choice, ...choice });
  }
}

function posterOf(index: number): Wallet {
  return new Wallet(id(`lockstep test poster ${index}`));
}
