import type { Wallet } from "ethers";

import { accountIdOf, addressOf, developmentWallet, ROLES } from "../../local/accounts.ts";
import type { Attempt, LocalChain } from "../../local/LocalChain.ts";
import { settlePair } from "../../local/orders.ts";
import { must } from "./must.ts";

const [DEBTOR, SELLER, ANYBODY] = [18, 19, 10] as const;
const ETH = { instrument: 1, feed: "EthFeed" } as const;
const TOKEN = 10n ** 6n;
const UNIT = 10n ** 18n;
const FEED_UNIT = 10n ** 8n;
const ANSWER_TO_PRICE = 10n ** 10n;
/** A seventh of what the debtor's position is worth: enough to open it, and less than it loses. */
const DEBTOR_DEPOSIT = 4_000n * TOKEN;
const SELLER_DEPOSIT = 200_000n * TOKEN;
const DEBTOR_SIZE = 10n * UNIT;
const FALLEN_PRICE = 2_500n;

/** Ordinary people: one with a leveraged position, who trades against it, and somebody who wants to liquidate. */
export class Players {
  readonly #chain: LocalChain;
  readonly #debtor = developmentWallet(DEBTOR);
  readonly #seller = developmentWallet(SELLER);
  /** Has no role in the protocol. */
  readonly anybody = developmentWallet(ANYBODY);
  #salt = 0n;

  private constructor(chain: LocalChain) {
    this.#chain = chain;
  }

  /** Gives them deposits, and the debtor a position. */
  static async open(chain: LocalChain): Promise<Players> {
    const players = new Players(chain);
    await Promise.all([players.#fund(players.#debtor, DEBTOR_DEPOSIT), players.#fund(players.#seller, SELLER_DEPOSIT)]);
    const opened = await players.#trade(players.#debtor, DEBTOR_SIZE);
    if (!opened.accepted) throw new Error(`the debtor's position: ${opened.error}`);
    return players;
  }

  /** A trade in which the seller takes on more risk. */
  async takeRisk(): Promise<Attempt> {
    return this.#trade(developmentWallet(ROLES.traders[0]), UNIT);
  }

  /** The price falls so far that the debtor's deposit is lost. */
  async dropPrice(): Promise<void> {
    await must(this.#chain, developmentWallet(ROLES.feedMover), ETH.feed, "update", [FALLEN_PRICE * FEED_UNIT]);
  }

  /** Somebody starts to auction the debtor's position. */
  async liquidate(): Promise<Attempt> {
    const args = [accountIdOf(this.#debtor), ETH.instrument];
    return this.#chain.attempt(this.anybody, "LiquidationAuction", "start", args);
  }

  async #fund(wallet: Wallet, amount: bigint): Promise<void> {
    const token = this.#chain.address("SettlementToken");
    await must(this.#chain, wallet, "SettlementToken", "mint", [addressOf(wallet), amount]);
    await must(this.#chain, wallet, "SettlementToken", "approve", [this.#chain.address("CollateralVault"), amount]);
    await must(this.#chain, wallet, "CollateralVault", "deposit", [accountIdOf(wallet), token, amount]);
  }

  async #trade(buyer: Wallet, size: bigint): Promise<Attempt> {
    const [round] = (await this.#chain.read([{ contract: ETH.feed, fn: "latestRoundData" }])) as [readonly bigint[]];
    this.#salt += 1n;
    return settlePair(this.#chain, developmentWallet(ROLES.executor), {
      buyer,
      seller: this.#seller,
      instrument: ETH.instrument,
      size,
      price: (round[1] ?? 0n) * ANSWER_TO_PRICE,
      salt: this.#salt,
    });
  }
}
