import { wait } from "../../keeper/chain/sources/wait.ts";
import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import { ROLES, accountIdOf, addressOf, developmentWallet } from "./accounts.ts";
import { describeAction } from "./describeAction.ts";
import type { LockstepDeployment } from "./deployLockstep.ts";
import { LocalChain } from "./LocalChain.ts";
import type { Attempt } from "./LocalChain.ts";
import { INSTRUMENTS, readMarketState } from "./marketState.ts";
import { cancelOrder, settlePair } from "./orders.ts";
import { planMarketAction } from "./planMarketAction.ts";
import type { MarketAction } from "./planMarketAction.ts";
import { SeededRandom } from "./SeededRandom.ts";

/** What a market needs. */
export interface MarketOptions {
  readonly url: string;
  readonly deployment: LockstepDeployment;
  /** The same seed on the same chain gives the same market. */
  readonly seed: number;
  /** Told one human-readable line for each thing that happens. */
  readonly log: (line: string) => void;
  /** Ends every wait; default: that of {@link Market.start}. */
  readonly signal?: AbortSignal;
}

const TOKEN = 10n ** 6n;
/** Token units minted to each trader: more than any run deposits. */
const WALLET_TARGET = 1_000_000_000n * TOKEN;
/** Token units in each trader's account at the start. */
const DEPOSIT_TARGET = 250_000n * TOKEN;
const UNLIMITED = 2n ** 256n - 1n;
/** The least pause after an error: a node that is gone is not asked in a busy loop. */
const ERROR_PAUSE_MS = 1_000;

/** What a restriction refuses by design: no error of the market's. */
const EXPECTED_REFUSALS: ReadonlySet<string> = new Set(["LedgerIncreaseRestricted", "LedgerWithdrawalRestricted"]);

/**
 * Market traffic on the real contracts: prices walk, five traders open, reduce and close positions by signed orders,
 * deposit and withdraw, and what they pay in fees goes to the insurance fund. One action at a time, also while the protocol is paused.
 */
export class Market {
  /** Shared with drills, so that their transactions and the market's never race for a nonce. */
  readonly chain: LocalChain;
  readonly #random: SeededRandom;
  readonly #log: (line: string) => void;
  readonly #end = new AbortController();
  /** Resolves when it may act again. */
  #gate: Promise<void> = Promise.resolve();
  #open: () => void = () => undefined;
  #acting: Promise<unknown> = Promise.resolve();

  constructor(options: MarketOptions) {
    this.chain = new LocalChain(options.url, options.deployment, options.signal ?? this.#end.signal);
    this.#random = new SeededRandom(options.seed);
    this.#log = options.log;
    this.#log(`market seed ${options.seed}`);
  }

  /**
   * Gives every trader tokens, an allowance and a first deposit, and the feeds a fresh answer. Does what is missing
   * only, so that it may run again.
   *
   * @throws KeeperError `MarketRefused` when the protocol refuses one of these, which it does in no grade.
   */
  async prepare(): Promise<void> {
    const { instruments } = await readMarketState(this.chain);
    const feedMover = developmentWallet(ROLES.feedMover);
    const traders = ROLES.traders.map((index) => this.#prepareTrader(index));
    for (const { feed, answer, baseAnswer } of instruments) {
      const fresh = answer > 0n ? answer : baseAnswer;
      this.#require(await this.chain.attempt(feedMover, feed, "update", [fresh]), `update of ${feed}`);
    }
    await Promise.all(traders);
    this.#log(
      `market ready: ${ROLES.traders.length} traders, ${INSTRUMENTS.map(({ symbol }) => symbol).join(" and ")}`,
    );
  }

  async #prepareTrader(index: number): Promise<void> {
    const wallet = developmentWallet(index);
    const [owner, account, token, vault] = [
      addressOf(wallet),
      accountIdOf(wallet),
      this.chain.address("SettlementToken"),
      this.chain.address("CollateralVault"),
    ];
    const [balance, allowance, quote] = (await this.chain.read([
      { contract: "SettlementToken", fn: "balanceOf", args: [owner] },
      { contract: "SettlementToken", fn: "allowance", args: [owner, vault] },
      { contract: "PositionLedger", fn: "quoteOf", args: [account] },
    ])) as [bigint, bigint, bigint];
    if (balance < WALLET_TARGET / 2n) {
      const minted = await this.chain.attempt(wallet, "SettlementToken", "mint", [owner, WALLET_TARGET]);
      this.#require(minted, `mint of trader ${index}`);
    }
    if (allowance < UNLIMITED / 2n) {
      const approved = await this.chain.attempt(wallet, "SettlementToken", "approve", [vault, UNLIMITED]);
      this.#require(approved, `approval of trader ${index}`);
    }
    // Only a new account: one that trades may hold a negative quote and be rich.
    if (quote === 0n) {
      const args = [account, token, DEPOSIT_TARGET];
      this.#require(await this.chain.attempt(wallet, "CollateralVault", "deposit", args), `deposit of trader ${index}`);
    }
  }

  #require(attempt: Attempt, what: string): void {
    if (attempt.accepted) return;
    throw new KeeperError("MarketRefused", `${what}: ${attempt.error}`, { what, error: attempt.error });
  }

  /** Acts every `intervalMs` until the signal aborts. Never rejects: what goes wrong is a line. */
  async start(signal: AbortSignal, options: { readonly intervalMs: number }): Promise<void> {
    const onAbort = (): void => this.#end.abort();
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", () => this.#open(), { once: true });
    while (!signal.aborted) {
      await this.#gate;
      const startedAt = performance.now();
      const acting = this.step();
      this.#acting = acting;
      const line = await acting;
      if (!this.#end.signal.aborted) this.#log(line);
      const pauseMs = options.intervalMs - (performance.now() - startedAt);
      await wait(Math.max(line.startsWith("error: ") ? ERROR_PAUSE_MS : 0, pauseMs), signal);
    }
    signal.removeEventListener("abort", onAbort);
  }

  /** Does nothing from now on until it may {@link go}; resolves when what it was doing is done. */
  async silence(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    [this.#gate, this.#open] = [promise, resolve];
    await this.#acting;
  }

  /** Acts again. */
  go(): void {
    this.#open();
  }

  /**
   * One random action. The line starts with `refused: ` when a restriction refused it, and with `error: ` when
   * anything else went wrong; otherwise the action is mined. Never rejects.
   */
  async step(): Promise<string> {
    let what = "reading the market";
    try {
      const action = planMarketAction(this.#random, await readMarketState(this.chain));
      what = describeAction(action);
      const attempt = await this.#act(action);
      if (attempt.accepted) return `${what} (block ${attempt.blockNumber})`;
      return `${EXPECTED_REFUSALS.has(attempt.error) ? "refused" : "error"}: ${what} (${attempt.error})`;
    } catch (error: unknown) {
      return `error: ${what} (${error instanceof Error ? error.message : String(error)})`;
    }
  }

  async #act(action: MarketAction): Promise<Attempt> {
    if (action.kind === "price") {
      const feedMover = developmentWallet(ROLES.feedMover);
      return this.chain.attempt(feedMover, action.instrument.feed, "update", [action.answer]);
    }
    if (action.kind === "sweep") {
      return this.chain.attempt(developmentWallet(ROLES.executor), "InsuranceFund", "sweepFees", []);
    }
    if ("amount" in action) {
      const wallet = developmentWallet(action.trader);
      const args = [accountIdOf(wallet), this.chain.address("SettlementToken"), action.amount];
      if (action.kind === "withdraw") args.push(addressOf(wallet));
      return this.chain.attempt(wallet, "CollateralVault", action.kind, args);
    }
    const { instrument, size, price, buyer, seller } = action.trade;
    const salt = this.#random.word();
    if (action.kind === "cancel") {
      const order = { instrument: instrument.id, isBuy: action.isBuy, size, limitPrice: price, salt };
      return cancelOrder(this.chain, developmentWallet(action.trader), order);
    }
    return settlePair(this.chain, developmentWallet(ROLES.executor), {
      buyer: developmentWallet(buyer.index),
      seller: developmentWallet(seller.index),
      instrument: instrument.id,
      size,
      // Half of the orders stay partly open.
      orderSize: this.#random.next() < 0.5 ? size : size * 2n,
      price,
      salt,
    });
  }
}
