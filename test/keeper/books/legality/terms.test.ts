import { expect } from "chai";

import { windDownPrice } from "../../../../keeper/books/model/windDownPrice.ts";
import { readTerms, UNIT } from "../../../helpers/orders.ts";
import { CALL, DAY, openScene, PUT, type Scene } from "./scene.ts";
import type { MadeLog } from "./Stage.ts";

describe("Legality of terms and expiries", () => {
  let scene: Scene;
  let terms: Record<string, unknown>;

  before(async () => {
    scene = await openScene();
    terms = await readTerms(scene, 1);
  });

  after(async () => {
    await scene.connection.close();
  });

  const judge = (logs: readonly MadeLog[], seconds = 3_600, before: readonly (readonly MadeLog[])[] = []): string[] =>
    scene.stage.illegal(logs, seconds, before);
  const set = (instrument: number, changes: Record<string, unknown>): MadeLog => [
    scene.instruments,
    "InstrumentSet",
    [instrument, { ...terms, ...changes }],
  ];
  const volatility = (ppm: number, instrument = CALL): MadeLog => [
    scene.instruments,
    "VolatilitySet",
    [instrument, ppm, 0],
  ];
  const settled = (price: bigint, roundId = 1n, instrument = CALL): MadeLog => [
    scene.instruments,
    "ExpirySettled",
    [instrument, price, 0, roundId],
  ];
  const LATE = 8 * DAY;

  it("names terms that the registry refuses", () => {
    expect(judge([set(1, {}), set(7, {})])).to.deep.equal([]);
    const wrong = [
      { kind: 2 },
      { feed: 2 },
      { initialPpm: 50_000 },
      { priceBandPpm: 60_000 },
      { priceBandPpm: 0 },
      { maxFundingPpm: 100_001 },
      { makerFeePpm: 10_001 },
      { takerFeePpm: 10_001 },
      { maxOpenInterest: 0n },
      { lagVolatilityPpm: 0 },
    ];
    for (const changes of wrong)
      expect(judge([set(1, changes)]), JSON.stringify(Object.keys(changes))).to.have.length.above(0);
    expect(judge([set(0, {})])[0]).to.match(/instrument 0/);
    expect(judge([set(13, { kind: 2, maxFundingPpm: 0 })])[0]).to.match(/listed without a strike/);
  });

  it("names settings that their contracts refuse", () => {
    const { oracle, auction, instruments, vault, usd, weth } = scene;
    const [a, b] = [`0x${"11".repeat(20)}`, `0x${"22".repeat(20)}`];
    const sound: MadeLog[] = [
      [oracle, "FeedSet", [5, a, 8, 60, 1n, 2n]],
      [oracle, "SecondarySet", [5, b, 8, 60, 10_000]],
      [oracle, "SecondarySet", [5, `0x${"00".repeat(20)}`, 0, 0, 0]],
      [auction, "AuctionTermsSet", [60, 200_000, 60, 1n]],
      [instruments, "CollateralSet", [2, a, 5, 0, 18]],
      [instruments, "DebtCapsSet", [0n, 1n]],
      [vault, "LimitsSet", [usd.target, 10n ** 9n, 10_000, 1, 3_600, 0n, 0n]],
    ];
    expect(judge(sound)).to.deep.equal([]);
    const wrong: MadeLog[] = [
      [oracle, "FeedSet", [5, a, 8, 60, 2n, 2n]],
      [oracle, "FeedSet", [5, a, 19, 60, 1n, 2n]],
      [oracle, "FeedSet", [5, a, 8, 0, 1n, 2n]],
      [oracle, "SecondarySet", [6, b, 8, 60, 10_000]],
      [oracle, "SecondarySet", [1, b, 8, 60, 1_000_000]],
      [oracle, "SecondarySet", [1, b, 8, 0, 10_000]],
      [auction, "AuctionTermsSet", [59, 200_000, 60, 1n]],
      [auction, "AuctionTermsSet", [60, 200_001, 60, 1n]],
      [auction, "AuctionTermsSet", [60, 200_000, 604_801, 1n]],
      [auction, "AuctionTermsSet", [60, 200_000, 60, 0n]],
      [instruments, "CollateralSet", [2, a, 5, 1_000_000, 18]],
      [instruments, "DebtCapsSet", [1n, 0n]],
      [vault, "LimitsSet", [a, 10n ** 9n, 10_000, 1, 3_600, 0n, 0n]],
      [vault, "LimitsSet", [weth.target, 10n ** 9n, 1, 1, 3_600, 0n, 0n]],
      [vault, "LimitsSet", [weth.target, 10n ** 9n, 10_000, 0, 3_600, 0n, 0n]],
    ];
    for (const log of wrong) expect(judge([log]), String(log[2])).to.have.length(1);
  });

  it("names an option that is listed twice, or with terms that make none", () => {
    const list = (instrument: number, strike: bigint, expiry: number, shock: number): MadeLog => [
      scene.instruments,
      "OptionListed",
      [instrument, strike, expiry, shock],
    ];
    const later = scene.stage.now + DAY;
    const fresh = set(13, { kind: 3, maxFundingPpm: 0 });
    expect(judge([fresh, list(13, UNIT, later, 1), volatility(50_000, 13)])).to.deep.equal([]);
    expect(judge([list(CALL, UNIT, later, 1)])[0]).to.match(/listed twice/);
    for (const [strike, expiry, shock] of [
      [0n, later, 1],
      [UNIT, 1, 1],
      [UNIT, later, 0],
      [UNIT, later, 1_000_000],
    ] as const) {
      expect(judge([fresh, list(13, strike, expiry, shock)])[0]).to.match(/terms out of bounds/);
    }
  });

  it("names steps of the volatility that are too large for the time", () => {
    expect(judge([volatility(700_000)])).to.deep.equal([]);
    expect(judge([volatility(500_000)])).to.deep.equal([]);
    expect(judge([volatility(700_001)])[0]).to.match(/100000 is allowed/);
    expect(judge([volatility(650_000)], 900)[0]).to.match(/is allowed/);
    expect(judge([volatility(700_000), volatility(700_001)])[0]).to.match(/0 is allowed/);
    expect(judge([volatility(600_000)], LATE)[0]).to.match(/after its expiry/);
    expect(judge([volatility(3_000_001)])[0]).to.match(/a volatility of/);
  });

  it("names final prices before their time, twice, or outside the feed's bounds", () => {
    expect(judge([settled(3_000n * UNIT)], LATE)).to.deep.equal([]);
    expect(judge([settled(3_000n * UNIT)])[0]).to.match(/before its time/);
    expect(judge([settled(3_000n * UNIT, 0n)], LATE)[0]).to.match(/before its time/);
    expect(judge([settled(3_000n * UNIT, 0n)], LATE + 7 * DAY)).to.deep.equal([]);
    expect(judge([settled(UNIT)], LATE)[0]).to.match(/outside the feed's bounds/);
    expect(judge([settled(3_000n * UNIT), settled(3_000n * UNIT)], LATE)[0]).to.match(/settled twice/);
    expect(judge([settled(3_000n * UNIT, 1n, 1)], LATE)[0]).to.match(/before its time/);
  });

  it("names expiries without a price, of another size, or at another payoff, and takes them while halted", () => {
    const { stage, accounts } = scene;
    const open = [
      stage.entry("Trade", accounts.carol, CALL, { size: 3n * UNIT, quote: -UNIT }),
      stage.entry("Trade", accounts.dave, CALL, { size: -3n * UNIT, quote: UNIT }),
      stage.entry("Trade", accounts.carol, PUT, { size: -UNIT, quote: UNIT }),
      stage.entry("Trade", accounts.dave, PUT, { size: UNIT, quote: -UNIT }),
    ];
    const prices = [settled(3_200n * UNIT + 1n), settled(3_200n * UNIT + 1n, 1n, PUT)];
    const expiry = (account: string, size: bigint, quote: bigint, instrument = CALL): MadeLog =>
      stage.entry("Expiry", account, instrument, { size, quote });
    const play = (log: MadeLog, before = [open, prices]): string[] => judge([log], LATE, before);
    expect(play(expiry(accounts.carol, -3n * UNIT, 600n * UNIT + 3n))).to.deep.equal([]);
    expect(play(expiry(accounts.dave, 3n * UNIT, -600n * UNIT - 3n))).to.deep.equal([]);
    expect(play(expiry(accounts.carol, UNIT, 0n, PUT))).to.deep.equal([]);
    expect(play(expiry(accounts.carol, -3n * UNIT, 600n * UNIT + 4n))[0]).to.match(
      /its payoff is 600000000000000000003/,
    );
    expect(play(expiry(accounts.carol, -2n * UNIT, 600n * UNIT + 3n))[0]).to.match(
      /settled for 2000000000000000000 of/,
    );
    expect(play(expiry(accounts.carol, -3n * UNIT, 600n * UNIT + 3n), [open])[0]).to.match(/without a final price/);
    const halt: MadeLog = [scene.ledger, "HotWordPushed", [15, scene.stage.now, 0]];
    expect(judge([expiry(accounts.carol, UNIT, 0n, PUT)], LATE, [open, prices, [halt]])).to.deep.equal([]);
  });

  it("values an option that a wind-down closed at that price as it is, once it has expired", async () => {
    const { stage, accounts, instruments, ledger, vault, usd } = scene;
    const cash = await ledger.quoteOf(accounts.carol);
    const open = [
      stage.entry("Trade", accounts.carol, CALL, { size: 3n * UNIT, quote: -UNIT }),
      stage.entry("Trade", accounts.dave, CALL, { size: -3n * UNIT, quote: UNIT }),
    ];
    const { strike, expiry, volatilityPpm } = await instruments.optionOf(CALL);
    const [spot, time] = [3_070n * UNIT, expiry - 1n];
    const price = windDownPrice({ strike, expiry, volatilityPpm, isCall: true }, spot, time)!;
    const fixed: MadeLog = [instruments, "WindDownPriceFixed", [CALL, price, 0, spot, time]];
    const equity = cash - UNIT + 3n * price;
    const dollars = equity / UNIT + 1n;
    const paid: MadeLog = [
      vault,
      "Withdrawn",
      [accounts.carol, usd.target, usd.target, dollars * 10n ** 6n, 0n, 0n, 0n, 0n],
    ];
    const debit = stage.entry("Debit", accounts.carol, String(usd.target), { quote: -dollars * UNIT });
    const found = judge([debit, paid], LATE, [open, [fixed]]);
    expect(
      found.some((detail) => detail.includes(`equity ${equity - dollars * UNIT} is below`)),
      found.join("; ") || "nothing",
    ).to.equal(true);
  });
});
