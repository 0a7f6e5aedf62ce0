import { expect } from "chai";

import { storage as vault } from "../../../../keeper/books/generated/CollateralVault.ts";
import { storage as ledger } from "../../../../keeper/books/generated/PositionLedger.ts";
import type { Hash, Hex } from "../../../../keeper/lib/hex.ts";
import { UNIT } from "../../../helpers/orders.ts";
import { DAY, openScene, type Scene } from "./scene.ts";
import type { MadeLog } from "./Stage.ts";
import { SyncLogs } from "./syncLogs.ts";

const ETH = 1n;

describe("Legality of repairs and of the wind-down", () => {
  let scene: Scene;
  let made: SyncLogs;
  let halt: MadeLog[];
  let windDown: MadeLog[];

  before(async () => {
    scene = await openScene();
    made = await SyncLogs.of(scene);
    halt = made.halt();
    windDown = made.windDown();
  });

  after(async () => {
    await scene.connection.close();
  });

  const judge = (logs: readonly MadeLog[], before: readonly (readonly MadeLog[])[], seconds = 12): string[] =>
    scene.stage.illegal(logs, seconds, before);
  const lower = (text: string): Hex => text.toLowerCase() as Hex;
  const wordOf = async (contract: { target: unknown }, slot: Hash): Promise<bigint> =>
    BigInt(await scene.ethers.provider.getStorage(contract.target as string, slot));

  /** An account's word with another quote. */
  async function quoteOf(account: string, add: bigint): Promise<readonly [Hash, bigint]> {
    const slot = ledger.accounts.slot(lower(account));
    const word = ledger.accounts.decode(await wordOf(scene.ledger, slot));
    return [slot, ledger.accounts.encode({ ...word, quote: word.quote + add })];
  }

  async function sizeOf(account: string, add: bigint): Promise<readonly [Hash, bigint]> {
    const slot = ledger.positions.slot(lower(account), ETH);
    const word = ledger.positions.decode(await wordOf(scene.ledger, slot));
    return [slot, ledger.positions.encode({ ...word, size: word.size + add })];
  }

  it("finds nothing in repairs that conserve, together or one by one", async () => {
    const { alice, bob } = scene.accounts;
    const back = made.repaired(scene.ledger, ...(await quoteOf(alice, 0n)));
    expect(judge(back, [halt])).to.deep.equal([]);
    const moved = [await quoteOf(alice, -5n), await quoteOf(bob, 5n)];
    expect(
      judge(
        moved.flatMap((word) => made.repaired(scene.ledger, ...word)),
        [halt],
      ),
    ).to.deep.equal([]);
    const corrections = moved.map(([slot, value]) => [scene.ledger.target as string, slot, value] as const);
    expect(judge([made.accepted(corrections)], [halt])).to.deep.equal([]);
  });

  it("names quote that is created or destroyed, and takes what the vault holds for it", async () => {
    const word = await quoteOf(scene.accounts.alice, 10n ** 12n);
    expect(judge(made.repaired(scene.ledger, ...word), [halt])[0]).to.match(
      /settlement asset .* differ by 1000000000000$/,
    );
    const asset = lower(scene.usd.target as string);
    const slot = vault.assets.slot(asset);
    const held = vault.assets.decode(await wordOf(scene.vault, slot));
    const more = vault.assets.encode({ ...held, held: held.held + 1n });
    expect(judge(made.repaired(scene.vault, slot, more), [halt])[0]).to.match(/differ by -1000000000000$/);
    const both = [...made.repaired(scene.ledger, ...word), ...made.repaired(scene.vault, slot, more)];
    expect(judge(both, [halt])).to.deep.equal([]);
  });

  it("names sizes and open interest that do not fit, and collateral that is created", async () => {
    const { alice, bob, erin } = scene.accounts;
    const [long, short] = [await sizeOf(alice, 3n), await sizeOf(bob, -3n)];
    const found = judge(made.repaired(scene.ledger, ...long), [halt]);
    expect(found[0]).to.match(/sizes in 1 differ by 3$/);
    expect(found[1]).to.match(/the longs of 1 and its open interest differ by 3$/);
    const market = ledger.markets.word1.slot(ETH);
    const open = ledger.markets.word1.decode(await wordOf(scene.ledger, market));
    const fits = ledger.markets.word1.encode({ ...open, openInterest: open.openInterest + 3n });
    const all = [long, short, [market, fits] as const].flatMap((word) => made.repaired(scene.ledger, ...word));
    expect(judge(all, [halt])).to.deep.equal([]);
    const weth = lower(scene.weth.target as string);
    const slot = ledger.collateral.slot(lower(erin), weth);
    const more = ledger.collateral.encode({ balance: 11n * UNIT, isUsed: true });
    expect(judge(made.repaired(scene.ledger, slot, more), [halt])[0]).to.match(/what is owed of 0x.* differ by/);
  });

  it("names a word of nobody that is written, and takes one that is accepted (G17)", () => {
    const slot = ledger.accounts.slot(`0x${"5e".repeat(32)}`);
    const value = 1n << 255n;
    expect(judge(made.repaired(scene.ledger, slot, value), [halt])[0]).to.match(/no known key explains the word/);
    expect(judge([made.accepted([[scene.ledger.target as string, slot, value]])], [halt])).to.deep.equal([]);
  });

  it("names repairs and acceptances while not halted, or in the wind-down", async () => {
    const word = await quoteOf(scene.accounts.alice, 0n);
    const repair = made.repaired(scene.ledger, ...word);
    const acceptance = made.accepted([[scene.ledger.target as string, ...word]]);
    const open = "a repair or acceptance while not halted";
    expect(judge(repair, [])).to.deep.equal([open]);
    expect(judge([acceptance], [])).to.deep.equal([open]);
    const late = "a repair or acceptance in the wind-down";
    expect(judge(repair, [windDown], 40 * DAY)).to.deep.equal([late]);
    expect(judge([acceptance], [windDown], 40 * DAY)).to.deep.equal([late]);
  });

  it("names repairs that the guard did not order, or that change no word, and acceptances of nothing", async () => {
    const [written, ordered] = made.repaired(scene.ledger, ...(await quoteOf(scene.accounts.alice, 0n)));
    expect(judge([written!], [halt])).to.deep.equal(["a word is repaired that the guard did not order"]);
    expect(judge([ordered!], [halt])[0]).to.match(/that changes no word$/);
    expect(judge([made.accepted([])], [halt])).to.deep.equal(["nothing is accepted"]);
    const slot = ledger.accounts.slot(`0x${"5e".repeat(32)}`);
    expect(judge([made.accepted([[scene.erin.address, slot, 1n]])], [halt])[0]).to.match(/is no book$/);
    const future = made.accepted([[scene.ledger.target as string, slot, 1n]], made.head + 1);
    expect(judge([future], [halt])[0]).to.match(/not one of the last 256$/);
    expect(judge(made.repaired(scene.ledger, slot, 0n), [halt]).join()).to.match(/is repaired to zero/);
  });

  it("judges an acceptance by what the guard knew before it, whatever flags it names", async () => {
    const hot = ledger.hot.decode(await wordOf(scene.ledger, ledger.hot.slot));
    const halted = ledger.hot.encode({ ...hot, flags: 15n });
    const acceptance = made.accepted([[scene.ledger.target as string, ledger.hot.slot, halted]]);
    expect(judge([acceptance], [])).to.deep.equal(["a repair or acceptance while not halted"]);
    const open = made.accepted([[scene.ledger.target as string, ledger.hot.slot, ledger.hot.encode(hot)]]);
    expect(judge([open], [halt])).to.deep.equal([]);
  });

  it("names prices without a wind-down, of another time, twice, or outside the feed's bounds", async () => {
    const { instruments } = scene;
    const started = (await scene.ledger.hotWord()).checkpointTime;
    const fixed = (spot: bigint, time = started, instrument = ETH): MadeLog => [
      instruments,
      "WindDownPriceFixed",
      [instrument, spot, 0n, spot, time],
    ];
    const at = (logs: readonly MadeLog[], before: readonly (readonly MadeLog[])[] = []): string[] =>
      judge(logs, [windDown, ...before], 40 * DAY);
    expect(at([fixed(3_000n * UNIT)])).to.deep.equal([]);
    expect(judge([fixed(3_000n * UNIT, 0n)], [])).to.include("instrument 1: a price of a wind-down that did not begin");
    expect(at([fixed(3_000n * UNIT, started + 1n)])).to.deep.equal(["instrument 1: a price as of another time"]);
    expect(at([fixed(3_000n * UNIT)], [[fixed(3_000n * UNIT)]])).to.deep.equal(["instrument 1: a second final price"]);
    expect(at([fixed(1n)])[0]).to.match(/outside the feed's bounds$/);
    expect(at([fixed(3_000n * UNIT, started, 99n)])).to.include("instrument 99: a price of what is not listed");
  });

  it("names claims out of time, of the fund or of nothing, and withdrawals in the wind-down", () => {
    const { vault: contract, usd, accounts, stage } = scene;
    const asset = usd.target as string;
    const registered = (account: string, amount: bigint): MadeLog[] => [
      stage.entry("Debit", account, asset, { quote: -amount * 10n ** 12n }),
      [contract, "ClaimRegistered", [account, asset, amount, 0n]],
    ];
    const paid = (account: string, to: string): MadeLog => [
      contract,
      "RegistrationPaid",
      [account, asset, to, 0n, 1n, 0n],
    ];
    const carol = accounts.carol;
    expect(judge(registered(carol, 5n), [windDown], 40 * DAY)).to.deep.equal([]);
    expect(judge(registered(carol, 5n), [])[0]).to.match(/a claim is registered out of time$/);
    expect(judge(registered(carol, 0n), [windDown], 40 * DAY).join()).to.match(/a claim of nothing is registered/);
    expect(judge(registered(accounts.fund, 5n), [windDown], 40 * DAY)).to.include(
      "a claim of the insurance fund is registered",
    );
    const owner = carol.slice(0, 42);
    const early = judge([paid(carol, owner)], [windDown, registered(carol, 5n)], 40 * DAY);
    expect(early[0]).to.match(/a registered claim is paid out of time$/);
    const nothing = judge([paid(carol, scene.dave.address)], [windDown], 40 * DAY);
    expect(nothing[1]).to.match(/a claim is paid that is not registered, or again$/);
    expect(nothing[2]).to.match(/not to the owner$/);
    const withdrawn: MadeLog[] = [
      stage.entry("Debit", carol, asset, { quote: -5n * 10n ** 12n }),
      [contract, "Withdrawn", [carol, asset, owner, 5n, 0n, 0n, 0n, 0n]],
    ];
    expect(judge(withdrawn, [windDown], 40 * DAY).join()).to.match(/a withdrawal in the wind-down/);
  });
});
