import { expect } from "chai";

import { setEthPrice } from "../../../helpers/liquidate.ts";
import { UNIT } from "../../../helpers/orders.ts";
import { CALL, DAY, openScene, type Scene } from "./scene.ts";
import { Stage, type MadeLog } from "./Stage.ts";

const SPOT = 2_700n * UNIT;
/** Alice has 1,000 left, must keep 1,350, and lacks 1,700 to 2,700: at no discount 1,700 / 270 of her position. */
const MOST = (1_700n * UNIT * UNIT) / (270n * UNIT) + 1n;

interface Sale {
  readonly size?: bigint;
  readonly price?: bigint;
  readonly quote?: bigint;
  readonly used?: bigint;
  readonly bidder?: string;
  readonly mark?: bigint;
}

describe("Legality of liquidations", () => {
  let scene: Scene;
  let stage: Stage;
  let startedAt: number;

  /** At 2,700 alice is below maintenance, and her auction has just begun. */
  before(async () => {
    scene = await openScene();
    await setEthPrice(scene, 2_700);
    await scene.auction.start(scene.accounts.alice, 1);
    stage = await Stage.open(scene);
    startedAt = stage.now;
  });

  after(async () => {
    await scene.connection.close();
  });

  const judge = (logs: readonly MadeLog[], seconds = 0): string[] => stage.illegal(logs, seconds);

  function sale(changes: Sale = {}): MadeLog[] {
    const { accounts, ledger, auction } = scene;
    const { size = UNIT, price = SPOT, bidder = accounts.carol, mark = SPOT } = changes;
    const { quote = (size * price) / UNIT, used = (size * SPOT) / UNIT } = changes;
    return [
      [ledger, "FundingUpdated", [1, mark, 0n, 0n, 0n, 0n, 0n]],
      stage.entry("Liquidation", accounts.alice, 1, { size: -size, quote }),
      stage.entry("Liquidation", bidder, 1, { size, quote: -quote }),
      [auction, "PositionSold", [accounts.alice, bidder, 1, size, price, startedAt, used]],
    ];
  }

  const one = (changes: Sale, detail: RegExp, seconds = 0): void => {
    const found = judge(sale(changes), seconds);
    expect(found).to.have.length(1);
    expect(found[0]).to.match(detail);
  };

  it("finds nothing in a bid as the auction takes it, for all that it may take", () => {
    expect(judge(sale())).to.deep.equal([]);
    const used = (MOST * SPOT + UNIT - 1n) / UNIT;
    expect(judge(sale({ size: MOST, quote: used, used }))).to.deep.equal([]);
  });

  it("finds the price fallen with time", () => {
    const price = SPOT - (SPOT * 10_000n) / 1_000_000n;
    expect(judge(sale({ price }), 180)).to.deep.equal([]);
    one({}, /the auction's price is 2673000000000000000000/, 180);
  });

  it("names entries without an auction, and a sale without entries", () => {
    expect(judge(sale().slice(0, 3))[0]).to.match(/a liquidation without an auction/);
    expect(judge(sale().slice(0, 2))[0]).to.match(/a liquidation without an auction/);
    expect(judge(sale().slice(3))[0]).to.match(/sold without entries in the ledger/);
  });

  it("names a liquidation without its funding", () => {
    expect(judge(sale().slice(1))[0]).to.match(/liquidated without its funding/);
  });

  it("names a sale that is not the ledger's", () => {
    const logs = [...sale().slice(0, 3), sale({ size: 2n * UNIT })[3]!];
    expect(judge(logs)[0]).to.match(/that is not the one of the ledger/);
  });

  it("names more than what restores the account", () => {
    const used = ((MOST + 1n) * SPOT + UNIT - 1n) / UNIT;
    one({ size: MOST + 1n, quote: used, used }, /more than the/);
  });

  it("names another price, quote or use of the window", () => {
    one({ price: SPOT - 1n, quote: SPOT - 1n }, /the auction's price is/);
    one({ quote: SPOT - 1n }, /for 2699999999999999999999, not/);
    one({ used: SPOT - 1n }, /of the window used, not/);
  });

  it("names a bidder of the same owner, and one that cannot secure it", () => {
    const { accounts } = scene;
    const own = accounts.alice.replace(/0$/, "1");
    expect(judge(sale({ bidder: own }))).to.include(`${own}: both sides belong to ${own.slice(0, 42)}`);
    const poor = `0x${"77".repeat(20)}${"0".repeat(24)}`;
    one({ bidder: poor }, /bidder, equity .* is below the initial requirement/);
  });

  it("names a sale of an account that is not below maintenance", () => {
    const found = stage.illegal([stage.answer(2_800, startedAt), ...sale({ mark: 2_800n * UNIT })], 0);
    expect(found.some((detail) => detail.includes("not below"))).to.equal(true);
  });

  it("names a sale at a price that is not newer than the position", () => {
    const found = stage.illegal([stage.answer(2_700, startedAt - 100_000), ...sale()], 0);
    expect(found).to.have.length(1);
    expect(found[0]).to.match(/the position grew at/);
  });

  it("names a sale after the auction's end, or without one", () => {
    one({}, /without a running auction/, 1_801);
    const { auction, accounts } = scene;
    const stopped: MadeLog = [auction, "AuctionStopped", [accounts.alice, 1]];
    expect(stage.illegal(sale(), 0, [[stopped]])[0]).to.match(/without a running auction/);
  });

  it("names a sale while liquidations are restricted, and in a grace", () => {
    const push = (flags: number, grace: number): MadeLog => [scene.ledger, "HotWordPushed", [flags, startedAt, grace]];
    expect(stage.illegal(sale(), 0, [[push(4, 0)]])[0]).to.match(/while liquidations are restricted/);
    expect(stage.illegal(sale(), 0, [[push(0, startedAt + 1)]])[0]).to.match(/in grace/);
  });

  it("names a sale beyond the window's capacity", () => {
    const terms: MadeLog = [scene.auction, "AuctionTermsSet", [1_800, 100_000, 3_600, SPOT - 1n]];
    expect(stage.illegal(sale(), 0, [[terms]])[0]).to.match(/more than the window's/);
  });

  it("names an auction that is started while one runs, of a healthy account, or of no position", () => {
    const start = (account: string, instrument = 1): MadeLog => [
      scene.auction,
      "AuctionStarted",
      [account, instrument, startedAt],
    ];
    const { accounts } = scene;
    expect(judge([start(accounts.alice)])[0]).to.match(/that runs/);
    expect(judge([start(accounts.bob)])[0]).to.match(/of an account with equity/);
    expect(judge([start(accounts.alice, 2)])).to.include(`${accounts.alice}: an auction is started without a position`);
    expect(judge([start(accounts.alice)], 1_801)).to.deep.equal([]);
    expect(judge([start(accounts.alice, CALL)], 8 * DAY)[1]).to.match(/an option that has expired/);
  });

  describe("of an account with another position", () => {
    const ONE_BTC = 60_000n * UNIT;

    /** Alice has some BTC beside, of which the price is what it is or out of bounds. */
    const beside = (size: bigint, isValid = true): MadeLog[] => [
      stage.entry("Trade", scene.accounts.alice, 2, { size, quote: -(size * ONE_BTC) / UNIT }),
      [scene.btcFeed, "AnswerUpdated", [isValid ? 60_000n * 10n ** 8n : 1n, 99n, startedAt]],
    ];

    it("names a sale that leaves it worse while it is solvent, but not of what stands alone", () => {
      const price = SPOT - (SPOT * 66_666n) / 1_000_000n;
      expect(judge(sale({ price }), 1_200)).to.deep.equal([]);
      expect(stage.illegal(sale({ price }), 1_200, [beside(1n)])[0]).to.match(/and lowers the health from -35/);
      const half = SPOT - (SPOT * 40_000n) / 1_000_000n;
      expect(stage.illegal(sale({ price: half }), 720, [beside(1n)])).to.deep.equal([]);
      // At 2,500 she is insolvent.
      const low = 2_500n * UNIT;
      const cheap = low - (low * 66_666n) / 1_000_000n;
      const fallen = [...beside(1n), stage.answer(2_500, startedAt)];
      expect(stage.illegal(sale({ price: cheap, mark: low, used: low }), 1_200, [fallen])).to.deep.equal([]);
    });

    it("takes a sale beside a price that breaks a rule, and names one at such a price", () => {
      expect(stage.illegal(sale(), 0, [beside(1n, false)])).to.deep.equal([]);
      const start: MadeLog = [scene.auction, "AuctionStarted", [scene.accounts.alice, 2, startedAt]];
      expect(stage.illegal([start], 0, [beside(1n, false)])).to.deep.equal([
        `${scene.accounts.alice}: an auction is started at a price that is out-of-bounds`,
      ]);
    });

    it("names a sale of who might be healthy at the best price, and takes the stop of that auction", () => {
      // At the upper bound of its feed one BTC more than secures her.
      const logs = [beside(UNIT, false)];
      const stop: MadeLog = [scene.auction, "AuctionStopped", [scene.accounts.alice, 1]];
      expect(stage.illegal(sale(), 0, logs)[0]).to.match(/of an account with equity/);
      expect(stage.illegal([stop], 0, logs)).to.deep.equal([]);
    });

    it("takes what only a feed out of reach explains", () => {
      const stop: MadeLog = [scene.auction, "AuctionStopped", [scene.accounts.alice, 1]];
      expect(stage.illegal([stop], 0, [beside(UNIT)])).to.deep.equal([]);
      // Her lot's own feed was in reach.
      expect(judge([stop])[0]).to.match(/stopped at an equity/);
    });
  });

  it("names an auction that is stopped below the initial requirement, or that does not stand", () => {
    const { auction, accounts } = scene;
    const stop = (account: string): MadeLog => [auction, "AuctionStopped", [account, 1]];
    expect(judge([stop(accounts.alice)])[0]).to.match(/stopped at an equity of 1000000000000000000000/);
    expect(stage.illegal([stage.answer(3_000, startedAt), stop(accounts.alice)], 0)).to.deep.equal([]);
    expect(judge([stop(accounts.bob)])[0]).to.match(/that does not stand/);
  });
});
