import { expect } from "chai";

import { depositUsd } from "../../../fixtures/deployLockstep.ts";
import { accountOf } from "../../../helpers/accounts.ts";
import { DOLLAR, placeBid, setEthPrice, startAuction } from "../../../helpers/liquidate.ts";
import { UNIT } from "../../../helpers/orders.ts";
import { openScene, type Scene } from "./scene.ts";
import { Stage, type MadeLog } from "./Stage.ts";

describe("Legality of shortfalls, fund and pushes", () => {
  let scene: Scene;
  let stage: Stage;
  let short: bigint;

  /** Alice is sold out at 2,500 but for one ETH; with made-up entries the rest is played. The fund has 100 dollars. */
  before(async () => {
    scene = await openScene();
    await setEthPrice(scene, 2_500);
    await startAuction(scene, scene.alice);
    await scene.usd.mint(scene.dave.address, 100n * DOLLAR);
    await scene.usd.connect(scene.dave).approve(scene.vault.target, 100n * DOLLAR);
    await scene.vault.connect(scene.dave).deposit(scene.accounts.fund, scene.usd.target, 100n * DOLLAR);
    await placeBid(scene, scene.alice, scene.carol, 9n * UNIT);
    await depositUsd(scene, scene.bob, DOLLAR);
    stage = await Stage.open(scene);
    // The last ETH is given away, so that what is left is a negative quote.
    const quote = await scene.ledger.quoteOf(accountOf(scene.alice));
    short = 200n * UNIT;
    gone = [
      stage.entry("Liquidation", scene.accounts.alice, 1, { size: -UNIT, quote: -quote - short }),
      stage.entry("Liquidation", scene.accounts.carol, 1, { size: UNIT, quote: quote + short }),
    ];
  });

  let gone: MadeLog[];

  after(async () => {
    await scene.connection.close();
  });

  const judge = (logs: readonly MadeLog[], before: readonly MadeLog[] = gone): string[] =>
    stage.illegal(logs, 0, [before]);
  const FUND = 100n * UNIT;
  const cover = (amount: bigint, account = scene.accounts.alice, payer = scene.accounts.fund): MadeLog[] => [
    stage.entry("Cover", account, 0, { quote: amount }),
    stage.entry("Cover", payer, 0, { quote: -amount }),
  ];
  const socialise = (amount: bigint, instrument = 1): MadeLog =>
    stage.entry("Socialisation", scene.accounts.alice, instrument, { quote: amount });
  /** Bob is short 15 and erin long 5, carol 10: a unit bears its part, rounded up. */
  const part = (amount: bigint): bigint => (amount + 14n) / 15n;
  const loss = (amount: bigint, fromLongs = false, perUnit = part(amount)): MadeLog => [
    scene.ledger,
    "LossSocialised",
    [1, scene.accounts.alice, fromLongs, amount, perUnit, 0n],
  ];
  const push = (flags: number): MadeLog => [scene.ledger, "HotWordPushed", [flags, checkpointTime(), 0]];
  const checkpointTime = (): number => hotTime;
  let hotTime = 0;

  before(async () => {
    hotTime = Number((await scene.ledger.hotWord()).checkpointTime);
  });

  it("finds nothing in a shortfall that the fund covers as far as it goes, the rest socialised", () => {
    expect(judge([...cover(FUND), socialise(FUND), loss(FUND), push(16)])).to.deep.equal([]);
  });

  it("names a shortfall of an account that has none, or while halted", () => {
    const { dave } = scene.accounts;
    expect(judge(cover(FUND, dave))[0]).to.match(/covered, and has no shortfall/);
    const halted = stage.illegal([...cover(FUND), socialise(FUND), loss(FUND), push(31)], 0, [gone, [push(15)]]);
    expect(halted[0]).to.match(/covered while halted/);
  });

  it("names a fund that pays another amount, or somebody else who pays", () => {
    expect(judge([...cover(FUND - 1n), socialise(FUND), loss(FUND), push(16)])[0]).to.match(/the fund pays 1000/);
    const other = [...cover(FUND, scene.accounts.alice, scene.accounts.dave), socialise(FUND), loss(FUND), push(16)];
    expect(judge(other)[0]).to.match(/pays a shortfall, and is not the fund/);
    expect(judge(cover(FUND).slice(0, 1))[0]).to.match(/a cover without the fund's payment/);
  });

  it("names a rest that is not socialised, or not exactly", () => {
    expect(judge(cover(FUND))[0]).to.match(/the rest of a shortfall is not socialised/);
    expect(judge([...cover(FUND), socialise(FUND + 1n), loss(FUND + 1n), push(16)])[0]).to.match(
      /100000000000000000000 is missing/,
    );
    expect(judge([socialise(short), loss(short), push(16)])[0]).to.match(/socialised while the fund has money/);
  });

  it("names a loss in another instrument, from the side that lost, or that no entry made", () => {
    const elsewhere = judge([...cover(FUND), socialise(FUND, 2), loss(FUND), push(16)]);
    expect(elsewhere[0]).to.match(/socialised in 2, the account lost in 1/);
    expect(judge([...cover(FUND), socialise(FUND), loss(FUND, true), push(16)])[0]).to.match(/the side that lost/);
    expect(judge([loss(FUND), push(16)])[0]).to.match(/that no entry made/);
    expect(judge([...cover(FUND), socialise(FUND)])[0]).to.match(/a loss is taken from nobody/);
  });

  it("names a socialised loss that does not mark the fund as short", () => {
    expect(judge([...cover(FUND), socialise(FUND), loss(FUND)])[0]).to.match(/socialised loss that pushes nothing/);
  });

  it("takes a mark that the fund's account explains, and names others", () => {
    const target: MadeLog = [scene.fund, "TargetSet", [FUND + 1n]];
    expect(judge([push(16)], [target])).to.deep.equal([]);
    expect(judge([push(16)])[0]).to.match(/flags or times changed without/);
    expect(judge([push(17)], [target])[0]).to.match(/flags 17 are pushed, 16 follow/);
    expect(judge([push(0)], [push(16)])).to.deep.equal([]);
    expect(stage.illegal([push(0)], 0, [[target], [push(16)]])[0]).to.match(/flags or times changed without/);
  });

  it("names a release of another account, below the target, or while the fund is short", () => {
    const { dave, fund, carol } = scene.accounts;
    const release = (amount: bigint, payer = fund): MadeLog[] => [
      stage.entry("Release", payer, 0, { quote: -amount }),
      stage.entry("Release", dave, 0, { quote: amount }),
    ];
    expect(judge(release(FUND))).to.deep.equal([]);
    expect(judge(release(FUND, carol))[0]).to.match(/acts as the fund/);
    expect(judge(release(FUND), [[scene.fund, "TargetSet", [1n]]])[0]).to.match(/below its target of 1/);
    expect(judge(release(FUND), [push(16)])[0]).to.match(/while the fund is short/);
    expect(judge(release(FUND).slice(0, 1))[0]).to.match(/a release without a receiver/);
    expect(judge([release(FUND)[0]!, release(1n)[1]!])[0]).to.match(/does not sum to zero/);
  });

  it("names a charge of a unit that is not its part, or above the maintenance share of the mark", () => {
    const charged = (perUnit: bigint, before: readonly MadeLog[] = gone): string[] =>
      judge([...cover(FUND), socialise(FUND), loss(FUND, false, perUnit), push(16)], before);
    expect(charged(part(FUND) + 1n)[0]).to.match(/6666666666666666668 is charged a unit, 6666666666666666667 follows/);
    expect(charged(part(FUND) - 1n)[0]).to.match(/6666666666666666666 is charged a unit/);
    // That the feed is out of reach, no log shows.
    expect(charged(0n)).to.deep.equal([]);
    const low = [...gone, stage.answer(120, stage.now)];
    expect(charged(part(FUND), low)[0]).to.match(/is charged a unit, 6000000000000000000 follows/);
    expect(charged(6n * UNIT, low)).to.deep.equal([]);
    const dead = [...gone, stage.answer(0, stage.now)];
    expect(charged(1n, dead)[0]).to.match(/1 is charged a unit, 0 follows/);
  });

  it("names a cover while fees are not the fund's", () => {
    const { fund } = scene.accounts;
    const owed = [...gone, stage.entry("Trade", scene.accounts.carol, 1, { fee: 5n })];
    const rest = FUND - 5n;
    const sweep = stage.entry("FeeSweep", fund, 0, { quote: 5n });
    expect(judge([...cover(FUND), socialise(FUND), loss(FUND), push(16)], owed)[0]).to.match(
      /covered while 5 of fees are not the fund's/,
    );
    const swept = [sweep, ...cover(FUND + 5n), socialise(rest), loss(rest), push(16)];
    expect(judge(swept, owed)).to.deep.equal([]);
  });

  it("names an instrument with open positions that is levelled by another amount than what is uncovered", () => {
    const { fund } = scene.accounts;
    const level = (amount: bigint): MadeLog => stage.entry("ClearingLevel", fund, 1, { quote: -amount });
    const rich = stage.entry("Credit", fund, scene.usd.target as string, { quote: 50n * UNIT });
    // Nobody is charged with the 100 that the fund lacks: it pays half of them later.
    const uncovered = [...gone, ...cover(FUND), socialise(FUND), loss(FUND, false, 0n), push(16), rich];
    expect(judge([level(50n * UNIT)], uncovered)).to.deep.equal([]);
    expect(judge([level(51n * UNIT)], uncovered)[0]).to.match(/levelled with 51.*, 100000000000000000000 is uncovered/);
    expect(judge([level(50n * UNIT), rich, rich, level(50n * UNIT)], uncovered)).to.have.length(2);
    expect(judge([level(50n * UNIT), rich, rich, level(51n * UNIT)], uncovered)).to.have.length(3);
  });

  it("names a clearing account that is levelled by another amount than it misses", () => {
    const { fund } = scene.accounts;
    const level = (instrument: number, amount: bigint): MadeLog =>
      stage.entry("ClearingLevel", fund, instrument, { quote: -amount });
    expect(judge([level(1, 1n)])[0]).to.match(/levelled with 1, 0 is uncovered there/);
    expect(judge([level(2, 1n)])[0]).to.match(/its clearing account has 0/);
    const owes = stage.entry("Socialisation", scene.accounts.alice, 2, { quote: 5n });
    expect(judge([level(2, 5n)], [owes])).to.deep.equal([]);
    expect(judge([level(2, 4n)], [owes])[0]).to.match(/levelled with 4/);
  });

  it("names a sweep by another account", () => {
    expect(judge([stage.entry("FeeSweep", scene.accounts.dave, 0, { quote: 1n })])[0]).to.match(/acts as the fund/);
  });
});
