import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { id, toBeHex, type ContractTransactionResponse } from "ethers";

import type { MockToken } from "../../../../types/ethers-contracts/index.ts";
import type { Lockstep } from "../../../fixtures/deployLockstep.ts";
import type { SeededRandom } from "../../../helpers/SeededRandom.ts";
import { accountOf } from "../../../helpers/accounts.ts";
import { attest, signAttestation } from "../../../helpers/attestations.ts";
import { OrderBook, UNIT, type OrderInput } from "../../../helpers/orders.ts";

/** No estimate: an operation that reverts belongs to the traffic. */
const GAS = { gasLimit: 2_500_000 };
const USD = 1_000_000n;

interface Party {
  readonly owner: HardhatEthersSigner;
  readonly account: string;
}

/** Random operations of several users, keepers and governance. Nothing is mined before {@link mine}. */
export class Traffic {
  readonly #system: Lockstep;
  readonly #random: SeededRandom;
  readonly #token: MockToken;
  readonly #orders: OrderBook;
  readonly #parties: Party[];
  /** In the feeds' 8 decimals. */
  readonly #marks = [3_000_00000000n, 60_000_00000000n];
  #last: { maker: OrderInput; taker: OrderInput; signatures: readonly [string, string] } | undefined;
  #count = 0;

  private constructor(system: Lockstep, random: SeededRandom, token: MockToken) {
    this.#system = system;
    this.#random = random;
    this.#token = token;
    this.#orders = new OrderBook(system);
    this.#parties = system.users
      .slice(0, 4)
      .flatMap((owner) => [0, 1].map((index) => ({ owner, account: accountOf(owner, index) })));
  }

  /** Lists a second asset, funds four users and stops automatic mining. */
  static async start(system: Lockstep, random: SeededRandom): Promise<Traffic> {
    const token = await system.ethers.deployContract("MockToken", ["Ether", "ETH", 18]);
    await system.vault.listAsset(token.target);
    for (const user of system.users.slice(0, 4)) {
      for (const asset of [system.usd, token]) {
        await asset.mint(user.address, 10n ** 30n);
        await asset.connect(user).approve(system.vault.target, 10n ** 40n);
        for (const index of [0, 1]) {
          await system.vault.connect(user).deposit(accountOf(user, index), asset.target, 5_000n * USD);
        }
      }
    }
    await system.ethers.provider.send("evm_setAutomine", [false]);
    return new Traffic(system, random, token);
  }

  /** Sends one random operation. */
  async send(): Promise<void> {
    this.#count += 1;
    const dice = this.#random.below(100);
    if (dice < 14) await this.#deposit();
    else if (dice < 26) await this.#withdraw();
    else if (dice < 60) await this.#trade();
    else if (dice < 65) await this.#refill();
    else if (dice < 76) await this.#movePrice();
    else if (dice < 86) await this.#post();
    else if (dice < 88) await this.#softPause();
    else if (dice < 89) await this.#system.guard.liftSoft(GAS);
    else if (dice < 91) await this.#cancel();
    else if (dice < 94) await this.#block();
    else if (dice < 99) await this.#claim();
    else await this.#govern();
  }

  /** Mines what was sent, after a while that now and then outlives prices, checkpoints and pauses. */
  async mine(): Promise<void> {
    const seconds = [2, 2, 2, 12, 12, 12, 60, 60, 60, 300, 900, 2_500][this.#random.below(12)]!;
    await this.#system.ethers.provider.send("evm_increaseTime", [seconds]);
    await this.#system.ethers.provider.send("evm_mine", []);
  }

  #party(): Party {
    return this.#parties[this.#random.below(this.#parties.length)]!;
  }

  #asset(): MockToken {
    return this.#random.below(3) === 0 ? this.#token : this.#system.usd;
  }

  #amount(): bigint {
    return BigInt(1 + this.#random.below(3_000_000)) * 1_000n;
  }

  async #deposit(): Promise<void> {
    const { owner, account } = this.#party();
    await this.#system.vault.connect(owner).deposit(account, this.#asset().target, this.#amount(), GAS);
  }

  async #withdraw(): Promise<void> {
    const { owner, account } = this.#party();
    await this.#system.vault.connect(owner).withdraw(account, this.#asset().target, this.#amount(), owner.address, GAS);
  }

  async #trade(): Promise<void> {
    const [buyer, seller] = [this.#party(), this.#party()];
    const instrument = 1 + this.#random.below(2);
    // Up to 2.2 % from the mark, of which the band allows 2.
    const price = (this.#marks[instrument - 1]! * 10n ** 10n * BigInt(9_780 + this.#random.below(441))) / 10_000n;
    const size = (BigInt(1 + this.#random.below(400)) * UNIT) / (instrument === 1 ? 97n : 1_940n);
    const terms = { instrument, size: size * 2n, limitPrice: price };
    const maker = this.#orders.order(buyer.owner, true, { ...terms, account: buyer.account });
    const taker = this.#orders.order(seller.owner, false, { ...terms, account: seller.account });
    const isBuyerMaker = this.#random.bool();
    const signed = [await this.#orders.sign(buyer.owner, maker), await this.#orders.sign(seller.owner, taker)] as const;
    this.#last = isBuyerMaker
      ? { maker, taker, signatures: signed }
      : { maker: taker, taker: maker, signatures: [signed[1], signed[0]] };
    await this.#settle(size);
  }

  /** The same two orders again: a second partial fill. */
  async #refill(): Promise<void> {
    if (this.#last !== undefined) await this.#settle(this.#last.maker.size / 2n - 1n);
  }

  async #settle(size: bigint): Promise<ContractTransactionResponse> {
    const { maker, taker, signatures } = this.#last!;
    return await this.#system.settlement.settle(maker, signatures[0], taker, signatures[1], size, GAS);
  }

  async #movePrice(): Promise<void> {
    const index = this.#random.below(2);
    const [feed, mark] = [[this.#system.ethFeed, this.#system.btcFeed][index]!, this.#marks[index]!];
    this.#marks[index] = (mark * BigInt(960 + this.#random.below(83))) / 1_000n;
    // Now and then an answer that every rule refuses.
    if (this.#random.below(40) === 0) await feed.update(0n, GAS);
    else await feed.update(this.#marks[index], GAS);
  }

  async #post(): Promise<void> {
    const { attestation, roots } = await attest(this.#system);
    const signatures = await signAttestation(this.#system, attestation);
    await this.#system.registry.post(attestation, roots, signatures, GAS);
  }

  async #softPause(): Promise<void> {
    const { provider } = this.#system.ethers;
    const number = (await provider.getBlockNumber()) - this.#random.below(3);
    const { hash } = (await provider.getBlock(number))!;
    const incidentId = id(`incident ${this.#random.below(6)}`);
    const { pauser } = this.#system.keepers[this.#random.below(this.#system.keepers.length)]!;
    await this.#system.guard.connect(pauser).softPause(incidentId, number, hash!, id("evidence"), GAS);
  }

  async #cancel(): Promise<void> {
    const { owner, account } = this.#party();
    const order = this.#last?.taker.account === account ? this.#last.taker : this.#orders.order(owner, true);
    await this.#system.settlement.connect(owner).cancel(order, GAS);
  }

  async #block(): Promise<void> {
    const { owner } = this.#party();
    await this.#asset().setBlocked(owner.address, this.#random.below(3) !== 0, GAS);
  }

  async #claim(): Promise<void> {
    const { owner, account } = this.#party();
    const to = this.#random.bool() ? owner.address : toBeHex(this.#count + 1_000, 20);
    await this.#system.vault.connect(owner).claim(account, this.#asset().target, to, GAS);
  }

  async #govern(): Promise<void> {
    const initial = 80_000 + this.#random.below(60_000);
    await this.#system.instruments.setInstrument(
      1 + this.#random.below(2),
      1 + this.#random.below(2),
      initial,
      40_000,
      20_000,
      GAS,
    );
  }
}
