import type { NaiveProblem } from "../../../../keeper/books/naive/naiveTypes.ts";
import { depositUsd } from "../../../fixtures/deployLockstep.ts";
import type { SeededRandom } from "../../../helpers/SeededRandom.ts";
import { accountOf } from "../../../helpers/accounts.ts";
import { postCheckpoint } from "../../../helpers/attestations.ts";
import { ETH_PRICE, UNIT, type OrderInput } from "../../../helpers/orders.ts";
import type { Scene } from "./stage.ts";

const USD = 1_000_000n;
const GAS = { gasLimit: 2_500_000 };
const TWIN_OPERATIONS = 160;

/** The same operations on a protocol and on its lax twin, whose state is put back where the honest one refused. */
export class Twins {
  readonly #honest: Scene;
  readonly #lax: Scene;
  #mark = ETH_PRICE / 10n ** 10n;
  #time = 0;

  constructor(honest: Scene, lax: Scene) {
    this.#honest = honest;
    this.#lax = lax;
  }

  async close(): Promise<void> {
    for (const { system } of [this.#honest, this.#lax]) await system.connection.close();
  }

  async run(random: SeededRandom) {
    const differences: { operation: number; honest: string; problems: readonly NaiveProblem[] }[] = [];
    let [accepted, refused] = [0, 0];
    this.#time = Math.max(await this.#timeOf(this.#honest), await this.#timeOf(this.#lax));
    for (let operation = 0; operation < TWIN_OPERATIONS; operation += 1) {
      if (operation % 8 === 0) await this.#both(postCheckpointIn);
      const dice = random.below(10);
      if (dice < 4) await this.#movePrice(random);
      if (dice === 4) await this.#deposit(random);
      const send = dice < 9 ? await this.#trade(random) : this.#withdraw(random);
      this.#time += 1 + (random.below(40) === 0 ? 1_000 : random.below(60));
      const honest = await this.#try(this.#honest, send);
      await this.#lax.follower.follow();
      const snapshot = (await this.#lax.system.ethers.provider.send("evm_snapshot", [])) as string;
      const lax = await this.#try(this.#lax, send);
      const head = await this.#lax.system.ethers.provider.getBlockNumber();
      const { problems } = (await this.#lax.follower.derive(head)).result;
      // What the twin refuses as well was not refused by the margin engine: then there is nothing to derive.
      if ((honest === "") !== (problems.length === 0) && lax === "") differences.push({ operation, honest, problems });
      if (honest !== "") await this.#lax.system.ethers.provider.send("evm_revert", [snapshot]);
      if (honest === "") accepted += 1;
      else if (lax === "") refused += 1;
    }
    return { differences, accepted, refused };
  }

  async #timeOf({ system }: Scene): Promise<number> {
    return (await system.ethers.provider.getBlock("latest"))!.timestamp;
  }

  async #both(send: (scene: Scene) => Promise<unknown>): Promise<void> {
    this.#time += 1;
    for (const scene of [this.#honest, this.#lax]) {
      await scene.system.ethers.provider.send("evm_setNextBlockTimestamp", [this.#time]);
      await send(scene);
      this.#time = Math.max(this.#time, await this.#timeOf(scene));
    }
  }

  /** @returns what it was refused with; nothing when it was accepted */
  async #try(scene: Scene, send: (scene: Scene) => Promise<unknown>): Promise<string> {
    await scene.system.ethers.provider.send("evm_setNextBlockTimestamp", [this.#time]);
    try {
      await send(scene);
      return "";
    } catch (error: unknown) {
      return String(error);
    }
  }

  async #movePrice(random: SeededRandom): Promise<void> {
    // Jumps, so that positions fall below their margins and now and then below zero.
    this.#mark = (this.#mark * BigInt(880 + random.below(251))) / 1_000n;
    await this.#both(({ system }) => system.ethFeed.update(this.#mark));
  }

  /** Half of the time a user with a position sheds a part of it. */
  async #trade(random: SeededRandom): Promise<(scene: Scene) => Promise<unknown>> {
    const { system, users } = this.#honest;
    const who = random.below(3);
    const other = (who + 1 + random.below(2)) % 3;
    const position = await system.ledger.sizeOf(accountOf(users[who]!), 1);
    const isReducing = position !== 0n && random.bool();
    const part = BigInt(1 + random.below(60));
    const size = isReducing ? ((position < 0n ? -position : position) * part) / 60n : (part * UNIT) / 61n;
    const isBuyer = isReducing ? position < 0n : random.bool();
    const [buyer, seller] = isBuyer ? [who, other] : [other, who];
    const price = (this.#mark * 10n ** 10n * BigInt(9_800 + random.below(401))) / 10_000n;
    return async (scene) => {
      const terms: Partial<OrderInput> = { size, limitPrice: price };
      const [maker, taker] = [scene.users[buyer]!, scene.users[seller]!];
      const buy = scene.orders.order(maker, true, terms);
      const sell = scene.orders.order(taker, false, terms);
      return await scene.system.settlement.settle(await scene.orders.match(maker, buy, taker, sell, size), GAS);
    };
  }

  async #deposit(random: SeededRandom): Promise<void> {
    const [who, amount] = [random.below(3), BigInt(20 + random.below(150))];
    await this.#both(({ system, users }) => depositUsd(system, users[who]!, amount * USD));
  }

  #withdraw(random: SeededRandom): (scene: Scene) => Promise<unknown> {
    const [who, amount] = [random.below(3), BigInt(1 + random.below(150)) * USD];
    return ({ system, users }) => {
      const user = users[who]!;
      return system.vault.connect(user).withdraw(accountOf(user), system.usd.target, amount, user.address, GAS);
    };
  }
}

async function postCheckpointIn({ system }: Scene): Promise<unknown> {
  return await postCheckpoint(system);
}
