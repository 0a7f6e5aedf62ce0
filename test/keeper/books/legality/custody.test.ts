import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { DOLLAR } from "../../../helpers/liquidate.ts";
import { UNIT } from "../../../helpers/orders.ts";
import { DAY, openScene, type Scene } from "./scene.ts";
import type { MadeLog } from "./Stage.ts";

describe("Legality of custody and debts", () => {
  let scene: Scene;
  let usd: string;
  let weth: string;

  before(async () => {
    scene = await openScene();
    usd = scene.usd.target as string;
    weth = scene.weth.target as string;
  });

  after(async () => {
    await scene.connection.close();
  });

  const judge = (logs: readonly MadeLog[], seconds?: number): string[] => scene.stage.illegal(logs, seconds);
  const deposited = (account: string, asset: string, amount: bigint, payer = account.slice(0, 42)): MadeLog => [
    scene.vault,
    "Deposited",
    [account, asset, payer, amount, 0n, 0n],
  ];
  const withdrawn = (account: string, asset: string, amount: bigint): MadeLog => [
    scene.vault,
    "Withdrawn",
    [account, asset, ZeroAddress, amount, 0n, 0n, 0n, 0n],
  ];
  const recorded = (account: string, debt: bigint): MadeLog => [scene.ledger, "DebtRecorded", [account, debt, 0n]];
  const debit = (account: string, dollars: bigint): MadeLog =>
    scene.stage.entry("Debit", account, usd, { quote: -dollars * UNIT });

  /** What erin owes at 2,800: she is long 5 from 3,000. */
  const OWED = 1_000n * UNIT;

  it("finds nothing in a deposit and a withdrawal as the vault makes them", () => {
    const { stage, accounts } = scene;
    const credit = stage.entry("Credit", accounts.carol, usd, { quote: 5n * UNIT });
    expect(judge([deposited(accounts.carol, usd, 5n * DOLLAR), credit])).to.deep.equal([]);
    expect(judge([debit(accounts.carol, 5n), withdrawn(accounts.carol, usd, 5n * DOLLAR)])).to.deep.equal([]);
  });

  it("names entries without a transfer, transfers without an entry, and other amounts", () => {
    const { accounts, stage } = scene;
    expect(judge([debit(accounts.carol, 5n)])).to.deep.equal([
      `${accounts.carol}: an entry that no token transfer explains`,
    ]);
    expect(judge([deposited(accounts.carol, usd, 5n)])[0]).to.match(/Deposited that the ledger never booked/);
    expect(judge([debit(accounts.carol, 5n), withdrawn(accounts.carol, usd, 6n * DOLLAR)])).to.have.length(2);
    const credit = stage.entry("Credit", accounts.carol, weth, { size: 5n });
    expect(judge([deposited(accounts.dave, weth, 5n), credit])).to.have.length(2);
  });

  it("names collateral that another than the owner puts in, and takes the settlement asset from anybody", () => {
    const { stage, accounts } = scene;
    const { dave, carol } = accounts;
    const weths = stage.entry("Credit", dave, weth, { size: 5n });
    const dollars = stage.entry("Credit", dave, usd, { quote: 5n * UNIT });
    expect(judge([deposited(dave, weth, 5n), weths])).to.deep.equal([]);
    expect(judge([deposited(dave, usd, 5n * DOLLAR, carol.slice(0, 42)), dollars])).to.deep.equal([]);
    const found = judge([deposited(dave, weth, 5n, carol.slice(0, 42)), weths]);
    expect(found).to.have.length(1);
    expect(found[0]).to.match(/and is not the owner$/);
  });

  it("names a deposit above the cap", () => {
    const { stage, accounts } = scene;
    const amount = 10n ** 15n;
    const credit = stage.entry("Credit", accounts.carol, usd, { quote: amount * 10n ** 12n });
    expect(judge([deposited(accounts.carol, usd, amount), credit])[0]).to.match(/above its cap of 1000000000000000/);
  });

  it("names a withdrawal beyond shared limit and allowance", () => {
    const { accounts, vault, stage } = scene;
    const asset = `0x${"55".repeat(20)}`;
    const listed: MadeLog[] = [
      [vault, "AssetListed", [asset, 0n]],
      deposited(accounts.carol, asset, 500n),
      // A level of 10, and 1 for each account.
      [vault, "LimitsSet", [asset, 1_000n, 10_000, 1_000, 3_600, 10n, 0n]],
    ];
    const within = stage.illegal([withdrawn(accounts.carol, asset, 10n)], 12, [listed]);
    expect(within).to.deep.equal([`${accounts.carol}: Withdrawn that the ledger never booked`]);
    const beyond = stage.illegal([withdrawn(accounts.carol, asset, 11n)], 12, [listed]);
    expect(beyond).to.include(`${accounts.carol}: a withdrawal beyond the outflow limit`);
  });

  it("names a withdrawal that leaves less than the initial requirement", () => {
    const { accounts } = scene;
    const found = judge([debit(accounts.alice, 1_500n), withdrawn(accounts.alice, usd, 1_500n * DOLLAR)]);
    expect(found).to.have.length(1);
    expect(found[0]).to.match(/withdrawal, equity 2500000000000000000000 is below/);
  });

  it("names a withdrawal of the settlement asset that other collateral backs", () => {
    const { accounts } = scene;
    const found = judge([debit(accounts.erin, 100n), recorded(accounts.erin, 100n * UNIT)]);
    expect(found[0]).to.match(/withdrawal, with a debt of 100000000000000000000/);
  });

  it("names a withdrawal that is not flat while halted", () => {
    const { accounts, ledger } = scene;
    const halt: MadeLog = [ledger, "HotWordPushed", [15, 0, 0]];
    const found = scene.stage.illegal([debit(accounts.alice, 5n), withdrawn(accounts.alice, usd, 5n * DOLLAR)], DAY, [
      [halt],
    ]);
    expect(found[0]).to.match(/not flat while halted/);
  });

  it("names a claim of no withdrawal, and one paid beyond what is owed", () => {
    const { vault, accounts } = scene;
    const kept: MadeLog = [vault, "ClaimKept", [accounts.carol, usd, 5n, 5n, 0n]];
    const claimed: MadeLog = [vault, "Claimed", [accounts.carol, usd, ZeroAddress, 6n, 6n, 6n, 0n]];
    expect(judge([kept])[0]).to.match(/a claim is kept of no withdrawal/);
    const own = [debit(accounts.carol, 5n), withdrawn(accounts.carol, usd, 5n * DOLLAR)];
    expect(judge([...own, [vault, "ClaimKept", [accounts.carol, usd, 5n * DOLLAR, 0n, 0n]]])).to.deep.equal([]);
    expect(judge([claimed])[0]).to.match(/of which 0 is owed/);
  });

  it("names a debt that is not what the positions leave uncovered", () => {
    const { stage, accounts } = scene;
    const at = stage.answer(2_800, stage.now);
    expect(judge([at, recorded(accounts.erin, OWED)])).to.deep.equal([]);
    expect(judge([at, recorded(accounts.erin, OWED + 1n)])[0]).to.match(/its positions leave 1000000000000000000000/);
    expect(judge([at, recorded(accounts.carol, 0n)])[0]).to.match(/an account that can have none/);
  });

  it("names a debt that rests on prices that break a rule", () => {
    const { accounts, stage } = scene;
    expect(judge([stage.answer(2_800, stage.now), recorded(accounts.erin, 14_500n * UNIT)])).to.have.length(1);
    const found = judge([stage.answer(0, stage.now), recorded(accounts.erin, 14_500n * UNIT)]);
    expect(found).to.deep.equal([`${accounts.erin}: a debt is recorded at prices that break a rule`]);
  });

  it("takes a debt that stays if a feed may have been out of reach, as far as the withdrawal passes then", () => {
    const { accounts, stage, btcFeed } = scene;
    const answer: MadeLog = [btcFeed, "AnswerUpdated", [60_000n * 10n ** 8n, 99n, stage.now]];
    const stays = (bitcoin: bigint): string[] => {
      const trade = stage.entry("Trade", accounts.erin, 2, { size: bitcoin, quote: -bitcoin * 60_000n });
      const before = [stage.answer(2_800, stage.now), answer, trade];
      const out = [stage.entry("Debit", accounts.erin, weth, { size: -UNIT }), withdrawn(accounts.erin, weth, UNIT)];
      return stage.illegal(out, 12, [before]);
    };
    expect(stays(1n)).to.deep.equal([]);
    // At the lower bound of its feed she could not have withdrawn.
    const found = stays(UNIT);
    expect(found).to.have.length(1);
    expect(found[0]).to.match(/a debt of 0 is recorded, its positions leave 1000000000000000000000/);
  });

  it("names a debt that should have been recorded, and one above the caps", () => {
    const { stage, accounts, instruments } = scene;
    const at = stage.answer(2_800, stage.now);
    const debitWeth = stage.entry("Debit", accounts.erin, weth, { size: -UNIT });
    const paid = withdrawn(accounts.erin, weth, UNIT);
    expect(judge([at, debitWeth, paid])[0]).to.match(/a debt of 0 is recorded, its positions leave/);
    expect(judge([at, debitWeth, recorded(accounts.erin, OWED), paid])).to.deep.equal([]);
    const capped = (account: bigint): MadeLog => [instruments, "DebtCapsSet", [account, OWED - 1n]];
    const judgeCapped = (account: bigint): string[] =>
      judge([capped(account), at, debitWeth, recorded(accounts.erin, OWED), paid]);
    expect(judgeCapped(OWED - 1n)).to.have.length(1);
    expect(judgeCapped(OWED - 1n)[0]).to.match(/a debt of .* is above the cap/);
    expect(judgeCapped(OWED)[0]).to.match(/a total debt of .* is above the cap/);
  });
});
