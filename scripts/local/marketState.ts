import { ROLES, accountIdOf, developmentWallet } from "./accounts.ts";
import type { LocalChain, Read } from "./LocalChain.ts";

/** An instrument of deploy/buildLockstep.ts, and its feed. */
export interface MarketInstrument {
  readonly id: number;
  readonly symbol: string;
  readonly feed: "EthFeed" | "BtcFeed";
  /** Where the price is pulled to, 1e-8 quote. */
  readonly baseAnswer: bigint;
}

/** What the market knows of one instrument. */
export interface InstrumentState extends MarketInstrument {
  /** Newest answer of the feed, 1e-8 quote. */
  readonly answer: bigint;
  /** Age of that answer, seconds. */
  readonly ageSeconds: number;
}

/** What the market knows of one trader; `index` is that of the development account. */
export interface TraderState {
  readonly index: number;
  /** 1e-18 quote. */
  readonly quote: bigint;
  /** Signed sizes by instrument, 1e-18 underlying. */
  readonly sizes: ReadonlyMap<number, bigint>;
}

/** The state at the head from which the next action is chosen. */
export interface MarketState {
  /** New risk is refused at present. */
  readonly isRestricted: boolean;
  /** Fees that nobody has carried to the insurance fund yet, 1e-18 quote. */
  readonly fees: bigint;
  readonly instruments: readonly InstrumentState[];
  readonly traders: readonly TraderState[];
}

/** The instruments that the deployment lists. */
export const INSTRUMENTS: readonly MarketInstrument[] = [
  { id: 1, symbol: "ETH", feed: "EthFeed", baseAnswer: 3_000n * 10n ** 8n },
  { id: 2, symbol: "BTC", feed: "BtcFeed", baseAnswer: 60_000n * 10n ** 8n },
];

/** First bit of the ledger's flags: contracts/types/ActionFamily.sol. */
const INCREASE_RISK = 1n;

/** Reads the market's state, in two requests. */
export async function readMarketState(chain: LocalChain): Promise<MarketState> {
  const accounts = ROLES.traders.map((index) => ({ index, account: accountIdOf(developmentWallet(index)) }));
  const reads: Read[] = ["flags", "hotWord"].map((fn) => ({ contract: "PositionLedger", fn }));
  for (const { feed } of INSTRUMENTS) reads.push({ contract: feed, fn: "latestRoundData" });
  for (const { account } of accounts) {
    reads.push({ contract: "PositionLedger", fn: "quoteOf", args: [account] });
    for (const { id } of INSTRUMENTS) reads.push({ contract: "PositionLedger", fn: "sizeOf", args: [account, id] });
  }
  const [head, answers] = await Promise.all([chain.readHead(), chain.read(reads)]);
  const results = answers.values();
  const take = (): unknown => results.next().value;

  const isRestricted = ((take() as bigint) & INCREASE_RISK) !== 0n;
  const { fees } = take() as { readonly fees: bigint };
  const instruments = INSTRUMENTS.map((instrument) => {
    const [, answer, , updatedAt] = take() as readonly bigint[];
    return { ...instrument, answer: answer ?? 0n, ageSeconds: head.timestamp - Number(updatedAt) };
  });
  const traders = accounts.map(({ index }) => {
    const quote = take() as bigint;
    return { index, quote, sizes: new Map(INSTRUMENTS.map(({ id }) => [id, take() as bigint])) };
  });
  return { isRestricted, fees, instruments, traders };
}

/** 1e-18 quote per underlying. */
export function markOf(instrument: InstrumentState): bigint {
  return instrument.answer * 10n ** 10n;
}

/** quote + Σ size × mark, without the funding that positions have accrued since their last trade; 1e-18 quote. */
export function equityOf(trader: TraderState, instruments: readonly InstrumentState[]): bigint {
  return instruments.reduce((equity, instrument) => {
    return equity + ((trader.sizes.get(instrument.id) ?? 0n) * markOf(instrument)) / 10n ** 18n;
  }, trader.quote);
}
