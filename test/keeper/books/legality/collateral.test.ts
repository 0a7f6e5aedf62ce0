import { expect } from "chai";

import { setEthPrice } from "../../../helpers/liquidate.ts";
import { UNIT } from "../../../helpers/orders.ts";
import { openScene, type Scene } from "./scene.ts";
import { Stage, type MadeLog } from "./Stage.ts";

/** Erin, long 5 from 3,000 with 10 WETH, owes 10,000 here; her WETH counts 9,000. */
const PRICE = 1_000n * UNIT;
const OWED = 10_000n * UNIT;

describe("Legality of auctions of collateral", () => {
  let scene: Scene;
  let stage: Stage;
  let weth: string;

  before(async () => {
    scene = await openScene();
    weth = scene.weth.target as string;
    await setEthPrice(scene, 1_000);
    await scene.auction.startCollateral(scene.accounts.erin, weth);
    stage = await Stage.open(scene);
  });

  after(async () => {
    await scene.connection.close();
  });

  interface Sale {
    readonly amount?: bigint;
    readonly quote?: bigint;
    readonly bidder?: string;
    readonly debt?: bigint;
  }

  function sale(changes: Sale = {}): MadeLog[] {
    const { accounts, ledger, auction } = scene;
    const { amount = UNIT, bidder = accounts.carol } = changes;
    const { quote = (amount * PRICE) / UNIT } = changes;
    const { debt = OWED - quote } = changes;
    return [
      stage.entry("CollateralSale", accounts.erin, weth, { size: -amount, quote }),
      stage.entry("CollateralSale", bidder, weth, { size: amount, quote: -quote }),
      [ledger, "DebtRecorded", [accounts.erin, debt, 0n]],
      [auction, "CollateralSold", [accounts.erin, bidder, weth, amount, quote]],
    ];
  }

  const judge = (logs: readonly MadeLog[], seconds = 0, before: readonly MadeLog[] = []): string[] =>
    stage.illegal(logs, seconds, [before]);
  const one = (changes: Sale, detail: RegExp, seconds = 0): void => {
    const found = judge(sale(changes), seconds);
    expect(found).to.have.length(1);
    expect(found[0]).to.match(detail);
  };

  it("finds nothing in a bid as the auction takes it, also of all", () => {
    expect(judge(sale())).to.deep.equal([]);
    const all = sale({ amount: 10n * UNIT }).filter(([, name]) => name !== "DebtRecorded");
    expect(judge(all)).to.deep.equal([]);
    expect(judge(sale({ quote: 990n * UNIT }), 180)).to.deep.equal([]);
  });

  it("names entries without an auction, and a sale that is not theirs", () => {
    expect(judge(sale().slice(0, 3))[0]).to.match(/collateral is sold without an auction/);
    expect(judge(sale().slice(3))[0]).to.match(/sold without entries in the ledger/);
    expect(judge([...sale().slice(0, 3), sale({ amount: 2n * UNIT })[3]!])[0]).to.match(/not what the ledger says/);
  });

  it("names another price, and a debt that is not what is left", () => {
    one({ quote: PRICE - 1n }, /the auction's price is 1000000000000000000000/);
    one({ debt: OWED }, /its positions leave 9000000000000000000000/);
    expect(judge(sale().filter(([, name]) => name !== "DebtRecorded"))[0]).to.match(/a debt of 0 is recorded/);
  });

  it("names a bidder of the same owner, and one that cannot secure it", () => {
    const { accounts } = scene;
    const own = accounts.erin.replace(/0$/, "1");
    expect(judge(sale({ bidder: own }))).to.include(`${own}: both sides belong to ${own.slice(0, 42)}`);
    const poor = `0x${"77".repeat(20)}${"0".repeat(24)}`;
    expect(judge(sale({ bidder: poor }))[0]).to.match(/bidder, equity/);
  });

  it("names a sale of an account that owes nothing, or whose debt is not due", () => {
    const at = (dollars: number): MadeLog => stage.answer(dollars, stage.now);
    const fine = judge([at(3_100), ...sale({ quote: 3_100n * UNIT, debt: 0n })]);
    expect(fine.some((detail) => detail.includes("of an account that owes nothing"))).to.equal(true);
    const healthy = judge([at(2_500), ...sale({ quote: 2_500n * UNIT, debt: 0n })]);
    expect(healthy).to.deep.equal([`${scene.accounts.erin}: collateral is sold of an account whose debt is not due`]);
    const capped: MadeLog = [scene.instruments, "DebtCapsSet", [1n, 10n ** 30n]];
    expect(judge([at(2_500), ...sale({ quote: 2_500n * UNIT, debt: 0n })], 0, [capped])).to.deep.equal([]);
  });

  it("names a sale for more than is owed", () => {
    const credit = stage.entry("Credit", scene.accounts.erin, scene.usd.target as string, { quote: 9_000n * UNIT });
    const capped: MadeLog = [scene.instruments, "DebtCapsSet", [1n, 10n ** 30n]];
    const found = judge(sale({ amount: 3n * UNIT, debt: 0n }), 0, [credit, capped]);
    expect(found).to.have.length(1);
    expect(found[0]).to.match(/more than the 1000000000000000001000/);
  });

  it("names a sale without a running auction, and a start of one that runs", () => {
    one({}, /without a running auction/, 1_801);
    const { auction, accounts } = scene;
    const start = (account: string): MadeLog => [auction, "CollateralAuctionStarted", [account, weth, stage.now]];
    expect(judge([start(accounts.erin)])[0]).to.match(/that runs/);
    expect(judge([start(accounts.erin)], 1_801)).to.deep.equal([]);
    expect(judge([start(accounts.bob)])[0]).to.match(/that the account does not have/);
  });

  it("takes a sale and a start beside a price that breaks a rule, and names them at such a price", () => {
    const { accounts, auction, btcFeed } = scene;
    const dead: MadeLog = [btcFeed, "AnswerUpdated", [1n, 99n, stage.now]];
    const other = [stage.entry("Trade", accounts.erin, 2, { size: 1n }), dead];
    const kept = sale().filter(([, name]) => name !== "DebtRecorded");
    expect(judge(kept, 0, other)).to.deep.equal([]);
    expect(judge(sale(), 0, other)).to.deep.equal([`${accounts.erin}: a debt is recorded at prices that break a rule`]);
    const start: MadeLog = [auction, "CollateralAuctionStarted", [accounts.erin, weth, stage.now]];
    expect(judge([start], 1_801, other)).to.deep.equal([]);
    expect(judge([stage.answer(0, stage.now), start], 1_801)).to.deep.equal([
      `${accounts.erin}: an auction of collateral is started at a price that is out-of-bounds`,
    ]);
  });

  it("names a stop of what was not sold whole right before, also of nothing that is left", () => {
    const { auction, accounts } = scene;
    const all = sale({ amount: 10n * UNIT }).filter(([, name]) => name !== "DebtRecorded");
    const stop: MadeLog = [auction, "CollateralAuctionStopped", [accounts.erin, weth]];
    expect(judge([...all, stop])).to.deep.equal([]);
    const debt = stage.entry("Debit", accounts.erin, scene.usd.target as string, { quote: -UNIT });
    expect(judge([stop], 0, [...all, debt])[0]).to.match(/is stopped while 1000000000000000000 is due/);
  });

  it("names a stop while the debt is due, or of what does not stand", () => {
    const { auction, accounts } = scene;
    const stop = (account: string): MadeLog => [auction, "CollateralAuctionStopped", [account, weth]];
    expect(judge([stop(accounts.erin)])[0]).to.match(/stopped while 10000000000000000000000 is due/);
    expect(judge([stage.answer(3_100, stage.now), stop(accounts.erin)])).to.deep.equal([]);
    expect(judge([stop(accounts.bob)])[0]).to.match(/does not stand/);
  });
});
