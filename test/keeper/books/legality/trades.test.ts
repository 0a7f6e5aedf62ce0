import { expect } from "chai";
import { ZeroHash } from "ethers";

import { UNIT } from "../../../helpers/orders.ts";
import { CALL, DAY, openScene, type Scene } from "./scene.ts";
import type { MadeLog } from "./Stage.ts";

const PRICE = 3_000n * UNIT;
const TAKER = 1_500_000_000_000_000_000n;

/** What a test changes of a trade of one ETH at the mark between carol (buys) and dave. */
interface Changes {
  readonly buyer?: string;
  readonly seller?: string;
  readonly instrument?: number;
  readonly size?: bigint;
  readonly price?: bigint;
  readonly mark?: bigint;
  readonly fees?: readonly [bigint, bigint];
  readonly quote?: bigint;
}

describe("Legality of trades", () => {
  let scene: Scene;

  before(async () => {
    scene = await openScene();
  });

  after(async () => {
    await scene.connection.close();
  });

  /** Two fills, the funding of a perpetual, two entries. */
  function trade(changes: Changes = {}): MadeLog[] {
    const { settlement, ledger, stage, accounts } = scene;
    const { buyer = accounts.carol, seller = accounts.dave, instrument = 1, size = UNIT, price = PRICE } = changes;
    const { mark = PRICE, fees = [TAKER, TAKER], quote = (size * price) / UNIT } = changes;
    const fill = (account: string): MadeLog => [
      settlement,
      "OrderFilled",
      [ZeroHash, account, 5n, 10n ** 9n, size, price, size],
    ];
    const funding: MadeLog = [ledger, "FundingUpdated", [instrument, mark, price, size, 0n, 0n, 0n]];
    return [
      fill(buyer),
      fill(seller),
      ...(instrument === 1 ? [funding] : []),
      stage.entry("Trade", buyer, instrument, { size, quote: -quote, fee: fees[0] }),
      stage.entry("Trade", seller, instrument, { size: -size, quote, fee: fees[1] }),
    ];
  }

  const judge = (logs: readonly MadeLog[], seconds?: number): string[] => scene.stage.illegal(logs, seconds);
  const one = (changes: Changes, detail: RegExp): void => {
    const found = judge(trade(changes));
    expect(found).to.have.length(1);
    expect(found[0]).to.match(detail);
  };

  it("finds nothing in one as the settlement makes it, at either fee", () => {
    expect(judge(trade())).to.deep.equal([]);
    expect(judge(trade({ fees: [TAKER / 5n, TAKER] }))).to.deep.equal([]);
    expect(judge(trade({ fees: [TAKER, TAKER / 5n] }))).to.deep.equal([]);
  });

  it("names one side without the other", () => {
    expect(judge(trade().slice(0, 4))).to.include("one side of a trade without the other");
  });

  it("names sides that do not sum to zero", () => {
    const { stage, accounts } = scene;
    const [buy, sell, funding, entry] = trade();
    const less = stage.entry("Trade", accounts.dave, 1, { size: -UNIT, quote: PRICE - 1n, fee: TAKER });
    expect(judge([buy!, sell!, funding!, entry!, less])).to.deep.equal(["the two sides of a trade do not sum to zero"]);
  });

  it("names two accounts of one owner", () => {
    const { accounts } = scene;
    const found = judge(trade({ seller: accounts.carol.replace(/0$/, "1") }));
    expect(found).to.include(`both sides belong to ${accounts.carol.slice(0, 42)}`);
  });

  it("names a trade without its orders, and an order without its trade", () => {
    expect(judge(trade().slice(2))).to.deep.equal(["a trade without two orders filled for it"]);
    expect(judge(trade().slice(0, 1))).to.deep.equal(["an order is filled without a trade"]);
  });

  it("names a trade of another size than its orders'", () => {
    const [buy, sell] = trade({ size: 2n * UNIT });
    expect(judge([buy!, sell!, ...trade().slice(2)])).to.include(
      "a trade of other accounts, size or price than its orders'",
    );
  });

  it("names a quote that is not size times price", () => {
    one({ quote: PRICE + 1n }, /traded for 3000000000000000000001, not/);
  });

  it("names fees that no side pays", () => {
    one({ fees: [TAKER / 5n, TAKER / 5n] }, /^fees of/);
    one({ fees: [TAKER, TAKER - 1n] }, /^fees of/);
  });

  it("names a price outside the band, also of an option", () => {
    const price = (PRICE * 102n) / 100n + 10n ** 12n;
    one({ price, fees: [price / 2_000n, price / 2_000n] }, /outside the band 2940/);
    one({ instrument: CALL, price: 200n * UNIT, fees: [UNIT / 10n, UNIT / 10n] }, /outside the band/);
  });

  it("names a trade in an option that has expired", () => {
    const logs = trade({ instrument: CALL, price: 100n * UNIT, fees: [UNIT / 20n, UNIT / 20n] });
    expect(judge(logs)).to.deep.equal([]);
    expect(judge(logs, 8 * DAY)).to.include("a trade in an option that has expired");
  });

  it("names funding at another mark than the oracle's price, or at one that breaks a rule", () => {
    one({ mark: PRICE + 1n }, /the oracle's price is 3000000000000000000000/);
    const { ledger, stage, ethFeed } = scene;
    const accrual: MadeLog = [ledger, "FundingUpdated", [1, UNIT, 0, 0, 0, 0, 0]];
    expect(judge([[ethFeed, "AnswerUpdated", [0n, 1n, stage.now]], accrual])).to.deep.equal([
      "instrument 1: funding at a price that is out-of-bounds",
    ]);
    expect(judge([[ledger, "FundingUpdated", [CALL, PRICE, 0, 0, 0, 0, 0]]])[0]).to.match(/what is no perpetual/);
  });

  it("names a premium that another trade moved", () => {
    const logs = trade();
    logs[2] = [scene.ledger, "FundingUpdated", [1, PRICE, PRICE, 2n * UNIT, 0n, 0n, 0n]];
    expect(judge(logs)).to.deep.equal(["another trade is observed than the one that follows"]);
    expect(judge([logs[2]])).to.deep.equal(["a trade is observed that is none"]);
  });

  it("names new risk without a valid price", () => {
    const logs = trade().filter(([, name]) => name !== "FundingUpdated");
    expect(judge(logs))
      .to.have.length(2)
      .and.satisfy((all: string[]) => all.every((d) => d.includes("valid price")));
  });

  it("names new risk while it is restricted, by flags and by age", () => {
    const found = judge(trade(), 41 * DAY);
    expect(found.filter((detail) => detail.includes("while it is restricted"))).to.have.length(2);
  });

  it("names an equity below the initial requirement with the lag premium", () => {
    one(
      { buyer: scene.accounts.alice, size: 5n * UNIT, fees: [5n * TAKER, 5n * TAKER] },
      /below the initial requirement/,
    );
  });

  it("names a reduction that lowers the health of an account below its requirement", () => {
    const { accounts, stage } = scene;
    const price = 2_500n * UNIT;
    const fees = [price / 2_000n, price / 2_000n] as const;
    const logs = trade({ buyer: accounts.bob, seller: accounts.alice, mark: 2_700n * UNIT, price, fees });
    const found = stage.illegal([stage.answer(2_700, stage.now), ...logs]);
    expect(found).to.have.length(2);
    expect(found[0]).to.match(/outside the band/);
    expect(found[1]).to.match(/a reduction that lowers the health/);
  });

  it("names an insolvent account after a reduction", () => {
    const { accounts, stage } = scene;
    const price = 2_500n * UNIT;
    const fees = [price / 2_000n, price / 2_000n] as const;
    const logs = trade({ buyer: accounts.bob, seller: accounts.alice, mark: price, price, fees });
    expect(stage.illegal([stage.answer(2_500, stage.now), ...logs])[0]).to.match(/insolvent after a reduction/);
  });

  it("names a reduction at a price that is not usable, of who stays below the initial requirement", () => {
    const { accounts, stage } = scene;
    const dead = stage.answer(0, stage.now);
    const reduction = (size: bigint): MadeLog[] => {
      const fee = (TAKER * size) / UNIT;
      const logs = trade({ buyer: accounts.bob, seller: accounts.alice, size, fees: [fee, fee] });
      return logs.filter(([, name]) => name !== "FundingUpdated");
    };
    const rich = stage.entry("Credit", accounts.bob, scene.usd.target as string, { quote: 10n ** 30n });
    const found = stage.illegal(reduction(UNIT), 12, [[dead, rich]]);
    expect(found).to.have.length(1);
    expect(found[0]).to.match(/a reduction at a price that is not usable: equity/);
    expect(stage.illegal(reduction(10n * UNIT), 12, [[dead, rich]])).to.deep.equal([]);
    // Whose feed may only have been out of reach, is judged as if it had been.
    expect(stage.illegal(reduction(UNIT), 12, [[rich]])).to.deep.equal([]);
  });

  it("names an open interest above the cap", () => {
    const size = 1_000_001n * UNIT;
    const fee = 1_000_001n * TAKER;
    const found = judge(trade({ size, fees: [fee, fee] }));
    expect(found.some((detail) => detail.startsWith("an open interest of"))).to.equal(true);
  });

  it("names a lane that goes back, in a fill and in a cancellation", () => {
    const { settlement, accounts } = scene;
    const cancel = (sequence: bigint): MadeLog => [settlement, "OrderCancelled", [accounts.carol, 5n, sequence]];
    expect(judge([cancel(7n), cancel(7n), cancel(8n)])).to.deep.equal([]);
    expect(judge([cancel(7n), cancel(6n)])[0]).to.match(/lane 5 went back from sequence 7 to 6/);
    expect(judge([cancel(0n)])[0]).to.match(/from sequence 0 to 0/);
    expect(judge([cancel(10n ** 9n + 1n), ...trade()])[0]).to.match(/went back/);
  });
});
