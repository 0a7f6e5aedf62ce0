import { storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import { depositUsd } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../accounts.ts";
import type { World } from "./World.ts";

const USD = 1_000_000n;
const HONEST = 100_000n * USD;
const OWN = 100n * USD;
/** Below what may leave at once; of the ledger's quote, a dollar is 1e18. */
const STOLEN = 5_000n * USD;
const FORTUNE = 10n ** 24n;

/**
 * Somebody who writes a fortune into his own account behind the ledger's back, and takes other people's dollars out for it:
 * what is lost whenever nothing has stopped him in time.
 */
export class Thief {
  readonly #world: World;
  readonly #number: number;

  private constructor(world: World, number = 0) {
    this.#world = world;
    this.#number = number;
  }

  /** There is money of others to be had, and the thief has an account. */
  static async among(world: World): Promise<Thief> {
    const [thief, honest] = world.system.users;
    await depositUsd(world.system, honest!, HONEST);
    await depositUsd(world.system, thief!, OWN);
    return new Thief(world);
  }

  /** The same one with an account that he never used: nobody has seen its key. */
  unseen(): Thief {
    return new Thief(this.#world, 7);
  }

  /** Writes the fortune; the next block commits to it. */
  async forge(): Promise<void> {
    const slot = ledger.accounts.slot(this.#account);
    const word = await this.#world.wordAt("PositionLedger", slot);
    await this.#world.tamper("PositionLedger", slot, ledger.accounts.update(word, { quote: FORTUNE, isUsed: true }));
  }

  /** Withdraws, in a block of its own; units of the settlement token that left beyond what was his, 0 when it is refused. */
  async steal(): Promise<bigint> {
    const { vault, usd, ethers } = this.#world.system;
    // With what never can be included in the pool Hardhat would mine for ever.
    await this.#world.send("evm_setAutomine", false);
    const { baseFeePerGas } = (await ethers.provider.getBlock("latest"))!;
    const fees = { gasLimit: 1_000_000n, maxFeePerGas: baseFeePerGas! * 3n, maxPriorityFeePerGas: 1n };
    const before = await usd.balanceOf(this.#self.address);
    const own = vault.connect(this.#self);
    await own.withdraw(this.#account, usd.target, OWN + STOLEN, this.#self.address, fees);
    await this.#world.mine();
    const taken = (await usd.balanceOf(this.#self.address)) - before;
    return taken > OWN ? taken - OWN : 0n;
  }

  get #self() {
    return this.#world.system.users[0]!;
  }

  get #account(): Hash {
    return accountOf(this.#self, this.#number).toLowerCase() as Hash;
  }
}

/** What a thief whom nothing stops takes at once, units of the settlement token. */
export const LOOT = STOLEN;
